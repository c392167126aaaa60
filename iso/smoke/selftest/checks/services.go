package checks

import (
	"path"
	"slices"
	"strings"
	"time"

	"bee/iso/smoke/selftest/live"
	"bee/iso/smoke/selftest/openrc"
)

// services are those of bee's that each image starts.
var services = []string{"localmount", "bee-config", "bee-sshsetup", "dropbear", "bee-network", "bee-nvidia", "bee-fabric", "bee-audit", "bee-unattended", "bee-consoles"}

func servicesStarted(s *live.System) outcome {
	if !s.Exists(openrc.BootLogFile) {
		return fail("%s is missing", openrc.BootLogFile)
	}
	log := openrc.ParseBootLog(s.Text(openrc.BootLogFile))
	for _, service := range services {
		switch {
		case log.Has(openrc.Event{Service: service, Name: "failed"}):
			return fail("%s failed, says %s", service, openrc.BootLogFile)
		case log.Has(openrc.Event{Service: service, Name: "started"}):
		case log.Has(openrc.Event{Service: service, Name: "start"}):
			return fail("%s was begun and has not ended, says %s", service, openrc.BootLogFile)
		default:
			return fail("%s was never begun, says %s", service, openrc.BootLogFile)
		}
		if a := s.Run(20*time.Second, "rc-service", service, "status"); a.Status != 0 {
			return fail("%s: %s", service, a.Output)
		}
	}
	return pass("")
}

func noFailedServices(s *live.System) outcome {
	crashed := s.Ask("rc-status", "--crashed")
	if crashed.Status == live.StatusNotStarted {
		return fail("rc-status cannot be started")
	}
	down := strings.Fields(crashed.Output)
	for _, link := range s.Glob("/run/openrc/failed/*") {
		down = append(down, path.Base(link))
	}
	if len(down) > 0 {
		return fail("%s", strings.Join(down, " "))
	}
	return pass("")
}

// order is what has to happen before what.
var order = [][2]openrc.Event{
	{{Service: "localmount", Name: "started"}, {Service: "bee-config", Name: "start"}},
	{{Service: "bee-config", Name: "started"}, {Service: "bee-sshsetup", Name: "start"}},
	{{Service: "bee-sshsetup", Name: "started"}, {Service: "dropbear", Name: "start"}},
	{{Service: "bee-config", Name: "started"}, {Service: "bee-network", Name: "start"}},
	{{Service: "bee-network", Name: "started"}, {Service: "bee-nvidia", Name: "start"}},
	{{Service: "bee-nvidia", Name: "started"}, {Service: "bee-fabric", Name: "start"}},
	{{Service: "bee-fabric", Name: "started"}, {Service: "bee-audit", Name: "start"}},
	{{Service: "bee-audit", Name: "started"}, {Service: "bee-unattended", Name: "start"}},
}

func serviceOrder(s *live.System) outcome {
	if !s.Exists(openrc.BootLogFile) {
		return fail("%s is missing", openrc.BootLogFile)
	}
	log := openrc.ParseBootLog(s.Text(openrc.BootLogFile))
	for _, events := range order {
		if problem := log.Disorder(events[0], events[1]); problem != "" {
			return fail("%s", problem)
		}
	}
	return pass("")
}

func dropbearWithoutNetwork(s *live.System) outcome {
	if !s.Exists(openrc.DeptreeFile) {
		return fail("OpenRC has no dependency tree, %s", openrc.DeptreeFile)
	}
	tree, err := openrc.ParseDeptree(s.Text(openrc.DeptreeFile))
	if err != nil {
		return fail("%s: %v", openrc.DeptreeFile, err)
	}
	before := tree.Before("dropbear")
	networks := slices.DeleteFunc(slices.Clone(before), func(service string) bool {
		return !slices.Contains([]string{"net", "networking", "bee-network", "dhcpcd", "firewall"}, service)
	})
	if len(networks) > 0 {
		return fail("dropbear waits for %s", strings.Join(networks, " "))
	}
	if !s.Listens(22) {
		return fail("nothing listens on port 22")
	}
	return pass("waits for %s", strings.Join(before, " "))
}
