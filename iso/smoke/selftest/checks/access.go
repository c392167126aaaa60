package checks

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"bee/iso/smoke/selftest/live"
)

// What dropbear is told, and by whom.
const (
	dropbearPID    = "/run/dropbear.pid"
	authorizedKeys = "/etc/bee/authorized_keys"
	passwordHash   = "/etc/bee/password.hash"
	configKeys     = "/run/bee/authorized_keys" // of bee.yaml, as the next one
	configHash     = "/run/bee/password.hash"
	buildHostKey   = "/etc/bee/host_key"
	hostKey        = "/etc/dropbear/dropbear_ed25519_host_key"
	shownHostKey   = "/etc/bee/host-key" // its fingerprint, for the audit
	issue          = "/etc/issue"        // what consoles show
)

// maxTries is how many passwords a connection may try.
const maxTries = 3

// isDropbear tells whether a command line is dropbear's.
func isDropbear(command []string) bool {
	return slices.ContainsFunc(command, func(arg string) bool { return strings.Contains(arg, "dropbear") })
}

func sshPolicy(s *live.System) outcome {
	command := s.Process(dropbearPID)
	if !isDropbear(command) {
		return fail("dropbear does not run")
	}
	passwords, want := "accepted", "accepted"
	if slices.Contains(command, "-s") {
		passwords = "refused"
	}
	policy := s.Release()["BEE_SSH"]
	switch {
	case s.Exists(configKeys):
		policy = "keys"
	case s.Exists(configHash) && policy == "random":
		policy = "password"
	}
	if policy == "keys" {
		want = "refused"
	}
	if passwords != want {
		return fail("policy %s, but dropbear runs with passwords %s", policy, passwords)
	}
	for _, user := range []struct{ name, home string }{{"root", "/root"}, {"bee", "/home/bee"}} {
		password := ""
		for _, a := range s.Accounts() {
			if a.User == user.name {
				password = a.Password
			}
		}
		if problem := accessProblem(s, policy, user.name, password, user.home+"/.ssh/authorized_keys"); problem != "" {
			return fail("%s", problem)
		}
	}
	return pass("%s", policy)
}

// accessProblem says how a user, with a password of shadow(5) and a file of keys, is
// let in otherwise than by the policy; "" where all is well.
func accessProblem(s *live.System, policy, user, password, keys string) string {
	switch policy {
	case "keys":
		if !strings.HasPrefix(password, "*") && !strings.HasPrefix(password, "!") {
			return "policy keys, but " + user + " has a password"
		}
		if text := s.Text(keys); text == "" || text != s.Text(configKeys)+s.Text(authorizedKeys) {
			return "policy keys, but " + keys + " is not " + authorizedKeys + ", with the keys of bee.yaml before it"
		}
	case "password", "random":
		if !strings.HasPrefix(password, "$") {
			return "policy " + policy + ", but " + user + " has no password"
		}
		if s.Exists(keys) {
			return "policy " + policy + ", but there is " + keys
		}
	default:
		return "BEE_SSH is none of keys, password, random: " + policy
	}
	if policy == "password" && password != cmp.Or(s.Word(configHash), s.Word(passwordHash)) {
		return "the password of " + user + " is not the one set by bee.yaml or at build time"
	}
	if policy == "random" && s.Exists(passwordHash) {
		return "policy random, but there is " + passwordHash
	}
	return ""
}

func sshNoEmptyPasswords(s *live.System) outcome {
	accounts := s.Accounts()
	if len(accounts) == 0 {
		return fail("/etc/shadow has no accounts")
	}
	var empty []string
	for _, a := range accounts {
		if a.Password == "" {
			empty = append(empty, a.User)
		}
	}
	if len(empty) > 0 {
		return fail("no password is needed for: %s", strings.Join(empty, " "))
	}
	return pass("")
}

func sshNoForwarding(s *live.System) outcome {
	command := s.Process(dropbearPID)
	if !isDropbear(command) {
		return fail("dropbear does not run")
	}
	for _, option := range []struct{ name, what string }{{"-j", "from here on"}, {"-k", "to here"}} {
		if !slices.Contains(command, option.name) {
			return fail("dropbear forwards ports %s (no %s)", option.what, option.name)
		}
	}
	return pass("")
}

func sshTries(s *live.System) outcome {
	command := s.Process(dropbearPID)
	if !isDropbear(command) {
		return fail("dropbear does not run")
	}
	at := slices.Index(command, "-T")
	if at < 0 || at+1 == len(command) {
		return fail("dropbear takes as many passwords from a connection as it is made to (no -T)")
	}
	if tries, err := strconv.Atoi(command[at+1]); err != nil || tries < 1 || tries > maxTries {
		return fail("dropbear takes %s passwords from a connection, more than %d", command[at+1], maxTries)
	}
	return pass("%s for each connection", command[at+1])
}

// hostKeyIsShown tells what is wrong with where a person reads the host key's fingerprint.
func hostKeyIsShown(s *live.System) string {
	key := s.Word(shownHostKey)
	if key == "" {
		return "the audit is not told the host key: there is nothing in " + shownHostKey
	}
	if !slices.Contains(strings.Split(s.Text(issue), "\n"), "bee: SSH host key "+key) {
		return "a console does not show the host key: " + issue + " has no line with " + key
	}
	return ""
}

func sshHostKeys(s *live.System) outcome {
	if !isDropbear(s.Process(dropbearPID)) {
		return fail("dropbear does not run")
	}
	if command := s.Process(dropbearPID); !slices.Contains(command, hostKey) || slices.Contains(command, "-R") {
		return fail("dropbear does not take %s alone", hostKey)
	}
	if keys := s.Glob("/etc/dropbear/*_host_key"); len(keys) != 1 || keys[0] != hostKey {
		return fail("there is not %s alone, but %s", hostKey, strings.Join(keys, " "))
	}
	if wrong := hostKeyIsShown(s); wrong != "" {
		return fail("%s", wrong)
	}
	if s.Exists(buildHostKey) {
		if s.Text(hostKey) != s.Text(buildHostKey) {
			return fail("%s is not that of the build, %s", hostKey, buildHostKey)
		}
		return pass("that of the build")
	}
	// a clock that stands wrong does no harm: both times come from it
	now := time.Now()
	seconds, _, _ := strings.Cut(s.Word("/proc/uptime"), ".")
	uptime, err := strconv.ParseInt(seconds, 10, 32)
	if err != nil {
		return fail("/proc/uptime: %v", err)
	}
	if info := s.Info(hostKey); info == nil || now.Unix()-info.ModTime().Unix() > uptime+5 {
		return fail("%s is older than this boot", hostKey)
	}
	return pass("made during this boot")
}

func console(s *live.System) outcome {
	wanted := []string{"tty1"}
	for _, name := range strings.Fields(s.Text("/sys/class/tty/console/active")) {
		if name != "tty0" { // the screen, which is tty1
			wanted = append(wanted, name)
		}
	}
	for _, file := range s.Glob("/sys/class/tty/ttyS*/type") {
		// a port of type 0 is not there (serial_core.h: PORT_UNKNOWN)
		if kind := s.Word(file); kind != "" && kind != "0" {
			wanted = append(wanted, path.Base(path.Dir(file)))
		}
	}
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	inputs := map[string]bool{}
	for _, input := range s.Glob("/proc/[0-9]*/fd/0") {
		inputs[s.LeadsTo(input)] = true
	}
	for _, tty := range wanted {
		if !inputs["/dev/"+tty] {
			return fail("nothing waits for a person on %s", tty)
		}
	}
	return pass("%s", strings.Join(wanted, " "))
}
