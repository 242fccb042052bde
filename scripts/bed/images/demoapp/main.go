// A web server that behaves like ikubernetes/demoapp:v1.0, which the tutorial uses: it returns the client's and its own address.
// HOST and PORT set its address (default 0.0.0.0 and 80). Go listens with the largest backlog, net.core.somaxconn.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	address := net.JoinHostPort(setting("HOST", "0.0.0.0"), setting("PORT", "80"))
	listener, err := net.Listen("tcp4", address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("Listening on %s as uid %d", address, os.Getuid())
	go endOnSignal()
	log.Fatal(http.Serve(listener, pages()))
}

func pages() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", greet)
	pages.HandleFunc("GET /hostname", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "ServerName: %s\n", hostname())
	})
	pages.HandleFunc("GET /user-agent", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "User-Agent: %s\n", r.UserAgent())
	})
	for _, probe := range []string{"GET /livez", "GET /readyz"} {
		pages.HandleFunc(probe, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "OK") })
	}
	return pages
}

func greet(w http.ResponseWriter, r *http.Request) {
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	server := "unknown"
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		server = local.IP.String()
	}
	fmt.Fprintf(w, "iKubernetes demoapp v1.0 !! ClientIP: %s, ServerName: %s, ServerIP: %s!\n", client, hostname(), server)
}

// Process 1 of a container has no default action for a signal.
func endOnSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	<-signals
	os.Exit(0)
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
