// Package burn burns NVIDIA GPUs in: it tests their memory and links with gpu_probe, where that
// is there, and has them calculate with gpu_burn. It watches them with nvidia-smi and the
// kernel's log, stops where something goes wrong, and judges each GPU.
//
// gpu_burn exits with 0 also where GPUs are faulty, says OK of one that hangs, and
// goes on whatever the temperature is.
package burn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"bee/audit/report/label"
	"bee/audit/tool/gpuburn"
	"bee/audit/tool/gpuprobe"
	"bee/audit/tool/nvidiasmi"
	"bee/audit/tool/xid"
	"bee/core/burnin"
	"bee/core/pci"
	"bee/core/printable"
)

// Options say how GPUs are burned in.
type Options struct {
	// Version of the program, for the report.
	Version string
	// How long to burn in, in whole seconds.
	Time time.Duration
	// How often nvidia-smi is asked.
	Interval time.Duration
	// Which GPUs, by nvidia-smi's indexes, UUIDs or PCI addresses; none are all.
	GPUs []string
	// How often to go through the patterns of the memory test.
	MemoryPasses int
	// How much of the GPUs' free memory gpu_burn is to use.
	MemoryPercent int
	// Calculate in double precision.
	Doubles bool
	// Use tensor cores.
	TensorCores bool
	// Stop where a GPU has this temperature. 0: where it slows itself down.
	MaxTemperature int64
	// By how many percent a GPU may be slower than the median of those of its kind.
	SpeedTolerance int
	// Called each time nvidia-smi was asked. May be nil.
	Progress func(Progress)

	limits limits // the zero value stands for defaultLimits
}

// limits are how long things may take.
type limits struct {
	smi       time.Duration // nvidia-smi before and after the burn-in
	watch     time.Duration // nvidia-smi during the burn-in
	probe     time.Duration // gpu_probe
	hung      time.Duration // gpu_burn beyond its time
	terminate time.Duration // gpu_burn after SIGTERM
	kill      time.Duration // gpu_burn after SIGKILL
	trail     time.Duration // output of gpu_burn after its end
	kernelLog string
	root      string // of the file system that sysfs is in
}

var defaultLimits = limits{
	// Without persistence mode, the driver sets up every GPU anew for every run:
	// more than half a minute with eight of them. In a burn-in they are set up.
	smi: time.Minute, watch: 20 * time.Second,
	// A pass takes seconds on the memories of today, and tens of them on older ones.
	probe: 30 * time.Minute,
	// gpu_burn sets the GPUs up before its time begins, and waits half a minute
	// after it.
	hung:      3 * time.Minute,
	terminate: 10 * time.Second, kill: 5 * time.Second, trail: 2 * time.Second,
	kernelLog: "/dev/kmsg", root: "/",
}

// Progress is how the burn-in goes.
type Progress struct {
	// Time since the start.
	Elapsed time.Duration
	// What goes on.
	Stage burnin.Stage
	// Time since the GPUs began to calculate; 0 before that.
	Burning time.Duration
	// The GPUs as they were told of now; none where nvidia-smi did not answer.
	Now []Reading
	// Why nvidia-smi did not answer.
	Err error
}

// Reading is how a GPU does.
type Reading = burnin.GPU

// SelectionError is a GPU that was named and is not there.
type SelectionError struct{ error }

// NothingError is why nothing could be burned in.
type NothingError struct{ error }

func (e NothingError) Unwrap() error { return e.error }

// Run burns GPUs in, until ctx ends. With a [NothingError] comes a report that says
// why; with a [SelectionError] none.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.limits == (limits{}) {
		o.limits = defaultLimits
	}
	r := &run{Options: o, Report: &Report{
		SchemaVersion: SchemaVersion,
		BeeBurn:       Program{o.Version},
		StartedAt:     time.Now().UTC(),
		Settings: Settings{
			TimeSeconds: o.Time.Seconds(), IntervalSeconds: o.Interval.Seconds(), GPUs: o.GPUs, MemoryPasses: o.MemoryPasses, MemoryPercent: o.MemoryPercent,
			Doubles: o.Doubles, TensorCores: o.TensorCores, MaxTemperatureCelsius: o.MaxTemperature, SpeedTolerancePercent: o.SpeedTolerance,
		},
		GPUs: []Burned{}, Errors: []Error{},
	}}
	r.Report.Hostname, _ = os.Hostname()
	err := r.all(ctx)
	if errors.As(err, new(SelectionError)) {
		return nil, err
	}
	if err != nil {
		r.addError(err.Error())
	}
	r.judge()
	r.FinishedAt = time.Now().UTC()
	return r.Report, err
}

