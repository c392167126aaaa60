package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// machine is a machine, and what mokutil does on it.
type machine struct {
	system
	t         *testing.T
	mounts    []bool // whether to write, of each
	calls     []string
	passwords []string
	status    enrolment
	inDB      bool   // the firmware's own list has the certificate
	broken    string // what mokutil says in place of doing what it is to do
}

func newMachine(t *testing.T) *machine {
	m := &machine{t: t}
	m.system = system{
		root: t.TempDir(),
		mount: func(folder string, write bool) error {
			if folder != m.path(variablesFolder) {
				t.Errorf("%s is mounted", folder)
			}
			m.mounts = append(m.mounts, write)
			return nil
		},
		mokutil: m.runMokutil,
	}
	return m
}

// runMokutil answers in the words of mokutil 0.7.2.
func (m *machine) runMokutil(input string, args ...string) (string, error) {
	m.calls = append(m.calls, args[0])
	file := m.path(certificateFile)
	switch {
	case m.broken != "":
		return m.broken, errors.New("exit status 255")
	case args[0] == "--revoke-import":
		m.status = notEnrolled
		return "", nil
	case len(args) != 2 || args[1] != file:
		m.t.Errorf("mokutil %v", args)
	case args[0] == "--import":
		if len(m.mounts) == 0 || !m.mounts[len(m.mounts)-1] {
			return "Failed to write MokAuth\nFailed to enroll new keys\n", errors.New("exit status 255")
		}
		m.status = requested
		m.passwords = append(m.passwords, input)
		return "input password: \ninput password again: \n", nil
	case args[0] != "--test-key":
		m.t.Errorf("mokutil %v", args)
	}
	switch m.status {
	case requested:
		return file + " is already in the enrollment request\n", errors.New("exit status 1")
	case enrolled:
		if m.inDB {
			return file + " is already in db\n", errors.New("exit status 1")
		}
		return file + " is already enrolled\n", errors.New("exit status 1")
	}
	return file + " is not enrolled\n", nil
}

