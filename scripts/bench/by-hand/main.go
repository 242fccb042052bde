// The change by hand on a node, as fast as possible: writes standard input to the file, restarts the kubelet and polls
// its healthz until the new process answers. Prints the elapsed microseconds.
//
// usage: by-hand FILE URL
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// The agent's interval (HEALTHZ_INTERVAL_MS in agent/node/change/verify.ts).
const interval = 10 * time.Millisecond
const patience = 60 * time.Second

func main() {
	if len(os.Args) != 3 {
		fail("usage: by-hand FILE URL")
	}
	file, url := os.Args[1], os.Args[2]
	content, err := io.ReadAll(os.Stdin)
	check(err)
	before := mainPID()
	// A kept connection could reach the old kubelet.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second}

	start := time.Now()
	check(os.WriteFile(file, content, 0o644))
	output, err := exec.Command("systemctl", "restart", "kubelet").CombinedOutput()
	if err != nil {
		fail("systemctl restart kubelet: %v: %s", err, output)
	}
	// systemctl has waited for the old process to end, so another process answers now.
	if _, err := os.Stat("/proc/" + before); err == nil {
		fail("Expected the kubelet %s to have ended with systemctl restart, but it still runs", before)
	}
	for !healthy(client, url) {
		if time.Since(start) > patience {
			fail("Expected %s to answer within %s, but it did not", url, patience)
		}
		time.Sleep(interval)
	}
	took := time.Since(start)

	if after := mainPID(); after == "0" || after == before {
		fail("Expected a new kubelet after the restart, got MainPID %s (before: %s)", after, before)
	}
	fmt.Println(took.Microseconds())
}

func healthy(client *http.Client, url string) bool {
	response, err := client.Get(url)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func mainPID() string {
	output, err := exec.Command("systemctl", "show", "kubelet", "--property=MainPID", "--value").Output()
	check(err)
	return strings.TrimSpace(string(output))
}

func check(err error) {
	if err != nil {
		fail("%v", err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
