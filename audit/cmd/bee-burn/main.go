// Command bee-burn burns NVIDIA GPUs in: see `bee-burn --help`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"bee/audit/burn"
	"bee/audit/cmd/internal/unknown"
	"bee/audit/show/terminal"
	"bee/core/burnin"
	"bee/core/outfile"
	"bee/core/printable"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version = "unversioned"

// Exit codes, beside 0.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitNothing     = 3
	exitInterrupted = 130 // as shells count SIGINT
)

// exitCodes tells people of them.
const exitCodes = `  0    all GPUs passed
  1    a GPU failed, or was not burned in to the end, or is missing; or no report was written
  2    wrong command line
  3    nothing could be burned in: no GPU, no driver, no gpu_burn, a GPU in use
  130  interrupted before a GPU failed
`

const defaultOutput = "/var/log/bee-burn.json"

// usageError is a wrong command line.
type usageError struct{ error }

// Errors that the printed verdict has told of.
var (
	errFailed      = errors.New("not all GPUs passed")
	errInterrupted = errors.New("interrupted")
)

func main() {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
		signals = append(signals, syscall.SIGHUP)
	}
	// All of them for good: gpu_burn has to be stopped and the report to be written,
	// however often somebody presses Ctrl-C.
	ctx, _ := signal.NotifyContext(context.Background(), signals...)
	// A pipe that nobody reads any more is no reason to leave gpu_burn behind.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(execute(ctx, root()))
}

func execute(ctx context.Context, cmd *cobra.Command) int {
	err := cmd.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	}
	// An error may have words of the driver's.
	fmt.Fprintf(cmd.ErrOrStderr(), "bee-burn: %s\n", printable.Lines(err.Error()))
	switch {
	case errors.As(err, new(usageError)), errors.As(err, new(burn.SelectionError)):
		return exitUsage
	case errors.As(err, new(burn.NothingError)):
		return exitNothing
	}
	return exitFailed
}

