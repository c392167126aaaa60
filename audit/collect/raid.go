package collect

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/tool/arcconf"
	"bee/audit/tool/raid"
	"bee/audit/tool/sasircu"
	"bee/audit/tool/ssacli"
	"bee/audit/tool/storcli"
)

// maker is a maker of RAID controllers, whose program knows what is behind them.
type maker struct {
	// Names of the program, of which the first that is installed is asked.
	programs []string
	// The kernel's drivers of the controllers.
	drivers []string
	// ask asks the program, and hands on what it knows of the controllers, whenever that is
	// more: a drive that does not answer may keep the program for ever.
	ask func(s *survey, program string, learn func([]raid.Controller))
}

var makers = []maker{
	{[]string{"storcli64", "storcli"}, []string{"megaraid_sas"}, (*survey).askStorcli},
	{[]string{"perccli64", "perccli"}, []string{"megaraid_sas"}, (*survey).askStorcli},
	{[]string{"ssacli", "hpssacli"}, []string{"hpsa", "smartpqi"}, (*survey).askSsacli},
	{[]string{"arcconf"}, []string{"aacraid", "smartpqi"}, (*survey).askArcconf},
	{[]string{"sas3ircu"}, []string{"mpt3sas"}, (*survey).askSasircu},
	{[]string{"sas2ircu"}, []string{"mpt2sas", "mpt3sas"}, (*survey).askSasircu},
}

// askMaker asks the program of the maker of a number, where there is one: nothing is lacking
// without, as few machines have one.
func (s *survey) askMaker(i int) {
	programs := makers[i].programs
	installed := slices.IndexFunc(programs, s.task.Machine.Has)
	if installed < 0 {
		return
	}
	makers[i].ask(s, programs[installed], func(told []raid.Controller) {
		s.mu.Lock()
		s.told[i] = told
		s.mu.Unlock()
		s.publish()
	})
}

// answered reports whether a program ended by itself. What its exit status says is in its
// output, too: that there is no controller, or that one of several has no battery.
func answered(r machine.Result) bool {
	var exit *machine.ExitError
	return r.Err == nil || errors.As(r.Err, &exit) && exit.Signal == 0
}

// check records an error where a program did not answer, or not so that it can be understood.
func (s *survey) check(r machine.Result, bad error) {
	switch {
	case bad != nil:
		s.task.Check(r, fmt.Errorf("%s: %w", r.Tool, bad))
	case !answered(r):
		s.task.Check(r, nil)
	}
}

// askStorcli asks what there is, and then about all that there is at once.
func (s *survey) askStorcli(program string, learn func([]raid.Controller)) {
	ask := func(what string) []byte {
		// It writes a log into the working directory unless it is told not to.
		result := s.run(program, what, "show", "all", "J", "nolog")
		_, bad := storcli.Parse(program, result.Stdout)
		s.check(result, bad)
		return result.Stdout
	}
	answers := [][]byte{ask("/call")}
	told, _ := storcli.Parse(program, answers...)
	learn(told)
	var questions []string
	about := func(what string, known func(raid.Controller) bool) {
		if slices.ContainsFunc(told, known) {
			questions = append(questions, what)
		}
	}
	inEnclosure := func(d report.Drive) bool { return strings.Contains(d.Member.Slot, ":") }
	about("/call/eall/sall", func(c raid.Controller) bool { return slices.ContainsFunc(c.Drives, inEnclosure) })
	about("/call/sall", func(c raid.Controller) bool {
		return slices.ContainsFunc(c.Drives, func(d report.Drive) bool { return !inEnclosure(d) })
	})
	about("/call/vall", func(c raid.Controller) bool { return len(c.Arrays) > 0 })
	about("/call/cv", func(c raid.Controller) bool { return c.Backup != nil && c.Backup.Kind == "capacitor" })
	about("/call/bbu", func(c raid.Controller) bool { return c.Backup != nil && c.Backup.Kind == "battery" })
	var mu sync.Mutex
	answers = append(answers, make([][]byte, len(questions))...)
	s.task.Each(len(questions), func(i int) {
		answer := ask(questions[i])
		mu.Lock()
		defer mu.Unlock()
		answers[i+1] = answer
		told, _ := storcli.Parse(program, answers...)
		learn(told)
	})
}