// run is a burn-in that is under way.
type run struct {
	Options
	*Report
	devices []device
	probed  *gpuprobe.Output // while gpu_probe runs
	untried string           // why gpu_probe did not test all
	output  gpuburn.Output
	stderr  []byte
	kernel  *xid.Log // nil where it cannot be read
	started time.Time
	burning time.Time // when the GPUs began to calculate
	ending  time.Time // when gpu_burn began to end
	early   string    // how gpu_burn ended too early
}

// maxStderr is how much of gpu_burn's words is kept.
const maxStderr = 8 << 10

func (r *run) all(ctx context.Context) error {
	program, err := exec.LookPath("gpu_burn")
	if err != nil {
		return NothingError{errors.New("gpu_burn is not in PATH: this system was built without it")}
	}
	if _, err := exec.LookPath("nvidia-smi"); err != nil {
		return NothingError{errors.New("nvidia-smi is not in PATH: install the NVIDIA driver with its tools")}
	}
	before := ask(ctx, r.limits.smi)
	r.DriverVersion, r.CUDAVersion = before.DriverVersion, before.CUDAVersion
	switch {
	case ctx.Err() != nil:
		r.Stopped = &interrupted
		return nil
	case before.noDriver():
		return NothingError{fmt.Errorf("the NVIDIA driver is not loaded; \"dmesg | grep -i -e nvrm -e nvidia\" may say why (%w)", before.err)}
	case before.NoGPU() || len(before.GPUs) == 0 && before.err == nil:
		r.miss(before)
		return NothingError{noGPU(r.MissingGPUs)}
	case len(before.GPUs) == 0:
		return NothingError{before.err}
	case before.err != nil:
		r.addError(before.err.Error())
	}
	if r.devices, err = before.selectGPUs(r.Options.GPUs); err != nil {
		return err
	}
	if len(r.Options.GPUs) == 0 {
		r.miss(before)
	}
	if r.kernel, err = xid.Open(r.limits.kernelLog); err == nil {
		defer r.kernel.Close()
	}
	for i := range r.devices {
		d := &r.devices[i]
		d.setLimit(r.MaxTemperature)
		if r.kernel != nil {
			d.Xids = []Xid{}
		}
	}
	if err := r.probe(ctx, program); err != nil {
		return err
	}
	if r.Stopped == nil {
		if err := r.burn(ctx, program); err != nil {
			return err
		}
	}

	// Also after an interruption, but then somebody waits.
	limit := r.limits.smi
	if ctx.Err() != nil {
		limit = r.limits.watch
	}
	after := ask(context.WithoutCancel(ctx), limit)
	if after.err != nil {
		r.addError(after.err.Error())
	}
	for i := range r.devices {
		d := &r.devices[i]
		if at := after.Find(d.PCIAddress); at >= 0 {
			d.ended(after.GPUs[at])
		}
	}
	r.lose(after)
	r.readKernel()
	return nil
}

