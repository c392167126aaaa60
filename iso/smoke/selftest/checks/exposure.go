package checks

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"bee/core/config"
	"bee/iso/smoke/selftest/live"
)

// What of a machine its neighbours in the network, and the user bee, get at.

// waiting is what may wait for whoever comes, by protocol.
var waiting = map[string][]uint16{
	"tcp": {22}, "tcp6": {22}, // dropbear
	"udp": {68}, // udhcpc, while it renews a lease: before that it has a packet socket
}

func ports(s *live.System) outcome {
	if !s.Exists("/proc/net/tcp") {
		return fail("/proc/net/tcp is missing")
	}
	var wrong []string
	for _, protocol := range []string{"tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6"} {
		for _, port := range s.Ports(protocol) {
			if !slices.Contains(waiting[protocol], port) {
				wrong = append(wrong, fmt.Sprintf("%s %d", protocol, port))
			}
		}
	}
	if len(wrong) > 0 {
		return fail("something waits at %s", strings.Join(wrong, ", "))
	}
	if !s.Listens(22) {
		return fail("nothing listens on port 22")
	}
	return pass("SSH alone")
}

// settings are what a setting of the kernel has to be, by its path below /proc/sys.
var settings = []struct {
	path   string
	values string
	// A kernel may come without it.
	optional bool
}{
	// for all interfaces, and for those that come later
	{"net/ipv4/conf/*/accept_redirects", "0", false},
	{"net/ipv4/conf/*/secure_redirects", "0", false},
	{"net/ipv4/conf/*/send_redirects", "0", false},
	{"net/ipv4/conf/*/accept_source_route", "0", false},
	{"net/ipv4/conf/*/rp_filter", "2", false},
	{"net/ipv4/conf/*/log_martians", "0", false}, // strangers do not fill the log
	{"net/ipv4/conf/*/forwarding", "0", false},
	{"net/ipv6/conf/*/accept_redirects", "0", true},
	{"net/ipv6/conf/*/accept_source_route", "0", true},
	{"net/ipv6/conf/*/forwarding", "0", true},
	{"net/ipv4/ip_forward", "0", false},
	{"net/ipv4/icmp_echo_ignore_broadcasts", "1", false},
	{"net/ipv4/tcp_syncookies", "1", false},
	{"kernel/kptr_restrict", "2", false},
	{"kernel/dmesg_restrict", "1", false},
	{"kernel/unprivileged_bpf_disabled", "1 2", true},
	{"kernel/yama/ptrace_scope", "1 2 3", true},
	{"fs/protected_symlinks", "1", false},
	{"fs/protected_hardlinks", "1", false},
	{"fs/protected_fifos", "2", false},
	{"fs/protected_regular", "2", false},
	{"fs/suid_dumpable", "0", false},
}

func sysctls(s *live.System) outcome {
	const top = "/proc/sys/"
	var wrong []string
	count := 0
	for _, setting := range settings {
		files := s.Glob(top + setting.path)
		if len(files) == 0 && !setting.optional {
			wrong = append(wrong, setting.path+" is missing")
		}
		for _, file := range files {
			count++
			if value := s.Word(file); !slices.Contains(strings.Fields(setting.values), value) {
				wrong = append(wrong, fmt.Sprintf("%s is %s, not %s", strings.TrimPrefix(file, top), value,
					strings.ReplaceAll(setting.values, " ", " or ")))
			}
		}
	}
	if len(wrong) > 0 {
		return fail("%s", strings.Join(wrong, ", "))
	}
	return pass("%d as they have to be", count)
}

// privileged are the programs that may run as another user, or in another group, than the
// one who starts them. Those of Debian's passwd ask for a password that bee knows, and
// refuse to change what is root's.
var privileged = []string{
	"/usr/bin/su",                                       // bee becomes root where it knows the password
	"/usr/bin/passwd", "/usr/bin/chfn", "/usr/bin/chsh", // a user's own password and account
	"/usr/bin/newgrp", "/usr/bin/gpasswd", "/usr/bin/chage", "/usr/bin/expiry", // groups, ages of passwords
	"/usr/sbin/unix_chkpwd", // how PAM checks a user's own password; on Alpine in /sbin
	"/sbin/unix_chkpwd",
	"/usr/bin/ssh-agent", // in a group of its own, so that nobody traces it
	"/bin/bbsuid",        // Alpine's busybox for su, passwd, mount and the like
}

