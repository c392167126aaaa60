package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bee/iso/alpine/apktest"
)

// place is a server of two repositories, the keys that they are signed with, and a
// list.
type place struct {
	dir, keys, list, lock string
	url                   string
	// intercept answers in place of the files, where it returns true.
	intercept func(http.ResponseWriter, *http.Request) bool
	mutex     sync.Mutex
	asked     []string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	dir := t.TempDir()
	p := &place{dir: dir, keys: filepath.Join(dir, "keys"), list: filepath.Join(dir, "list"), lock: filepath.Join(dir, "lock")}
	key, err := apktest.NewKey("test@localhost-1.rsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		key.WritePublic(p.keys),
		apktest.WriteRepository(filepath.Join(dir, "v3.21/main"), key,
			apktest.Package{Name: "busybox", Version: "1.37.0-r12", Files: map[string]string{"bin/busybox": strings.Repeat("busybox", 999)}},
			apktest.Package{Name: "alpine-base", Version: "3.21.0-r0", Arch: "noarch", Depends: []string{"busybox"}},
			apktest.Package{Name: "other", Version: "1"}),
		apktest.WriteRepository(filepath.Join(dir, "v3.21/community"), key,
			apktest.Package{Name: "ipmitool", Version: "1.8-r1", Depends: []string{"busybox"}}),
		os.WriteFile(p.list, []byte("# comment\nalpine-base # base\n\nipmitool\n"), 0o600),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mutex.Lock()
		p.asked = append(p.asked, r.URL.Path)
		p.mutex.Unlock()
		if p.intercept == nil || !p.intercept(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// run runs the command with repositories at base.
func (p *place) run(base, name string, args ...string) (stdout, stderr string, err error) {
	c := command()
	var out, messages bytes.Buffer
	c.SetOut(&out)
	c.SetErr(&messages)
	c.SetArgs(append([]string{name, "--keys", p.keys, "--repository", base + "/v3.21/main", "--repository", base + "/v3.21/community", "--timeout", "300ms"}, args...))
	err = c.Execute()
	return out.String(), messages.String(), err
}

func (p *place) writeLock(t *testing.T) string {
	t.Helper()
	text, _, err := p.run(p.dir, "lock", "base="+p.list)
	if err == nil {
		err = os.WriteFile(p.lock, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *place) mirror(output string) (string, error) {
	_, messages, err := p.run(p.url, "mirror", "--lock", p.lock, "--output", output)
	return messages, err
}

func (p *place) asks(part string) (number int) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, path := range p.asked {
		if strings.Contains(path, part) {
			number++
		}
	}
	return number
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return names
}

func names(text string) (names []string) {
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			name, _, _ := strings.Cut(line, " ")
			names = append(names, name)
		}
	}
	return names
}

func TestLockMirrorCompare(t *testing.T) {
	p := newPlace(t)
	text := p.writeLock(t)
	if got := names(text); !slices.Equal(got, []string{"alpine-base", "busybox", "ipmitool"}) {
		t.Errorf("locked: %q", got)
	}
	if served, _, err := p.run(p.url, "lock", "base="+p.list); err != nil || served != text {
		t.Errorf("from a server: %v\n%s", err, served)
	}
	output := filepath.Join(p.dir, "copy")
	if _, err := p.mirror(output); err != nil {
		t.Fatal(err)
	}
	want := []string{"v3.21/community/x86_64/APKINDEX.tar.gz", "v3.21/community/x86_64/ipmitool-1.8-r1.apk",
		"v3.21/main/x86_64/APKINDEX.tar.gz", "v3.21/main/x86_64/alpine-base-3.21.0-r0.apk", "v3.21/main/x86_64/busybox-1.37.0-r12.apk"}
	if got := files(t, output); !slices.Equal(got, want) {
		t.Errorf("copied: %q", got)
	}
	for _, name := range want {
		original, err := os.ReadFile(filepath.Join(p.dir, name))
		copied, errCopied := os.ReadFile(filepath.Join(output, name))
		if err := errors.Join(err, errCopied); err != nil || !bytes.Equal(original, copied) {
			t.Errorf("%s: %v, or another content", name, err)
		}
	}
	if out, _, err := p.run(output, "compare", "--lock", p.lock, "base="+p.list); err != nil || out != "" {
		t.Errorf("compare with the copy: %v, %q", err, out)
	}

	// its files have the SHA-256 that the indexes lack
	digests, _, err := p.run(output, "lock", "--digests", "base="+p.list)
	if err != nil || strings.Contains(digests, " - ") {
		t.Fatalf("%v\n%s", err, digests)
	}
	busybox, err := os.ReadFile(filepath.Join(output, want[4]))
	if err != nil || !strings.Contains(digests, fmt.Sprintf("busybox 1.37.0-r12 x86_64 base %x Q1", sha256.Sum256(busybox))) {
		t.Errorf("%v\n%s", err, digests)
	}
	other := strings.Replace(digests, fmt.Sprintf("%x", sha256.Sum256(busybox)), strings.Repeat("0", 64), 1)
	if err := os.WriteFile(p.lock, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, err := p.run(output, "compare", "--lock", p.lock, "base="+p.list); err != nil || out != "" {
		t.Errorf("compare without reading files: %v, %q", err, out)
	}
	if out, _, err := p.run(output, "compare", "--digests", "--lock", p.lock, "base="+p.list); !errors.Is(err, errDifferent) || !strings.HasPrefix(out, "rebuilt busybox 1.37.0-r12 0000") {
		t.Errorf("another file: %v, %q", err, out)
	}
	if _, _, err := p.run(p.url, "lock", "--digests", "base="+p.list); err == nil || !strings.Contains(err.Error(), "ipmitool-1.8-r1.apk: \"alpine mirror\" makes such folders") {
		t.Errorf("digests of a server: %v", err)
	}
	if _, _, err := p.run(p.url, "lock", p.list); err == nil || !strings.Contains(err.Error(), "is not LAYER=FILE") {
		t.Errorf("a list of no layer: %v", err)
	}
	if _, _, err := p.run(p.url, "lock", "boot="+p.list); err == nil || !strings.Contains(err.Error(), `list "boot=`) {
		t.Errorf("a list of no known layer: %v", err)
	}
	p.writeLock(t)

	// what is right stays, what is not is fetched again
	if err := os.WriteFile(filepath.Join(output, want[4]), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := p.asks(".apk")
	if _, err := p.mirror(output); err != nil {
		t.Fatal(err)
	}
	if got := p.asks(".apk") - before; got != 1 {
		t.Errorf("fetched %d packages again, want 1", got)
	}
}

// Alpine went on: the lock's packages are not there any more.
func TestCompareDiffers(t *testing.T) {
	p := newPlace(t)
	p.writeLock(t)
	old, err := os.ReadFile(p.lock)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(old), "busybox 1.37.0-r12", "busybox 1.37.0-r11", 1)
	changed += "edac-utils 1 x86_64 base - Q1AQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
	if err := os.WriteFile(p.lock, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, err := p.run(p.dir, "compare", "--lock", p.lock, "base="+p.list)
	if want := "changed busybox 1.37.0-r11 -> 1.37.0-r12\ngone edac-utils 1\n"; out != want {
		t.Errorf("got %q", out)
	}
	if !errors.Is(err, errDifferent) || !strings.Contains(err.Error(), "alpine mirror") || !strings.Contains(err.Error(), "alpine lock") {
		t.Errorf("error: %v", err)
	}
	output := filepath.Join(p.dir, "copy")
	if _, err := p.mirror(output); err == nil || !strings.Contains(err.Error(), "changed busybox") || !strings.Contains(err.Error(), "gone edac-utils") {
		t.Errorf("mirror: %v", err)
	}
	if got := files(t, output); got != nil {
		t.Errorf("copied: %q", got)
	}
}

// A server that loses packages: all are named, none is asked for twice, and the
// copy has no index.
func TestMirrorGone(t *testing.T) {
	p := newPlace(t)
	p.writeLock(t)
	output := filepath.Join(p.dir, "copy")
	if _, err := p.mirror(output); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"v3.21/main/x86_64/busybox-1.37.0-r12.apk", "v3.21/community/x86_64/ipmitool-1.8-r1.apk"} {
		if err := errors.Join(os.Remove(filepath.Join(p.dir, name)), os.Remove(filepath.Join(output, name))); err != nil {
			t.Fatal(err)
		}
	}
	p.asked = nil
	_, err := p.mirror(output)
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("error: %v", err)
	}
	for _, want := range []string{"gone busybox 1.37.0-r12", "gone ipmitool 1.8-r1", p.url + "/v3.21/main", "alpine lock"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	if got := p.asks("busybox"); got != 1 {
		t.Errorf("asked %d times", got)
	}
	if got := files(t, output); !slices.Equal(got, []string{"v3.21/main/x86_64/alpine-base-3.21.0-r0.apk"}) {
		t.Errorf("left: %q", got)
	}
}

// flip changes one byte of a file, as near to its end as from says.
func flip(t *testing.T, path string, fromEnd int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-fromEnd] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFlippedByte(t *testing.T) {
	const apk, index = "v3.21/main/x86_64/busybox-1.37.0-r12.apk", "v3.21/main/x86_64/APKINDEX.tar.gz"
	for name, c := range map[string]struct {
		file    string
		fromEnd int // bytes; 0 is the first byte
		want    string
	}{
		"data of a package":         {apk, 40, "its data has SHA-256"},
		"signature of a package":    {apk, 0, "damaged"},
		"index":                     {index, 40, "damaged, or no index"},
		"end of the index":          {index, 1, "damaged, or no index"},
		"signature of the index":    {index, 0, "damaged, or no index"},
		"control of a package, all": {apk, -1, "its checksum is Q1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.writeLock(t)
			path := filepath.Join(p.dir, c.file)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			switch c.fromEnd {
			case 0:
				flip(t, path, int(info.Size()))
			case -1: // another package of this name and size
				otherBuild(t, path, info.Size())
			default:
				flip(t, path, c.fromEnd)
			}
			output := filepath.Join(p.dir, "copy")
			_, err = p.mirror(output)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), p.url+"/"+c.file) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			for _, left := range files(t, output) {
				if !strings.HasSuffix(left, ".apk") || strings.Contains(left, "busybox") || strings.Contains(left, "part") {
					t.Errorf("left: %s", left)
				}
			}
		})
	}
}

