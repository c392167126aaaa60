package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// udhcpcEvent puts the overlay's udhcpc-event into a folder, which is the root of all that it
// reads and writes, with files of the test's own.
func udhcpcEvent(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	text, err := os.ReadFile("../overlay/usr/local/lib/bee/udhcpc-event")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"udhcpc-event": strings.NewReplacer("/usr/local/lib/bee", dir, "/run/bee", dir+"/run", "/etc", dir+"/etc", "/sys/class/net", dir).Replace(string(text)),
		"boot-log":     "boot_log() { :; }\n", "etc/hosts": "",
	}
	maps.Copy(all, files)
	for file, text := range all {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

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
		"odd routes":    {[]string{"staticroutes=* 192.0.2.1 -h 192.0.2.1 10.0.0.0/8/8 192.0.2.1 10.0.0.0/8 -h 10.0.0.0/8", "router=192.0.2.1"}, "", ""},
	} {
		for _, shell := range []string{"sh", "busybox ash"} {
			words := strings.Fields(shell)
			if _, err := exec.LookPath(words[0]); err != nil {
				continue
			}
			dir := udhcpcEvent(t, map[string]string{"eth0/ifindex": "7\n", "bin/ip": "#!/bin/sh\necho \"$*\" >>$HOME/ip\n"})
			cmd := exec.Command(words[0], append(words[1:], filepath.Join(dir, "udhcpc-event"), "bound")...)
			cmd.Dir = dir // where * is something
			cmd.Env = append([]string{"HOME=" + dir, "PATH=" + dir + "/bin:" + os.Getenv("PATH"), "interface=eth0", "ip=192.0.2.9", "mask=24"}, c.answer...)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s, %s: error %v: %s", name, shell, err, out)
			}
			resolv, err := os.ReadFile(filepath.Join(dir, "etc/resolv.conf"))
			if err != nil || string(resolv) != c.resolv {
				t.Errorf("%s, %s: error %v, resolv.conf is %q, want %q", name, shell, err, resolv, c.resolv)
			}
			want := "-4 -o address show dev eth0\naddress replace 192.0.2.9/24 dev eth0\n"
			if c.route != "" {
				want += "route replace default via " + c.route + " dev eth0 metric 7\n"
			}
			if ip, err := os.ReadFile(filepath.Join(dir, "ip")); err != nil || string(ip) != want {
				t.Errorf("%s, %s: error %v, ip was called with %q, want %q", name, shell, err, ip, want)
			}
		}
	}
}

