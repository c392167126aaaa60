package checks

import (
	"strings"
	"time"

	"bee/core/pci"
	"bee/iso/smoke/selftest/live"
)

// How the Fabric Manager is started, as bee-fabric does it.
const (
	fabricLibraries   = nvidiaHome + "/fabric/lib"
	fabricManagerFile = "/usr/bin/nv-fabricmanager"
	fabricLog         = "/var/log/bee-fabric.log"
)

// Needs no NVSwitch: with the libraries that are for it, it tells its version.
func fabricManager(s *live.System) outcome {
	version := s.Release()["BEE_FABRIC_MANAGER"]
	if version == "" {
		return skip("not in this image")
	}
	a := s.Run(time.Minute, fabricLibraries+"/ld-linux-x86-64.so.2", "--library-path", fabricLibraries, fabricManagerFile, "--version")
	switch {
	case a.Status != 0:
		return fail("%s does not start: %s", fabricManagerFile, a.Output)
	case !strings.Contains(a.Output, version):
		return fail("it is not of version %s, as bee-release says: %s", version, a.Output)
	}
	return pass("%s", version)
}

// NVSwitches have to be set up, or CUDA does not start.
func nvSwitches(s *live.System) outcome {
	switches, _ := pci.Switches(s.Files()) // sysfs that cannot be read has none
	switch {
	case driver(s) == "":
		return noDriver
	case len(switches) == 0:
		return skip("no NVSwitch")
	}
	said := last(1, s.Text(fabricLog))
	if !strings.Contains(said, "the Fabric Manager runs, and ") {
		return fail("%s", said)
	}
	return pass("%s", said)
}
