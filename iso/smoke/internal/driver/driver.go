// Package driver boots an ISO, or finds a machine that did, and runs the smoke
// test on it.
package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bee/core/check"
	"bee/core/layers"
	"bee/core/machine"
	"bee/core/printable"
	"bee/core/report"
	"bee/iso/smoke/golden"
	"bee/iso/smoke/internal/bootable"
	"bee/iso/smoke/internal/console"
	"bee/iso/smoke/internal/hardware"
	"bee/iso/smoke/internal/qemu"
	"bee/iso/smoke/internal/remote"
)

// Options say what to test, and how.
type Options struct {
	// The ISO to boot, or the folder that a machine boots over its network. Neither: Host is
	// tested.
	ISO, Netboot string
	// What boots it. Without a network card, the test runs over the serial console.
	Machine machine.Machine
	// Empty: KVM where it works, else TCG.
	Accelerator qemu.Accelerator

	// Address of a machine that runs already, host:port, and the fingerprint of its key.
	Host, HostKey string

	// How to log in. Without either, the password that the ISO shows on its
	// console is used.
	Credentials Credentials

	// Certificate, PEM or DER, that a machine with Secure Boot on has enrolled; nil for none.
	ModuleCertificate []byte

	// The smoke test.
	Script string
	// Whether the machine has to reach the internet.
	Internet bool
	// Whether all TCP ports are scanned where that takes long, too: under KVM they are, an
	// emulated processor takes twenty seconds for it.
	AllPorts bool

	// Folder for the report. Empty: none is written.
	ReportDir string
	// Bounds the whole test. Zero: the machine's own limit.
	Timeout time.Duration
	// What happens, line by line, for a person who waits; where the test is no
	// pass, the reasons and the end of the serial console come last.
	Progress io.Writer
}

// InputError says that the test could not begin: the ISO, the credentials, QEMU
// or the report folder are not what the test needs.
type InputError struct{ Err error }

func (e InputError) Error() string { return e.Err.Error() }
func (e InputError) Unwrap() error { return e.Err }

const (
	// auditTime is how long bee's audit may take once the machine answers.
	auditTime = 5 * time.Minute
	// checkTime is kept of the time limit for the checks.
	checkTime = time.Minute
	// settleTime is for what a machine still says after a fault.
	settleTime = 2 * time.Second
	// patience is the time between two lines that say what is waited for.
	patience = 10 * time.Second
	// auditReport is the audit's report on the machine.
	auditReport = "/var/log/bee-audit.json"
)

// limit is one of the times above for the machine: a slow one has more of each, as of the
// whole test.
func (t *test) limit(usual time.Duration) time.Duration {
	return usual * (t.Machine.TimeLimit() / machine.Machine{}.TimeLimit())
}

// ErrReportLost says that the folder of the report, or what it lay in, went away while the
// test ran: what came out of it is lost, and says nothing about the machine.
var ErrReportLost = errors.New("the folder of the report went away during the test")

