package unattended

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bee/core/config"
	"bee/core/delivery"
	"bee/core/steps"
	"bee/iso/partition"
)

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHs9vW0Y4mB4xGXhB5yYz2cWn8mFZ0Gx2Y0k3m1P2Q7r operator@example"

// fake is a machine below a folder, whose partitions are folders.
type fake struct {
	*machine
	t       *testing.T
	console []string // what consoles show
	ran     []string // programs
	exits   map[string]int
	read    []string // partitions that were mounted
}

func newFake(t *testing.T, files map[string]string) *fake {
	t.Helper()
	f := &fake{t: t, exits: map[string]int{}}
	f.machine = &machine{
		root:      t.TempDir(),
		removable: func(tag string) ([]partition.Partition, error) { return f.partitions(tag, false), nil },
		all:       func(tag string) ([]partition.Partition, error) { return f.partitions(tag, true), nil },
		mount: func(p partition.Partition) (*os.Root, error) {
			f.read = append(f.read, p.Device)
			return os.OpenRoot(f.path(p.Device))
		},
		console: func(format string, args ...any) { f.console = append(f.console, fmt.Sprintf(format, args...)) },
		program: func(_ context.Context, _ *os.File, name string, args ...string) error {
			f.ran = append(f.ran, strings.Join(append([]string{filepath.Base(name)}, args...), " "))
			switch status := f.exits[filepath.Base(name)]; status {
			case 0:
				return nil
			case 127:
				return &fs.PathError{Op: "fork/exec", Path: name, Err: fs.ErrNotExist}
			default:
				return exec.Command("sh", "-c", fmt.Sprint("exit ", status)).Run()
			}
		},
		now:   func() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) },
		pause: func(context.Context, time.Duration) {},
	}
	for name, text := range files {
		f.file(name, text)
	}
	return f
}

