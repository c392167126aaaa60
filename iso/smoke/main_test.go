package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/term"

	"bee/core/check"
	"bee/core/machine"
	"bee/core/report"
	"bee/iso/smoke/golden"
	"bee/iso/smoke/internal/driver"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/remote/remotetest"
	"bee/iso/smoke/selftest/checks"
)

// execute runs the program with arguments.
func execute(args ...string) (output string, status int, err error) {
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(args)
	err = cmd.Execute()
	return out.String(), exitStatus(err), err
}

// somebody is a fingerprint of no key.
const somebody = "SHA256:0123456789012345678901234567890123456789abc"

func TestUsage(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.iso")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"run":                                       "iso netboot host",
		"run --iso a --host b":                      "iso netboot host",
		"run --iso a --netboot b":                   "iso netboot host",
		"run --iso a --machine pxe":                 `machine "bios-pxe-1024-virtio-nvme" boots a folder over its network: give that, by --netboot`,
		"run --netboot " + text:                     `machine "bios-cd-1024-virtio-nvme" boots an ISO`,
		"run --netboot /no/folder --machine pxe":    "/no/folder",
		"boot --netboot /no/folder --machine pxe":   "/no/folder",
		"run --netboot a --host-key " + somebody:    "host-key netboot",
		"run --host b --all-ports":                  "all-ports host",
		"run --host b --machine none":               "host machine",
		"run --iso a --machine efi":                 `--machine" flag: machine "efi": "efi" is none of the words`,
		"run --iso a --machine uefi-bios":           "uefi and bios are both its firmware",
		"run --iso a --machine server-virtio":       "a server has network cards",
		"boot --iso a --machine bmc-server":         "leave bmc out",
		"boot --iso a --machine wifi":               `"wifi" is none of the words`,
		"run --iso a extra":                         "extra",
		"run --iso a --password-env SMOKE_NOT_SET":  "SMOKE_NOT_SET",
		"run --iso a --identity " + text:            "not a private SSH key",
		"run --iso " + text:                         "no ISO 9660 signature",
		"boot --iso " + text:                        "no ISO 9660 signature",
		"boot":                                      "iso",
		"boot --iso a --listen localhost:2222":      "--listen localhost:2222: not an IPv4 address and a port",
		"boot --iso a --listen 127.0.0.1":           "--listen 127.0.0.1: not an IPv4 address and a port",
		"boot --iso a --listen 127.0.0.1:0":         "not an IPv4 address and a port",
		"boot --iso a --listen [::1]:2222":          "not an IPv4 address and a port",
		"run --iso a --host-key " + somebody:        "host-key iso",
		"run --host b --host-key MD5:ab":            "--host-key MD5:ab: not a fingerprint",
		"run --host b --host-key " + somebody[1:]:   "not a fingerprint",
		"run --host b --password-env SMOKE_NOT_SET": "--host needs --host-key SHA256:…",
		"run --host b --host-key " + somebody + " --password-env SMOKE_NOT_SET": "SMOKE_NOT_SET",
		"verdict":            "at least 1 arg",
		"verdict /no/report": "/no/report",
		"fly":                "fly",
	} {
		_, status, err := execute(strings.Fields(args)...)
		if status != exitInput || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("smoke %s: exit status %d, %v; want %q", args, status, err, want)
		}
	}
}

func TestReportLost(t *testing.T) {
	if status := exitStatus(fmt.Errorf("it is gone: %w", driver.ErrReportLost)); status != exitLost {
		t.Errorf("exit status %d", status)
	}
}