func (m *machine) write(name, text string) *machine {
	m.t.Helper()
	name = m.path(name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
	return m
}

func (m *machine) secure() *machine {
	return m.write(secureBoot, "\x06\x00\x00\x00\x01").write(lockdownFile, "none [integrity] confidentiality\n")
}

func (m *machine) signed() *machine {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Example modules\x1b[2J"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		m.t.Fatal(err)
	}
	return m.write(certificateFile, string(der))
}

func (m *machine) is(status enrolment) *machine {
	m.status = status
	return m
}

// run runs the program.
func (m *machine) run(args ...string) (output string, refused bool, err error) {
	var out strings.Builder
	cmd := command(&m.system, &refused)
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	err = cmd.Execute()
	return out.String(), refused, err
}

func TestStatus(t *testing.T) {
	for name, c := range map[string]struct {
		machine *machine
		refused bool
		want    []string
	}{
		"BIOS":              {newMachine(t), false, []string{"started this machine as a BIOS", "signed by: nobody"}},
		"off":               {newMachine(t).write(secureBoot, "\x06\x00\x00\x00\x00"), false, []string{"Secure Boot: off"}},
		"off and signed":    {newMachine(t).signed().write(secureBoot, "\x06\x00\x00\x00\x00").write(lockdownFile, "[none] integrity confidentiality\n"), false, []string{"Secure Boot: off", "Kernel lockdown: none", "enrolled on this machine: no\n"}},
		"firmware without":  {newMachine(t).write(variablesFolder+"/Other", ""), false, []string{"Secure Boot: off"}},
		"on":                {newMachine(t).secure(), true, []string{"Secure Boot: on\nKernel lockdown: integrity\n", "signed by nobody", "--module-key"}},
		"on, not enrolled":  {newMachine(t).secure().signed(), true, []string{"signed by: CN=Example modules", "enrolled on this machine: no\n", `"bee-secureboot enrol" makes it known`, "turn Secure Boot off"}},
		"on, requested":     {newMachine(t).secure().signed().is(requested), true, []string{"enrolled on this machine: not yet", "Start the machine again"}},
		"on, enrolled":      {newMachine(t).secure().signed().is(enrolled), false, []string{"enrolled on this machine: yes\n"}},
		"on, no lockdown":   {newMachine(t).write(secureBoot, "\x06\x00\x00\x00\x01"), false, []string{"Secure Boot: on"}},
		"BIOS, locked down": {newMachine(t).signed().write(lockdownFile, "none [integrity] confidentiality\n"), true, []string{"as a BIOS", "Kernel lockdown: integrity"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, refused, err := c.machine.run()
			if err != nil || refused != c.refused {
				t.Errorf("refused: %v, error %v", refused, err)
			}
			for _, want := range c.want {
				if !strings.Contains(out, want) {
					t.Errorf("%q, without %q", out, want)
				}
			}
			if strings.Contains(out, "\x1b") || slices.Contains(c.machine.mounts, true) {
				t.Errorf("%q, mounts %v", out, c.machine.mounts)
			}
		})
	}
	inDB := newMachine(t).secure().signed().is(enrolled)
	inDB.inDB = true
	if out, refused, err := inDB.run(); err != nil || refused || !strings.Contains(out, "enrolled on this machine: yes") {
		t.Errorf("in db: %q, %v, %v", out, refused, err)
	}
	if m := newMachine(t).write(firmwareFolder+"/x", ""); true {
		if _, _, err := m.run(); err != nil || !slices.Equal(m.mounts, []bool{false}) {
			t.Errorf("variables are not shown yet: %v, mounts %v", err, m.mounts)
		}
	}
}

func TestStatusFails(t *testing.T) {
	if _, _, err := newMachine(t).write(certificateFile, "text").run(); err == nil || !strings.HasPrefix(err.Error(), certificateFile+": ") {
		t.Errorf("no certificate: %v", err)
	}
	m := newMachine(t).secure().signed()
	m.broken = "EFI variables are not supported on this system\n"
	if _, _, err := m.run(); err == nil || err.Error() != "mokutil --test-key says: EFI variables are not supported on this system; exit status 255" {
		t.Errorf("mokutil fails: %v", err)
	}
	if _, _, err := m.run("enroll", "x"); err == nil {
		t.Error("a command that there is not is taken")
	}
}

func TestEnrol(t *testing.T) {
	password := regexp.MustCompile(`\n    password: (\d{8})\n`)
	for status, calls := range map[enrolment]string{
		notEnrolled: "[--test-key --import --test-key]",
		requested:   "[--test-key --revoke-import --import --test-key]",
	} {
		m := newMachine(t).secure().signed().is(status)
		out, _, err := m.run("enrol")
		if err != nil {
			t.Fatal(err)
		}
		found := password.FindStringSubmatch(out)
		if found == nil || len(m.passwords) != 1 || m.passwords[0] != found[1]+"\n"+found[1]+"\n" {
			t.Errorf("mokutil is told %q, a person %q", m.passwords, found)
		}
		if got := fmt.Sprint(m.calls); got != calls {
			t.Errorf("it calls mokutil %s, not %s", got, calls)
		}
		if !slices.Equal(m.mounts, []bool{true, false}) {
			t.Errorf("variables can be written afterwards: %v", m.mounts)
		}
		if !strings.Contains(out, "Enroll MOK") || strings.Contains(out, "\x1b") {
			t.Errorf("%q", out)
		}
	}
	m := newMachine(t).secure().signed().is(enrolled)
	if out, _, err := m.run("enrol"); err != nil || !strings.Contains(out, "nothing to do") || len(m.mounts)+len(m.passwords) > 0 {
		t.Errorf("enrolled already: %q, %v", out, err)
	}
}

func TestEnrolRefuses(t *testing.T) {
	for want, m := range map[string]*machine{
		"there is no " + certificateFile:               newMachine(t).secure(),
		"the firmware started this machine as a BIOS:": newMachine(t).signed(),
	} {
		if out, _, err := m.run("enrol"); err == nil || !strings.HasPrefix(err.Error(), want) || out != "" || len(m.mounts) > 0 {
			t.Errorf("%q, error %v, not %q", out, err, want)
		}
	}
	m := newMachine(t).secure().signed()
	m.system.mokutil = func(input string, args ...string) (string, error) {
		if args[0] == "--import" {
			return "Failed to write MokAuth: No space left on device\n", errors.New("exit status 255")
		}
		return m.runMokutil(input, args...)
	}
	if out, _, err := m.run("enrol"); err == nil || !strings.Contains(err.Error(), "mokutil --import says: Failed to write MokAuth: No space left on device; exit status 255") || out != "" {
		t.Errorf("no room: %q, %v", out, err)
	}
	if !slices.Equal(m.mounts, []bool{true, false}) {
		t.Errorf("variables can be written afterwards: %v", m.mounts)
	}
	m.system.mokutil = func(input string, args ...string) (string, error) {
		if args[0] == "--import" {
			return "", nil // and does nothing
		}
		return m.runMokutil(input, args...)
	}
	if _, _, err := m.run("enrol"); err == nil || !strings.Contains(err.Error(), "no request") {
		t.Errorf("nothing is requested: %v", err)
	}
}
