package supervise

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfiguration(t *testing.T) {
	got, err := configuration("127.0.0.1:5000", 5_000_000_000)
	want := `{
  "gc": {
    "maxUsedSpace": 40000000000,
    "minFreeSpace": 25000000000,
    "reservedSpace": 10000000000
  },
  "logLevel": "info",
  "registries": {
    "127.0.0.1:5000": {
      "http": true
    },
    "registry.bee.internal": {
      "mirrors": [
        "127.0.0.1:5000"
      ]
    }
  }
}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// What a lock holds is signalled: it must be one process.
func TestParsePID(t *testing.T) {
	for text, want := range map[string]int{
		"4711": 4711, "2147483647": 1<<31 - 1,
		"": 0, "-1": 0, "+1": 0, "0": 0, " 1": 0, "1\n": 0, "2147483648": 0, "one": 0,
	} {
		if pid, err := parsePID(text); (err == nil) != (want != 0) || err == nil && pid != want {
			t.Errorf("%q: %d, %v", text, pid, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = server.Serve(listener) }()
	if err := Answers(ctx, "unix", path); err != nil {
		t.Errorf("a server of the protocol: %v", err)
	}
	server.Close()

	// Another protocol, and a socket that outlived its server.
	if listener, err = net.Listen("unix", path); err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			_, _ = connection.Read(make([]byte, len(preface)))
			_, _ = connection.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			connection.Close()
		}
	}()
	if err := Answers(ctx, "unix", path); err == nil || !strings.Contains(err.Error(), "protocol") {
		t.Errorf("a server of another protocol: %v", err)
	}
	listener.Close()
	if err := Answers(ctx, "unix", path); err == nil {
		t.Error("a stale socket answers")
	}
}