func (f *fake) file(name, text string) {
	f.t.Helper()
	name = f.path(name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

// partitions are folders of /dev/, named DEVICE-LABEL; sd is a stick.
func (f *fake) partitions(tag string, all bool) (found []partition.Partition) {
	folders, _ := filepath.Glob(f.path("/dev/*-" + strings.TrimPrefix(tag, "LABEL=")))
	for _, folder := range folders {
		name := filepath.Base(folder)
		p := partition.Partition{Device: "/dev/" + name, FileSystem: "vfat", Removable: strings.HasPrefix(name, "sd")}
		if strings.HasPrefix(name, "sdx") {
			p.FileSystem = "ntfs"
		}
		if p.Removable || all {
			found = append(found, p)
		}
	}
	return found
}

func (f *fake) text(name string) string {
	text, _ := os.ReadFile(f.path(name))
	return string(text)
}

func (f *fake) config() (c config.Config, found bool) {
	text, err := os.ReadFile(f.path(config.File))
	if err != nil {
		return c, false
	}
	if err := json.Unmarshal(text, &c); err != nil {
		f.t.Error(err)
	}
	return c, true
}

// The first place that has a document is where it is from; a time zone stands for which it was.
func TestFind(t *testing.T) {
	const (
		stick    = "/dev/sdb1-BEE-CONFIG/bee.yaml"
		internal = "/dev/nvme0n1p1-BEE-CONFIG/bee.yaml"
		medium   = "/run/live/media/sr0/bee.yaml"
	)
	media := map[string]string{
		"/sys/block/loop0/loop/backing_file": "/media/stranger/live/10-base.squashfs\n",
		"/sys/block/loop1/loop/backing_file": "/run/live/media/sr0/live/90-bee.squashfs\n",
		"/media/stranger/bee.yaml":           "time_zone: Asia/Tokyo",
	}
	for name, c := range map[string]struct {
		cmdline string
		files   map[string]string
		zone    string
		console string
	}{
		"nothing":       {"quiet", nil, "", ""},
		"built in":      {"", map[string]string{builtIn: "time_zone: Europe/Paris"}, "Europe/Paris", ""},
		"stick":         {"", map[string]string{builtIn: "time_zone: Europe/Paris", stick: "time_zone: Europe/Rome"}, "Europe/Rome", ""},
		"medium":        {"", map[string]string{medium: "time_zone: Europe/Oslo", stick: "time_zone: Europe/Rome"}, "Europe/Oslo", ""},
		"empty stick":   {"", map[string]string{builtIn: "time_zone: Europe/Paris", "/dev/sdb1-BEE-CONFIG/x": ""}, "Europe/Paris", ""},
		"internal disk": {"", map[string]string{internal: "time_zone: Asia/Tokyo"}, "", ""},
		"two sticks": {"", map[string]string{stick: "time_zone: Europe/Rome", "/dev/sdc1-BEE-CONFIG/bee.yaml": "time_zone: Asia/Tokyo"}, "",
			"configuration: BEE-CONFIG: /dev/sdb1-BEE-CONFIG, /dev/sdc1-BEE-CONFIG are labelled so"},
		"another file system": {"", map[string]string{"/dev/sdx1-BEE-CONFIG/bee.yaml": "a"}, "", "has the file system ntfs"},
		"named": {"bee.config=label:DATA/site/a.yaml", map[string]string{"/dev/nvme0n1p1-DATA/site/a.yaml": "time_zone: Europe/Rome", medium: "time_zone: Europe/Oslo"},
			"Europe/Rome", ""},
		"the last counts": {"bee.config=label:A/x bee.config=label:DATA/a.yaml", map[string]string{"/dev/vda1-DATA/a.yaml": "time_zone: Europe/Rome"}, "Europe/Rome", ""},
		"named, not there": {"bee.config=label:DATA/a.yaml", map[string]string{stick: "time_zone: Europe/Rome"}, "",
			"configuration: bee.config=label:DATA/a.yaml: no partition is labelled so"},
		"named, no file": {"bee.config=label:DATA/a.yaml", map[string]string{"/dev/vda1-DATA/b.yaml": "", stick: "time_zone: Europe/Rome"}, "", "has no such file"},
		"named twice":    {"bee.config=label:D/a", map[string]string{"/dev/vda1-D/a": "", "/dev/sdb1-D/a": ""}, "", "are labelled so, and none of them is read"},
		"nonsense":       {"bee.config=/dev/sda1", nil, "", "refused: it has to be label:NAME/FILE, or an https URL"},
		"http":           {"bee.config=http://server.example/bee.yaml?token=secret", map[string]string{stick: "time_zone: Europe/Rome"}, "", "refused: anybody on the way"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, c.files)
			f.file("/proc/cmdline", c.cmdline+"\n")
			if strings.Contains(name, "medium") {
				for name, text := range media {
					f.file(name, text)
				}
			}
			f.configure()
			if got, _ := f.config(); got.TimeZone != c.zone {
				t.Errorf("the time zone is %q, want %q", got.TimeZone, c.zone)
			}
			shown := strings.Join(f.console, "\n")
			if !strings.Contains(shown, c.console) || (shown == "") != (c.console == "") || strings.Contains(shown, "secret") {
				t.Errorf("consoles show %q, want %q", shown, c.console)
			}
			if name == "internal disk" && f.read != nil {
				t.Errorf("read: %q", f.read)
			}
		})
	}
}

// A link on a medium leads to nothing outside of it, and what is no file is not read.
func TestHostileMedium(t *testing.T) {
	f := newFake(t, map[string]string{"/proc/cmdline": "", "/secret": "time_zone: Asia/Tokyo", "/dev/sdb1-BEE-CONFIG/x": ""})
	if err := os.Symlink("../../secret", f.path("/dev/sdb1-BEE-CONFIG/bee.yaml")); err != nil {
		t.Fatal(err)
	}
	f.configure()
	if c, found := f.config(); found || len(f.console) != 1 {
		t.Errorf("%+v, %q", c, f.console)
	}
	f = newFake(t, map[string]string{"/proc/cmdline": "", "/dev/sdb1-BEE-CONFIG/bee.yaml/x": ""})
	f.configure()
	if _, found := f.config(); found || !strings.Contains(strings.Join(f.console, ""), "it is no file") {
		t.Errorf("%q", f.console)
	}
}

