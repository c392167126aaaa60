package checks

import (
	"slices"
	"strings"
	"time"

	"bee/iso/smoke/selftest/live"
	"bee/iso/smoke/selftest/openrc"
)

func networkDHCPBackground(s *live.System) outcome {
	cards := s.NetworkCards()
	switch {
	case s.NoNetwork && len(cards) == 0:
		return skip("no network card, as said by --no-network")
	case s.NoNetwork:
		return fail("--no-network, but there is %s", strings.Join(cards, " "))
	case len(cards) == 0:
		return fail("no physical network interface")
	}
	for _, card := range cards {
		command := s.Process("/run/udhcpc." + card + ".pid")
		program := slices.IndexFunc(command, func(arg string) bool { return strings.Contains(arg, "udhcpc") })
		if program < 0 {
			return fail("no udhcpc on %s", card)
		}
		if !slices.Contains(command[program+1:], "-b") {
			return fail("udhcpc on %s does not run in the background (-b)", card)
		}
	}
	log := openrc.ParseBootLog(s.Text(openrc.BootLogFile))
	lease := openrc.Event{Service: "bee-network", Name: "lease"}
	if log.Has(lease) {
		if problem := log.Disorder(openrc.Event{Service: "bee-network", Name: "started"}, lease); problem != "" {
			return fail("%s", problem)
		}
	}
	return pass("%s", strings.Join(cards, " "))
}

func internet(s *live.System) outcome {
	const page = "http://example.com/"
	if !s.ExpectInternet {
		return skip("not expected; --expect-internet asks for it")
	}
	wget := []string{"wget", "-q", "-O", "/dev/null", page}
	for _, command := range [][]string{wget, append([]string{"busybox"}, wget...)} {
		if s.Run(30*time.Second, command...).Status == 0 {
			return pass("")
		}
	}
	return fail("%s cannot be reached", page)
}
