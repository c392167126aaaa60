package settle

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"bee/audit/report"
)

func machine(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{"sys/kernel/uevent_seqnum": {Data: []byte("1234\n")}}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

const scan = `[<0>] scsi_execute_cmd+0x1a0/0x2f0 [scsi_mod]
[<0>] __scsi_scan_target+0xeb/0x230 [scsi_mod]
[<0>] do_scan_async+0x1f/0x170 [scsi_mod]
[<0>] async_run_entry_fn+0x31/0x130
[<0>] process_one_work+0x17c/0x390
`

func TestGoingOn(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"nothing": {map[string]string{"proc/modules": "nvme 65536 0 - Live 0x0\n", "sys/class/nvme/nvme0/state": "live\n", "proc/7/comm": "kworker/u8:1\n", "proc/7/stack": "[<0>] worker_thread+0x2a/0x390\n",
			"proc/8/comm": "sh\n", "proc/8/stack": scan, "proc/self/comm": "kworker\n", "proc/self/stack": scan}, nil},
		"a driver":              {map[string]string{"proc/modules": "megaraid_sas 200704 1 - Loading 0x0 (E)\nscsi_mod 1 1 megaraid_sas, Live 0x0\n"}, []string{"driver megaraid_sas is being loaded"}},
		"a host":                {map[string]string{"proc/7/comm": "kworker/u8:1\n", "proc/7/stack": scan, "proc/9/comm": "kworker/u8:3\n", "proc/9/stack": scan}, []string{"a driver looks for its devices (do_scan_async)"}},
		"who hides its stack":   {map[string]string{"proc/7/comm": "kworker/u8:1\n"}, nil},
		"a stack of one":        {map[string]string{"proc/7/comm": "kworker/u8:1\n", "proc/7/stack": "[<0>] async_run_entry_fn+0x31/0x130\n"}, []string{"a driver looks for its devices"}},
		"an NVMe drive":         {map[string]string{"sys/class/nvme/nvme0/state": "connecting\n", "sys/class/nvme/nvme1/state": "dead\n"}, []string{"nvme0 is connecting"}},
		"udev":                  {map[string]string{"run/udev/queue": ""}, []string{"udev has devices left to look at"}},
		"several":               {map[string]string{"run/udev/queue": "", "proc/modules": "ahci 1 0 - Loading 0x0\n"}, []string{"driver ahci is being loaded", "udev has devices left to look at"}},
		"rubbish, and no sysfs": {map[string]string{"proc/modules": "x\n\nx x x\n"}, nil},
	} {
		if got := GoingOn(machine(c.files)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWait(t *testing.T) {
	for name, c := range map[string]struct {
		// What a look at the machine finds, the first, the second and so on; the last one stays.
		looks []map[string]string
		want  []string
		waits int // how often it waited
	}{
		"nothing to wait for": {[]map[string]string{{}}, nil, 1},
		"a driver that takes a second": {[]map[string]string{
			{"proc/modules": "ahci 1 0 - Loading 0x0\n"}, {"proc/modules": "ahci 1 0 - Loading 0x0\n"}, {}}, nil, 3},
		"new devices":         {[]map[string]string{{}, {"sys/kernel/uevent_seqnum": "1240\n"}, {"sys/kernel/uevent_seqnum": "1300\n"}}, nil, 3},
		"one that never ends": {[]map[string]string{{"sys/class/nvme/nvme3/state": "resetting\n"}}, []string{"nvme3 is resetting"}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			files := machine(c.looks[0])
			waits := 0
			got := wait(t.Context(), files, 10*time.Second, func() bool {
				waits++
				clear(files)
				for name, file := range machine(c.looks[min(waits, len(c.looks)-1)]) {
					files[name] = file
				}
				return true
			})
			if !slices.Equal(got, c.want) || waits != c.waits {
				t.Errorf("%q after %d waits, want %q after %d", got, waits, c.want, c.waits)
			}
		})
	}
	t.Run("always new devices", func(t *testing.T) {
		files := machine(nil)
		n := byte('0')
		got := wait(t.Context(), files, 5*time.Second, func() bool {
			n++
			files["sys/kernel/uevent_seqnum"] = &fstest.MapFile{Data: []byte{n}}
			return true
		})
		if want := []string{"devices come and go"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		if got := wait(t.Context(), machine(map[string]string{"run/udev/queue": ""}), time.Hour, func() bool { return false }); len(got) != 1 {
			t.Errorf("%q", got)
		}
	})
}

// Links are waited for, of interfaces that may have one.
func TestWaitForLinks(t *testing.T) {
	card := func(name, carrier string) map[string]string {
		return map[string]string{"sys/class/net/" + name + "/device/vendor": "x", "sys/class/net/" + name + "/type": "1\n", "sys/class/net/" + name + "/carrier": carrier}
	}
	for name, c := range map[string]struct {
		files map[string]string
		waits int
	}{
		"none":        {nil, 0},
		"a link":      {card("eth0", "1\n"), 0},
		"no link":     {card("eth0", "0\n"), 20},
		"not up yet":  {card("eth0", ""), 20},
		"InfiniBand":  {map[string]string{"sys/class/net/ib0/device/vendor": "x", "sys/class/net/ib0/type": "32\n"}, 0},
		"no hardware": {map[string]string{"sys/class/net/docker0/type": "1\n"}, 0},
	} {
		waits := 0
		waitForLinks(machine(c.files), func() bool { waits++; return true })
		if waits != c.waits {
			t.Errorf("%s: %d waits, want %d", name, waits, c.waits)
		}
	}
	files := machine(card("eth0", "0\n"))
	waits := 0
	waitForLinks(files, func() bool {
		if waits++; waits == 3 {
			files["sys/class/net/eth0/carrier"] = &fstest.MapFile{Data: []byte("1\n")}
		}
		return true
	})
	if waits != 3 {
		t.Errorf("a link that comes: %d waits", waits)
	}
}

// Devices that come while an audit runs are in the next one.
func TestAudit(t *testing.T) {
	for name, c := range map[string]struct {
		unsettled []string
		come      []string // while the first audit runs, the second and so on
		audits    int
		gap       string
	}{
		"as usual":            {nil, nil, 1, ""},
		"a late drive":        {nil, []string{"sys/class/block/sdx/size"}, 2, ""},
		"two late drives":     {nil, []string{"sys/class/block/sdx/size", "sys/class/block/sdy/size"}, 2, "devices came or went while the audit ran, twice"},
		"a driver that hangs": {[]string{"driver x is being loaded"}, nil, 1, "driver x is being loaded"},
	} {
		files := machine(nil)
		audits := 0
		r := auditAfter(t.Context(), files, c.unsettled, func() *report.Report {
			if audits < len(c.come) {
				files[c.come[audits]] = &fstest.MapFile{Data: []byte("1")}
			}
			audits++
			return &report.Report{Collectors: make([]report.CollectorRun, audits)}
		})
		gap := ""
		if len(r.NotExamined) > 0 {
			gap = r.NotExamined[0].Reason
		}
		if audits != c.audits || len(r.Collectors) != c.audits || !strings.HasSuffix(gap, c.gap) || (gap == "") != (c.gap == "") {
			t.Errorf("%s: %d audits, gap %q", name, audits, gap)
		}
	}
}

func TestDevices(t *testing.T) {
	got := Devices(machine(map[string]string{"sys/class/block/sda/size": "1", "sys/class/block/loop0/size": "1", "sys/class/block/ram1/size": "1",
		"sys/bus/pci/devices/0000:00:1f.2/class": "1", "sys/class/net/eth0/address": "x"}))
	if want := []string{"sys/class/block/sda", "sys/bus/pci/devices/0000:00:1f.2", "sys/class/net/eth0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzGoingOn(f *testing.F) {
	f.Add("ahci 1 0 - Loading 0x0\n", scan)
	f.Fuzz(func(t *testing.T, modules, stack string) {
		busy := GoingOn(machine(map[string]string{"proc/modules": modules, "proc/7/comm": "kworker/0:1\n", "proc/7/stack": stack}))
		if !slices.IsSorted(busy) {
			t.Errorf("%q", busy)
		}
	})
}
