package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bee/core/config"
	"bee/core/delivery"
	"bee/core/sums"
	"bee/iso/partition"
)

// lab is a machine with a stick, and a server for its results.
type lab struct {
	*sender
	t     *testing.T
	said  *bytes.Buffer
	stick string // the folder that is the stick; "" where there is none

	lock   sync.Mutex
	got    map[string]string // what the server has, by path
	puts   []string          // what it was asked for since somebody looked
	status int               // what it answers
	url    string
	pinned string
}

const report = `{"started_at": "2026-01-02T03:04:0%d.5Z", "board": {"system": {"serial_number": "A1"}}}`

func newLab(t *testing.T) *lab {
	l := &lab{t: t, said: new(bytes.Buffer), stick: t.TempDir(), got: map[string]string{}, status: http.StatusCreated}
	server := httptest.NewUnstartedServer(http.HandlerFunc(l.serve))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	l.url = server.URL + "/bee"
	l.pinned = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	l.boot(5)
	return l
}

// boot starts the machine, which forgets all and is audited at that second.
func (l *lab) boot(second int) {
	folder := l.t.TempDir()
	l.sender = &sender{
		logs: filepath.Join(folder, "log"), state: filepath.Join(folder, "run/results.json"), config: filepath.Join(folder, "config.yaml"),
		removable: func(tag string) (found []partition.Partition, err error) {
			if l.stick != "" && tag == label {
				found = append(found, partition.Partition{Device: "/dev/sdb1", FileSystem: "vfat", Removable: true})
			}
			return found, nil
		},
		find: func(string) ([]partition.Partition, error) { return nil, nil },
		mount: func(p partition.Partition) (*os.Root, func() error, error) {
			root, err := os.OpenRoot(l.stick)
			if err != nil {
				return nil, nil, err
			}
			return root, root.Close, nil
		},
		page: func(_, page string) error { return os.WriteFile(page, []byte("<p>"), 0o600) },
		start: func(*os.File) error {
			l.t.Error("a process is left in the background")
			return nil
		},
		out: l.said,
	}
	if err := os.Mkdir(l.logs, 0o755); err != nil {
		l.t.Fatal(err)
	}
	l.write("bee-audit.json", fmt.Sprintf(report, second))
	l.write("bee-network.log", "up\n")
}

func (l *lab) write(name, text string) {
	l.t.Helper()
	if err := os.WriteFile(filepath.Join(l.logs, name), []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// configure has results go to the server, and to a partition where one is named.
func (l *lab) configure(partition string) {
	text, err := json.Marshal(config.Config{Results: &config.Results{Partition: partition, URL: l.url, Token: "s3cret", Certificate: l.pinned}})
	if err == nil {
		err = os.WriteFile(l.config, text, 0o600)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) serve(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	l.lock.Lock()
	defer l.lock.Unlock()
	l.puts = append(l.puts, path.Base(r.URL.Path))
	switch {
	case err != nil || r.Header.Get("Authorization") != "Bearer s3cret":
		w.WriteHeader(http.StatusUnauthorized)
		return
	case l.status/100 == 2:
		l.got[strings.TrimPrefix(r.URL.Path, "/bee/")] = string(text)
	}
	w.WriteHeader(l.status)
}

// asked is what the server was asked for since the last time.
func (l *lab) asked() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	defer func() { l.puts = nil }()
	return strings.Join(l.puts, " ")
}

func (l *lab) answer(status int) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.status = status
}

// expect sends, and looks what came of it.
func (l *lab) expect(again bool, failure error, states string) {
	l.t.Helper()
	got, err := l.send(l.t.Context())
	if got != again || !errors.Is(err, failure) || failure == nil && err != nil {
		l.t.Errorf("got %v, %v, want %v, %v", got, err, again, failure)
	}
	list, err := delivery.Read(l.state)
	var all []string
	for _, d := range list {
		all = append(all, strings.TrimPrefix(d.Target, l.url)+"="+string(d.State))
	}
	if err != nil || strings.Join(all, " ") != states {
		l.t.Errorf("got %q, %v, want %q", all, err, states)
	}
}

const folder = "A1-20260102T030405Z"

func TestSend(t *testing.T) {
	l := newLab(t)
	l.configure("")
	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
	if names, err := sums.Check(filepath.Join(l.stick, folder)); err != nil || len(names) != 3 {
		t.Errorf("on the stick: %v, %v", names, err)
	}
	if got, want := l.asked(), "bee-audit.json bee-audit.html bee-network.log SHA256SUMS"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	onStick, err := os.ReadFile(filepath.Join(l.stick, folder, sums.File))
	if got := l.got[folder+"/"+sums.File]; got != string(onStick) || err != nil {
		t.Errorf("got %q, want %q", got, onStick)
	}

	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
	if got := l.asked(); got != "" {
		t.Errorf("again, got %s", got)
	}
	l.write("bee-network.log", "up\ndown\n")
	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
	if got, want := l.asked(), "bee-network.log SHA256SUMS"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := l.got[folder+"/bee-network.log"]; got != "up\ndown\n" {
		t.Errorf("got %q", got)
	}
	if left := l.unsent(); left != "" {
		t.Errorf("on the stick, not sent are %s", left)
	}

	// with the stick in somebody's pocket, it is still delivered to it
	l.stick = ""
	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
}

// unsent are the lists on the stick of what a server has not got.
func (l *lab) unsent() string {
	lists, err := filepath.Glob(filepath.Join(l.stick, "*/.unsent"))
	if err != nil {
		l.t.Fatal(err)
	}
	all := ""
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			l.t.Fatal(err)
		}
		all += strings.ReplaceAll(string(text), "\n", " ")
	}
	return all
}