// Run tests a machine. The report is complete, and in Options.ReportDir, also
// where there is an error: that says why the checks did not run to their end.
func Run(ctx context.Context, options Options) (*report.Report, error) {
	t := &test{Options: options, began: time.Now(), report: &report.Report{Host: options.Host}}
	if options.ReportDir != "" {
		if err := report.Prepare(options.ReportDir); err != nil {
			return nil, InputError{err}
		}
	}
	limit := cmp.Or(options.Timeout, options.Machine.TimeLimit())
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the time limit of %s is over", limit))
	defer cancel()

	var err error
	if t.isVirtual() {
		err = t.virtual(ctx)
	} else {
		err = t.real(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.report.Reason = oneLine(err.Error())
	}
	t.report.DurationSeconds = seconds(time.Since(t.began))
	t.report.Conclude()
	if options.ReportDir != "" {
		if err := t.report.Write(options.ReportDir, t.serialText()); errors.Is(err, fs.ErrNotExist) {
			return t.report, fmt.Errorf("%w: %w", ErrReportLost, err)
		} else if err != nil {
			return t.report, InputError{err}
		}
	}
	if t.report.Verdict != report.Pass && !errors.As(err, new(InputError)) {
		fmt.Fprintln(t.Progress)
		t.report.Explain(t.Progress, t.serialText())
	}
	return t.report, err
}

// test is a test that runs.
type test struct {
	Options
	began   time.Time
	console *console.Console // nil for a real machine
	running *qemu.Machine    // so is this

	mu     sync.Mutex // milestones come from the console's reader, too
	report *report.Report
}

// isVirtual tells whether the machine is one of QEMU's.
func (o Options) isVirtual() bool { return o.Host == "" }

// virtual tests a machine that boots the ISO, or the folder.
func (t *test) virtual(ctx context.Context) error {
	config, address, end, err := t.configure(ctx)
	if err != nil {
		return InputError{err}
	}
	defer end()
	t.say("booting %s", t.report.Title())
	t.began = time.Now()
	// The machine outlives the time limit: its screen at that moment is wanted.
	running, err := qemu.Start(context.WithoutCancel(ctx), config)
	if err != nil {
		return InputError{err}
	}
	defer running.Close()
	t.running = running
	if t.Machine.Profile == machine.Server {
		aSwitch, err := plugIn(running)
		if err != nil {
			return err
		}
		defer aSwitch.Close()
		if err := keepErring(running); err != nil {
			return err
		}
	}
	t.console = console.Watch(running.Serial, func(m console.Milestone) { t.reach(m.Name, m.Line) })
	err = t.whileUp(ctx, running, func(ctx context.Context) error {
		if t.Machine.Network == machine.None {
			return t.overSerial(ctx, running.Serial)
		}
		return t.overSSH(ctx, address)
	})
	if t.ReportDir != "" {
		screen, err := running.Screenshot()
		if err == nil {
			err = report.WriteScreen(t.ReportDir, screen)
		}
		if err != nil {
			t.say("no %s: %v", report.ConsoleFile, err)
		}
	}
	return err
}

// lateTime is how long after SSH answers a server's late drive is plugged in: its kernel has
// long started then, and its audit has begun and not ended.
const lateTime = 3 * time.Second

// plugIn puts a switch to the other end of a server's second card, which says every second
// what it is.
func plugIn(running *qemu.Machine) (io.Closer, error) {
	link, err := running.Link(hardware.SwitchNetwork)
	if err != nil {
		return nil, err
	}
	go func() {
		for { // QEMU waits for who does not read
			if _, err := link.Read(); err != nil {
				return
			}
		}
	}()
	go func() {
		for link.Write([]byte(hardware.SwitchFrame)) == nil {
			time.Sleep(time.Second)
		}
	}()
	return link, nil
}

// keepErring has a server's device have errors as long as the machine runs. They fill the
// kernel's log no faster than that the first of a test are still in it at its end.
func keepErring(running *qemu.Machine) error {
	again := func() error { return running.PCIeError(hardware.Erring, hardware.ErringError) }
	if err := again(); err != nil {
		return err
	}
	go func() {
		for again() == nil {
			time.Sleep(2 * time.Second)
		}
	}()
	return nil
}

// real tests a machine that runs already.
func (t *test) real(ctx context.Context) error {
	t.say("testing %s", t.Host)
	return t.overSSH(ctx, t.Host)
}

// configure checks all that the machine is made of, and notes it in the report.
// SSH will answer at the address. The function ends what the machine boots from.
func (t *test) configure(ctx context.Context) (config qemu.Config, address string, end func(), err error) {
	what := bootable.Bootable{ISO: t.ISO, Folder: t.Netboot}
	if t.report.ISO, err = what.Check(t.Machine); err != nil {
		return config, "", nil, err
	}
	firmware, err := qemu.FindFirmware(t.Machine.Firmware)
	if err != nil {
		return config, "", nil, err
	}
	version, err := qemu.Version(ctx)
	if err != nil {
		return config, "", nil, err
	}
	if t.Machine.Profile == machine.Server && t.Machine.HasUEFI() && tooOld(version) {
		return config, "", nil, fmt.Errorf("the profile server under UEFI needs QEMU 8.1 or later, and this is %s, which keeps errors of PCI Express from the machine; under BIOS it does not", version)
	}
	config = qemu.Config{Firmware: firmware, Accelerator: t.Accelerator}
	if firmware.Secure {
		config.Enrolled = t.ModuleCertificate
	}
	if config.Accelerator == "" {
		config.Accelerator = qemu.FindAccelerator(ctx)
	}
	if address, err = freeAddress(); err != nil {
		return config, "", nil, err
	}
	end, err = what.Configure(&config, t.Machine, hardware.Network{SSH: address, Internet: t.Internet})
	if err != nil {
		return config, "", nil, err
	}
	t.report.Machine = &report.Machine{
		Profile: t.Machine.Profile, Firmware: t.Machine.Firmware, Media: t.Machine.Media, Accelerator: string(config.Accelerator),
		MemoryMiB: t.Machine.MemoryMiB, CPUs: qemu.CPUs,
		Network: t.Machine.Network, Disk: t.Machine.Disk, BMC: t.Machine.HasBMC(), Slow: t.Machine.Slow, Console: t.Machine.Console, QEMU: version,
	}
	return config, address, end, nil
}

// tooOld reports whether a version of QEMU is one in which a device's error does not reach the
// root port, save where the firmware has turned on an older way to report it (SERR#), as that
// of BIOS does.
func tooOld(version string) bool {
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d.", &major, &minor)
	return err == nil && (major < 8 || major == 8 && minor < 1)
}

// freeAddress is an address of this machine that nothing listens at.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// whileUp runs do with a context that ends when the machine does, or when its
// console tells of a fault; that is then the error.
func (t *test) whileUp(ctx context.Context, running *qemu.Machine, do func(context.Context) error) error {
	up, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	go func() {
		if fault, err := t.console.Fault(up); err == nil {
			time.Sleep(settleTime)
			fail(errors.New(fault))
		}
	}()
	go func() {
		select {
		case <-running.Done():
			fail(running.Err())
		case <-up.Done():
		}
	}()
	err := do(up)
	if errors.Is(err, console.ErrEnded) {
		<-up.Done()
	}
	if up.Err() != nil && ctx.Err() == nil {
		return context.Cause(up) // whatever else failed, failed for that
	}
	return err
}

func (t *test) overSerial(ctx context.Context, port io.Writer) error {
	done := t.waitFor(ctx, "the root shell on the serial console")
	shell, err := remote.OpenSerial(ctx, t.console, port)
	if err := done(err); err != nil {
		return err
	}
	defer shell.Close()
	t.reach("serial shell", "")
	t.report.Shell = "serial"
	if err := t.check(ctx, shell); err != nil {
		return err
	}
	return t.checkComplete(ctx, shell)
}

func (t *test) overSSH(ctx context.Context, address string) error {
	auth, err := t.credentials(ctx)
	if err != nil {
		return err
	}
	host, err := t.host(ctx, address)
	if err != nil {
		return err
	}
	shell, err := t.login(ctx, host, "root", auth)
	if err != nil {
		return err
	}
	defer shell.Close()
	t.reach("ssh", "")
	t.report.Shell = "ssh"
	if t.running != nil && t.Machine.Profile == machine.Server {
		late := time.AfterFunc(lateTime, func() {
			if err := t.running.Plug(hardware.Late); err != nil {
				t.say("no late drive: %v", err)
			}
		})
		defer late.Stop()
	}
	err = t.check(ctx, shell)
	if ctx.Err() == nil {
		err = errors.Join(err, t.checkAccess(ctx, host, auth))
	}
	if ctx.Err() == nil {
		err = errors.Join(err, t.checkNetwork(ctx, shell))
	}
	if err != nil {
		return err
	}
	return t.checkComplete(ctx, shell)
}

// waitAudit ends with status 0 when bee-audit has come to its end, and bee-unattended, the last
// service, is started behind it; and with 1 when that takes longer than the seconds given.
const waitAudit = `
while ! grep -Eqs ' bee-unattended (started|failed)$' /run/bee/boot.log; do
	[ "$SECONDS_LEFT" -gt 0 ] || exit 1
	SECONDS_LEFT=$((SECONDS_LEFT - 1))
	sleep 1
done
`

// check waits for the end of the audit and runs the smoke test.
func (t *test) check(ctx context.Context, shell remote.Shell) error {
	limit := t.limit(auditTime)
	if deadline, ok := ctx.Deadline(); ok {
		limit = max(0, min(limit, time.Until(deadline)-t.limit(checkTime)))
	}
	done := t.waitFor(ctx, "the end of bee-audit")
	_, status, err := shell.Run(ctx, "SECONDS_LEFT="+strconv.Itoa(int(limit.Seconds()))+waitAudit)
	if err := done(err); err != nil {
		return err
	}
	if status == 0 {
		t.reach("audit ended", "")
	} else {
		t.say("bee-audit has not ended after %.0f s; the checks will say more", limit.Seconds())
	}

	done = t.waitFor(ctx, "the checks")
	output, status, err := shell.Run(ctx, t.Script, t.arguments()...)
	checks, broken := check.Parse(output, status)
	for _, c := range checks {
		t.add(c)
	}
	if err := done(err); err != nil {
		return err
	}
	if broken == nil {
		t.reach("checks done", "")
	}
	return errors.Join(broken, t.checkHardware(ctx, shell))
}

// arguments of the smoke test.
func (t *test) arguments() (args []string) {
	if t.Machine.Network == machine.None {
		args = append(args, "--no-network")
	}
	if t.Internet {
		args = append(args, "--expect-internet")
	}
	return args
}

// checkHardware checks that the audit found what a virtual machine is made of.
func (t *test) checkHardware(ctx context.Context, shell remote.Shell) error {
	if !t.isVirtual() {
		return nil
	}
	text, _, err := shell.Run(ctx, "cat "+auditReport)
	if err == nil && t.ReportDir != "" {
		err = report.WriteAudit(t.ReportDir, text)
	}
	if err != nil {
		return fmt.Errorf("reading the audit's report: %w", err)
	}
	for _, c := range hardware.Check(t.Machine, []byte(text)) {
		t.add(c)
	}
	return nil
}

// readRelease prints what makes ISOs differ in what their checks come to, a line
// each. A driver that was left out is none.
const readRelease = `. /etc/bee-release && if grep -qs ` + layers.NVIDIA + ` /` + layers.LeftOut + `; then BEE_NVIDIA= BEE_FABRIC_MANAGER=; fi
	printf '%s\n' "$BEE_BASE" "$BEE_NVIDIA" "$BEE_VENDOR" "$BEE_FABRIC_MANAGER"`

// checkComplete checks that a test of a virtual machine had every check that it
// has to have. It comes last.
func (t *test) checkComplete(ctx context.Context, shell remote.Shell) error {
	if !t.isVirtual() {
		return nil
	}
	done := t.waitFor(ctx, "the ISO's bee-release")
	output, status, err := shell.Run(ctx, readRelease)
	if err := done(err); err != nil {
		return err
	}
	var list golden.List
	release := strings.Split(output, "\n")
	if status != 0 || len(release) != 5 {
		err = fmt.Errorf("/etc/bee-release cannot be read: %s", strings.Join(strings.Fields(output), " "))
	} else {
		list, err = golden.Find(release[0])
	}
	if err != nil {
		t.add(check.Check{Name: golden.Check, Status: check.Fail, Detail: err.Error()})
		return nil
	}
	t.add(list.Compare(t.report.Checks, t.facts(release[1], release[3], strings.Fields(release[2]))))
	return nil
}

// facts of the machine and of an ISO with a driver and a Fabric Manager, "" for none, and
// programs.
func (t *test) facts(driver, fabricManager string, programs []string) []golden.Fact {
	var facts []golden.Fact
	for fact, holds := range map[golden.Fact]bool{
		golden.NoNetwork: t.Machine.Network == machine.None,
		golden.Server:    t.Machine.Profile == machine.Server,
		golden.BMC:       t.Machine.HasBMC(),
		golden.Secure:    t.Machine.Firmware == machine.UEFISecure,
		golden.Enrolled:  t.Machine.Firmware == machine.UEFISecure && t.ModuleCertificate != nil,
		golden.Internet:  t.Internet,
		golden.NoDriver:  driver == "",
		golden.NoFabric:  fabricManager == "",
		golden.NoGPUBurn: !slices.Contains(programs, "gpu_burn"),
		golden.NoVendor:  len(programs) == 0,
	} {
		if holds {
			facts = append(facts, fact)
		}
	}
	return facts
}

func (t *test) add(c check.Check) {
	c.Detail = oneLine(c.Detail)
	t.print(c.String())
	t.report.Checks = append(t.report.Checks, c)
}

// waitFor says now and then what is waited for, until the function that it
// returns is called; that adds to an error what was waited for.
func (t *test) waitFor(ctx context.Context, what string) func(error) error {
	over := make(chan struct{})
	go func() {
		ticker := time.NewTicker(patience)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				t.say("waiting for %s%s", what, t.lastWords())
			case <-over:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func(err error) error {
		close(over)
		if err == nil {
			return nil
		}
		return fmt.Errorf("waiting for %s: %w%s", what, err, t.lastWords())
	}
}

// lastWords of a machine that has not let us in yet.
func (t *test) lastWords() string {
	if t.console == nil || t.report.Shell != "" {
		return ""
	}
	line := t.console.LastLine()
	if line == "" {
		return "; the serial console has said nothing"
	}
	return fmt.Sprintf("; the serial console last said %q", line)
}

func (t *test) serialText() string {
	if t.console == nil {
		return ""
	}
	return remote.WithoutCommands(t.console.Text())
}

func (t *test) reach(name, line string) {
	after := time.Since(t.began)
	t.mu.Lock()
	t.report.Timeline = append(t.report.Timeline, report.Milestone{Name: name, Seconds: seconds(after), Line: line})
	t.mu.Unlock()
	if line != "" {
		name += ": " + line
	}
	t.say("%s", name)
}

func (t *test) say(format string, args ...any) {
	t.print(fmt.Sprintf("%6.1fs %s", time.Since(t.began).Seconds(), fmt.Sprintf(format, args...)))
}

// oneLine makes text printable, also what an SSH server says in an error, and of one line.
func oneLine(text string) string {
	return printable.Again(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

// print prints a line for the person who waits.
func (t *test) print(line string) {
	line = printable.Lines(line)
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(t.Progress, line)
}

// seconds with the precision that a watched console has.
func seconds(d time.Duration) float64 { return d.Round(10 * time.Millisecond).Seconds() }