func setuid(s *live.System) outcome {
	return search(s, "%d programs, each of them known", func(f live.File) (found bool, problem string) {
		found = f.Mode.IsRegular() && f.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 || f.Capable
		if !found || slices.Contains(privileged, f.Path) && !f.Capable {
			return found, ""
		}
		if f.Capable {
			return true, f.Path + " has capabilities"
		}
		return true, fmt.Sprintf("%s is %s", f.Path, f.Mode)
	})
}

// search looks at all files: how many are found, and what is wrong with them.
func search(s *live.System, what string, look func(live.File) (found bool, problem string)) outcome {
	files, err := s.Tree()
	if err != nil {
		return fail("%v", err)
	}
	var wrong []string
	count := 0
	for _, f := range files {
		found, problem := look(f)
		if found {
			count++
		}
		if problem != "" {
			wrong = append(wrong, problem)
		}
	}
	if len(wrong) > 0 {
		return fail("%s", strings.Join(wrong, ", "))
	}
	return pass(what, count)
}

func worldWritable(s *live.System) outcome {
	return search(s, "%d folders for everybody, none of whom takes away what is another's", func(f live.File) (found bool, problem string) {
		const link = fs.ModeSymlink | fs.ModeDevice
		switch {
		case f.Mode&0o002 == 0 || f.Mode&link != 0:
			return false, ""
		case f.Mode.IsDir() && f.Mode&fs.ModeSticky != 0:
			return true, ""
		}
		return true, fmt.Sprintf("%s is %s", f.Path, f.Mode)
	})
}

// known are the secrets that a machine has: those of this boot, and those that the ISO was
// built with, which ssh-policy and ssh-host-keys look at.
var known = []string{
	hostKey, buildHostKey,
	authorizedKeys, configKeys, "/root/.ssh/authorized_keys", "/home/bee/.ssh/authorized_keys",
}

// closed are those that root alone reads, or a group.
var closed = []string{hostKey, buildHostKey, passwordHash, configKeys, configHash, config.File, "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-"}

// unique are files that make a machine one, and that two must not share; empty, they are
// filled at the boot.
var unique = []string{
	"/etc/machine-id", "/var/lib/dbus/machine-id", "/var/lib/systemd/random-seed", "/var/lib/random-seed",
	"/var/lib/urandom/random-seed", "/var/lib/misc/random-seed", "/var/lib/seedrng/seed.credit", "/var/lib/seedrng/seed.no-credit",
}

func secrets(s *live.System) outcome {
	accounts := s.Accounts()
	if len(accounts) == 0 {
		return fail("/etc/shadow has no accounts")
	}
	for _, a := range accounts {
		locked := strings.HasPrefix(a.Password, "*") || strings.HasPrefix(a.Password, "!")
		if !locked && a.User != "root" && a.User != "bee" {
			return fail("%s has a password", a.User)
		}
	}
	return search(s, "%d, those of this boot and of the build", func(f live.File) (found bool, problem string) {
		switch {
		case !f.Mode.IsRegular():
			return false, ""
		case slices.Contains(unique, f.Path) && f.Size > 0:
			return true, f.Path + " is not empty"
		case slices.Contains(closed, f.Path) && f.Mode&0o007 != 0:
			return true, fmt.Sprintf("%s is %s", f.Path, f.Mode)
		case slices.Contains(known, f.Path):
			return true, ""
		case namesKey(path.Base(f.Path)):
			return true, f.Path + " is a key by its name"
		case configures(f) && holdsKey(s.Path(f.Path)):
			return true, f.Path + " holds a private key"
		}
		return false, ""
	})
}

// namesKey tells whether a file is called as keys are.
func namesKey(name string) bool {
	for _, pattern := range []string{"*.key", "*_host_key", "ssh_host_*", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "authorized_keys", "*.rsa", "*.p12", "*.pfx"} {
		if match, _ := path.Match(pattern, name); match { // the patterns are ours, and right
			return true
		}
	}
	return false
}

// configures tells whether a file is one that somebody might have put a key into. Programs
// that read keys hold their headings, too: what is in /usr is known by its name alone.
func configures(f live.File) bool {
	const long = 64 << 10
	top, _, _ := strings.Cut(strings.TrimPrefix(f.Path, "/"), "/")
	return f.Size <= long && slices.Contains([]string{"etc", "root", "home", "var", "srv", "opt", "run"}, top)
}

func holdsKey(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && bytes.Contains(text, []byte("-----BEGIN ")) && bytes.Contains(text, []byte("PRIVATE KEY-----"))
}