// command is a program that CUDA shows the GPUs to, in the order in which they are here.
func (r *run) command(program string, args []string) *exec.Cmd {
	var uuids []string
	for _, d := range r.devices {
		uuids = append(uuids, d.UUID)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES="+strings.Join(uuids, ","))
	return cmd
}

// watched is a program that runs while the GPUs are watched.
type watched struct {
	name    string
	limit   time.Duration
	late    string // how late it is at the limit
	printed func([]byte)
}

// runs runs a program and watches the GPUs. how says in words how it ended.
func (r *run) runs(ctx context.Context, cmd *exec.Cmd, w watched) (ran *ProgramRun, state *os.ProcessState, how string, err error) {
	r.started, r.stderr = time.Now(), nil
	p, err := start(cmd, r.limits)
	if err != nil {
		return nil, nil, "", fmt.Errorf("%s cannot be started: %w", w.name, err)
	}
	r.watch(ctx, p, w)
	ran = &ProgramRun{Args: cmd.Args[1:], DurationSeconds: time.Since(r.started).Seconds(), Stderr: lines(r.stderr, 20)}
	how = "hangs in the kernel and was left behind"
	if p.state != nil {
		how = p.state.String()
		if p.state.Exited() {
			ran.ExitStatus = new(p.state.ExitCode())
		}
	} else {
		r.addError(w.name + " " + how)
	}
	return ran, p.state, how, nil
}

// words are what a program said to standard error, with what may be behind it.
func (ran *ProgramRun) words() string {
	words := "it said nothing"
	if len(ran.Stderr) > 0 {
		words = strings.Join(ran.Stderr, "; ")
	}
	if cause := gpuburn.Cause(words); cause != "" {
		words += ". " + cause
	}
	return words
}

// burn runs gpu_burn.
func (r *run) burn(ctx context.Context, program string) error {
	ran, state, how, err := r.runs(ctx, r.command(program, r.args()), watched{"gpu_burn", r.Time + r.limits.hung,
		fmt.Sprintf("%v after its time", r.limits.hung), r.printed})
	if err != nil {
		return NothingError{err}
	}
	r.GPUBurn = ran
	if r.ending.IsZero() {
		r.ending = time.Now()
	}
	if state != nil && state.Success() && time.Since(r.started) > r.Time-time.Second || r.Stopped != nil {
		return nil
	}
	r.early = fmt.Sprintf("gpu_burn ended too early, after %v (%s)", time.Since(r.started).Round(time.Second), how)
	if len(r.output.GPUs) > 0 {
		return nil
	}
	return NothingError{fmt.Errorf("gpu_burn could not begin (%s): %s", how, ran.words())}
}

func (r *run) args() []string {
	args := []string{"-m", strconv.Itoa(r.MemoryPercent) + "%"}
	if r.Doubles {
		args = append(args, "-d")
	}
	if r.TensorCores {
		args = append(args, "-tc")
	}
	return append(args, strconv.Itoa(int(r.Time/time.Second)))
}

// watch watches the GPUs until a program is over.
func (r *run) watch(ctx context.Context, p *process, w watched) {
	hung := time.NewTimer(w.limit)
	defer hung.Stop()
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	asking, cancel := context.WithCancel(context.Background())
	answers := make(chan answer, 1)
	var pending, stuck, calculating, stopping bool
	interrupt := ctx.Done()
	for {
		select {
		case <-p.done:
			cancel()
			if pending {
				<-answers
			}
			return
		case b := <-p.stdout:
			w.printed(b)
		case b := <-p.stderr:
			r.stderr = append(r.stderr, b[:min(len(b), maxStderr-len(r.stderr))]...)
		case <-tick.C:
			// Where it hangs in the kernel, each one more would do so, too.
			if !pending && !stuck {
				pending, calculating = true, r.calculating()
				go func() { answers <- ask(asking, r.limits.watch) }()
			}
		case a := <-answers:
			pending, stuck = false, a.stuck
			r.observe(a, calculating && r.calculating())
		case <-hung.C:
			r.stop(Hung, fmt.Sprintf("%s did not end within %s", w.name, w.late))
		case <-interrupt:
			interrupt = nil
			r.stop(interrupted.Kind, interrupted.Message)
		}
		r.alarm()
		if r.Stopped != nil && !stopping {
			stopping = true
			close(p.stop)
		}
	}
}

var interrupted = Reason{Interrupted, "it was interrupted"}

func (r *run) calculating() bool { return r.stage() == burnin.Burning }

func (r *run) stage() burnin.Stage {
	switch {
	case r.probed != nil:
		return burnin.Testing
	case len(r.output.GPUs) == 0:
		return burnin.SettingUp
	case r.output.Ending:
		return burnin.Ending
	}
	return burnin.Burning
}

// printed takes in what gpu_burn printed.
func (r *run) printed(b []byte) {
	r.output.Add(b)
	now := time.Now()
	if r.output.Ending && r.ending.IsZero() {
		r.ending = now
	}
	n := len(r.output.GPUs)
	if n != 0 && r.burning.IsZero() {
		r.burning = now
	}
	if n != 0 && n != len(r.devices) {
		r.stop(EndedEarly, fmt.Sprintf("CUDA has shown %s to gpu_burn, and %d were to be burned in", label.Count(n, "GPU"), len(r.devices)))
		return
	}
	for i, g := range r.output.GPUs {
		r.devices[i].calculated(g, now)
	}
}

// observe takes in what nvidia-smi said during the burn-in.
func (r *run) observe(a answer, calculating bool) {
	progress := Progress{Elapsed: time.Since(r.started), Stage: r.stage(), Err: a.err}
	if !r.burning.IsZero() {
		progress.Burning = time.Since(r.burning)
	}
	if a.err != nil {
		r.addError(a.err.Error())
	}
	for i := range r.devices {
		d := &r.devices[i]
		at := a.Find(d.PCIAddress)
		if at < 0 {
			continue
		}
		g := a.GPUs[at]
		d.observed(g, calculating)
		now := Reading{Index: d.Index, Gflops: d.speeds.last, Errors: d.said.Errors}
		if g.Temperature != nil {
			now.Celsius = g.Temperature.GPUCelsius
		}
		if g.Power != nil {
			now.Watts = g.Power.DrawWatts
		}
		if g.Clocks != nil {
			now.SMMHz = g.Clocks.SMMHz
		}
		progress.Now = append(progress.Now, now)
	}
	r.lose(a)
	r.readKernel()
	if r.Progress != nil {
		r.Progress(progress)
	}
}

// miss takes note of the GPUs on the PCI bus that the driver does not have.
func (r *run) miss(a answer) {
	onBus, _ := pci.GPUs(os.DirFS(cmp.Or(r.limits.root, "/")))
	for _, gpu := range onBus {
		address := nvidiasmi.Address(gpu.Address)
		if address == "" || a.Find(address) >= 0 {
			continue
		}
		m := MissingGPU{PCIAddress: address, Messages: xid.Said(r.limits.kernelLog, address)}
		if gpu.Driver != "nvidia" {
			m.Driver = printable.Escape([]byte(gpu.Driver))
		}
		r.MissingGPUs = append(r.MissingGPUs, m)
	}
}

// noGPU is why nothing can be burned in where the driver has no GPU.
func noGPU(missing []MissingGPU) error {
	if len(missing) == 0 {
		return errors.New("the NVIDIA driver has no GPU, and on the PCI bus there is none")
	}
	var all []string
	for _, m := range missing {
		all = append(all, m.String())
	}
	return fmt.Errorf("the NVIDIA driver has no GPU; on the PCI bus there are: %s", strings.Join(all, "; "))
}

// lose takes note of the GPUs that are not there any more.
func (r *run) lose(a answer) {
	for i := range r.devices {
		if d := &r.devices[i]; d.gone == "" {
			d.gone = a.lost(d.PCIAddress)
		}
	}
}

// readKernel takes in what is new in the kernel's log.
func (r *run) readKernel() {
	if r.kernel == nil {
		return
	}
	for _, e := range r.kernel.Read() {
		for i := range r.devices {
			if d := &r.devices[i]; d.PCIAddress == e.PCIAddress {
				d.reported(e)
			}
		}
	}
}

func (r *run) stop(kind Kind, message string) {
	if r.Stopped == nil {
		r.Stopped = &Reason{kind, message}
	}
}

// alarm stops the burn-in where a GPU fails in a way that more of it makes worse,
// or cannot change.
func (r *run) alarm() {
	if r.output.Ending {
		return
	}
	for i := range r.devices {
		for _, f := range r.devices[i].failures() {
			switch f.Kind {
			case MemoryErrors, CalculationErrors, Died, OverTemperature, UncorrectedECC:
				r.stop(f.Kind, fmt.Sprintf("GPU %d: %s", r.devices[i].Index, f.Message))
			}
		}
	}
}

// judge gives the verdicts.
func (r *run) judge() {
	r.Verdict = Pass
	if len(r.devices) == 0 || len(r.MissingGPUs) > 0 {
		r.Verdict = NotComplete
	}
	for i := range r.devices {
		d := &r.devices[i]
		d.Reasons, d.Verdict = d.failures(), Fail
		if r.Stopped != nil && r.Stopped.Kind == Hung {
			d.Reasons = append(d.Reasons, *r.Stopped)
		}
		if len(d.Reasons) == 0 {
			d.Reasons, d.Verdict = r.missing(d), NotComplete
		}
		if len(d.Reasons) == 0 {
			d.Verdict = Pass
		}
		switch {
		case d.Verdict == Fail:
			r.Verdict = Fail
		case d.Verdict == NotComplete && r.Verdict == Pass:
			r.Verdict = NotComplete
		}
		r.Report.GPUs = append(r.Report.GPUs, d.finish())
	}
	r.compareSpeeds()
}

// missing says what a GPU that has not failed lacks to pass.
func (r *run) missing(d *device) []Reason {
	if s := r.Stopped; s != nil {
		switch s.Kind {
		case Interrupted, EndedEarly:
			return []Reason{*s}
		}
		return []Reason{{OtherGPU, "stopped because of " + s.Message}}
	}
	if why := cmp.Or(d.untested, r.untried); why != "" {
		return []Reason{{NotTested, why}}
	}
	if r.early == "" && d.said.Verdict == "" {
		r.early = "gpu_burn ended without a verdict"
	}
	if r.early != "" {
		return []Reason{{EndedEarly, r.early}}
	}
	if d.said.Work == 0 {
		return []Reason{{NoResult, "gpu_burn had no result of it: it hangs, or needs more time"}}
	}
	if quiet := r.ending.Sub(d.resultAt); quiet > r.Time/2 {
		return []Reason{{NoResult, fmt.Sprintf("gpu_burn had no result of it in the last %v: it hangs, or needs more time", quiet.Round(time.Second))}}
	}
	return nil
}