func root() *cobra.Command {
	o := burn.Options{Version: version}
	var output, memory, tolerance string
	var quick, liveLines bool
	cmd := &cobra.Command{
		Use:   "bee-burn",
		Short: "Burn NVIDIA GPUs in, and judge them",
		Long: `bee-burn burns NVIDIA GPUs in, all at the same time, in two steps, and watches them with
nvidia-smi and the kernel's log. First gpu_probe writes patterns into all of their free
memory and reads them again, and measures how fast memory, the host and the other GPUs
are reached: about half a minute. Then gpu_burn has them multiply matrices as fast as
they can, for the time and about half a minute more. bee-burn prints a verdict for each
GPU and writes a JSON report.

PASS means that each GPU of the machine
  - is known to the driver: where no --gpus says which, one on the PCI bus that is not
    makes it NOT COMPLETE, and is named with what the kernel's log says of it
  - had its free memory tested, word by word, with each bit as 0 and as 1, and all of it was
    read as it was written; where gpu_probe could not do so, it is NOT COMPLETE, and where
    there is no gpu_probe beside gpu_burn, the report says that memory was not tested
  - has calculated to the end of the time, and gpu_burn found no wrong result
  - did none of what follows
It says nothing of memory that was in use, of the rest of the machine, or of a longer time.

A GPU fails where
  - gpu_probe reads a word of its memory that is not what was written there
  - gpu_burn counts a wrong result, or its process for the GPU dies
  - it gets as hot as where it slows itself down, or as --max-temperature
  - its memory has a new ECC error that could not be corrected
  - nvidia-smi does not list it any more, or says that it is lost or needs a reset
  - the kernel's log has a new Xid of it, whatever its number, but for ` + list(burn.Harmless) + `:
    those are about stopped programs, and a bad row of memory put out of use
  - gpu_probe or gpu_burn hangs: then all of them

The first four, and a hang, stop the burn-in at once, for all GPUs; those that have
not failed are not complete then. So they are where gpu_burn has no result of one for
half of the time. nvidia-smi that fails or hangs is recorded and stops nothing: but
without it, nothing is known of temperatures and memory.

Nothing is burned in where a program calculates on one of the GPUs, or one is divided into
instances (MIG): name the others with --gpus. ECC that is off, memory that waits for a
reset to be repaired, and a power limit below the default are warnings, with the command
that mends them.

A GPU that has passed gets a warning where it calculates, or reads its memory, slower than
the others of its kind in the machine, by more than --speed-tolerance; where its way to the
host is more than 10 % slower than theirs; where, behind NVSwitches, its way to another GPU
is more than 10 % slower than all are, or elsewhere than the way back; and where it is more
than 10 % slower than the same product was elsewhere, as far as bee knows that (speeds.csv).
With it stands what slowed it down, as far as is seen: throttling, a power limit, a narrow
PCIe link. A warning is no failure.

Ctrl-C stops it; the report holds what is known until then. Nothing is left
running.`,
		Example: `  bee-burn                                all GPUs for 10 minutes
  bee-burn --quick --time 1m              a first look
  bee-burn --time 8h                      overnight
  bee-burn --gpus 0,3                     two of them, as nvidia-smi numbers them
  bee-burn --gpus 0000:65:00.0            one, by its PCI address; or by its UUID
  bee-burn --tensor-cores --time 30m      hotter, on GPUs that have tensor cores
  bee-burn --doubles                      in double precision, for data centre GPUs
  bee-burn --max-temperature 80           be more careful
  bee-burn --output - | jq .gpus          the report on standard output
  bee-burn --live >progress               what the text console shows of it`,
		Args: usageArgs(unknown.Command),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			switch {
			case o.Time < time.Second || o.Time%time.Second != 0:
				return usageError{fmt.Errorf("--time: %v is not a number of whole seconds above 0", o.Time)}
			case o.Interval <= 0:
				return usageError{fmt.Errorf("--interval: %v is not a time to wait", o.Interval)}
			case o.MaxTemperature < 0 || o.MaxTemperature == 0 && cmd.Flags().Changed("max-temperature"):
				return usageError{fmt.Errorf("--max-temperature: %d °C is none that a GPU can stay below", o.MaxTemperature)}
			}
			if o.MemoryPercent, err = percent(memory); err != nil {
				return usageError{fmt.Errorf("--memory: %w", err)}
			}
			if o.SpeedTolerance, err = percent(tolerance); err != nil {
				return usageError{fmt.Errorf("--speed-tolerance: %w", err)}
			}
			o.MemoryPasses = 4
			if quick {
				o.MemoryPasses = 1
			}
			return run(cmd, o, output, liveLines)
		},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	cmd.SetUsageTemplate(cmd.UsageTemplate() + "\nExit codes:\n" + exitCodes)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := cmd.Flags()
	f.SortFlags = false
	f.DurationVarP(&o.Time, "time", "t", 10*time.Minute, "how long to burn in")
	f.StringSliceVarP(&o.GPUs, "gpus", "g", nil, "`GPUS` to burn in: indexes, UUIDs or PCI addresses as nvidia-smi has them, separated by commas (default all)")
	f.DurationVar(&o.Interval, "interval", 5*time.Second, "how often to ask nvidia-smi")
	f.Int64Var(&o.MaxTemperature, "max-temperature", 0, "stop where a GPU has this temperature in `CELSIUS` (default where it slows itself down)")
	f.BoolVar(&quick, "quick", false, "go through the patterns of the memory test once, not four times")
	f.StringVar(&memory, "memory", "90%", "how much of the GPUs' free memory gpu_burn is to use")
	f.StringVar(&tolerance, "speed-tolerance", "3%", "warn of a GPU that is more than so much slower than the median of those of its kind")
	f.BoolVar(&o.Doubles, "doubles", false, "calculate in double precision")
	f.BoolVar(&o.TensorCores, "tensor-cores", false, "use tensor cores")
	f.StringVarP(&output, "output", "o", defaultOutput, "file to write the JSON report to; - is standard output")
	_ = cmd.MarkFlagFilename("output", "json")
	f.BoolVar(&liveLines, "live", false, "tell how it goes in lines of JSON, for programs")
	cmd.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	cmd.AddCommand(schemaCommand(), versionCommand())
	return cmd
}

