// Package checks are the checks of a live system, from the inside.
//
// A check is a function of this package and a line in the table. The function of the
// check some-thing is named someThing: that is how what it finds is blamed on it.
package checks

import (
	"fmt"
	"strings"
	"time"

	"bee/core/check"
	"bee/core/printable"
	"bee/iso/smoke/selftest/live"
)

// table has all checks, in the order in which they are made and reported.
var table = []entry{
	{"release-file", releaseFile},
	{"kernel-release", kernelRelease},
	{"motd", motd},
	{"root-filesystem", rootFilesystem},
	{"kernel-health", kernelHealth},
	{"memory", memory},
	{"services-started", servicesStarted},
	{"no-failed-services", noFailedServices},
	{"service-order", serviceOrder},
	{"dropbear-without-network", dropbearWithoutNetwork},
	{"network-dhcp-background", networkDHCPBackground},
	{"internet", internet},
	{"ssh-policy", sshPolicy},
	{"ssh-no-empty-passwords", sshNoEmptyPasswords},
	{"ssh-no-forwarding", sshNoForwarding},
	{"ssh-tries", sshTries},
	{"ssh-host-keys", sshHostKeys},
	{"console", console},
	{"ports", ports},
	{"sysctls", sysctls},
	{"setuid", setuid},
	{"world-writable", worldWritable},
	{"secrets", secrets},
	{"audit-report", auditReport},
	{"audit-complete", auditComplete},
	{"audit-answers", auditAnswers},
	{"results", results},
	{"modules-kernel", modulesKernel},
	{"modules-insert", modulesInsert},
	{"nvidia-sonames", nvidiaSonames},
	{"nvidia-modules", nvidiaModules},
	{"nvidia-smi", nvidiaSMI},
	{"fabric-manager", fabricManager},
	{"nvswitches", nvSwitches},
	{"gpu-burn", gpuBurn},
	{"bee-burn", beeBurn},
	{"gcompat", gcompat},
	{"vendor-programs", vendorPrograms},
}

type entry struct {
	name string
	look func(*live.System) outcome
}

// limit (a variable for tests) is more than all programs of a check may take
// together.
var limit = 10 * time.Minute

// outcome is what a check came to: what was seen where it passed, maybe nothing; the
// reason where it did not. The zero value is that of a check without an end.
type outcome struct {
	status check.Status
	detail string
}

func pass(format string, args ...any) outcome {
	return outcome{check.Pass, fmt.Sprintf(format, args...)}
}

func fail(format string, args ...any) outcome {
	return outcome{check.Fail, fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) outcome {
	return outcome{check.Skip, fmt.Sprintf(format, args...)}
}

// Names are those of all checks, in their order.
func Names() []string {
	var names []string
	for _, e := range table {
		names = append(names, e.name)
	}
	return names
}

// Run makes all checks, one after the other, and reports each as soon as it has been
// made. A check that comes to no end is a FAIL.
func Run(s *live.System, report func(check.Check)) {
	for _, e := range table {
		report(e.run(s))
	}
}

func (e entry) run(s *live.System) check.Check {
	ended := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o = fail("the check came to no end: %v", p)
			}
			ended <- o
		}()
		o = e.look(s)
	}()
	select {
	case o := <-ended:
		return e.conclude(o)
	case <-time.After(limit): // a read that the kernel does not come back from is left behind
		return e.conclude(fail("the check came to no end within %s", limit))
	}
}

// conclude makes an outcome a line of the report.
func (e entry) conclude(o outcome) check.Check {
	c := check.Check{Name: e.name, Status: o.status, Detail: printable.Again(oneLine(o.detail))}
	switch {
	case c.Status == "":
		c.Status, c.Detail = check.Fail, "the check came to no end"
	case c.Status != check.Pass && c.Detail == "":
		c.Detail = "for no known reason"
	}
	return c
}

// oneLine is text with its line ends made blanks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// last is the end of a text, so many lines of it.
func last(lines int, text string) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
