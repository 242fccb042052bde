// Asks the kubelet's own package for its verdicts: one JSON request a line on stdin, one JSON answer a line on stdout.
//
//	{"patterns": ["net.*", …]}                        → {"errors": ["" | the error of NewAllowlist for that pattern alone, …]}
//	{"allowances": ["net.*"], "sysctls": ["a.b", …]}  → {"admitted": [true, …], "error": ""}
//	{"safe": true}                                    → {"safe": [{"name": …, "kernel": "" | oldest version}, …], "here": [names on this kernel]}
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	_ "unsafe" // for go:linkname

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	"k8s.io/kubernetes/pkg/kubelet/sysctl"
)

type request struct {
	Patterns   []string `json:"patterns"`
	Allowances []string `json:"allowances"`
	Sysctls    []string `json:"sysctls"`
	Safe       bool     `json:"safe"`
}

type safeSysctl struct {
	name   string
	kernel string
}

// The package's table with its kernel versions; the exported function answers for this machine's kernel alone.
//
//go:linkname safeSysctls k8s.io/kubernetes/pkg/kubelet/sysctl.safeSysctls
var safeSysctls []safeSysctl

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return
		}
		check(err)
		var asked request
		check(json.Unmarshal(line, &asked))
		check(out.Encode(answer(asked)))
	}
}

func answer(asked request) any {
	switch {
	case asked.Safe:
		return map[string]any{"safe": table(), "here": call(sysctl.SafeSysctlAllowlist)[0].Interface()}
	case asked.Patterns != nil:
		return map[string]any{"errors": verdicts(asked.Patterns)}
	default:
		return admissions(asked.Allowances, asked.Sysctls)
	}
}

func table() []map[string]string {
	rows := []map[string]string{}
	for _, row := range safeSysctls {
		rows = append(rows, map[string]string{"name": row.name, "kernel": row.kernel})
	}
	return rows
}

func verdicts(patterns []string) []string {
	problems := make([]string, len(patterns))
	for i, pattern := range patterns {
		if _, err := sysctl.NewAllowlist([]string{pattern}); err != nil {
			problems[i] = err.Error()
		}
	}
	return problems
}

// A pod that shares no namespace with the host requests each sysctl separately.
func admissions(allowances, sysctls []string) map[string]any {
	list, err := sysctl.NewAllowlist(allowances)
	if err != nil {
		return map[string]any{"admitted": []bool{}, "error": err.Error()}
	}
	hostUsers := false
	admitted := make([]bool, len(sysctls))
	for i, name := range sysctls {
		pod := &v1.Pod{Spec: v1.PodSpec{
			HostUsers:       &hostUsers,
			SecurityContext: &v1.PodSecurityContext{Sysctls: []v1.Sysctl{{Name: name, Value: "1"}}},
		}}
		result := call(list.Admit, &lifecycle.PodAdmitAttributes{Pod: pod})[0].Interface()
		admitted[i] = result.(lifecycle.PodAdmitResult).Admit
	}
	return map[string]any{"admitted": admitted, "error": ""}
}

// call calls a function that takes a context first in newer versions and none in older ones.
func call(function any, arguments ...any) []reflect.Value {
	value := reflect.ValueOf(function)
	words := []reflect.Value{}
	if value.Type().NumIn() > len(arguments) {
		words = append(words, reflect.ValueOf(context.Background()))
	}
	for _, argument := range arguments {
		words = append(words, reflect.ValueOf(argument))
	}
	return value.Call(words)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
