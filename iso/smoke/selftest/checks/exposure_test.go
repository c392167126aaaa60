package checks

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"bee/iso/smoke/selftest/live"
)

// socket is a table of /proc/net with some sockets, each address:port and state.
func socket(lines ...string) string {
	text := "  sl  local_address rem_address   st tx_queue\n"
	for _, line := range lines {
		address, state, _ := strings.Cut(line, " ")
		text += "   0: " + address + " 00000000:0000 " + state + " 00000000:00000000\n"
	}
	return text
}

func TestPorts(t *testing.T) {
	ssh := files{"/proc/net/tcp": socket("00000000:0016 0A", "0F02000A:0016 01"),
		"/proc/net/tcp6": socket("00000000000000000000000000000000:0016 0A"), "/proc/net/udp": socket(), "/proc/net/raw": socket()}
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"SSH":              {ssh, "PASS check: SSH alone"},
		"a lease":          {ssh.with(files{"/proc/net/udp": socket("00000000:0044 07")}), "PASS check: SSH alone"},
		"a question":       {ssh.with(files{"/proc/net/udp": socket("0F02000A:9C40 01")}), "PASS check: SSH alone"},
		"IPv4 only":        {ssh.without("/proc/net/tcp6"), "PASS check: SSH alone"},
		"one more":         {ssh.with(files{"/proc/net/tcp": socket("00000000:0016 0A", "00000000:1F90 0A")}), "FAIL check: something waits at tcp 8080"},
		"for itself":       {ssh.with(files{"/proc/net/tcp": socket("00000000:0016 0A", "0100007F:1F90 0A")}), "FAIL check: something waits at tcp 8080"},
		"IPv6":             {ssh.with(files{"/proc/net/tcp6": socket("00000000000000000000000000000000:1F90 0A")}), "FAIL check: something waits at tcp6 8080"},
		"UDP":              {ssh.with(files{"/proc/net/udp": socket("00000000:0045 07")}), "FAIL check: something waits at udp 69"},
		"UDP over IPv6":    {ssh.with(files{"/proc/net/udp6": socket("00000000000000000000000000000000:0044 07")}), "FAIL check: something waits at udp6 68"},
		"raw":              {ssh.with(files{"/proc/net/raw": socket("00000000:0001 07")}), "FAIL check: something waits at raw 1"},
		"nothing listens":  {ssh.without("/proc/net/tcp6").with(files{"/proc/net/tcp": socket()}), "FAIL check: nothing listens on port 22"},
		"nothing is known": {files{}, "FAIL check: /proc/net/tcp is missing"},
	} {
		if got := line(system(t, c.files, nil), ports); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestSysctls(t *testing.T) {
	good := files{}
	for _, setting := range settings {
		value := strings.Fields(setting.values)[0] + "\n"
		for _, name := range []string{"all", "default", "eth0"} {
			good["/proc/sys/"+strings.ReplaceAll(setting.path, "*", name)] = value
		}
	}
	if got := line(system(t, good, nil), sysctls); got != "PASS check: 42 as they have to be" {
		t.Errorf("got %q", got)
	}
	without := good
	for _, setting := range settings {
		file := "/proc/sys/" + strings.ReplaceAll(setting.path, "*", "eth0")
		want := "FAIL check: " + strings.TrimPrefix(file, "/proc/sys/") + " is 9, not " + strings.ReplaceAll(setting.values, " ", " or ")
		if got := line(system(t, good.with(files{file: "9"}), nil), sysctls); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for _, name := range []string{"all", "default", "eth0"} {
			if setting.optional {
				without = without.without("/proc/sys/" + strings.ReplaceAll(setting.path, "*", name))
			}
		}
	}
	if got := line(system(t, without, nil), sysctls); !strings.HasPrefix(got, "PASS check: ") {
		t.Errorf("without IPv6, BPF and Yama: %q", got)
	}
	if got := line(system(t, good.without("/proc/sys/kernel/kptr_restrict"), nil), sysctls); got != "FAIL check: kernel/kptr_restrict is missing" {
		t.Errorf("got %q", got)
	}
}

// modes changes the modes of files.
func modes(t *testing.T, s *live.System, all map[string]fs.FileMode) *live.System {
	t.Helper()
	for file, mode := range all {
		if err := os.Chmod(s.Path(file), mode); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestSetuid(t *testing.T) {
	plain := files{"/usr/bin/su": "", "/usr/bin/chage": "", "/usr/bin/true": "", "/var/mail/x": ""}
	usual := map[string]fs.FileMode{"/usr/bin/su": 0o755 | fs.ModeSetuid, "/usr/bin/chage": 0o755 | fs.ModeSetgid, "/var/mail": 0o775 | fs.ModeSetgid}
	if got := line(modes(t, system(t, plain, nil), usual), setuid); got != "PASS check: 2 programs, each of them known" {
		t.Errorf("got %q", got)
	}
	for mode, want := range map[fs.FileMode]string{fs.ModeSetuid: "urwxr-xr-x", fs.ModeSetgid: "grwxr-xr-x"} {
		s := modes(t, modes(t, system(t, plain, nil), usual), map[string]fs.FileMode{"/usr/bin/true": 0o755 | mode})
		if got := line(s, setuid); got != "FAIL check: /usr/bin/true is "+want {
			t.Errorf("got %q", got)
		}
	}
	if got := line(system(t, nil, nil), setuid); got != "FAIL check: there are no files" {
		t.Errorf("got %q", got)
	}
	s := modes(t, system(t, plain, nil), map[string]fs.FileMode{"/usr/bin/su": 0o755})
	// vfs_cap_data, version 2: CAP_NET_RAW
	if err := unix.Setxattr(s.Path("/usr/bin/su"), "security.capability", []byte("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0); err != nil {
		t.Skip(err) // only root gives capabilities
	}
	if got := line(s, setuid); got != "FAIL check: /usr/bin/su has capabilities" {
		t.Errorf("got %q", got)
	}
}

func TestWorldWritable(t *testing.T) {
	plain := files{"/tmp/a": "", "/etc/a": "", "/etc/link": "->a", "/run/b/a": ""}
	usual := map[string]fs.FileMode{"/tmp": 0o777 | fs.ModeSticky}
	if got := line(modes(t, system(t, plain, nil), usual), worldWritable); got != "PASS check: 1 folders for everybody, none of whom takes away what is another's" {
		t.Errorf("got %q", got)
	}
	for file, want := range map[string]string{"/etc/a": "-rw-r--rw-", "/etc": "drwxr-xrwx", "/run/b": "drwxr-xrwx"} {
		s := modes(t, modes(t, system(t, plain, nil), usual), map[string]fs.FileMode{file: map[bool]fs.FileMode{true: 0o757, false: 0o646}[want[0] == 'd']})
		if got := line(s, worldWritable); got != "FAIL check: "+file+" is "+want {
			t.Errorf("got %q", got)
		}
	}
	if got := line(system(t, nil, nil), worldWritable); got != "FAIL check: there are no files" {
		t.Errorf("got %q", got)
	}
}

func TestSecrets(t *testing.T) {
	const shadow = "root:$6$a:1::::::\ndaemon:*:1::::::\nbee:$6$b:1::::::\nuuidd:!:1::::::\n"
	const pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
	good := files{"/etc/shadow": shadow, hostKey: "x", buildHostKey: "x", authorizedKeys: "k", "/root/.ssh/authorized_keys": "k",
		"/etc/machine-id": "", "/etc/ssl/certs/a.pem": "-----BEGIN CERTIFICATE-----\n", "/usr/lib/libcrypto.so": pem}
	private := map[string]fs.FileMode{"/etc/shadow": 0o640, hostKey: 0o600, buildHostKey: 0o600}
	if got := line(modes(t, system(t, good, nil), private), secrets); got != "PASS check: 4, those of this boot and of the build" {
		t.Errorf("got %q", got)
	}
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"a key":            {files{"/etc/ssl/private/a": "x\n" + pem}, "/etc/ssl/private/a holds a private key"},
		"by name":          {files{"/usr/share/bee.rsa": ""}, "/usr/share/bee.rsa is a key by its name"},
		"of a server":      {files{"/etc/ssh/ssh_host_rsa_key": ""}, "/etc/ssh/ssh_host_rsa_key is a key by its name"},
		"of dropbear":      {files{"/etc/dropbear/dropbear_rsa_host_key": ""}, "/etc/dropbear/dropbear_rsa_host_key is a key by its name"},
		"of others":        {files{"/var/lib/x/.ssh/authorized_keys": ""}, "/var/lib/x/.ssh/authorized_keys is a key by its name"},
		"another password": {files{"/etc/shadow": shadow + "admin:$6$c:1::::::\n"}, "admin has a password"},
		"an empty one":     {files{"/etc/shadow": shadow + "admin::1::::::\n"}, "admin has a password"},
		"one of all":       {files{"/etc/machine-id": "0123\n"}, "/etc/machine-id is not empty"},
		"a seed":           {files{"/var/lib/seedrng/seed.credit": "x"}, "/var/lib/seedrng/seed.credit is not empty"},
		"for all to read":  {files{"/etc/gshadow": "x"}, "/etc/gshadow is -rw-r--r--"},
		"a hash":           {files{passwordHash: "$6$x"}, passwordHash + " is -rw-r--r--"},
		"no accounts":      {files{"/etc/shadow": ""}, "/etc/shadow has no accounts"},
	} {
		s := modes(t, system(t, good.with(c.files), nil), private)
		if got := line(s, secrets); got != "FAIL check: "+c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