// What did not arrive is sent after the next start, from the stick.
func TestResume(t *testing.T) {
	l := newLab(t)
	l.configure("")
	l.answer(http.StatusBadGateway)
	l.expect(true, nil, "/dev/sdb1=delivered =waiting")
	if got, want := l.unsent(), "bee-audit.json bee-audit.html bee-network.log SHA256SUMS "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	l.boot(6)
	l.configure("")
	l.expect(true, nil, "/dev/sdb1=delivered =waiting")
	l.answer(http.StatusOK)
	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
	var got []string
	for path := range l.got {
		if !strings.HasPrefix(path, "A1-20260102T030406Z/") {
			got = append(got, path)
		}
	}
	slices.Sort(got)
	if want := folder + "/SHA256SUMS " + folder + "/bee-audit.html " + folder + "/bee-audit.json " + folder + "/bee-network.log"; strings.Join(got, " ") != want || len(l.got) != 8 {
		t.Errorf("the server has %v", slices.Sorted(maps.Keys(l.got)))
	}
	if left := l.unsent(); left != "" {
		t.Errorf("not sent are %s", left)
	}
	l.asked()
	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
	if got := l.asked(); got != "" {
		t.Errorf("again, got %s", got)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		partition, states, says string
		prepare                 func(*lab)
		again                   bool
		failure                 error
	}{
		"a server that refuses": {states: "/dev/sdb1=delivered =failed", says: "403 Forbidden", prepare: func(l *lab) { l.answer(http.StatusForbidden) }, failure: errMissing},
		"a server of another certificate": {states: "/dev/sdb1=delivered =failed", says: "certificate is refused", failure: errMissing,
			prepare: func(l *lab) { l.pinned = "" }},
		"a server that is gone": {states: "/dev/sdb1=delivered =waiting", says: "connection refused", again: true,
			prepare: func(l *lab) { l.url = "https://127.0.0.1:1" }},
		"a URL that is none": {states: "results.url=failed /dev/sdb1=delivered", says: "it has to be as https://", failure: errMissing,
			prepare: func(l *lab) { l.url = "http://192.0.2.1/" }},
		"no such partition": {partition: "LABEL=DATA", states: "LABEL=DATA=failed /dev/sdb1=delivered =delivered", says: "there is no such partition", failure: errMissing},
		"two such partitions": {partition: "LABEL=DATA", states: "LABEL=DATA=failed /dev/sdb1=delivered =delivered", says: "2 partitions are called so", failure: errMissing,
			prepare: func(l *lab) {
				l.find = func(string) ([]partition.Partition, error) { return make([]partition.Partition, 2), nil }
			}},
		"a named partition": {partition: "LABEL=DATA", states: "/dev/sdb1=delivered /dev/sda3=delivered =delivered",
			prepare: func(l *lab) {
				l.find = func(tag string) ([]partition.Partition, error) {
					return []partition.Partition{{Device: "/dev/sda3", FileSystem: "ext4"}}, nil
				}
			}},
		"a stick that cannot be mounted": {states: "/dev/sdb1=failed =delivered", says: "write-protected; really", failure: errMissing,
			prepare: func(l *lab) {
				l.mount = func(partition.Partition) (*os.Root, func() error, error) {
					return nil, nil, errors.New("write-protected\nreally")
				}
			}},
		"a disk that does not answer": {states: "LABEL=BEE-RESULTS=failed =delivered", says: "has not answered", failure: errMissing,
			prepare: func(l *lab) {
				l.removable = func(string) ([]partition.Partition, error) { return nil, errors.New("/dev/sdc has not answered") }
			}},
		"no page": {states: "/dev/sdb1=delivered =delivered", says: "there is no page: audit is gone",
			prepare: func(l *lab) { l.page = func(_, _ string) error { return errors.New("audit is gone") } }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			if c.prepare != nil {
				c.prepare(l)
			}
			l.configure(c.partition)
			l.expect(c.again, c.failure, c.states)
			if !strings.Contains(l.said.String(), c.says) {
				t.Errorf("it says %q, not %q", l.said, c.says)
			}
		})
	}
}

