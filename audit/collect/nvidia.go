package collect

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"bee/audit/collect/machine"
	"bee/audit/report"
	"bee/audit/report/label"
	"bee/audit/tool/nvidiasmi"
	"bee/audit/tool/nvrm"
	"bee/core/pci"
	"bee/core/printable"
)

var nvidia = Collector{
	Name:    "nvidia",
	About:   "NVIDIA GPUs, as their driver sees them (nvidia-smi)",
	Tools:   []string{"nvidia-smi"},
	Present: func(files fs.FS) bool { return len(displayControllers(files)) > 0 },
	Collect: func(ctx context.Context, t *Task) {
		bus := displayControllers(t.Files())
		var all smiAnswer
		var links, wrong []nvidiasmi.Links
		var linkRun, errorRun machine.Result
		t.Each(3, func(i int) {
			switch i {
			case 0:
				all = askXML(ctx, t)
			case 1:
				links, linkRun = askLinks(ctx, t)
			case 2:
				wrong, errorRun = askLinkErrors(ctx, t)
			}
		})
		if len(bus) == 0 && all.noGPU() {
			t.Update(func(r *report.Report) { r.NVIDIA = &report.NVIDIA{GPUs: []report.GPU{}} })
			return
		}
		all.check(t)
		checkLinks(t, linkRun, len(links), all)
		checkLinks(t, errorRun, len(wrong), all)
		found := gpus{log: all.Log, module: moduleVersion(t.Files()), trouble: all.trouble(), whole: all.whole() || all.noGPU(), links: slices.Concat(links, wrong), reasons: map[string]string{}}
		t.Update(func(r *report.Report) { r.NVIDIA = found.section(bus) })
		if found.trouble != "" || all.noGPU() {
			return
		}

		if len(all.GPUs) == 0 && all.another() {
			if fallback := askCSV(ctx, t); fallback.check(t) {
				found.log, found.csv, found.whole = fallback.Log, true, fallback.whole()
			}
		}
		// One GPU that does not answer can cost the others: ask for each by itself.
		alone := slices.DeleteFunc(slices.Clone(bus), func(c controller) bool {
			read := found.log.Find(c.address) >= 0 && !slices.Contains(found.log.Cut, c.address)
			return read || c.driver != "" && c.driver != nvidiaDriver
		})
		answers, linksAlone := make([]smiAnswer, len(alone)), make([][]nvidiasmi.Links, len(alone))
		t.Each(len(alone), func(i int) {
			answers[i] = askAlone(ctx, t, alone[i].address)
			if len(links) == 0 && len(answers[i].GPUs) > 0 {
				linksAlone[i], _ = askLinks(ctx, t, "-i", alone[i].address)
			}
			if len(wrong) == 0 && len(linksAlone[i]) > 0 {
				wrongAlone, _ := askLinkErrors(ctx, t, "-i", alone[i].address)
				linksAlone[i] = append(linksAlone[i], wrongAlone...)
			}
		})
		for i, a := range answers {
			found.add(alone[i].address, a, linksAlone[i])
		}
		t.Update(func(r *report.Report) { r.NVIDIA = found.section(bus) })
	},
}

// moduleVersion returns the version of the driver's kernel module, "" where none is loaded.
func moduleVersion(files fs.FS) string {
	text, err := fs.ReadFile(files, "proc/driver/nvidia/version")
	if err != nil {
		return ""
	}
	return nvrm.Version(text)
}

// nvidiaDriver is the name of the kernel driver that nvidia-smi asks.
const nvidiaDriver = "nvidia"

// controller is an NVIDIA GPU on the PCI bus.
type controller struct{ address, driver string }

// displayControllers lists the NVIDIA GPUs on the PCI bus, by their addresses in
// nvidia-smi's words.
func displayControllers(files fs.FS) []controller {
	onBus, _ := pci.GPUs(files)
	var all []controller
	for _, gpu := range onBus {
		if address := nvidiasmi.Address(gpu.Address); address != "" {
			all = append(all, controller{address, printable.Escape([]byte(gpu.Driver))})
		}
	}
	return all
}

// smiAnswer is what nvidia-smi answered to one question.
type smiAnswer struct {
	nvidiasmi.Log
	result machine.Result
	bad    error
	csv    bool
}

func askXML(ctx context.Context, t *Task, options ...string) smiAnswer {
	a := smiAnswer{result: t.Run(ctx, "nvidia-smi", append([]string{"-q", "-x"}, options...)...)}
	a.Log, a.bad = nvidiasmi.ParseXML(a.result.Stdout)
	return a
}

