package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/tool/lsblk"
	"bee/audit/tool/nvme"
	"bee/audit/tool/raid"
	"bee/audit/tool/smartctl"
	"bee/audit/tool/sysblock"
)

var storage = Collector{
	Name:  "storage",
	About: "drives, their volumes and their health (lsblk, sysfs; smartctl, nvme and programs of RAID controllers' makers where they are installed)",
	Tools: []string{"lsblk"},
	Collect: func(ctx context.Context, t *Task) {
		s := &survey{ctx: ctx, task: t, turns: make(chan struct{}, maxProcesses), controllers: map[string]bool{}, told: make([][]raid.Controller, len(makers))}
		s.publish()
		var kernel []sysblock.Drive
		sysfs, listed := make(chan struct{}), make(chan struct{})
		s.do(func() {
			defer close(sysfs)
			kernel, _ = ask(ctx, t, "sys/block", func() []sysblock.Drive { return sysblock.Read(t.Files()) })
			for _, k := range kernel {
				s.add(driveID{path: "/dev/" + k.Name}, func(d *drive) { d.kernel = k })
			}
			s.publish()
		})
		s.do(func() {
			defer close(listed)
			s.askLsblk()
		})
		for i := range makers {
			s.do(func() { s.askMaker(i) })
		}
		if t.Has("smartctl") {
			s.do(func() {
				s.scan(func() {
					// sysfs lists all that lsblk does, and cannot hang as long.
					if <-sysfs; len(kernel) == 0 {
						<-listed
					}
				})
			})
		}
		s.running.Wait()
	},
}

// maxProcesses bounds how many tools run at the same time. Most wait for a
// drive, so it is far above the number of processors.
const maxProcesses = 128

// survey asks every drive everything at once, as soon as it is known: from
// sysfs, lsblk, or smartctl's scan, whichever tells first.
type survey struct {
	ctx     context.Context
	task    *Task
	turns   chan struct{}
	running sync.WaitGroup

	mu          sync.Mutex
	drives      []*drive            // by path and kind, as people count
	controllers map[string]bool     // whose members were asked for
	told        [][]raid.Controller // by maker
}

// driveID is what smartctl needs to be told of a drive.
type driveID struct {
	path string
	// Device type, of a drive behind a RAID controller.
	kind string
}

// do runs f beside everything else.
func (s *survey) do(f func()) { s.running.Go(func() { s.task.guard(f) }) }

func (s *survey) run(tool string, args ...string) machine.Result {
	s.turns <- struct{}{}
	defer func() { <-s.turns }()
	return s.task.Run(s.ctx, tool, args...)
}

// learn adds what change says of a drive to the report.
func (s *survey) learn(id driveID, change func(*drive)) {
	s.add(id, change)
	s.publish()
}

// add adds what change says of a drive, and asks what was not asked of it yet.
func (s *survey) add(id driveID, change func(*drive)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := countable(id)
	i, found := slices.BinarySearchFunc(s.drives, key, func(d *drive, key [2]string) int { return slices.Compare(d.key[:], key[:]) })
	if !found {
		s.drives = slices.Insert(s.drives, i, &drive{id: id, key: key})
	}
	d := s.drives[i]
	change(d)
	d.report = d.conclude()
	if d.speaksSMART() && !d.askedSmartctl && s.task.Has("smartctl") {
		d.askedSmartctl = true
		s.do(func() { s.askSmartctl(id) })
	}
	if d.speaksNVMe() && !d.askedNVMe && s.task.Has("nvme") {
		d.askedNVMe = true
		s.do(func() { s.askController(id) })
		s.do(func() { s.askHealth(id) })
	}
}

// publish puts the drives as they are known now into the report.
func (s *survey) publish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]report.Drive, len(s.drives))
	drivers := map[string]string{}
	for i, d := range s.drives {
		list[i] = d.report
		drivers[d.kernel.PCIAddress] = d.kernel.Driver
	}
	list, controllers := withMembers(joinPaths(withoutDoubles(list)), s.told, drivers)
	s.task.Update(func(r *report.Report) { r.Storage = &report.Storage{Drives: list, Controllers: controllers} })
}

func (s *survey) askLsblk() {
	result := s.run("lsblk", "-J", "-b", "-o", lsblk.Columns)
	disks, err := lsblk.Parse(result.Stdout)
	s.task.Check(result, err)
	for _, b := range disks {
		if sysblock.IsPart(string(b.KernelName)) {
			continue
		}
		s.add(driveID{path: "/dev/" + string(b.KernelName)}, func(d *drive) { d.lsblk = b })
	}
	s.publish()
}

// scan finds what the kernel does not show: members of a RAID controller's arrays.
// It waits for what the kernel does show, which is asked under its own name.
func (s *survey) scan(wait func()) {
	found := s.smartctl("", "--scan", "-j")
	s.task.Check(found.result, found.bad)
	wait()
	for _, device := range found.Devices {
		id, kind := driveID{path: string(device.Name)}, string(device.Type)
		// A comma stands before the number of a drive behind a controller.
		if strings.Contains(kind, ",") {
			id.kind = kind
		} else if s.known(id.path) {
			continue
		}
		if id.path != "" {
			s.add(id, func(d *drive) { d.scanned = cmp.Or(kind, "auto") })
		}
	}
	s.publish()
}

