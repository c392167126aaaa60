package capture

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"bee/audit/collect/machine"
)

// fake is a machine with the given files, some of which give errors, on which
// tools answer in turn.
type fake struct {
	fs.FS
	broken map[string]error
	runs   map[string][]machine.Result
}

func (f *fake) Files() fs.FS         { return f }
func (f *fake) Has(tool string) bool { return tool != "missing" }

func (f *fake) Run(_ context.Context, c machine.Command) machine.Result {
	r := f.runs[c.Tool][0]
	f.runs[c.Tool] = f.runs[c.Tool][1:]
	r.Command = c
	return r
}

func (f *fake) Open(name string) (fs.File, error) {
	if err := f.broken[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return f.FS.Open(name)
}

func (f *fake) Stat(name string) (fs.FileInfo, error)  { return fs.Stat(f.FS, name) }
func (f *fake) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(f.FS, name) }
func (f *fake) ReadLink(name string) (string, error)   { return fs.ReadLink(f.FS, name) }

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
func link(to string) *fstest.MapFile {
	return &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte(to)}
}

// sysfs is a machine's files as the kernel shows them, on the disk: MapFS does
// not follow every kind of link.
func sysfs(t *testing.T) *fake {
	dir := t.TempDir()
	for name, f := range map[string]*fstest.MapFile{
		"sys/bus/pci/devices/0000:01:00.0":           link("../../../devices/pci0000:00/0000:01:00.0"),
		"sys/devices/pci0000:00/0000:01:00.0/vendor": file("0x10de\n"),
		"sys/devices/pci0000:00/0000:01:00.0/speed":  file(""),
		"sys/devices/pci0000:00/0000:01:00.0/rom":    file("is not asked for"),
		"sys/devices/pci0000:00/0000:01:00.0/up":     link(".."),
		"sys/devices/pci0000:00/0000:01:00.0/driver": link("../../../bus/pci/drivers/nvidia"),
		"sys/bus/pci/drivers/nvidia/module":          link("../../../../module/nvidia"),
		"sys/module/nvidia/version":                  file("580.1\n"),
		"sys/secret/inside":                          file("known"),
		"sys/secret/unknown":                         file(""),
		"run/state":                                  file("absolute"),
		"var/run":                                    link("/run"),
		"var/above":                                  link("../../../../../../run/state"),
		"var/loop":                                   link("loop2"),
		"var/loop2":                                  link("loop"),
		"var/dangling":                               link("nowhere"),
		"dev/ipmi0":                                  file("must not be read"),
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if f.Mode == fs.ModeSymlink {
			err = os.Symlink(string(f.Data), name)
		} else {
			err = os.WriteFile(name, f.Data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sys", "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	return &fake{FS: os.DirFS(dir), broken: map[string]error{
		"sys/devices/pci0000:00/0000:01:00.0/speed": syscall.EINVAL,
		"sys/secret": syscall.EACCES,
		"dev/ipmi0":  errors.New("was read"),
	}}
}

// look asks for files in every way that there is and tells what came of it.
func look(files fs.FS) []string {
	var saw []string
	say := func(what, name string, v any, err error) {
		if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
			err = inner.Err
		}
		saw = append(saw, fmt.Sprintf("%s %s: %v, error %v, exist %t, permission %t",
			what, name, v, err, !errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission)))
	}
	for _, name := range []string{
		"sys/bus/pci/devices/0000:01:00.0/vendor", "sys/bus/pci/devices/0000:01:00.0/speed",
		"sys/bus/pci/devices/0000:01:00.0/driver/module/version", "sys/bus/pci/devices/0000:01:00.0/up/0000:01:00.0/vendor",
		"sys/bus/pci/devices/0000:01:00.0/nothing", "sys/bus/pci/devices/0000:01:00.0/vendor/below",
		"sys/secret/inside", "var/run/state", "var/above", "var/loop", "var/dangling", "sys/bus", "nothing", "../out", "/sys",
	} {
		b, err := fs.ReadFile(files, name)
		say("read", name, string(b), err)
	}
	for _, name := range []string{"sys/bus/pci/devices", "sys/devices/pci0000:00/0000:01:00.0", "sys/empty", "sys/secret", "var/loop", "nothing"} {
		entries, err := fs.ReadDir(files, name)
		var list []string
		for _, e := range entries {
			list = append(list, fmt.Sprint(e.Name(), " ", e.Type()))
		}
		say("list", name, list, err)
	}
	for _, name := range []string{"sys/bus/pci/devices/0000:01:00.0", "sys/bus/pci/devices/0000:01:00.0/driver", "var/run", "var/loop", "dev/ipmi0", "nothing"} {
		target, err := fs.ReadLink(files, name)
		say("link", name, target, err)
		info, err := fs.Lstat(files, name)
		if err == nil {
			say("lstat", name, info.Mode().Type(), err)
		}
		info, err = fs.Stat(files, name)
		if err == nil {
			say("stat", name, fmt.Sprint(info.Name(), info.IsDir()), err)
		}
	}
	return saw
}

// record writes what was recorded and opens it as a file and, extracted by tar,
// as a folder.
func record(t *testing.T, r *Recorder) map[string]*Capture {
	t.Helper()
	name := filepath.Join(t.TempDir(), "capture.tar.gz")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Write(f, "1.2.3"), f.Close()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-xzf", name, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	captures := map[string]*Capture{}
	for what, from := range map[string]string{"tarball": name, "folder": dir} {
		if captures[what], err = Open(from); err != nil {
			t.Fatal(err)
		}
	}
	return captures
}

// The machine itself, its recording and its replay show the same files.
func TestFilesAreReplayed(t *testing.T) {
	m := sysfs(t)
	direct := look(m.Files())
	r := Record(m)
	first := look(r.Files())
	for i, want := range direct {
		// The root of the test's machine is a folder, out of which links can lead;
		// and its files are broken under one name only.
		if name := strings.Fields(want)[1]; !strings.HasPrefix(name, "var/") && !strings.HasSuffix(name, "/speed:") && first[i] != want {
			t.Errorf("recording: %s\nwant %s", first[i], want)
		}
	}
	for _, want := range []string{
		"read var/run/state: absolute, error <nil>", "read var/above: absolute, error <nil>",
		"read var/loop: , error " + syscall.ELOOP.Error(), "list sys/secret: [], error " + syscall.EACCES.Error(),
		"read sys/secret/inside: known", "stat dev/ipmi0: ipmi0false", "read sys/bus/pci/devices/0000:01:00.0/speed: , error " + syscall.EINVAL.Error(),
	} {
		if !slices.ContainsFunc(first, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("no %q in\n%s", want, strings.Join(first, "\n"))
		}
	}
	for what, c := range record(t, r) {
		for i, got := range look(c.Files()) {
			if got != first[i] {
				t.Errorf("%s: %s\nwant %s", what, got, first[i])
			}
		}
		// What was listed and not read is there, and says why it holds nothing.
		rom := "sys/devices/pci0000:00/0000:01:00.0/rom"
		if _, err := fs.Stat(c.Files(), rom); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := fs.ReadFile(c.Files(), rom); err == nil || !strings.Contains(err.Error(), "not captured") {
			t.Errorf("%s: a file that was not captured: error %v", what, err)
		}
		if err := fstest.TestFS(without(c.files, "var/loop", "var/loop2", "var/dangling"), "run/state"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// without is a tree in which everything can be read.
func without(t *tree, names ...string) *tree {
	clean := newTree(nil)
	for name, n := range t.nodes {
		if !slices.Contains(names, name) && n.err == nil && name != "." {
			if err := clean.add(name, &node{typ: n.typ, target: n.target, data: n.data, read: true}); err != nil {
				panic(err)
			}
		}
	}
	return clean
}

// What a recording read of a file is what it holds from then on.
func TestFilesAreReadOnce(t *testing.T) {
	files := fstest.MapFS{"sys/counter": file("1")}
	r := Record(&fake{FS: files})
	for range 2 {
		if b, err := fs.ReadFile(r.Files(), "sys/counter"); err != nil || string(b) != "1" {
			t.Errorf("%q, error %v", b, err)
		}
		files["sys/counter"] = file("2")
	}
	if _, err := fs.ReadFile(Record(&fake{FS: fstest.MapFS{"endless": file(strings.Repeat("x", maxFile+1))}}).Files(), "endless"); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("a file without end: error %v", err)
	}
}

func TestToolsAreReplayed(t *testing.T) {
	errs := []error{
		nil,
		&machine.ExitError{Status: 68},
		&machine.ExitError{Status: -1, Signal: syscall.SIGSEGV},
		machine.ErrTimeLimit,
		machine.ErrOutputLimit,
		errors.Join(machine.ErrTimeLimit, machine.ErrStuck),
		fmt.Errorf("%w: %w", machine.ErrInterrupted, errors.New("the audit has to end")),
		errors.New("permission denied"),
	}
	m := &fake{FS: fstest.MapFS{}, runs: map[string][]machine.Result{"missing": {{Err: exec.ErrNotFound}}}}
	for i, err := range errs {
		m.runs["tool"] = append(m.runs["tool"], machine.Result{
			Stdout: []byte{0xff, byte(i)}, Stderr: bytes.Repeat([]byte("\x00\n"), i%2), Duration: time.Duration(i) * 1234 * time.Millisecond, Err: err,
		})
	}
	r := Record(m)
	r.Has("other")
	command := machine.Command{Tool: "tool", Args: []string{"-a", "/dev/sda"}, Limit: time.Second}
	var want []machine.Result
	for range errs {
		want = append(want, r.Run(t.Context(), command))
	}
	r.Run(t.Context(), machine.Command{Tool: "missing"})

	for what, c := range record(t, r) {
		if !c.Has("tool") || !c.Has("other") || c.Has("missing") || c.Has("unknown") {
			t.Errorf("%s: tools %v", what, c.Tools)
		}
		if c.AuditVersion != "1.2.3" || !c.CapturedAt.Equal(r.start.Truncate(time.Second)) {
			t.Errorf("%s: version %s, captured at %v", what, c.AuditVersion, c.CapturedAt)
		}
		for i, w := range append(want, want[len(want)-1]) {
			got := c.Run(t.Context(), command)
			if fmt.Sprint(got.Err) != fmt.Sprint(w.Err) {
				t.Errorf("%s: error %v, want %v", what, got.Err, w.Err)
			}
			for _, cause := range causes {
				if errors.Is(got.Err, cause.err) != errors.Is(w.Err, cause.err) {
					t.Errorf("%s: error %v, %s is wrong", what, got.Err, cause.word)
				}
			}
			var exit, wantExit *machine.ExitError
			if errors.As(got.Err, &exit) != errors.As(w.Err, &wantExit) || exit != nil && *exit != *wantExit {
				t.Errorf("%s: %v, want %v", what, exit, wantExit)
			}
			got.Err, w.Err = nil, nil
			if len(w.Stderr) == 0 {
				got.Stderr, w.Stderr = nil, nil
			}
			if !reflect.DeepEqual(got, w) {
				t.Errorf("%s: run %d: %+v, want %+v", what, i, got, w)
			}
		}
		if got := c.Run(t.Context(), machine.Command{Tool: "tool", Args: []string{"-a /dev/sda"}}); got.Err == nil || !strings.Contains(got.Err.Error(), "when the machine was captured") {
			t.Errorf("%s: a question that was not asked: error %v", what, got.Err)
		}
	}
}

// The order in which tools end does not show.
func TestSameRecordingSameBytes(t *testing.T) {
	write := func(tools ...string) string {
		m := &fake{FS: fstest.MapFS{"sys/a": file("1"), "sys/b": file("2")}, runs: map[string][]machine.Result{}}
		r := Record(m)
		r.start = time.Unix(1_800_000_000, 5)
		for _, tool := range tools {
			m.runs[tool] = []machine.Result{{Stdout: []byte(tool)}}
			r.Run(t.Context(), machine.Command{Tool: tool})
			_, _ = fs.ReadFile(r.Files(), "sys/"+tool)
		}
		var b bytes.Buffer
		if err := r.Write(&b, "1"); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if write("a", "b") != write("b", "a") {
		t.Error("the bytes depend on the order")
	}
}

func TestWriteFails(t *testing.T) {
	r := Record(&fake{FS: fstest.MapFS{}})
	full := errors.New("disk is full")
	if err := r.Write(brokenWriter{full}, "1"); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

const goodIndex = `{"capture_version": 1, "captured_at": "2026-01-02T03:04:05Z", "tools": [], "commands": []}`

type entry struct {
	name, content string
	typ           byte
}

func tarball(entries ...entry) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.typ, Mode: 0o644}
		if e.typ == tar.TypeReg {
			h.Size = int64(len(e.content))
		} else {
			h.Linkname = e.content
		}
		if err := t.WriteHeader(h); err != nil {
			panic(err)
		}
		if e.typ == tar.TypeReg {
			_, _ = io.WriteString(t, e.content)
		}
	}
	_ = t.Close()
	_ = z.Close()
	return b.Bytes()
}

func TestRefuses(t *testing.T) {
	index := entry{"capture.json", goodIndex, tar.TypeReg}
	with := func(old, new string) []byte {
		return tarball(entry{"./capture.json", strings.Replace(goodIndex, old, new, 1), tar.TypeReg})
	}
	plain := func(name string) entry { return entry{name, "x", tar.TypeReg} }
	good := tarball(index, plain("files/proc/x"), entry{"README", "passed over", tar.TypeReg})
	zeros := bytes.NewBuffer(nil)
	z := gzip.NewWriter(zeros)
	_, _ = io.CopyN(z, endless{}, maxBytes+1<<20)
	_ = z.Close()
	for name, c := range map[string]struct {
		content []byte
		want    string // "" is none
	}{
		"good":             {good, ""},
		"empty":            {nil, "neither a folder nor a .tar.gz"},
		"no gzip":          {[]byte("what is this?"), "neither a folder nor a .tar.gz"},
		"cut off":          {good[:len(good)-12], "cut off"},
		"bit error":        {append(bytes.Clone(good[:len(good)-5]), 1, 2, 3, 4, 5), "checksum"},
		"no index":         {tarball(plain("files/x")), "no capture.json"},
		"index in folder":  {tarball(entry{"x/capture.json", goodIndex, tar.TypeReg}), "no capture.json"},
		"index no JSON":    {with("{", "["), "capture.json: invalid character"},
		"newer layout":     {with(`1, "`, `2, "unheard": "of", "`), "version 2, this program knows 1"},
		"no version":       {with(`"capture_version": 1, `, ""), "capture_version is missing"},
		"no time":          {with(`"captured_at": "2026-01-02T03:04:05Z", `, ""), "captured_at is missing"},
		"mistyped field":   {with("captured_at", "capturedat"), `unknown field "capturedat"`},
		"no tool":          {with(`[]}`, `[{}]}`), "command 1 has no tool"},
		"mistyped cause":   {with(`[]}`, `[{"tool": "x", "causes": ["tired"]}]}`), `no cause "tired"`},
		"no output":        {with(`[]}`, `[{"tool": "x", "output": "tools/5"}]}`), "no tools/5/stdout"},
		"unread outside":   {with(`[]}`, `[], "unread": {"../x": "EIO"}}`), `"../x" is no path`},
		"path outside":     {tarball(index, plain("files/../../x")), `"../x" is outside`},
		"absolute path":    {tarball(index, plain("/files/x")), `"/files/x" is outside`},
		"device":           {tarball(index, entry{"files/dev/x", "", tar.TypeBlock}), "files/dev/x is no plain file"},
		"pipe":             {tarball(index, entry{"files/dev/x", "", tar.TypeFifo}), "files/dev/x is no plain file"},
		"hard link":        {tarball(index, plain("files/x"), entry{"files/y", "files/x", tar.TypeLink}), "files/y is no plain file"},
		"link to output":   {tarball(index, entry{"tools/1/stdout", "/etc/shadow", tar.TypeSymlink}), "tools/1/stdout is no plain file"},
		"twice":            {tarball(index, plain("files/x"), plain("files/x")), "x is there twice"},
		"file and folder":  {tarball(index, plain("files/x"), plain("files/x/y")), "x is no folder"},
		"too long a path":  {tarball(index, plain("files/"+strings.Repeat("x/", maxPath)+"x")), "is no path"},
		"too long a link":  {tarball(index, entry{"files/x", strings.Repeat("x", maxPath+1), tar.TypeSymlink}), "is no path"},
		"too much":         {zeros.Bytes(), "more than 256 MiB"},
		"too much, sparse": {sparse(t), "more than 256 MiB"},
	} {
		file := filepath.Join(t.TempDir(), "capture.tar.gz")
		if err := os.WriteFile(file, c.content, 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(file)
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file)) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if _, err := Open("/no/such/file"); err == nil || !strings.Contains(err.Error(), "/no/such/file") {
		t.Errorf("a missing file: error %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// sparse is a small capture with a file that unpacks to a terabyte.
func sparse(t *testing.T) []byte {
	dir := t.TempDir()
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "capture.json"), []byte(goodIndex), 0o644),
		os.Mkdir(filepath.Join(dir, "files"), 0o755),
		os.WriteFile(filepath.Join(dir, "files", "hole"), nil, 0o644),
		os.Truncate(filepath.Join(dir, "files", "hole"), 1<<40),
	)
	if err != nil {
		t.Fatal(err)
	}
	b, err := exec.Command("tar", "-czf", "-", "--sparse", "-C", dir, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Collectors ask at the same time, and one that was given up on still does when
// the capture is written.
func TestRecorderAtTheSameTime(t *testing.T) {
	r := Record(sysfs(t))
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			look(r.Files())
			r.Has("tool")
		})
	}
	if err := r.Write(io.Discard, "1"); err != nil {
		t.Error(err)
	}
	g.Wait()
}

// Whatever is in a capture: all of it can be asked for, and answers come to an
// end.
func FuzzCapture(f *testing.F) {
	for _, b := range [][]byte{
		tarball(entry{"capture.json", goodIndex, tar.TypeReg}, entry{"files/x/y", "z", tar.TypeReg}),
		tarball(entry{"capture.json", strings.Replace(goodIndex, `[]}`, `[{"tool": "t", "args": ["-a"], "output": "tools/1", "signal": 9}], "unread": {"x": "EIO"}}`, 1), tar.TypeReg},
			entry{"tools/1/stdout", "z", tar.TypeReg}, entry{"files/x", "", tar.TypeDir}),
		tarball(entry{"capture.json", goodIndex, tar.TypeReg}, entry{"files/a", "b/../c", tar.TypeSymlink}, entry{"files/b", "/a", tar.TypeSymlink}),
	} {
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			f.Fatal(err)
		}
		plain, _ := io.ReadAll(z)
		f.Add(plain)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.NoCompression)
		_, _ = z.Write(b)
		_ = z.Close()
		c, err := fromTarball(&packed)
		if err != nil {
			return
		}
		for _, command := range c.Commands {
			if r := c.Run(t.Context(), machine.Command{Tool: command.Tool, Args: command.Args}); len(r.Stdout) > len(b) {
				t.Errorf("%d bytes of output in %d bytes", len(r.Stdout), len(b))
			}
		}
		for name, n := range c.files.nodes {
			if _, err := fs.Lstat(c.Files(), name); err != nil {
				t.Errorf("%s is there and cannot be found: %v", name, err)
			}
			if text, err := fs.ReadFile(c.Files(), name); n.typ == 0 && (err != nil) != (n.err != nil) || len(text) > len(b) {
				t.Errorf("%s: %d bytes, error %v", name, len(text), err)
			}
			if _, err := fs.ReadDir(c.Files(), name); n.typ == fs.ModeDir && (err != nil) != (n.err != nil) {
				t.Errorf("%s: error %v", name, err)
			}
		}
	})
}