// askCSV asks for as much as nvidia-smi --query-gpu knows.
func askCSV(ctx context.Context, t *Task, options ...string) smiAnswer {
	help := t.Run(ctx, "nvidia-smi", "--help-query-gpu")
	known := nvidiasmi.ParseProperties(help.Stdout)
	helpful := known["pci.bus_id"] // which there has always been
	refused := map[string]bool{}
	for {
		properties := nvidiasmi.Properties(func(p string) bool { return (!helpful || known[p]) && !refused[p] })
		args := []string{"--query-gpu=" + strings.Join(properties, ","), "--format=csv,nounits"}
		a := smiAnswer{result: t.Run(ctx, "nvidia-smi", append(args, options...)...), csv: true}
		// Where it knows one property by another name, it refuses the whole query.
		p := nvidiasmi.Refused(append(slices.Clone(a.result.Stdout), a.result.Stderr...))
		if len(refused) == maxRefused || !slices.Contains(properties, p) {
			a.Log, a.bad = nvidiasmi.ParseCSV(a.result.Stdout)
			return a
		}
		refused[p] = true
	}
}

// maxRefused is how many properties nvidia-smi may refuse before the audit gives
// up on it.
const maxRefused = 16

// askAlone asks for one GPU.
func askAlone(ctx context.Context, t *Task, address string) smiAnswer {
	a := askXML(ctx, t, "-i", address)
	a.check(t)
	if a.Find(address) < 0 && a.another() {
		if b := askCSV(ctx, t, "-i", address); b.check(t) {
			return b
		}
	}
	return a
}

// check records what went wrong, and reports whether there are GPUs all the same.
// nvidia-smi says on standard output what it should on standard error.
func (a smiAnswer) check(t *Task) bool {
	result := a.result
	if len(a.Messages) > 0 {
		result.Stderr = append(slices.Clone(result.Stderr), "\n"+strings.Join(a.Messages, "\n")...)
	}
	if trouble := a.trouble(); trouble != "" {
		t.Explain(result, label.Trouble(&report.NVIDIA{Trouble: trouble, LibraryVersion: a.LibraryVersion(), DriverVersion: moduleVersion(t.Files())}))
	} else {
		t.Check(result, a.bad)
	}
	return len(a.GPUs) > 0
}

// status is nvidia-smi's exit status, -1 where it did not exit by itself.
func (a smiAnswer) status() int {
	if s := exitStatus(a.result); s != nil {
		return *s
	}
	return -1
}

// trouble returns what is in the way between nvidia-smi and the driver, "" where nothing
// is, or where it is not known. nvidia-smi says it in words, or by its exit status; see
// RETURN VALUE in its manual page.
func (a smiAnswer) trouble() report.DriverTrouble {
	if len(a.GPUs) > 0 || a.status() < 0 {
		return ""
	}
	return cmp.Or(a.Trouble(a.result.Stderr), map[int]report.DriverTrouble{
		4: report.NoPermission, 9: report.NotLoaded, 12: report.NoLibrary, 17: report.NoPermission, 18: report.VersionMismatch,
	}[a.status()])
}

// noGPU reports whether nvidia-smi said that there is nothing to ask (6), or no driver to
// ask.
func (a smiAnswer) noGPU() bool {
	trouble := a.trouble()
	return len(a.GPUs) == 0 && (trouble == report.NotLoaded || trouble == report.NoLibrary || a.NoGPU() || a.status() == 6 || a.whole())
}

// whole reports whether nvidia-smi told all that it was asked.
func (a smiAnswer) whole() bool { return a.status() == 0 && a.bad == nil }

// refuses returns nvidia-smi's words that the driver does not have a GPU that it was asked
// for, "" where it said anything else: that it was killed, or talks nonsense, says nothing
// of the GPU.
func (a smiAnswer) refuses() string {
	if a.status() < 0 || len(a.Messages) == 0 || !a.Unreachable() && !a.NoGPU() && !a.Lost() {
		return ""
	}
	return a.Messages[0]
}

// another reports whether it makes sense to ask the same in another way: not where
// nvidia-smi hangs, and not where the GPU is the trouble.
func (a smiAnswer) another() bool {
	return a.status() >= 0 && a.trouble() == "" && !a.noGPU() && !a.Unreachable()
}

func askLinks(ctx context.Context, t *Task, options ...string) ([]nvidiasmi.Links, machine.Result) {
	result := t.Run(ctx, "nvidia-smi", append([]string{"nvlink", "-s"}, options...)...)
	return nvidiasmi.ParseNVLink(result.Stdout), result
}

func askLinkErrors(ctx context.Context, t *Task, options ...string) ([]nvidiasmi.Links, machine.Result) {
	result := t.Run(ctx, "nvidia-smi", append([]string{"nvlink", "-e"}, options...)...)
	return nvidiasmi.ParseNVLinkErrors(result.Stdout), result
}

