// Command registry serves container images that are pushed to it, from memory, for tests of
// what a build takes from a registry. It prints where, and ends with its standard input.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatalf("registry: %v", err)
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is what counts
		os.Exit(0)
	}()
	log.Fatalf("registry: %v", http.Serve(listener, registry.New(registry.Logger(log.New(io.Discard, "", 0)))))
}
