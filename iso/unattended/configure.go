package unattended

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"bee/core/config"
	"bee/core/config/document"
	"bee/core/link"
	"bee/core/outfile"
)

// Files of the live system that others read, beside config.File and link.File.
const (
	keysFile     = "/run/bee/authorized_keys"
	hashFile     = "/run/bee/password.hash"
	baselineFile = "/run/bee/baseline.yaml"
	// zoneFile has a time zone as TZ of POSIX says it, for shells.
	zoneFile = "/run/bee/TZ"
)

// configure takes the document that is found on this machine.
func (m *machine) configure() {
	if word := m.word(); isRemote(word) {
		if _, err := parseRemote(word); err != nil {
			m.wrong(err)
		}
		return // run fetches it
	}
	m.waitForMedia()
	s, err := m.find()
	if err != nil {
		m.wrong(err)
	}
	if s != nil {
		m.takeNetwork(m.take(s))
	}
}

// take hands what a document says to those that need it, and returns it.
func (m *machine) take(s *source) config.Config {
	defer s.close()
	m.say("the configuration is %s", s.name)
	c, errs := document.Parse(s.name, s.text)
	if document.BaselineFile(c.Baseline) {
		text, err := s.beside(c.Baseline)
		if err == nil && len(text) > document.Max {
			err = fmt.Errorf("it is larger than %d KiB", document.Max>>10)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: baseline: %s: %w", s.name, c.Baseline, err))
		}
		c.Baseline = string(text)
	}
	for _, err := range errs {
		m.wrong(err)
	}
	m.write(config.File, 0o600, m.json(c))
	if len(c.SSH.AuthorizedKeys) > 0 {
		m.write(keysFile, 0o600, strings.Join(c.SSH.AuthorizedKeys, "\n")+"\n")
	}
	if c.SSH.PasswordHash != "" {
		m.write(hashFile, 0o600, c.SSH.PasswordHash+"\n")
	}
	if c.Baseline != "" {
		m.write(baselineFile, 0o644, c.Baseline)
	}
	if c.TimeZone != "" {
		m.zone, _ = time.LoadLocation(c.TimeZone) // it was checked
		m.write(zoneFile, 0o644, posix(m.now().In(m.zone))+"\n")
	}
	return c
}

// takeNetwork hands on the links of the document, but for those that the kernel's command line has
// an interface of: who typed them stood before the machine.
func (m *machine) takeNetwork(c config.Config) {
	text, _ := os.ReadFile(m.path("/proc/cmdline")) // without one, nothing is on it
	typed, _ := link.CommandLine(string(text))
	links, _ := link.Parse(c.Network) // they were checked
	var lines strings.Builder
	for _, l := range link.Without(links, typed) {
		fmt.Fprintln(&lines, l.Text)
	}
	if lines.Len() > 0 {
		m.write(link.File, 0o644, lines.String())
	}
}

// posix is the zone of a time as the variable TZ has it: this ISO has no names of zones. It does not
// change when summer time does.
func posix(t time.Time) string {
	name, east := t.Zone()
	sign := "-" // west counts
	if east < 0 {
		sign, east = "", -east
	}
	return fmt.Sprintf("<%s>%s%d:%02d", name, sign, east/3600, east/60%60)
}

func (m *machine) json(value any) string {
	text, err := json.MarshalIndent(value, "", "\t")
	if err != nil {
		m.say("%v", err)
	}
	return string(text) + "\n"
}

// write writes a file of the live system, whole or not at all.
func (m *machine) write(file string, mode int, text string) {
	before := syscall.Umask(0o666 &^ mode)
	defer syscall.Umask(before)
	err := os.MkdirAll(m.path(filepath.Dir(file)), 0o755)
	if err == nil {
		err = outfile.WriteFile(m.path(file), []byte(text))
	}
	if err != nil {
		m.wrong(err)
	}
}
