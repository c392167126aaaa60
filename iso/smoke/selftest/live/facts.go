package live

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"bee/core/beerelease"
	"bee/core/pci"
)

// Release is what bee-release says; a variable that it lacks is empty.
func (s *System) Release() map[string]string { return beerelease.Parse(s.Text(beerelease.File)) }

// Kernel is the release of the running kernel, as uname -r says it.
func (s *System) Kernel() string { return s.Word("/proc/sys/kernel/osrelease") }

// GPUs is how many NVIDIA GPUs are on the PCI bus.
func (s *System) GPUs() int {
	gpus, _ := pci.GPUs(s.Files()) // sysfs that cannot be read has none
	return len(gpus)
}

// NetworkCards are the names of the physical Ethernet interfaces.
func (s *System) NetworkCards() []string {
	var cards []string
	for _, device := range s.Glob("/sys/class/net/*/device") {
		card := path.Dir(device)
		if s.Word(card+"/type") == "1" { // ARPHRD_ETHER (if_arp.h)
			cards = append(cards, path.Base(card))
		}
	}
	return cards
}

// Process is the command line of the process whose number a file holds; nil where
// there is none.
func (s *System) Process(pidFile string) []string {
	pid, err := strconv.ParseUint(s.Word(pidFile), 10, 32)
	if err != nil {
		return nil
	}
	text := s.Text("/proc/" + strconv.FormatUint(pid, 10) + "/cmdline")
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
}

// Listens tells whether something listens on a TCP port.
func (s *System) Listens(port uint16) bool {
	for _, protocol := range []string{"tcp", "tcp6"} {
		if slices.Contains(s.Ports(protocol), port) {
			return true
		}
	}
	return false
}

// Ports are those at which something waits for whoever comes, by a protocol as in /proc/net:
// tcp, udp6 and so on. Of raw and raw6 they are numbers of protocols.
func (s *System) Ports(protocol string) []uint16 {
	return ports(s.Text("/proc/net/"+protocol), protocol)
}

// ports reads proc_net_tcp(5), and its kin: number, local address:port, remote
// address:port, state, …
func ports(table, protocol string) []uint16 {
	// tcp_states.h: TCP_LISTEN; what is not connected is as if closed
	waiting := "07"
	if strings.HasPrefix(protocol, "tcp") {
		waiting = "0A"
	}
	var all []uint16
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[3] != waiting {
			continue
		}
		_, hex, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil {
			all = append(all, uint16(n))
		}
	}
	return all
}

// Account is a line of shadow(5).
type Account struct{ User, Password string }

// Accounts are those that the system has.
func (s *System) Accounts() []Account { return accounts(s.Text("/etc/shadow")) }

func accounts(shadow string) []Account {
	var all []Account
	for line := range strings.Lines(shadow) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			continue
		}
		user, rest, _ := strings.Cut(line, ":")
		password, _, _ := strings.Cut(rest, ":")
		all = append(all, Account{user, password})
	}
	return all
}
