package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// machine notes what is run, and has the interfaces of a folder.
type machine struct {
	t    *testing.T
	root string
	done []string
}

func (m *machine) run(environment []string, name string, args ...string) error {
	m.done = append(m.done, strings.Join(slices.Concat(environment, []string{name}, args), " "))
	if name == "ip" && len(args) > 4 && args[1] == "add" && args[4] == "bond" {
		m.write(args[2]+"/bonding/mode", "")
		m.write(args[2]+"/bonding/miimon", "")
	}
	if strings.Contains(strings.Join(args, " "), "broken") {
		return fmt.Errorf("%s fails", name)
	}
	return nil
}

func (m *machine) start(name string, args ...string) error {
	m.done = append(m.done, "start "+name+" "+strings.Join(args, " "))
	return nil
}

func (m *machine) write(file, text string) {
	m.t.Helper()
	m.file("sys/class/net/"+file, text)
}

func (m *machine) file(file, text string) {
	m.t.Helper()
	file = filepath.Join(m.root, file)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// card adds a physical interface.
func (m *machine) card(name, mac string) {
	m.write(name+"/device/vendor", "0x8086\n")
	m.write(name+"/type", "1\n")
	m.write(name+"/address", mac+"\n")
}

func dhcp(name string) string {
	return "start busybox udhcpc -b -i " + name + " -t 8 -T 1 -A 10 -O staticroutes -p /run/udhcpc." + name + ".pid -s /usr/local/lib/bee/udhcpc-event"
}

func TestLook(t *testing.T) {
	const lo = "ip link set lo up"
	for name, c := range map[string]struct {
		line string
		// interfaces, by their last digits; a nil begins another look
		cards [][]string
		done  []string
		mode  string // of bond0
	}{
		"DHCP everywhere, once": {"", [][]string{{"eth0", "eth1"}, {}, {"eth2"}},
			[]string{lo, "ip link set eth0 up", dhcp("eth0"), "ip link set eth1 up", dhcp("eth1"), "ip link set eth2 up", dhcp("eth2")}, ""},
		"an address": {"bee.network=eth1,192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.53,dns=192.0.2.54", [][]string{{"eth0", "eth1"}, {}},
			[]string{lo, "ip link set eth1 up", "interface=eth1 ip=192.0.2.10 mask=24 router=192.0.2.1 dns=192.0.2.53 192.0.2.54 /usr/local/lib/bee/udhcpc-event bound",
				"ip link set eth0 up", dhcp("eth0")}, ""},
		"two addresses, and IPv6": {"bee.network=eth0,192.0.2.10/24,2001:db8::10/64,192.0.2.11/24,gateway=2001:db8::1", [][]string{{"eth0"}},
			[]string{lo, "ip link set eth0 up", "interface=eth0 ip=192.0.2.10 mask=24 dns= /usr/local/lib/bee/udhcpc-event bound",
				"ip address replace 2001:db8::10/64 dev eth0", "ip address replace 192.0.2.11/24 dev eth0", "ip -6 route replace default via 2001:db8::1 dev eth0"}, ""},
		"a VLAN, by MAC address, that comes later": {"bee.network=52:54:00:be:e0:01.117", [][]string{{"eth0"}, {"eth1"}},
			[]string{lo, "ip link set eth0 up", dhcp("eth0"), "ip link set eth1 up", "modprobe -q 8021q",
				"ip link add link eth1 name eth1.117 type vlan id 117", "ip link set eth1.117 up", dhcp("eth1.117")}, ""},
		"a bond, whose second member comes later": {"bee.network=eth0+eth1.5,mode=802.3ad", [][]string{{"eth0"}, {"eth1", "eth2"}},
			[]string{lo, "modprobe -q bonding max_bonds=0", "ip link add bond0 type bond", "ip link set bond0 up", "modprobe -q 8021q",
				"ip link add link bond0 name bond0.5 type vlan id 5", "ip link set bond0.5 up", dhcp("bond0.5"),
				"ip link set eth0 down", "ip link set eth0 master bond0", "ip link set eth0 up",
				"ip link set eth1 down", "ip link set eth1 master bond0", "ip link set eth1 up", "ip link set eth2 up", dhcp("eth2")}, "802.3ad"},
		"what is not there": {"bee.network=eth7,192.0.2.10/24", [][]string{{"eth0"}},
			[]string{lo, "ip link set eth0 up", dhcp("eth0")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := &machine{t: t, root: t.TempDir()}
			m.write("lo/type", "772\n")
			m.write("docker0/type", "1\n")
			m.file("proc/cmdline", c.line)
			n := network{system: m, root: m.root, say: t.Logf, wrong: func(err error) { t.Error(err) }}
			n.readCommandLine()
			for _, cards := range c.cards {
				for _, card := range cards {
					m.card(card, "52:54:00:be:e0:0"+card[3:])
				}
				n.look()
			}
			if !slices.Equal(m.done, c.done) {
				t.Errorf("done\n%s\nnot\n%s", strings.Join(m.done, "\n"), strings.Join(c.done, "\n"))
			}
			if mode, _ := os.ReadFile(filepath.Join(m.root, "sys/class/net/bond0/bonding/mode")); string(mode) != c.mode {
				t.Errorf("mode %q, want %q", mode, c.mode)
			}
		})
	}
}

// 32 cards, of which one cannot be put up: each has its client.
func TestManyCards(t *testing.T) {
	m := &machine{t: t, root: t.TempDir()}
	for i := range 31 {
		m.card(fmt.Sprintf("eth%d", i), fmt.Sprintf("52:54:00:be:e1:%02x", i))
	}
	m.card("broken", "52:54:00:be:e1:ff")
	said := 0
	n := network{system: m, root: m.root, say: func(string, ...any) { said++ }}
	n.look()
	clients := 0
	for _, d := range m.done {
		if strings.HasPrefix(d, "start ") {
			clients++
		}
	}
	if clients != 32 || said != 1 {
		t.Errorf("%d clients, %d lines", clients, said)
	}
}

// Lines change while the network is up: of each link that is gone, nothing is left.
func TestChange(t *testing.T) {
	const lo = "ip link set lo up"
	m := &machine{t: t, root: t.TempDir()}
	for i := range 3 {
		m.card(fmt.Sprintf("eth%d", i), fmt.Sprintf("52:54:00:be:e0:0%d", i))
	}
	m.file("proc/cmdline", "quiet bee.network=eth0,192.0.2.10/24")
	var wrong []string
	n := network{system: m, root: m.root, say: t.Logf, wrong: func(err error) { wrong = append(wrong, err.Error()) }}
	n.readCommandLine()
	bound := "interface=eth0 ip=192.0.2.10 mask=24 dns= " + udhcpcEvent + " bound"
	down := func(name string) string { return "interface=" + name + " " + udhcpcEvent + " deconfig" }
	for _, step := range []struct {
		lines string
		done  []string
	}{
		{"", []string{lo, "ip link set eth0 up", bound, "ip link set eth1 up", dhcp("eth1"), "ip link set eth2 up", dhcp("eth2")}},
		{"", nil},
		// a line takes the place of the command line's, and an interface's client ends
		{"eth0,2001:db8::10/64,gateway=2001:db8::1\neth1.5\n", []string{down("eth0"), "busybox kill 4711", down("eth1"),
			"ip link set eth0 up", "ip address replace 2001:db8::10/64 dev eth0", "ip -6 route replace default via 2001:db8::1 dev eth0",
			"ip link set eth1 up", "modprobe -q 8021q", "ip link add link eth1 name eth1.5 type vlan id 5", "ip link set eth1.5 up", dhcp("eth1.5")}},
		{"eth1+eth2\nnonsense/\n", []string{"interface=eth0 " + udhcpcEvent + " deconfig",
			"ip address delete 2001:db8::10/64 dev eth0", "ip -6 route delete default via 2001:db8::1 dev eth0",
			down("eth1.5"), "ip link delete eth1.5", down("eth2"),
			"ip link set eth0 up", bound,
			"modprobe -q bonding max_bonds=0", "ip link add bond0 type bond", "ip link set bond0 up", dhcp("bond0"),
			"ip link set eth1 down", "ip link set eth1 master bond0", "ip link set eth1 up",
			"ip link set eth2 down", "ip link set eth2 master bond0", "ip link set eth2 up"}},
		{"", []string{down("bond0"), "ip link delete bond0", "ip link set eth1 up", dhcp("eth1"), "ip link set eth2 up", dhcp("eth2")}},
	} {
		m.done = nil
		m.file("run/bee/network", step.lines)
		n.look()
		if !slices.Equal(m.done, step.done) {
			t.Errorf("%q: done\n%s\nnot\n%s", step.lines, strings.Join(m.done, "\n"), strings.Join(step.done, "\n"))
		}
		if m.done != nil && step.lines == "" && len(n.enslaved) > 0 {
			t.Errorf("members are left: %v", n.enslaved)
		}
		m.file("run/udhcpc.eth1.pid", "4711\n")
		if strings.Contains(step.lines, "eth1") {
			os.Remove(filepath.Join(m.root, "run/udhcpc.eth1.pid"))
		}
	}
	if len(wrong) != 1 || !strings.HasPrefix(wrong[0], "in /run/bee/network nonsense/ is left out: ") {
		t.Errorf("%q", wrong)
	}
}