// checkLinks records what went wrong when nvidia-smi was asked for NVLink, and told of some
// GPUs. It also fails where the GPUs have none (3), where it is too old to know of it (2),
// and for the reasons for which it does not list the GPUs. Where links are not given to
// the machine, it says nothing at all.
func checkLinks(t *Task, result machine.Result, told int, all smiAnswer) {
	var exit *machine.ExitError
	failed := errors.As(result.Err, &exit) && exit.Signal == 0
	if failed && (told > 0 || exit.Status == 2 || exit.Status == 3 || all.result.Err != nil) || all.trouble() != "" {
		return
	}
	var bad error
	if told == 0 && len(all.GPUs) > 0 && !nvidiasmi.NoLinks(slices.Concat(result.Stdout, result.Stderr)) {
		bad = errors.New("no GPU in what nvidia-smi says of NVLink")
	}
	t.Check(result, bad)
}

// gpus are the GPUs that were found.
type gpus struct {
	log     nvidiasmi.Log
	module  string // version of the kernel module
	trouble report.DriverTrouble
	whole   bool              // the log is all that the driver has to say
	csv     bool              // some were read by --query-gpu
	links   []nvidiasmi.Links // and their errors
	reasons map[string]string // why a GPU was not found, by its address
}

// add takes in what was answered about one GPU.
func (f *gpus) add(address string, a smiAnswer, links []nvidiasmi.Links) {
	i := a.Find(address)
	if i < 0 {
		f.reasons[address] = a.refuses()
		return
	}
	f.log.DriverVersion = cmp.Or(f.log.DriverVersion, a.DriverVersion)
	f.log.CUDAVersion = cmp.Or(f.log.CUDAVersion, a.CUDAVersion)
	f.links = append(f.links, links...)
	f.csv = f.csv || a.csv
	if old := f.log.Find(address); old >= 0 {
		f.log.GPUs[old] = a.GPUs[i]
		return
	}
	f.log.GPUs = append(f.log.GPUs, a.GPUs[i])
	slices.SortStableFunc(f.log.GPUs, func(a, b report.GPU) int { return cmp.Compare(a.PCIAddress, b.PCIAddress) })
}

// section returns the report's section, with the GPUs of the bus that were not
// found; nil where nothing is known.
func (f *gpus) section(bus []controller) *report.NVIDIA {
	if len(f.log.GPUs) == 0 && len(bus) == 0 && f.trouble == "" {
		return nil
	}
	n := &report.NVIDIA{
		DriverVersion: cmp.Or(f.log.DriverVersion, f.module), CUDAVersion: f.log.CUDAVersion,
		LibraryVersion: f.log.LibraryVersion(), Trouble: f.trouble,
	}
	n.GPUs = append([]report.GPU{}, f.log.GPUs...)
	if len(n.GPUs) > 0 {
		n.Source = "xml"
		if f.csv {
			n.Source = "csv"
		}
	}
	for _, l := range f.links {
		if g := owner(n.GPUs, l); g != nil {
			if g.NVLinks == nil {
				g.NVLinks = l.Links
			}
			if l.Errors != nil {
				g.NVLinkErrors = l.Errors
			}
		}
	}
	for _, c := range bus {
		if f.log.Find(c.address) >= 0 {
			continue
		}
		m := report.MissingGPU{PCIAddress: c.address, Reason: f.reasons[c.address]}
		if c.driver != nvidiaDriver {
			m.Driver = c.driver
		}
		if m.Driver == "" && m.Reason == "" {
			if f.trouble != "" || !f.whole {
				n.UnknownGPUs = append(n.UnknownGPUs, c.address)
				continue
			}
			if len(f.log.Messages) > 0 && len(f.log.GPUs) == 0 {
				m.Reason = f.log.Messages[0]
			}
		}
		n.MissingGPUs = append(n.MissingGPUs, m)
	}
	if len(n.GPUs) == 0 && len(n.UnknownGPUs) > 0 {
		n.Trouble = cmp.Or(n.Trouble, report.NoAnswer)
	}
	return n
}

// owner returns the GPU that has links: by its UUID, by its index where the UUID
// is missing or not its own alone.
func owner(all []report.GPU, l nvidiasmi.Links) *report.GPU {
	same := func(g report.GPU) bool { return g.UUID == l.UUID }
	i := slices.IndexFunc(all, same)
	if i >= 0 && !slices.ContainsFunc(all[i+1:], same) {
		return &all[i]
	}
	if l.Index < uint64(len(all)) && (all[l.Index].UUID == "" || same(all[l.Index])) {
		return &all[l.Index]
	}
	return nil
}
