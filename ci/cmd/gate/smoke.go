package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bee/core/machine"
	"bee/core/report"
	"bee/gate/internal/module"
	"bee/gate/internal/reports"
	"dagger/bee/matrix"
)

// smokeTest is a smoke test of an ISO on some machines.
type smokeTest struct {
	iso, base, coverage string
	names               []string
	folder              string
	testFlags
	identityFile, passwordVariable string

	machines []machine.Machine
	// Arguments of the module's constructor, and those of each test but its machine.
	constructor, common module.Arguments
}

func (g *gate) smokeCommand() *cobra.Command {
	var t smokeTest
	cmd := &cobra.Command{
		Use:   "smoke --iso FILE --report FOLDER",
		Short: "Boot an ISO on all machines of the plan, and check it",
		Long: `smoke boots the ISO in QEMU on each machine of the plan and puts the report of each
into a folder of its name. Where the engine fails on a machine, the others are tested
all the same.

It tells each check that failed and each machine whose checks did not run to their
end as an annotation; the output "verdict" is pass, fail or error.

--machine takes the ` + machine.Words,
		Example: `  gate smoke --iso dist/bee.iso --report dist/smoke

  # one machine of the plan, as a job of a workflow has it
  GATE_MACHINE=uefi-cd-1024-server gate smoke --iso dist/bee.iso --report dist/smoke`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := g.prepare(&t); err != nil {
				return err
			}
			return g.withModule(cmd.Context(), t.constructor, func(m module.Module) error {
				return g.conclude(g.run(cmd.Context(), m, &t))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.iso, "iso", "", "ISO `file` to boot")
	baseFlag(cmd, &t.base)
	coverageFlag(cmd, &t.coverage, matrix.Each)
	g.machineFlag(cmd, &t.names, &t.base)
	t.testFlags.add(cmd)
	flags.StringVar(&t.identityFile, "identity", "", "`file` with the private SSH key that the ISO lets in")
	flags.StringVar(&t.passwordVariable, "password-env", "", "environment `variable` that holds the password of the ISO")
	flags.StringVar(&t.folder, "report", "", "`folder` for the reports; older ones of the same machines are replaced")
	cmd.MarkFlagRequired("iso")
	cmd.MarkFlagRequired("report")
	cmd.MarkFlagsMutuallyExclusive("identity", "password-env")
	cmd.MarkFlagFilename("iso", "iso")
	cmd.MarkFlagFilename("identity")
	cmd.MarkFlagDirname("report")
	return cmd
}

// prepare checks all that a test is given, and hides its secrets.
func (g *gate) prepare(t *smokeTest) error {
	t.constructor, t.common = module.Arguments{}, module.Arguments{"iso": module.File(t.iso)}
	var err error
	switch {
	case t.identityFile != "":
		t.common["identity"], err = g.secretFile("identity", t.identityFile)
	case t.passwordVariable != "":
		t.constructor["password"], err = g.secretVariable("password-env", t.passwordVariable)
	}
	if err != nil {
		return err
	}
	if err := isFile("iso", t.iso); err != nil {
		return err
	}
	if _, t.machines, err = g.plan(t.base, t.coverage, t.names...); err != nil {
		return err
	}
	if err := t.check(t.machines); err != nil {
		return err
	}
	for _, machine := range t.machines {
		// Also where the engine fails, no report of a test before may stay.
		if err := report.Prepare(filepath.Join(t.folder, machine.Name())); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	t.common["timeout"] = t.timeout.String()
	t.constructor["kvm"] = t.kvm
	return nil
}

// run tests the machines, some at a time, and says so as each ends.
func (g *gate) run(ctx context.Context, m module.Module, t *smokeTest) []reports.Result {
	g.out.Group(fmt.Sprintf("smoke: %d machines, %d at a time", len(t.machines), t.jobs))
	defer g.out.EndGroup()
	results := make([]reports.Result, len(t.machines))
	var group errgroup.Group
	group.SetLimit(t.jobs)
	var mu sync.Mutex // of the output
	ended := 0
	for i, machine := range t.machines {
		group.Go(func() error {
			results[i] = test(ctx, m, t, machine.Name())
			mu.Lock()
			defer mu.Unlock()
			ended++
			g.out.Printf("[%d/%d] %s\n", ended, len(t.machines), line(results[i]))
			return nil
		})
	}
	group.Wait()
	return results
}

// test tests the machine of a name.
func test(ctx context.Context, m module.Module, t *smokeTest, name string) reports.Result {
	folder := filepath.Join(t.folder, name)
	err := context.Cause(ctx)
	if err == nil {
		arguments := maps.Clone(t.common)
		arguments["machine"] = name
		err = m.Directory(ctx, module.Call{Function: "smokeReport", Arguments: arguments}, folder)
	}
	switch {
	case ctx.Err() != nil:
		err = errors.New("the test was cancelled")
	case err == nil:
		return reports.Read(name, folder)
	}
	return reports.Result{Name: name, Dir: folder, Problem: "no report: " + err.Error()}
}

// line is a result in one line.
func line(r reports.Result) string {
	verdict := strings.ToUpper(string(r.Verdict()))
	if r.Report == nil {
		return fmt.Sprintf("%s %s: %s", verdict, r.Name, r.Problem)
	}
	c := r.Report.Counts
	return fmt.Sprintf("%s %s: %.0f s, %d passed, %d failed, %d skipped", verdict, r.Name,
		r.Report.DurationSeconds, c.Passed, c.Failed, c.Skipped)
}
