package checks

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// dropbear is a process with some arguments.
func dropbear(args string) files {
	return files{"/run/dropbear.pid": "77\n", "/proc/77/cmdline": "/usr/sbin/dropbear\x00-F\x00" + args}
}

func TestSSHPolicy(t *testing.T) {
	const hash, other = "$6$salt$hash", "$6$salt$other"
	shadow := func(root, bee string) string {
		return "root:" + root + ":19000:0:99999:7:::\ndaemon:*:19000::::::\nbee:" + bee + ":19000:0:99999:7:::\n"
	}
	password, keys := release("random", "password"), release("random", "keys")
	for name, c := range map[string]struct {
		files []files
		want  string
	}{
		"random":             {[]files{release(), dropbear("-R\x00"), {"/etc/shadow": shadow(hash, other)}}, "PASS check: random"},
		"password":           {[]files{password, dropbear("-R\x00"), {"/etc/shadow": shadow(hash, hash), "/etc/bee/password.hash": hash + "\n"}}, "PASS check: password"},
		"keys":               {[]files{keys, dropbear("-R\x00-s\x00"), {"/etc/shadow": shadow("*", "!"), "/etc/bee/authorized_keys": "ssh-ed25519 A", "/root/.ssh/authorized_keys": "ssh-ed25519 A", "/home/bee/.ssh/authorized_keys": "ssh-ed25519 A"}}, "PASS check: keys"},
		"keys of bee.yaml":   {[]files{password, dropbear("-s\x00"), {"/etc/shadow": shadow("*", "*"), "/run/bee/authorized_keys": "A\n", "/root/.ssh/authorized_keys": "A\n", "/home/bee/.ssh/authorized_keys": "A\n"}}, "PASS check: keys"},
		"a hash of bee.yaml": {[]files{release(), dropbear(""), {"/etc/shadow": shadow(hash, hash), "/run/bee/password.hash": hash + "\n"}}, "PASS check: password"},
		"bee.yaml's wins":    {[]files{password, dropbear(""), {"/etc/shadow": shadow(hash, hash), "/run/bee/password.hash": other, "/etc/bee/password.hash": hash}}, "FAIL check: the password of root is not the one set by bee.yaml or at build time"},
		"no dropbear":        {[]files{release(), {"/etc/shadow": shadow(hash, hash)}}, "FAIL check: dropbear does not run"},
		"another process":    {[]files{release(), {"/run/dropbear.pid": "77", "/proc/77/cmdline": "sh\x00"}}, "FAIL check: dropbear does not run"},
		"keys, passwords":    {[]files{keys, dropbear("-R\x00"), {"/etc/shadow": shadow("*", "*")}}, "FAIL check: policy keys, but dropbear runs with passwords accepted"},
		"random, refused":    {[]files{release(), dropbear("-s\x00"), {"/etc/shadow": shadow(hash, hash)}}, "FAIL check: policy random, but dropbear runs with passwords refused"},
		"keys, a password":   {[]files{keys, dropbear("-s\x00"), {"/etc/shadow": shadow(hash, "*")}}, "FAIL check: policy keys, but root has a password"},
		"keys of another":    {[]files{keys, dropbear("-s\x00"), {"/etc/shadow": shadow("*", "*"), "/etc/bee/authorized_keys": "A", "/root/.ssh/authorized_keys": "B"}}, "FAIL check: policy keys, but /root/.ssh/authorized_keys is not /etc/bee/authorized_keys, with the keys of bee.yaml before it"},
		"no keys at all":     {[]files{keys, dropbear("-s\x00"), {"/etc/shadow": shadow("*", "*")}}, "FAIL check: policy keys, but /root/.ssh/authorized_keys is not /etc/bee/authorized_keys, with the keys of bee.yaml before it"},
		"random, locked":     {[]files{release(), dropbear(""), {"/etc/shadow": shadow(hash, "!")}}, "FAIL check: policy random, but bee has no password"},
		"random, keys":       {[]files{release(), dropbear(""), {"/etc/shadow": shadow(hash, hash), "/root/.ssh/authorized_keys": "A"}}, "FAIL check: policy random, but there is /root/.ssh/authorized_keys"},
		"random, set":        {[]files{release(), dropbear(""), {"/etc/shadow": shadow(hash, hash), "/etc/bee/password.hash": hash}}, "FAIL check: policy random, but there is /etc/bee/password.hash"},
		"another password":   {[]files{password, dropbear(""), {"/etc/shadow": shadow(hash, other), "/etc/bee/password.hash": hash}}, "FAIL check: the password of bee is not the one set by bee.yaml or at build time"},
		"another policy":     {[]files{release("random", "open"), dropbear(""), {"/etc/shadow": shadow(hash, hash)}}, "FAIL check: BEE_SSH is none of keys, password, random: open"},
		"a user is missing":  {[]files{release(), dropbear(""), {"/etc/shadow": "root:" + hash + ":1::::::\n"}}, "FAIL check: policy random, but bee has no password"},
		"nothing of shadow":  {[]files{release(), dropbear("")}, "FAIL check: policy random, but root has no password"},
		"nothing of release": {[]files{dropbear("")}, "FAIL check: BEE_SSH is none of keys, password, random:"},
	} {
		t.Run(name, func(t *testing.T) {
			all := files{}
			for _, some := range c.files {
				all = all.with(some)
			}
			if got := line(system(t, all, nil), sshPolicy); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSSHNoEmptyPasswords(t *testing.T) {
	for text, want := range map[string]string{
		"root:$6$x:1:\nbee:!:1:\n\n":       "PASS check",
		"root::1:\ndaemon:*:1:\nbee::1:\n": "FAIL check: no password is needed for: root bee",
		"root:*:1:\nodd\n":                 "FAIL check: no password is needed for: odd",
		"":                                 "FAIL check: /etc/shadow has no accounts",
	} {
		if got := line(system(t, files{"/etc/shadow": text}, nil), sshNoEmptyPasswords); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSSHNoForwarding(t *testing.T) {
	for args, want := range map[string]string{
		"-j\x00-k\x00": "PASS check",
		"-k\x00":       "FAIL check: dropbear forwards ports from here on (no -j)",
		"-j\x00":       "FAIL check: dropbear forwards ports to here (no -k)",
	} {
		if got := line(system(t, dropbear(args), nil), sshNoForwarding); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}
	if got := line(system(t, files{}, nil), sshNoForwarding); got != "FAIL check: dropbear does not run" {
		t.Errorf("got %q", got)
	}
}

func TestSSHTries(t *testing.T) {
	const none, more = "FAIL check: dropbear takes as many passwords from a connection as it is made to (no -T)", "FAIL check: dropbear takes %s passwords from a connection, more than 3"
	for args, want := range map[string]string{
		"-T\x003\x00":  "PASS check: 3 for each connection",
		"-T\x001\x00":  "PASS check: 1 for each connection",
		"-T\x0010\x00": fmt.Sprintf(more, "10"),
		"-T\x000\x00":  fmt.Sprintf(more, "0"),
		"-T\x00x\x00":  fmt.Sprintf(more, "x"),
		"-T\x00":       none,
		"-s\x00":       none,
	} {
		if got := line(system(t, dropbear(args), nil), sshTries); got != want {
			t.Errorf("%q: got %q, want %q", args, got, want)
		}
	}
	if got := line(system(t, files{}, nil), sshTries); got != "FAIL check: dropbear does not run" {
		t.Errorf("got %q", got)
	}
}

func TestSSHHostKeys(t *testing.T) {
	const key, build, shown = "/etc/dropbear/dropbear_ed25519_host_key", "/etc/bee/host_key", "/etc/bee/host-key"
	up := files{"/proc/uptime": "100.25 150.00\n", shown: "SHA256:A\n", "/etc/issue": "bee: SSH by key only\nbee: SSH host key SHA256:A\n\n"}.with(dropbear("-r\x00" + key + "\x00"))
	for name, c := range map[string]struct {
		files files
		age   time.Duration // of the key
		want  string
	}{
		"made":          {up.with(files{key: "x"}), time.Minute, "PASS check: made during this boot"},
		"in the image":  {up.with(files{key: "x"}), 107 * time.Second, "FAIL check: " + key + " is older than this boot"},
		"of the build":  {up.with(files{key: "x", build: "x"}), time.Hour, "PASS check: that of the build"},
		"of another":    {up.with(files{key: "x", build: "y"}), time.Minute, "FAIL check: " + key + " is not that of the build, " + build},
		"none":          {up, 0, "FAIL check: there is not " + key + " alone, but"},
		"two":           {up.with(files{key: "x", "/etc/dropbear/dropbear_rsa_host_key": "y"}), time.Minute, "FAIL check: there is not " + key + " alone, but " + key + " /etc/dropbear/dropbear_rsa_host_key"},
		"no dropbear":   {files{key: "x"}, 0, "FAIL check: dropbear does not run"},
		"makes its own": {up.with(files{key: "x"}).with(dropbear("-r\x00" + key + "\x00-R\x00")), 0, "FAIL check: dropbear does not take " + key + " alone"},
		"takes others":  {up.with(files{key: "x"}).with(dropbear("")), 0, "FAIL check: dropbear does not take " + key + " alone"},
		"not shown":     {up.with(files{key: "x", "/etc/issue": "bee: SSH by key only\n\n"}), 0, "FAIL check: a console does not show the host key: /etc/issue has no line with SHA256:A"},
		"another shown": {up.with(files{key: "x", "/etc/issue": "bee: SSH host key SHA256:AB\n\n"}), 0, "FAIL check: a console does not show the host key: /etc/issue has no line with SHA256:A"},
		"not told":      {up.with(files{key: "x", shown: ""}), 0, "FAIL check: the audit is not told the host key: there is nothing in " + shown},
		"no uptime":     {up.with(files{key: "x", "/proc/uptime": ""}), 0, `FAIL check: /proc/uptime: strconv.ParseInt: parsing "": invalid syntax`},
	} {
		t.Run(name, func(t *testing.T) {
			s := system(t, c.files, nil)
			if _, there := c.files[key]; there {
				then := time.Now().Add(-c.age)
				if err := os.Chtimes(s.Path(key), then, then); err != nil {
					t.Fatal(err)
				}
			}
			if got := line(s, sshHostKeys); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestConsole(t *testing.T) {
	waits := func(ttys ...string) files {
		f := files{"/proc/1/fd/0": "->/dev/null", "/proc/self/fd/0": "->/dev/tty1", "/proc/uptime": ""}
		for i, tty := range ttys {
			f[fmt.Sprintf("/proc/%d/fd/0", 100+i)] = "->/dev/" + tty
		}
		return f
	}
	port := func(kind string) files { return files{"/sys/class/tty/ttyS0/type": kind + "\n"} }
	for name, c := range map[string]struct {
		files files
		want  string
	}{
		"screen":       {waits("tty1"), "PASS check: tty1"},
		"no port":      {waits("tty1").with(port("0")), "PASS check: tty1"},
		"both":         {waits("tty1", "ttyS0").with(port("4")), "PASS check: tty1 ttyS0"},
		"no screen":    {waits("ttyS0").with(port("4")), "FAIL check: nothing waits for a person on tty1"},
		"no serial":    {waits("tty1").with(port("4")), "FAIL check: nothing waits for a person on ttyS0"},
		"a BMC's port": {waits("tty1", "ttyS0").with(port("4")).with(files{"/sys/class/tty/ttyS1/type": "4\n"}), "FAIL check: nothing waits for a person on ttyS1"},
		"the kernel's": {waits("tty1", "ttyS0", "hvc0").with(port("4")).with(files{"/sys/class/tty/console/active": "tty0 ttyS0 hvc0\n"}),
			"PASS check: hvc0 tty1 ttyS0"},
		"nobody's console": {waits(), "FAIL check: nothing waits for a person on tty1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := line(system(t, c.files, nil), console); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