func (s *survey) askSsacli(program string, learn func([]raid.Controller)) {
	result := s.run(program, "ctrl", "all", "show", "config", "detail")
	told, bad := ssacli.Parse(program, slices.Concat(result.Stdout, result.Stderr))
	s.check(result, bad)
	learn(told)
}

// maxControllers is far above how many controllers a machine has.
const maxControllers = 16

// each hands on the controllers that f reads, which are asked at the same time.
func (s *survey) each(n int, learn func([]raid.Controller), f func(i int) (raid.Controller, bool)) {
	var mu sync.Mutex
	told := make([][]raid.Controller, n)
	s.task.Each(n, func(i int) {
		c, ok := f(i)
		if !ok {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		told[i] = []raid.Controller{c}
		learn(slices.Concat(told...))
	})
}

// askArcconf asks about the first controller, which tells how many there are.
func (s *survey) askArcconf(program string, learn func([]raid.Controller)) {
	ask := func(n int) (found int, c raid.Controller, ok bool) {
		result := s.run(program, "GETCONFIG", strconv.Itoa(n), "AL")
		found, bad := arcconf.Found(result.Stdout)
		if bad == nil && found >= n {
			c, bad = arcconf.Parse(program, n, result.Stdout)
			ok = bad == nil
		}
		s.check(result, bad)
		return found, c, ok
	}
	found, first, ok := ask(1)
	s.each(min(found, maxControllers), learn, func(i int) (raid.Controller, bool) {
		if i == 0 {
			return first, ok
		}
		_, c, ok := ask(i + 1)
		return c, ok
	})
}

func (s *survey) askSasircu(program string, learn func([]raid.Controller)) {
	result := s.run(program, "LIST")
	adapters, bad := sasircu.List(result.Stdout)
	s.check(result, bad)
	s.each(min(len(adapters), maxControllers), learn, func(i int) (raid.Controller, bool) {
		result := s.run(program, adapters[i].Number, "DISPLAY")
		c, bad := sasircu.Parse(program, adapters[i], result.Stdout)
		s.check(result, bad)
		return c, bad == nil
	})
}

// withMembers adds to the drives what the programs of RAID controllers' makers tell: of those
// that are there, what is absent; and those that nobody else knows. It returns the controllers,
// too. What is told is by maker; drivers are the kernel's, by the PCI functions of the host
// adapters.
func withMembers(drives []report.Drive, told [][]raid.Controller, drivers map[string]string) ([]report.Drive, []report.RAIDController) {
	var controllers []report.RAIDController
	var members []report.Drive
	for _, c := range distinct(told, drivers) {
		for i := range c.Arrays {
			findArray(&c.Arrays[i], drives)
		}
		controllers = append(controllers, c.RAIDController)
		members = append(members, c.Drives...)
	}
	known := len(drives)
	for i, m := range members {
		switch at := same(drives[:known], m, members); {
		case at >= 0:
			drives[at] = filled(drives[at], m)
		case !slices.ContainsFunc(members[:i], func(other report.Drive) bool { return bothWays(other, m) }):
			drives = append(drives, m)
		}
	}
	return drives, controllers
}

// distinct returns the controllers, each once: two programs may know the same one, of which
// the one that tells more is believed.
func distinct(told [][]raid.Controller, drivers map[string]string) []raid.Controller {
	var all []raid.Controller
	for maker, controllers := range told {
		for _, c := range controllers {
			if c.PCIAddress == "" && len(controllers) == 1 {
				c.PCIAddress = onlyOne(makers[maker].drivers, drivers)
			}
			c.Arrays = slices.Clone(c.Arrays)
			i := slices.IndexFunc(all, func(other raid.Controller) bool {
				return c.PCIAddress != "" && c.PCIAddress == other.PCIAddress || c.SerialNumber != "" && c.SerialNumber == other.SerialNumber
			})
			switch {
			case i < 0:
				all = append(all, c)
			case len(c.Drives)+len(c.Arrays) > len(all[i].Drives)+len(all[i].Arrays):
				all[i] = c
			}
		}
	}
	return all
}

// onlyOne returns the only PCI function that has one of the drivers, "" where there are more.
func onlyOne(of []string, drivers map[string]string) string {
	var found []string
	for address, driver := range drivers {
		if slices.Contains(of, driver) {
			found = append(found, address)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// findArray finds the disk that an array looks like, by its world wide name where the program
// does not tell.
func findArray(a *report.RAIDArray, drives []report.Drive) {
	for i, d := range drives {
		if d.Path != "" && (d.Path == a.Path || a.Path == "" && a.WWN != "" && d.WWN == a.WWN) {
			a.Path, drives[i].RAIDVolume = d.Path, true
			return
		}
	}
}

// same returns which of the drives a member is, -1 for none: by its world wide name, and by its
// serial number where that is unknown. Either has to be one drive's alone, on both sides: there
// are drives that all have the same.
func same(drives []report.Drive, m report.Drive, members []report.Drive) int {
	for _, is := range []func(a, b report.Drive) bool{sameName, sameSerial} {
		fits := func(d report.Drive) bool { return !d.RAIDVolume && is(d, m) }
		rival := func(other report.Drive) bool {
			return other.Member.Controller == m.Member.Controller && other.Member.Slot != m.Member.Slot && is(other, m)
		}
		i := slices.IndexFunc(drives, fits)
		if i >= 0 && !slices.ContainsFunc(drives[i+1:], fits) && !slices.ContainsFunc(members, rival) {
			return i
		}
	}
	return -1
}

// bothWays reports whether a drive is behind two controllers.
func bothWays(a, b report.Drive) bool {
	return a.Member.Controller != b.Member.Controller && sameName(a, b) && a.SerialNumber == b.SerialNumber
}

func sameName(a, b report.Drive) bool { return a.WWN != "" && a.WWN == b.WWN }

// sameSerial compares the serial numbers of drives whose world wide names do not say that they
// are two. That of a SAS drive's port is in its last digit another than the drive's own; and of
// its serial number, some programs tell but the beginning.
func sameSerial(a, b report.Drive) bool {
	const shortest = 8
	if a.WWN != "" && b.WWN != "" && (len(a.WWN) != len(b.WWN) || a.WWN[:len(a.WWN)-1] != b.WWN[:len(b.WWN)-1]) {
		return false
	}
	long, short := a.SerialNumber, b.SerialNumber
	if len(long) < len(short) {
		long, short = short, long
	}
	return short != "" && (long == short || len(short) >= shortest && strings.HasPrefix(long, short))
}

// filled returns a drive with what it lacks from what its controller says of it.
func filled(d, m report.Drive) report.Drive {
	d.Transport = cmp.Or(d.Transport, m.Transport)
	d.Vendor = cmp.Or(d.Vendor, m.Vendor)
	d.Model = cmp.Or(d.Model, m.Model)
	d.SerialNumber = cmp.Or(d.SerialNumber, m.SerialNumber)
	d.FirmwareVersion = cmp.Or(d.FirmwareVersion, m.FirmwareVersion)
	d.WWN = cmp.Or(d.WWN, m.WWN)
	d.SizeBytes = cmp.Or(d.SizeBytes, m.SizeBytes)
	d.LogicalBlockBytes = cmp.Or(d.LogicalBlockBytes, m.LogicalBlockBytes)
	d.PhysicalBlockBytes = cmp.Or(d.PhysicalBlockBytes, m.PhysicalBlockBytes)
	d.Rotational = cmp.Or(d.Rotational, m.Rotational)
	d.RotationRPM = cmp.Or(d.RotationRPM, m.RotationRPM)
	d.Member = cmp.Or(d.Member, m.Member)
	if m.SMART != nil {
		s := *cmp.Or(d.SMART, &report.SMART{})
		s.TemperatureCelsius = cmp.Or(s.TemperatureCelsius, m.SMART.TemperatureCelsius)
		s.PowerOnHours = cmp.Or(s.PowerOnHours, m.SMART.PowerOnHours)
		s.UsedPercent = cmp.Or(s.UsedPercent, m.SMART.UsedPercent)
		d.SMART = &s
	}
	return d
}