func TestBadConfig(t *testing.T) {
	l := newLab(t)
	if err := os.WriteFile(l.config, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.send(t.Context()); err == nil || !strings.Contains(err.Error(), l.config) {
		t.Errorf("got %v", err)
	}
}

// A failure of an earlier time is not told of when it is over.
func TestMended(t *testing.T) {
	l := newLab(t)
	l.configure("LABEL=DATA")
	l.expect(false, errMissing, "LABEL=DATA=failed /dev/sdb1=delivered =delivered")
	l.configure("")
	l.expect(false, nil, "/dev/sdb1=delivered =delivered")
}

func TestCommands(t *testing.T) {
	l := newLab(t)
	l.stick = ""
	run := func(status int, says string, args ...string) {
		t.Helper()
		cmd := command(l.sender)
		var out bytes.Buffer
		cmd.SetArgs(args)
		cmd.SetOut(&out)
		cmd.SetErr(&out)
		if got := exit(cmd.ExecuteContext(t.Context()), &out); got != status || !strings.Contains(out.String(), says) {
			t.Errorf("%v: got %d, want %d: %q, not %q", args, got, status, out.String(), says)
		}
	}
	run(0, "They were not delivered yet")
	run(0, "There is no place for the results", "send")
	l.stick = t.TempDir()
	run(0, "/dev/sdb1: delivered: folder "+folder, "send")
	run(0, "their folder is "+folder+".\n/dev/sdb1  delivered  20")
	started := 0
	l.start = func(*os.File) error {
		started++
		return nil
	}
	l.configure("")
	l.answer(http.StatusServiceUnavailable)
	run(1, "It goes on in the background", "send")
	run(1, "waiting")
	l.answer(http.StatusUnauthorized)
	run(1, "401 Unauthorized", "send", "--wait", "1h")
	if started != 1 {
		t.Errorf("%d processes were left in the background", started)
	}
	run(2, "unknown flag", "send", "--forever")
	run(2, "unknown command", "deliver")
	run(0, "BEE-RESULTS and has vfat, exfat or ext4", "--help")
}

func TestPersist(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sender{state: filepath.Join(t.TempDir(), "results.json")}
		waiting := delivery.List{{Target: "https://server.example/", State: delivery.Waiting}, {Target: "/dev/sdb1", State: delivery.Delivered}}
		if err := waiting.Write(s.state); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var at []time.Duration
		tries := func(enough int, end error) func(context.Context) (bool, error) {
			return func(context.Context) (bool, error) {
				at = append(at, time.Since(begun))
				return len(at) < enough, end
			}
		}
		if err := s.persist(t.Context(), day, tries(4, nil)); err != nil || len(at) != 4 {
			t.Errorf("got %v after %v", err, at)
		}
		for i, pause := 0, shortest; i < len(at); i, pause = i+1, 2*pause {
			if since := at[i] - append([]time.Duration{0}, at...)[i]; since < pause/2 || since > pause {
				t.Errorf("try %d is after %v", i, at)
			}
		}
		at, begun = nil, time.Now()
		err := s.persist(t.Context(), day, tries(1000, nil))
		if n := len(at); !errors.Is(err, errMissing) || n < 48 || n > 120 || time.Since(begun) != day || at[n-1]-at[n-2] < longest/2 || at[n-1]-at[n-2] > longest {
			t.Errorf("got %v after %d tries and %v: %v", err, len(at), time.Since(begun), at)
		}
		list, err := delivery.Read(s.state)
		if err != nil || list[0].State != delivery.Failed || list[1].State != delivery.Delivered {
			t.Errorf("got %v, %v", list, err)
		}
	})
}
