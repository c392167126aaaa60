package collect

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/joho/godotenv"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/report/placeholder"
	"bee/core/printable"
	"bee/core/vendorlist"
)

// Audit makes the report of a machine with the given collectors, all of it but the
// findings, which judge/finding adds. version is the version of the program.
func Audit(ctx context.Context, m machine.Machine, version string, collectors []Collector, progress func(report.CollectorRun)) *report.Report {
	r := &report.Report{
		SchemaVersion: report.SchemaVersion,
		Audit:         report.Audit{Version: version},
		StartedAt:     now(),
		Host: report.Host{
			Hostname:      line(m.Files(), "proc/sys/kernel/hostname"),
			KernelRelease: line(m.Files(), "proc/sys/kernel/osrelease"),
			Architecture:  line(m.Files(), "proc/sys/kernel/arch"),
			SSHHostKey:    hostKey(m.Files()),
		},
	}
	release, err := beeRelease(m.Files())
	r.BeeRelease = release
	Run(ctx, m, collectors, r, progress)
	if err != nil {
		r.Errors = append([]report.Error{{Collector: "audit", Kind: report.BadOutput, Message: printable.Escape([]byte(err.Error()))}}, r.Errors...)
	}
	r.FinishedAt = now()
	return r
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// beeRelease reads /etc/bee-release, nil where there is none. A damaged one is an error,
// as of any file of a machine: core/beerelease takes what is right in it.
func beeRelease(files fs.FS) (*report.BeeRelease, error) {
	b, err := fs.ReadFile(files, "etc/bee-release")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := godotenv.UnmarshalBytes(b)
	if err != nil {
		return nil, fmt.Errorf("/etc/bee-release: %w", err)
	}
	text := func(key string) string { return printable.Escape([]byte(v[key])) }
	release := &report.BeeRelease{
		Version:   text("BEE_VERSION"),
		Commit:    text("BEE_COMMIT"),
		Date:      text("BEE_DATE"),
		Base:      text("BEE_BASE"),
		Release:   text("BEE_RELEASE"),
		Kernel:    text("BEE_KERNEL"),
		Audit:     text("BEE_AUDIT"),
		SSH:       text("BEE_SSH"),
		Vendor:    strings.Fields(text("BEE_VENDOR")),
		Overrides: strings.Fields(text("BEE_OVERRIDES")),
	}
	list, err := fs.ReadFile(files, strings.TrimPrefix(vendorlist.File, "/"))
	if errors.Is(err, fs.ErrNotExist) { // a release of before there was one
		return release, nil
	}
	if err != nil {
		return release, err
	}
	programs, err := vendorlist.Parse(string(list))
	for _, p := range programs {
		release.VendorPrograms = append(release.VendorPrograms, report.VendorProgram{Name: p.Name, Version: p.Version, SHA256: p.SHA256})
	}
	return release, err
}

var fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)

// hostKey reads the fingerprint that the live system has written. What is none is left out:
// people compare it with what their ssh says.
func hostKey(files fs.FS) string {
	if key := line(files, "etc/bee/host-key"); fingerprint.MatchString(key) {
		return key
	}
	return ""
}

// line reads a file of one line, "" where that is not possible or the content
// is a placeholder.
func line(files fs.FS, name string) string {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return ""
	}
	return placeholder.Drop(printable.Escape([]byte(strings.TrimSpace(string(b)))))
}