func list(numbers []uint64) string {
	var all []string
	for _, n := range numbers {
		all = append(all, strconv.FormatUint(n, 10))
	}
	return strings.Join(all, ", ")
}

func percent(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil || n < 1 || n > 100 || !strings.HasSuffix(text, "%") {
		return 0, fmt.Errorf("%q is not a share from 1%% to 100%%", text)
	}
	return n, nil
}

// usageArgs makes what is wrong with arguments a wrong command line.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
		}
		return nil
	}
}

func run(cmd *cobra.Command, o burn.Options, output string, liveLines bool) error {
	people := cmd.OutOrStdout()
	write := func(content func(io.Writer) error) error { return content(cmd.OutOrStdout()) }
	if output == "-" {
		people = cmd.ErrOrStderr()
	} else {
		file, err := outfile.Create(output)
		if err != nil {
			return fmt.Errorf("cannot write the report: %w (give another file with --output)", err)
		}
		defer file.Close()
		write = file.Write
	}
	t := terminal.Of(people)
	line := lineOf(t)
	if liveLines {
		line = jsonLine
	}
	tell, told := progress(people, o.Time, line)
	if liveLines {
		tell(burn.Progress{Stage: burnin.SettingUp}) // which process it is
	}
	o.Progress = tell

	r, failed := burn.Run(cmd.Context(), o)
	if r == nil {
		return failed
	}
	// Before people see it: a terminal that is gone must not cost the report.
	if err := write(r.Write); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	told()
	if err := r.WriteText(people, t); err == nil && output != "-" {
		fmt.Fprintf(people, "Report: %s\n", output)
	}
	switch {
	case failed != nil:
		return failed
	case r.Verdict == burn.Pass:
		return nil
	case r.Verdict != burn.Fail && r.Stopped != nil && r.Stopped.Kind == burn.Interrupted:
		return errInterrupted
	}
	return errFailed
}

// sparse is how often progress is told of where nobody watches a terminal.
const sparse = time.Minute

// lineOf returns what has the progress in words, "" where it is too early for more of them.
func lineOf(t terminal.Terminal) func(burn.Progress, time.Duration) string {
	var last time.Time
	return func(p burn.Progress, total time.Duration) string {
		if t.Columns == 0 && time.Since(last) < sparse {
			return ""
		}
		last = time.Now()
		return t.Wrap(terminal.Plain, p.Line(total))
	}
}

func jsonLine(p burn.Progress, total time.Duration) string {
	text, err := json.Marshal(p.Live(total))
	if err != nil {
		return err.Error() + "\n"
	}
	return string(text) + "\n"
}

// progress returns what tells how it goes, in lines, and what waits until they are told.
// A terminal that was stopped with Ctrl-S costs lines: the GPUs are watched on.
func progress(w io.Writer, total time.Duration, line func(burn.Progress, time.Duration) string) (tell func(burn.Progress), told func()) {
	lines := make(chan string, 1)
	var printer sync.WaitGroup
	printer.Go(func() {
		for line := range lines {
			fmt.Fprint(w, line)
		}
	})
	tell = func(p burn.Progress) {
		select {
		case lines <- line(p, total):
		default:
		}
	}
	return tell, func() {
		close(lines)
		printer.Wait()
	}
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of reports",
		Long:    "schema prints the JSON Schema (draft 2020-12) of reports, which also describes every\nfield.",
		Example: "  bee-burn schema > bee-burn.schema.json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(burn.Schema)
			return err
		},
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of the program and of its reports",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "bee-burn %s, report schema %s\n", version, burn.SchemaVersion)
			return err
		},
	}
}
