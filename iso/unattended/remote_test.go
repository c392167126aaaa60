package unattended

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bee/core/config/document"
	"bee/core/hostile"
	"bee/core/printable"
)

const remoteText = "time_zone: Europe/Rome\n"

// server serves the document, but for the first times that it is asked.
func server(t *testing.T, busy int) (url, pin string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch busy--; {
		case busy >= 0:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case r.URL.Path == "/elsewhere":
			http.Redirect(w, r, "/bee.yaml", http.StatusFound)
		case r.URL.Path == "/large":
			w.Write([]byte(strings.Repeat("#", 2*document.Max)))
		default:
			fmt.Fprint(w, remoteText)
		}
	}))
	s.Config.ErrorLog = log.New(t.Output(), "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	sum := sha256.Sum256(s.Certificate().RawSubjectPublicKeyInfo)
	return s.URL, base64.StdEncoding.EncodeToString(sum[:])
}

func TestRemote(t *testing.T) {
	url, pin := server(t, 0)
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(remoteText)))
	wrong := base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))
	for word, want := range map[string]string{
		url + "/bee.yaml#sha256=" + digest:                              "",
		url + "/bee.yaml#pin=sha256:" + pin:                             "",
		url + "/bee.yaml#pin=sha256:" + wrong:                           "refused: the key of the server is sha256:" + pin,
		url + "/bee.yaml#sha256=" + strings.Repeat("0", 64):             "refused: its SHA-256 is " + digest,
		url + "/bee.yaml#sha256=" + strings.Repeat("0", 63):             "what is behind # is no SHA-256",
		url + "/bee.yaml#sha256=":                                       "what is behind # is no SHA-256",
		url + "/bee.yaml#pin=" + pin:                                    "the pin is none",
		url + "/bee.yaml":                                               "neither the document nor the server can be known",
		strings.Replace(url, "https", "http", 1) + "/#sha256=" + digest: "anybody on the way could change",
		"https://me:secret@server.example/#sha256=" + digest:            "it has a name or a password in it",
		"https:///bee.yaml#sha256=" + digest:                            "it is no URL",
		"ftp://%zz":                                                     "it is no URL",
	} {
		f := newFake(t, map[string]string{"/proc/cmdline": "quiet bee.config=" + word})
		f.configure()
		f.run(t.Context())
		c, found := f.config()
		shown := strings.Join(f.console, "\n")
		if found != (want == "") || found && c.TimeZone != "Europe/Rome" {
			t.Errorf("%s: %v, %+v", word, found, c)
		}
		if (shown == "") != (want == "") || !strings.Contains(shown, want) || len(f.console) > 1 || strings.Contains(shown, "secret") {
			t.Errorf("%s: consoles show %q, want %q", word, shown, want)
		}
		if len(f.ran) != 1 {
			t.Errorf("%s: ran %q", word, f.ran)
		}
	}
}

// It is tried again, and told once; a redirection is followed nowhere, and no more is read than a
// document has.
func TestRemoteLater(t *testing.T) {
	url, pin := server(t, 3)
	f := newFake(t, map[string]string{"/proc/cmdline": "bee.config=" + url + "/bee.yaml?token=secret#pin=sha256:" + pin})
	var waits []time.Duration
	f.pause = func(_ context.Context, d time.Duration) { waits = append(waits, d) }
	f.run(t.Context())
	if _, found := f.config(); !found || fmt.Sprint(waits) != "[2s 4s 8s]" || len(f.console) != 1 || !strings.Contains(f.console[0], "?…: the server says 503 Service Unavailable; it is tried again") {
		t.Errorf("%v, %v, %q", found, waits, f.console)
	}
	for path, want := range map[string]string{"/elsewhere": "the server says 302 Found", "/large": "larger than 1024 KiB"} {
		f := newFake(t, map[string]string{"/proc/cmdline": "bee.config=" + url + path + "#pin=sha256:" + pin})
		ctx, stop := context.WithCancel(t.Context())
		f.pause = func(context.Context, time.Duration) { stop() }
		f.run(ctx)
		stop()
		if c, _ := f.config(); c.TimeZone != "" || !strings.Contains(strings.Join(f.console, ""), want) {
			t.Errorf("%s: %q", path, f.console)
		}
	}
}

func FuzzParseRemote(f *testing.F) {
	f.Add("https://server.example/bee.yaml#sha256=" + strings.Repeat("0", 64))
	f.Add("https://server.example/?a#pin=sha256:AAAA")
	for _, text := range hostile.Strings {
		f.Add("https://" + text)
	}
	f.Fuzz(func(t *testing.T, word string) {
		r, err := parseRemote(word)
		if err != nil {
			if found := hostile.Unprintable(printable.Again(err.Error())); found != "" {
				t.Errorf("%q: it says %s", word, found)
			}
			return
		}
		if !strings.HasPrefix(r.url, "https://") || len(r.digest)+len(r.pin) != sha256.Size {
			t.Errorf("%q: %+v", word, r)
		}
	})
}