// A link in a capture leads nowhere but into the capture: whoever replays one as root shows
// nobody /etc/shadow.
func TestLinksStayInside(t *testing.T) {
	index := entry{"capture.json", goodIndex, tar.TypeReg}
	links := map[string]string{
		"files/etc/absolute": "/etc/shadow",
		"files/etc/relative": "../../../../../../../../etc/shadow",
		"files/etc/folder":   "/etc",
		"files/etc/chain":    "relative",
		"files/etc/self":     "/proc/self/root/etc/shadow",
	}
	entries := []entry{index}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "files/etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "capture.json"), []byte(index.content), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range links {
		entries = append(entries, entry{name, target, tar.TypeSymlink})
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "capture.tar.gz")
	if err := os.WriteFile(file, tarball(entries...), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, dir} {
		c, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for link := range links {
			for _, path := range []string{strings.TrimPrefix(link, "files/"), strings.TrimPrefix(link, "files/") + "/shadow"} {
				if text, err := fs.ReadFile(c.Files(), path); err == nil {
					t.Errorf("%s: %s holds %.40q", name, path, text)
				}
			}
		}
	}
	// The same as output of a tool, as the index, and as a folder of the capture's own.
	for _, link := range []string{"tools/1/stdout", "capture.json", "files", "tools"} {
		bad := t.TempDir()
		if link != "capture.json" {
			if err := os.WriteFile(filepath.Join(bad, "capture.json"), []byte(index.content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(bad, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("/etc/shadow", filepath.Join(bad, link)); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(bad); err == nil || !strings.HasPrefix(err.Error(), bad+" is not a capture that can be replayed: ") {
			t.Errorf("%s leads out of it: error %v", link, err)
		}
	}
	hard := filepath.Join(t.TempDir(), "hard.tar.gz")
	if err := os.WriteFile(hard, tarball(index, entry{"files/etc/x", "/etc/shadow", tar.TypeLink}), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(hard); err == nil || !strings.Contains(err.Error(), "files/etc/x is no plain file") {
		t.Errorf("a hard link to /etc/shadow: error %v", err)
	}
}
