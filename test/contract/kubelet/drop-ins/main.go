// Command drop-ins prints which files the kubelet reads below its --config-dir: the walk of mergeKubeletConfigurations
// (cmd/kubelet/app/server.go). It reads one folder a line and answers with one JSON array of paths a line.
package main

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
)

const dropinFileExtension = ".conf"

func main() {
	out := json.NewEncoder(os.Stdout)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		paths := []string{}
		must(filepath.WalkDir(in.Text(), func(path string, info fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if !info.IsDir() && filepath.Ext(info.Name()) == dropinFileExtension {
				paths = append(paths, path)
			}
			return nil
		}))
		must(out.Encode(paths))
	}
	must(in.Err())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