// otherBuild puts a package of the same size, but other content, at path.
func otherBuild(t *testing.T, path string, size int64) {
	t.Helper()
	key, err := apktest.NewKey("test@localhost-1.rsa.pub")
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := apktest.Package{Name: "busybox", Version: "1.37.0-r12", Files: map[string]string{"bin/busybox": "evil"}}.Build(key)
	if err != nil || int64(len(file)) > size {
		t.Fatalf("%v: %d bytes", err, len(file))
	}
	if err := os.WriteFile(path, append(file, make([]byte, size-int64(len(file)))...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServerRecovers(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter, *http.Request){
		"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, "only this")
		},
		"says nothing": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"stops in between": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "only this")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.writeLock(t)
			var failed sync.Map
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				if _, already := failed.LoadOrStore(r.URL.Path, true); already {
					return false
				}
				fail(w, r)
				return true
			}
			if _, err := p.mirror(filepath.Join(p.dir, "copy")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestServerFails(t *testing.T) {
	for name, c := range map[string]struct {
		fail     func(http.ResponseWriter, *http.Request)
		attempts int32
		want     []string
	}{
		"hangs": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 4,
			[]string{"the server said nothing for 300ms", "(4 attempts)"}},
		"503": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 4,
			[]string{"503", "(4 attempts)"}},
		"403": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 1, []string{"403"}},
		"404": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, 1, []string{"does not have it"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			var asked atomic.Int32
			p.intercept = func(w http.ResponseWriter, r *http.Request) bool {
				asked.Add(1)
				c.fail(w, r)
				return true
			}
			start := time.Now()
			_, _, err := p.run(p.url, "lock", "base="+p.list)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(c.want, p.url+"/v3.21/main/x86_64/APKINDEX.tar.gz") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q, without %q", err, want)
				}
			}
			if asked.Load() != c.attempts {
				t.Errorf("asked %d times, want %d", asked.Load(), c.attempts)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestTrust(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*testing.T, *place)
		want   string
	}{
		"unknown key": {func(t *testing.T, p *place) {
			if err := os.Rename(filepath.Join(p.keys, "test@localhost-1.rsa.pub"), filepath.Join(p.keys, "other.rsa.pub")); err != nil {
				t.Fatal(err)
			}
		}, "signed by .SIGN.RSA.test@localhost-1.rsa.pub, but"},
		"another key of this name": {func(t *testing.T, p *place) {
			other, err := apktest.NewKey("test@localhost-1.rsa.pub")
			if err == nil {
				err = other.WritePublic(p.keys)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, "its signature by test@localhost-1.rsa.pub"},
		"no signature": {func(t *testing.T, p *place) {
			index, err := apktest.Index(nil)
			if err == nil {
				err = os.WriteFile(filepath.Join(p.dir, "v3.21/main/x86_64/APKINDEX.tar.gz"), index, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}, "not signed"},
		"no keys": {func(t *testing.T, p *place) {
			if err := os.RemoveAll(p.keys); err != nil {
				t.Fatal(err)
			}
		}, "no public key (*.pub)"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			c.change(t, p)
			_, _, err := p.run(p.url, "lock", "base="+p.list)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), p.keys) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