// known reports whether a device is one that was found already, or an NVMe
// controller of such a one.
func (s *survey) known(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.drives, func(d *drive) bool {
		controllers := d.kernel.NVMeControllers
		return d.id == driveID{path: path} ||
			slices.Contains(controllers, strings.TrimPrefix(path, "/dev/")) ||
			// Without sysfs there is only the name to go by.
			len(controllers) == 0 && d.lsblk.NVMe() && strings.HasPrefix(d.id.path, path+"n")
	})
}

func (s *survey) askSmartctl(id driveID) {
	// Not -a, which leaves out the device statistics, with the wear of many a drive.
	answer := s.smartctl(id.kind, "-j", "-x", id.path)
	if answer.UnknownBridge() {
		// Most USB bridges speak SAT.
		if second := s.smartctl("sat", "-j", "-x", id.path); second.result.Err == nil && second.bad == nil {
			answer = second
		}
	}
	switch kind := answer.RAIDVolume(); {
	case kind != "":
		s.learn(id, func(d *drive) { d.raidVolume = true })
		s.members(id, kind)
		return
	case answer.tooOld():
		return // the scan says so, once
	}
	s.task.Check(answer.result, answer.bad)
	if (answer.result.Err != nil || answer.bad != nil) && answer.ModelName == "" && answer.SerialNumber == "" {
		return // nothing was read
	}
	s.learn(id, func(d *drive) { d.smartctl = answer })
}

// members asks for the drives behind the RAID controller of an array, by their numbers from 0
// on, some at the same time, until none of those answers: numbers have gaps, as an enclosure or
// a drive that was pulled had one. It asks by the first device of that controller, whichever of
// its arrays was the first to answer. A kind of device type that takes more than one number is
// left to the scan.
func (s *survey) members(array driveID, kind string) {
	s.mu.Lock()
	i := slices.IndexFunc(s.drives, func(d *drive) bool { return d.id == array })
	host := s.drives[i].host()
	asked := s.controllers[host]
	s.controllers[host] = true
	path := s.drives[slices.IndexFunc(s.drives, func(d *drive) bool { return d.host() == host })].id.path
	s.mu.Unlock()
	if asked || !slices.Contains([]string{"cciss", "megaraid", "3ware", "areca"}, kind) {
		return
	}
	const most = 256
	for n := 0; n < most; n += sideBySide {
		var answered atomic.Bool
		s.task.Each(sideBySide, func(i int) {
			id := driveID{path, fmt.Sprintf("%s,%d", kind, n+i)}
			answer := s.smartctl(id.kind, "-j", "-x", path)
			if answer.result.Err != nil || answer.bad != nil || answer.SerialNumber == "" {
				return
			}
			answered.Store(true)
			s.learn(id, func(d *drive) { d.smartctl, d.askedSmartctl = answer, true })
		})
		if !answered.Load() {
			return
		}
	}
}

// smartctl runs smartctl with a device type, or "" for it to find out. An exit
// status that only tells of the drive is no error.
func (s *survey) smartctl(kind string, args ...string) *smartAnswer {
	if kind != "" {
		args = slices.Insert(args, len(args)-1, "-d", kind)
	}
	a := &smartAnswer{kind: kind, result: s.run("smartctl", args...)}
	a.Output, a.bad = smartctl.Parse(a.result.Stdout)
	var exit *machine.ExitError
	if errors.As(a.result.Err, &exit) {
		a.status = exit.Status
		switch {
		case !smartctl.Fatal(exit.Status):
			a.result.Err = nil
		case a.tooOld():
			a.result.Stderr = append(a.result.Stderr, a.result.Stdout...)
		default:
			// smartctl says why on standard output, as JSON.
			a.result.Stderr = append(a.result.Stderr, strings.Join(a.Messages(), "\n")...)
		}
	}
	return a
}

type smartAnswer struct {
	smartctl.Output
	kind   string // the device type that smartctl was told
	status int
	result machine.Result
	bad    error // what is wrong with the output
}

func (a *smartAnswer) tooOld() bool { return smartctl.TooOld(a.status, a.result.Stdout) }

func (s *survey) askController(id driveID) {
	result := s.run("nvme", "id-ctrl", "-o", "json", id.path)
	c, err := nvme.ParseController(result.Stdout)
	s.task.Check(result, err)
	if err == nil {
		s.learn(id, func(d *drive) { d.controller = &c })
	}
}

func (s *survey) askHealth(id driveID) {
	result := s.run("nvme", "smart-log", "-o", "json", id.path)
	h, err := nvme.ParseHealth(result.Stdout)
	s.task.Check(result, err)
	if err == nil {
		s.learn(id, func(d *drive) { d.health = &h })
	}
}
