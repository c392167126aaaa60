package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bee/core/claim"
	"bee/core/machine"
	"bee/core/report"
	"bee/gate/internal/module"
	"bee/gate/internal/reports"
	"bee/gate/internal/summary"
	"dagger/bee/matrix"
)

// smokeTest is a smoke test of an ISO on some machines.
type smokeTest struct {
	iso, base, coverage string
	names               []string
	folder              string
	testFlags
	identityFile, password, moduleCertificate string

	machines []machine.Machine
	// Arguments of each test but its machine.
	common module.Arguments
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
			if err := isISO(t.iso); err != nil {
				return err
			}
			if err := g.prepare(&t); err != nil {
				return err
			}
			constructor := module.Arguments{"kvm": t.kvm}
			if t.password != "" {
				password, err := g.secret("password", t.password)
				if err != nil {
					return err
				}
				constructor["password"] = password
			}
			if t.moduleCertificate != "" {
				if err := isFile("module-certificate", t.moduleCertificate); err != nil {
					return err
				}
				constructor["moduleCertificate"] = module.File(t.moduleCertificate)
			}
			claims := append([]claim.Claim{t.booting()}, t.testing()...)
			return g.withClaims(cmd.Context(), claims, func() error {
				return g.withModule(cmd.Context(), "smoke.log", constructor, func(ctx context.Context, m module.Module) error {
					return g.conclude(t.iso, g.run(ctx, m, &t))
				})
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.iso, "iso", "", "ISO `file` to boot")
	baseFlag(cmd, &t.base)
	coverageFlag(cmd, &t.coverage, matrix.Each)
	g.machineFlag(cmd, &t.names, &t.base, "the plan's")
	t.testFlags.add(cmd)
	t.identityFlag(cmd)
	secretFlag(cmd, &t.password, "password", "password of the ISO")
	moduleCertificateFlag(cmd, &t.moduleCertificate)
	flags.StringVar(&t.folder, "report", "", "`folder` for the reports; older ones of the same machines are replaced")
	cmd.MarkFlagRequired("iso")
	cmd.MarkFlagRequired("report")
	cmd.MarkFlagsMutuallyExclusive("identity", "password")
	cmd.MarkFlagFilename("iso", "iso")
	cmd.MarkFlagDirname("report")
	return cmd
}

func (t *smokeTest) identityFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.identityFile, "identity", "", "`file` with the private SSH key that the ISO lets in")
	cmd.MarkFlagFilename("identity")
}

// prepare checks what a test is given, but for its ISO, and hides the key.
func (g *gate) prepare(t *smokeTest) error {
	t.common = module.Arguments{"iso": module.File(t.iso)}
	if t.identityFile != "" {
		key, err := g.secretFile("identity", t.identityFile)
		if err != nil {
			return err
		}
		t.common["identity"] = key
	}
	var err error
	if _, t.machines, err = g.plan(t.base, t.coverage, t.names...); err != nil {
		return err
	}
	if err := t.check(t.machines); err != nil {
		return err
	}
	t.limit(t.common)
	return nil
}

// booting is the claim of whoever boots an ISO, which nobody may build meanwhile.
func (t *smokeTest) booting() claim.Claim {
	return claim.Claim{Thing: absolute(filepath.Dir(t.iso)), Group: claim.Users, Does: "boots " + t.iso}
}

// testing are the claims of a test: one for each report. All who make several make them in
// the same order, or one could have what another waits for, and the other way round.
func (t *smokeTest) testing() []claim.Claim {
	var claims []claim.Claim
	for _, m := range t.machines {
		folder := filepath.Join(t.folder, m.Name())
		claims = append(claims, claim.Claim{Thing: absolute(folder), Does: "tests for " + folder})
	}
	slices.SortFunc(claims, func(a, b claim.Claim) int { return strings.Compare(a.Thing, b.Thing) })
	return claims
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
			g.out.Printf("[%d/%d] %s\n", ended, len(t.machines), summary.Result(results[i]))
			return nil
		})
	}
	group.Wait()
	return results
}

// test tests the machine of a name. Its report takes the place of the one before, also
// where there is none in the end: a verdict of another test must not stay.
func test(ctx context.Context, m module.Module, t *smokeTest, name string) reports.Result {
	folder := filepath.Join(t.folder, name)
	if ctx.Err() != nil {
		return reports.Result{Name: name, Dir: folder, Problem: noTest}
	}
	arguments := maps.Clone(t.common)
	arguments["machine"] = name
	err := export(ctx, m, module.Call{Function: "smokeReport", Arguments: arguments}, folder)
	if err == nil {
		return reports.Read(name, folder)
	}
	problem := "no report: " + err.Error()
	if ctx.Err() != nil {
		problem = noTest
	}
	if err := report.Prepare(folder); err != nil {
		problem += "\nan older one is still there: " + err.Error()
	}
	return reports.Result{Name: name, Dir: folder, Problem: problem}
}

const noTest = "no report: the test was cancelled"
