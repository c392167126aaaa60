// Package settle waits until the kernel has found the hardware: drivers are loaded in the
// background, and some of them look for their disks for a minute.
package settle

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"bee/audit/report"
	"bee/core/printable"
)

// pause is between two looks at what is going on; linkLimit is how long interfaces may take to
// agree on a link, which not each of them has.
const (
	pause     = 500 * time.Millisecond
	linkLimit = 10 * time.Second
)

// Audit runs an audit when drivers are done, which it waits for up to a limit, and once more
// where devices came or went meanwhile. What the report may lack for it is one of its gaps.
func Audit(ctx context.Context, files fs.FS, limit time.Duration, audit func() *report.Report) *report.Report {
	unsettled := Wait(ctx, files, limit)
	waitForLinks(files, sleeper(ctx))
	return auditAfter(ctx, files, unsettled, audit)
}

func auditAfter(ctx context.Context, files fs.FS, unsettled []string, audit func() *report.Report) *report.Report {
	before := Devices(files)
	r := audit()
	if after := Devices(files); !slices.Equal(before, after) && ctx.Err() == nil {
		r = audit()
		if !slices.Equal(after, Devices(files)) {
			unsettled = append(unsettled, "devices came or went while the audit ran, twice")
		}
	}
	if len(unsettled) > 0 {
		r.NotExamined = append(r.NotExamined, report.Gap{
			Reason:   "hardware was still being looked for, and what came later is not here: " + printable.Escape([]byte(strings.Join(unsettled, "; "))),
			Sections: []string{"storage", "network", "pcie", "nvidia"},
		})
	}
	return r
}

// Wait waits until nothing is going on, in two looks one after the other between which the
// kernel told of no new device. At the limit, or the end of ctx, it returns what still is.
// files are the root of the machine's file system.
func Wait(ctx context.Context, files fs.FS, limit time.Duration) (unsettled []string) {
	return wait(ctx, files, limit, sleeper(ctx))
}

// sleeper waits for a pause, and reports whether ctx has not ended.
func sleeper(ctx context.Context) func() bool {
	return func() bool {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
			return true
		}
	}
}

// waitForLinks waits for the links of the interfaces that the services put up, perhaps only now.
func waitForLinks(files fs.FS, sleep func() bool) {
	for waited := time.Duration(0); waited < linkLimit && missesLink(files) && sleep(); waited += pause {
	}
}

// missesLink tells whether a physical Ethernet interface has no link. One that is not up yet
// cannot be asked for it.
func missesLink(files fs.FS) bool {
	for _, name := range names(files, "sys/class/net") {
		folder := "sys/class/net/" + name
		// 1 is ARPHRD_ETHER (if_arp.h)
		if _, err := fs.Stat(files, folder+"/device"); err == nil && strings.TrimSpace(text(files, folder+"/type")) == "1" &&
			strings.TrimSpace(text(files, folder+"/carrier")) != "1" {
			return true
		}
	}
	return false
}

func wait(ctx context.Context, files fs.FS, limit time.Duration, sleep func() bool) (unsettled []string) {
	var before string
	for waited := time.Duration(0); ; waited += pause {
		busy, told := GoingOn(files), text(files, "sys/kernel/uevent_seqnum")
		if len(busy) == 0 && told == before {
			return nil
		}
		if before = told; len(busy) > 0 {
			before = "" // what comes to its end now may have more behind it
		}
		if waited >= limit || !sleep() {
			if len(busy) == 0 {
				busy = []string{"devices come and go"}
			}
			return busy
		}
	}
}

// GoingOn says what the kernel, and udev, have not come to the end of, sorted.
func GoingOn(files fs.FS) []string {
	var busy []string
	add := func(format string, args ...any) {
		if what := fmt.Sprintf(format, args...); !slices.Contains(busy, what) {
			busy = append(busy, what)
		}
	}
	// name, size, users, by whom, state, address: a driver whose init looks for its devices
	for line := range strings.Lines(text(files, "proc/modules")) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == "Loading" {
			add("driver %s is being loaded", f[0])
		}
	}
	// Work that drivers put off, such as to look for the disks of a host: no list of it is
	// shown, but what runs it is.
	for _, name := range names(files, "proc") {
		if strings.Trim(name, "0123456789") != "" || !strings.HasPrefix(text(files, "proc/"+name+"/comm"), "kworker") {
			continue
		}
		if stack := text(files, "proc/"+name+"/stack"); strings.Contains(stack, "async_run_entry_fn") {
			add("a driver looks for its devices%s", work(stack))
		}
	}
	for _, name := range names(files, "sys/class/nvme") {
		switch state := strings.TrimSpace(text(files, "sys/class/nvme/"+name+"/state")); state {
		case "", "live", "dead", "deleting", "deleting (no IO)":
		default:
			add("%s is %s", name, state)
		}
	}
	if _, err := fs.Stat(files, "run/udev/queue"); err == nil {
		add("udev has devices left to look at")
	}
	slices.Sort(busy)
	return busy
}

// work is what a worker does, by the function that stands before async_run_entry_fn, and "" where
// that is not shown.
func work(stack string) string {
	var last string
	for line := range strings.Lines(stack) {
		// [<0>] do_scan_async+0x1f/0x170 [scsi_mod]
		_, call, _ := strings.Cut(line, "] ")
		name, _, _ := strings.Cut(strings.TrimSpace(call), "+")
		if name == "async_run_entry_fn" {
			break
		}
		last = name
	}
	if last == "" {
		return ""
	}
	return " (" + last + ")"
}

// Devices are the disks, the devices on the PCI bus and the network interfaces that there are:
// what an audit begins with.
func Devices(files fs.FS) []string {
	var all []string
	for _, folder := range []string{"sys/class/block", "sys/bus/pci/devices", "sys/class/net"} {
		for _, name := range names(files, folder) {
			if !strings.HasPrefix(name, "loop") && !strings.HasPrefix(name, "ram") {
				all = append(all, path.Join(folder, name))
			}
		}
	}
	return all
}

func names(files fs.FS, folder string) []string {
	entries, _ := fs.ReadDir(files, folder) // one that is not there has none
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func text(files fs.FS, name string) string {
	b, _ := fs.ReadFile(files, name)
	return string(b)
}
