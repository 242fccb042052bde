// Measures how long the kubelet gives no healthy answer: polls its healthz every 5 ms, each time on a new connection,
// until it has failed and has then been healthy for a while. Prints the sum, in microseconds, of the times from the last
// good answer before a failure to the first good answer after it.
//
// usage: unhealthy HOST:PORT
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const interval = 5 * time.Millisecond

// The agent's timeout (agent/node/change/verify.ts): a busy kubelet that answers late is healthy. A kubelet that has exited
// refuses or resets connections at once.
const timeout = time.Second

// A second failure within this time belongs to the same change.
const settled = 2 * time.Second
const patience = 90 * time.Second

func main() {
	if len(os.Args) != 2 {
		fail("usage: unhealthy HOST:PORT")
	}
	address := os.Args[1]
	if !healthy(address) {
		fail("Expected a healthy kubelet at %s before the change, but it does not answer with 200", address)
	}
	start := time.Now()
	lastGood := start
	failing := false
	var unhealthy time.Duration
	var recoveredAt time.Time
	for range time.Tick(interval) {
		isHealthy := healthy(address)
		now := time.Now()
		if isHealthy && failing {
			unhealthy += now.Sub(lastGood)
			recoveredAt = now
		}
		failing = !isHealthy
		if isHealthy {
			lastGood = now
		}
		if isHealthy && unhealthy > 0 && now.Sub(recoveredAt) > settled {
			break
		}
		if now.Sub(start) > patience {
			fail("Expected the kubelet at %s to fail once and recover within %s, but it did not", address, patience)
		}
	}
	fmt.Println(unhealthy.Microseconds())
}

// Without net/http, which would take several times the CPU from the measured kubelet.
func healthy(address string) bool {
	connection, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		return false
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(timeout)); err != nil {
		return false
	}
	if _, err := io.WriteString(connection, "GET /healthz HTTP/1.0\r\n\r\n"); err != nil {
		return false
	}
	// Reads to the end: closing earlier would reset the connection.
	answer, err := io.ReadAll(connection)
	return err == nil && bytes.HasPrefix(answer, []byte("HTTP/1.0 200 "))
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