func TestVerdict(t *testing.T) {
	for status, checks := range map[int][]check.Check{
		0:          {{Name: "console", Status: check.Pass}},
		exitFailed: {{Name: "console", Status: check.Fail, Detail: "why"}},
	} {
		top := t.TempDir()
		dir := filepath.Join(top, "job", "bios")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		r := report.Report{Host: "192.0.2.10:22", Checks: checks}
		r.Conclude()
		if err := r.Write(dir, ""); err != nil {
			t.Fatal(err)
		}
		for _, folder := range []string{dir, top} {
			output, got, _ := execute("verdict", folder)
			if got != status || !strings.Contains(output, "console") || !strings.Contains(output, "bios: 192.0.2.10:22") {
				t.Errorf("%s: exit status %d, want %d:\n%s", folder, got, status, output)
			}
		}
		if err := os.Mkdir(filepath.Join(top, "killed"), 0o755); err != nil {
			t.Fatal(err)
		}
		output, got, err := execute("verdict", top)
		if got != exitInput || !strings.Contains(output, "bios: 192.0.2.10:22") || !strings.Contains(err.Error(), "killed") {
			t.Errorf("one is missing: exit status %d, %v:\n%s", got, err, output)
		}
	}
}

// Without --host-key a person says whether a machine is the right one, before that gets to
// see anything. What is typed is kept for that person's next answer: a password.
func TestHostKeyIsAsked(t *testing.T) {
	host, asked := remotetest.Refuse(t)
	for answer, want := range map[string]string{
		"no":  "its host key was not confirmed; nothing was sent to it",
		"":    "its host key was not confirmed",
		"yes": "", // and the password is asked for: a test that ends with a FAIL
	} {
		asked.Store(0)
		mine, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		defer terminal.Close()
		stdin := os.Stdin
		os.Stdin = terminal
		defer func() { os.Stdin = stdin }()
		if _, err := mine.WriteString(answer + "\nsecret\n"); err != nil {
			t.Fatal(err)
		}
		output, status, err := execute("run", "--host", host.Address, "--timeout", "30s")
		if !strings.Contains(output, "  "+host.Key+"\n") {
			t.Errorf("%q: the key is not shown: %s", answer, output)
		}
		if want != "" && (status != exitInput || !strings.Contains(err.Error(), want) || asked.Load() != 0) {
			t.Errorf("%q: exit status %d, %v, %d passwords seen", answer, status, err, asked.Load())
		}
		if want == "" && (status != exitBroken || asked.Load() == 0) {
			t.Errorf("%q: exit status %d, %v, %d passwords seen", answer, status, err, asked.Load())
		}
	}
}

// Who is asked can end it, and finds the terminal as it was.
func TestQuestionsEnd(t *testing.T) {
	for name, question := range map[string]func(context.Context) (string, error){"line": readLine, "password": readPassword} {
		mine, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Close()
		defer terminal.Close()
		before, err := term.GetState(int(terminal.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		stdin := os.Stdin
		os.Stdin = terminal
		defer func() { os.Stdin = stdin }()
		ctx, interrupt := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { interrupt(errors.New("interrupted")) })
		if got, err := question(ctx); err == nil || err.Error() != "interrupted" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if after, err := term.GetState(int(terminal.Fd())); err != nil || *after != *before {
			t.Errorf("%s: the terminal is left otherwise: %v", name, err)
		}
	}
}

// The lists of checks have every check of selftest and of the driver, and no other.
func TestGoldenLists(t *testing.T) {
	var all []check.Check
	for _, name := range append(checks.Names(), "ssh-host-key", "ssh-login-bee", "ssh-fetch-report", "ssh-default-passwords",
		"ports-tcp", "ports-udp", "network-closed") {
		all = append(all, check.Check{Name: name})
	}
	all = append(all, hardware.Check(machine.Machine{Profile: machine.Server}, nil)...)
	for i := range all {
		all[i].Status = check.Fail // is there, and no more than that
	}
	for _, base := range []string{"alpine", "debian"} {
		list, err := golden.Find(base)
		if err != nil {
			t.Fatal(err)
		}
		if c := list.Compare(all, []golden.Fact{golden.Server, golden.BMC}); c.Status != check.Pass {
			t.Error(c)
		}
	}
}

func TestPortOrSSH(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.10": "192.0.2.10:22", "bee:2222": "bee:2222", "::1": "[::1]:22", "[::1]:2222": "[::1]:2222",
	} {
		if got := portOrSSH(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}
