package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever answers a question of the DHCP client, the overlay's udhcpc-event makes nothing of
// the answer but name servers, a domain and a route.
func TestUdhcpcEvent(t *testing.T) {
	for name, c := range map[string]struct {
		answer        []string
		resolv, route string
	}{
		"all": {[]string{"router=192.0.2.1 192.0.2.2", "dns=192.0.2.3 2001:db8::3", "domain=lab-1.Example"},
			"search lab-1.Example\nnameserver 192.0.2.3\nnameserver 2001:db8::3\n", "192.0.2.1"},
		"nothing":       {nil, "", ""},
		"another line":  {[]string{"domain=x\nnameserver 6.6.6.6", "dns=192.0.2.3"}, "nameserver 192.0.2.3\n", ""},
		"another word":  {[]string{"domain=x options", "dns=192.0.2.3\noptions debug"}, "nameserver 192.0.2.3\n", ""},
		"a command":     {[]string{"domain=$(id)", "dns=`id` 192.0.2.3;id"}, "", ""},
		"a terminal's":  {[]string{"domain=\x1b[2J", "dns=\x1b[2J"}, "", ""},
		"no addresses":  {[]string{"router=-h * dev0 192.0.2.1", "dns=* names"}, "", "192.0.2.1"},
		"letters alone": {[]string{"domain=é.example"}, "", ""},
	} {
		for _, shell := range []string{"sh", "busybox ash"} {
			words := strings.Fields(shell)
			if _, err := exec.LookPath(words[0]); err != nil {
				continue
			}
			dir := t.TempDir()
			text, err := os.ReadFile("../overlay/usr/local/lib/bee/udhcpc-event")
			if err != nil {
				t.Fatal(err)
			}
			moved := strings.NewReplacer("/usr/local/lib/bee", dir, "/run/bee", dir, "/etc", dir, "/sys/class/net", dir).Replace(string(text))
			for file, text := range map[string]string{
				"udhcpc-event": moved, "boot-log": "boot_log() { :; }\n", "eth0/ifindex": "7\n",
				"bin/ip": "#!/bin/sh\necho \"$*\" >>" + dir + "/ip\n",
			} {
				file = filepath.Join(dir, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command(words[0], append(words[1:], filepath.Join(dir, "udhcpc-event"), "bound")...)
			cmd.Dir = dir // where * is something
			cmd.Env = append([]string{"PATH=" + dir + "/bin:" + os.Getenv("PATH"), "interface=eth0", "ip=192.0.2.9", "mask=24"}, c.answer...)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s, %s: error %v: %s", name, shell, err, out)
			}
			resolv, err := os.ReadFile(filepath.Join(dir, "resolv.conf"))
			if err != nil || string(resolv) != c.resolv {
				t.Errorf("%s, %s: error %v, resolv.conf is %q, want %q", name, shell, err, resolv, c.resolv)
			}
			want := "address replace 192.0.2.9/24 dev eth0\n"
			if c.route != "" {
				want += "route replace default via " + c.route + " dev eth0 metric 7\n"
			}
			if ip, err := os.ReadFile(filepath.Join(dir, "ip")); err != nil || string(ip) != want {
				t.Errorf("%s, %s: error %v, ip was called with %q, want %q", name, shell, err, ip, want)
			}
		}
	}
}