// The kernel's routes and addresses after what a DHCP server may answer, by the ip of iproute2
// (debian) and of busybox (alpine).
func TestUdhcpcEventRoutes(t *testing.T) {
	if os.Getuid() != 0 || exec.Command("unshare", "-n", "ip", "link", "add", "eth0", "type", "veth").Run() != nil {
		t.Skip("needs root, and networks of its own")
	}
	for name, c := range map[string]struct {
		events []string // each the event and its environment
		routes []string // without those of the link itself; sorted
		ip     string
	}{
		"a network":            {[]string{"bound ip=192.0.2.9 mask=24 router=192.0.2.1"}, []string{"default via 192.0.2.1"}, "192.0.2.9/24"},
		"one address":          {[]string{"bound ip=192.0.2.9 mask=32 router=192.0.2.1"}, []string{"192.0.2.1", "default via 192.0.2.1"}, "192.0.2.9/32"},
		"a gateway elsewhere":  {[]string{"bound ip=192.0.2.9 mask=28 router=198.51.100.1"}, []string{"198.51.100.1", "default via 198.51.100.1"}, "192.0.2.9/28"},
		"routes, not a router": {[]string{"bound ip=192.0.2.9 mask=24 router=192.0.2.1 staticroutes=10.0.0.0/8,192.0.2.2,0.0.0.0/0,192.0.2.3"}, []string{"10.0.0.0/8 via 192.0.2.2", "default via 192.0.2.3"}, "192.0.2.9/24"},
		"routes of a link":     {[]string{"bound ip=192.0.2.9 mask=32 staticroutes=192.0.2.1/32,0.0.0.0,0.0.0.0/0,192.0.2.1"}, []string{"192.0.2.1", "default via 192.0.2.1"}, "192.0.2.9/32"},
		"renewed":              {[]string{"bound ip=192.0.2.9 mask=24 router=192.0.2.1", "renew ip=192.0.2.9 mask=24 router=192.0.2.1"}, []string{"default via 192.0.2.1"}, "192.0.2.9/24"},
		"another address":      {[]string{"bound ip=192.0.2.9 mask=24 router=192.0.2.1", "renew ip=192.0.2.77 mask=24 router=192.0.2.1"}, []string{"default via 192.0.2.1"}, "192.0.2.77/24"},
		"another network":      {[]string{"bound ip=192.0.2.9 mask=24 router=192.0.2.1", "renew ip=198.51.100.9 mask=24 router=198.51.100.1"}, []string{"default via 198.51.100.1"}, "198.51.100.9/24"},
		"lost":                 {[]string{"bound ip=192.0.2.9 mask=24 router=192.0.2.1", "deconfig x=y"}, nil, ""},
	} {
		for _, tool := range []string{"ip", "busybox ip"} {
			dir := udhcpcEvent(t, map[string]string{"eth0/ifindex": "7\n", "bin/ip": "#!/bin/sh\nPATH=" + os.Getenv("PATH") + "\nexec " + tool + " \"$@\"\n"})
			path := dir + "/bin:" + os.Getenv("PATH")
			script := "ip link add eth0 type veth peer name far && ip link set far up && ip link set eth0 up\n"
			for _, event := range c.events {
				what, environment, _ := strings.Cut(event, " ")
				var words []string
				for word := range strings.FieldsSeq(environment) {
					words = append(words, "'"+strings.ReplaceAll(word, ",", " ")+"'")
				}
				script += "PATH=" + path + " interface=eth0 env " + strings.Join(words, " ") + " busybox ash " + dir + "/udhcpc-event " + what + " || exit 1\n"
			}
			script += "echo routes; ip -4 route show; echo addresses; ip -4 -o address show dev eth0\n"
			out, err := exec.Command("unshare", "-n", "sh", "-c", script).CombinedOutput()
			said, after, _ := strings.Cut(string(out), "routes\n")
			routes, addresses, _ := strings.Cut(after, "addresses\n")
			if err != nil || said != "" {
				t.Errorf("%s, %s: %v: %s", name, tool, err, out)
				continue
			}
			var got []string
			for line := range strings.Lines(routes) {
				if route, _, _ := strings.Cut(line, " dev "); !strings.Contains(line, "proto kernel") {
					got = append(got, strings.TrimSpace(route))
				}
			}
			slices.Sort(got)
			ip := ""
			if words := strings.Fields(addresses); len(words) > 3 {
				ip = words[3]
			}
			if !slices.Equal(got, c.routes) || ip != c.ip || strings.Count(addresses, "inet ") > 1 {
				t.Errorf("%s, %s: routes %q, want %q; addresses %s, want %s", name, tool, got, c.routes, addresses, c.ip)
			}
		}
	}
}

// Leases that come at the same time have their name servers all in resolv.conf, which is whole
// at any time.
func TestUdhcpcEventTogether(t *testing.T) {
	const interfaces = 16
	for round := range 10 {
		files := map[string]string{"bin/ip": "#!/bin/sh\n", "etc/resolv.conf": "nameserver 192.0.2.99\n"}
		for i := range interfaces {
			files[fmt.Sprintf("eth%d/ifindex", i)] = "7\n"
		}
		dir := udhcpcEvent(t, files)
		ended := make(chan error)
		for i := range interfaces {
			cmd := exec.Command("sh", filepath.Join(dir, "udhcpc-event"), "bound")
			cmd.Env = []string{"PATH=" + dir + "/bin:" + os.Getenv("PATH"), fmt.Sprintf("interface=eth%d", i), "ip=192.0.2.9", fmt.Sprintf("dns=192.0.2.%d", i)}
			go func() { ended <- cmd.Run() }()
		}
		for left := interfaces; left > 0; {
			select {
			case err := <-ended:
				left--
				if err != nil {
					t.Error(err)
				}
			default:
				if whole, err := os.ReadFile(filepath.Join(dir, "etc/resolv.conf")); err != nil || !strings.HasSuffix(string(whole), "\n") {
					t.Fatalf("round %d: half of it: %q, %v", round, whole, err)
				}
			}
		}
		all, err := os.ReadFile(filepath.Join(dir, "etc/resolv.conf"))
		if n := strings.Count(string(all), "nameserver"); err != nil || n != interfaces {
			t.Errorf("round %d: %d name servers of %d, %v", round, n, interfaces, err)
		}
	}
}