// Each reader gets what is for it, with the mode that it may have; what is wrong is told with its line.
func TestConfigure(t *testing.T) {
	f := newFake(t, map[string]string{
		"/proc/cmdline": "bee.network=eth0,dhcp",
		"/dev/sdb1-BEE-CONFIG/bee.yaml": `network: ["eth0,192.0.2.10/24", "eth1.5", "eth2,x"]
ssh: {authorized_keys: ["` + key + `"]}
baseline: order.yaml
results: {url: "https://server.example/", token: secret}
time_zone: America/St_Johns
than: shell
`,
		"/dev/sdb1-BEE-CONFIG/order.yaml": "memory: {total: 1 TiB}\n",
	})
	f.configure()
	for name, want := range map[string]string{
		keysFile: key + "\n", baselineFile: "memory: {total: 1 TiB}\n", "/run/bee/network": "eth1.5\n", zoneFile: "<NDT>2:30\n",
	} {
		if got := f.text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]os.FileMode{config.File: 0o600, keysFile: 0o600, "/run/bee/network": 0o644} {
		if info, err := os.Stat(f.path(name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, _ := f.config(); c.Baseline != "memory: {total: 1 TiB}\n" || c.Results.Token != "secret" {
		t.Errorf("%+v", c)
	}
	want := []string{"configuration: BEE-CONFIG/bee.yaml:1: network: eth2,x is left out:", "configuration: BEE-CONFIG/bee.yaml:6: than: no such key"}
	if len(f.console) != 2 || !strings.HasPrefix(f.console[0], want[0]) || !strings.HasPrefix(f.console[1], want[1]) {
		t.Errorf("%q", f.console)
	}
	f.file("/dev/sdb1-BEE-CONFIG/bee.yaml", "baseline: other.yaml\n")
	f.console = nil
	f.configure()
	if len(f.console) != 1 || !strings.Contains(f.console[0], "baseline: other.yaml:") {
		t.Errorf("%q", f.console)
	}
	if c, _ := f.config(); c.Baseline != "" {
		t.Errorf("%+v", c)
	}
}

func TestPOSIX(t *testing.T) {
	for zone, want := range map[string]string{"Europe/Berlin": "<CEST>-2:00", "UTC": "<UTC>-0:00", "America/Sao_Paulo": "<-03>3:00", "Asia/Kathmandu": "<+0545>-5:45"} {
		at, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := posix(time.Date(2026, 7, 1, 0, 0, 0, 0, at)); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
}

func TestWaitForMedia(t *testing.T) {
	f := newFake(t, map[string]string{"/sys/bus/usb/devices/1-1:1.0/bInterfaceClass": "03\n"})
	if f.mediaToCome() {
		t.Error("a keyboard is waited for")
	}
	f.file("/sys/bus/usb/devices/2-1:1.0/bInterfaceClass", "08\n")
	if !f.mediaToCome() {
		t.Error("a stick is not waited for")
	}
	f.file("/sys/bus/usb/devices/2-1:1.0/host6/target6:0:0/6:0:0:0/block/sdb/size", "0\n")
	if f.mediaToCome() {
		t.Error("a stick that is there is waited for")
	}
}

const send = "bee-results send"

func TestRun(t *testing.T) {
	check := func(f *fake) string { return "audit check --baseline " + f.path(baselineFile) }
	delivered := delivery.List{{Target: "/dev/sdb1", State: delivery.Delivered}, {Target: "https://server.example", State: delivery.Failed}}
	for name, c := range map[string]struct {
		config    config.Config
		exits     map[string]int
		delivered delivery.List
		ran       []string // "check" stands for that of the baseline
		failed    []string // steps
		console   string
	}{
		"nothing": {config.Config{}, nil, nil, []string{send}, nil, ""},
		"all": {config.Config{Baseline: "a: b", Burn: &config.Burn{Time: "30m", GPUs: []string{"0", "3"}, Quick: true}, Then: "poweroff"}, nil, delivered,
			[]string{send, "check", send, "bee-burn --live --time 30m --gpus 0,3 --quick", send, send + " --wait 4h", "poweroff"}, nil, "unattended run: poweroff"},
		"all fail": {config.Config{Baseline: "a: b", Burn: &config.Burn{}, Then: "reboot"}, map[string]int{"audit": 1, "bee-burn": 3, "bee-results": 1}, delivered,
			[]string{send, "check", send, "bee-burn --live", send, send + " --wait 4h", "reboot"}, []string{"deliver", "baseline", "deliver", "burn", "deliver", "deliver"},
			"unattended run: baseline: the machine is not what the baseline asks for"},
		"not installed": {config.Config{Then: "shell"}, map[string]int{"bee-results": 127}, nil, []string{send}, []string{"deliver"}, "deliver: left out: "},
		"results would be gone": {config.Config{Then: "poweroff"}, map[string]int{"bee-results": 1}, delivered[1:],
			[]string{send, send + " --wait 4h"}, []string{"deliver", "deliver"}, "unattended run: no poweroff, as the results are nowhere"},
		"nowhere to deliver to": {config.Config{Then: "poweroff"}, nil, nil, []string{send, send + " --wait 4h", "poweroff"}, nil, "unattended run: poweroff"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, map[string]string{"/proc/cmdline": ""})
			if c.exits != nil {
				f.exits = c.exits
			}
			text, err := json.Marshal(c.config)
			if err != nil {
				t.Fatal(err)
			}
			f.file(config.File, string(text))
			if err := c.delivered.Write(f.path(delivery.File)); err != nil {
				t.Fatal(err)
			}
			f.run(t.Context())
			want := slices.Clone(c.ran)
			if at := slices.Index(want, "check"); at >= 0 {
				want[at] = check(f)
			}
			if !slices.Equal(f.ran, want) {
				t.Errorf("ran %q\nwant %q", f.ran, want)
			}
			var p steps.Progress
			if err := json.Unmarshal([]byte(f.text(steps.File)), &p); err != nil {
				t.Fatal(err)
			}
			var failed []string
			for _, o := range p.Done {
				if !o.OK {
					failed = append(failed, o.Step)
				}
			}
			if p.Step != "" || len(p.Done) != len(want) || !slices.Equal(failed, c.failed) {
				t.Errorf("%+v, want failed %q", p, c.failed)
			}
			if shown := strings.Join(f.console, "\n"); !strings.Contains(shown, c.console) || (shown == "") != (c.console == "") {
				t.Errorf("consoles show %q, want %q", shown, c.console)
			}
		})
	}
}

// Who stops it stops it: nothing is begun any more, and the machine stays on.
func TestStopped(t *testing.T) {
	f := newFake(t, map[string]string{"/proc/cmdline": "", config.File: `{"baseline": "a: b", "then": "poweroff"}`})
	ctx, stop := context.WithCancel(t.Context())
	program := f.program
	f.program = func(ctx context.Context, output *os.File, name string, args ...string) error {
		stop()
		return errors.Join(program(ctx, output, name, args...), ctx.Err())
	}
	f.run(ctx)
	if !slices.Equal(f.ran, []string{send}) {
		t.Errorf("ran %q", f.ran)
	}
}

// A stick that comes late lets people in, but the network is up by then.
func TestLate(t *testing.T) {
	f := newFake(t, map[string]string{"/proc/cmdline": "", "/dev/sdb1-BEE-CONFIG/bee.yaml": "network: [eth0]\nssh: {authorized_keys: ['" + key + "']}\n"})
	f.run(t.Context())
	if want := []string{"ssh-access", "rc-service dropbear restart", send}; !slices.Equal(f.ran, want) {
		t.Errorf("ran %q", f.ran)
	}
	if f.text("/run/bee/network") != "" || len(f.console) != 1 || !strings.Contains(f.console[0], "network: it comes too late") {
		t.Errorf("%q", f.console)
	}
}
