// Command gate is what pipelines and people run: it calls the functions of the Dagger
// module and tells what came out.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"bee/core/machine"
	"bee/core/versions"
	"bee/gate/internal/module"
	"bee/gate/internal/output"
	"dagger/bee/matrix"
)

// Exit statuses. Their texts are in the long help.
const (
	exitFailed = 1
	exitInput  = 2
	exitBroken = 3
)

// What these say has been printed with all its reasons.
var (
	errFailed = errors.New("failed")
	errBroken = errors.New("the checks did not run to their end")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	g := &gate{
		getenv: os.Getenv,
		out:    output.New(os.Getenv, os.Stdout),
		connect: func(ctx context.Context, options module.Options) (module.Module, error) {
			return module.Connect(ctx, options, os.Stderr)
		},
	}
	err := g.command().ExecuteContext(ctx)
	stop()
	os.Exit(g.exitStatus(err, os.Stderr))
}

// exitStatus of an error, which is shown where that was not done yet.
func (g *gate) exitStatus(err error, stderr io.Writer) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, errBroken):
		return exitBroken
	}
	if output.InActions(g.getenv) {
		g.out.Error(output.Annotation{Title: "gate", Message: err.Error()})
	} else {
		fmt.Fprintln(stderr, "gate:", err)
	}
	return exitInput
}

// gate is what all commands have in common.
type gate struct {
	getenv  func(string) string
	out     output.Output
	connect func(context.Context, module.Options) (module.Module, error)

	repository string
	apkMirror  string
	signingKey string
	strict     bool
}

func (g *gate) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "gate",
		Short: "Run one step of a pipeline: build bee's ISO, test it, release it",
		Long: `gate calls the functions of bee's Dagger module and tells what came out, in the way
of the place where it runs: in GitHub Actions as annotations, outputs and a summary
of the step, elsewhere as text.

Every flag can be given by the environment, too: --coverage is GATE_COVERAGE,
--password-env is GATE_PASSWORD_ENV. The command line wins; an empty variable counts
as none.

It needs dagger in PATH, except for plan and verdict; "make gate" brings one, with an
engine.

Exit status:
  0  all is well
  1  a check is FAIL, there are findings, the lock is stale, or a function failed
  2  the step could not begin: wrong usage, no such file, no Dagger
  3  the checks of a machine did not run to their end, or its report is missing`,
		Example: `  gate build --base debian
  gate smoke --iso dist/bee.iso --coverage pairs --report dist/smoke
  gate verdict dist/smoke`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd, g.getenv)
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.repository, "repository", "", "top `folder` of the repository (default: the git repository of the working directory)")
	flags.StringVar(&g.apkMirror, "apk-mirror", "", "`folder` with a saved copy of Alpine's packages")
	flags.StringVar(&g.signingKey, "signing-key", "", "`file` with the private RSA key that signs packages and kernel modules")
	flags.BoolVar(&g.strict, "strict", false, "fail where a package is another one than its lock names")
	root.MarkPersistentFlagDirname("repository")
	root.MarkPersistentFlagDirname("apk-mirror")
	root.MarkPersistentFlagFilename("signing-key")
	root.AddCommand(
		g.planCommand(), g.lintCommand(), g.modulesCommand(), g.buildCommand(), g.smokeCommand(), g.verdictCommand(),
		g.reproduceCommand(), g.releaseCommand(), g.locksCommand(),
	)
	return root
}

// top is the top of the repository.
func (g *gate) top() (string, error) {
	if g.repository != "" {
		return g.repository, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return here, nil
		}
	}
}

// baseOr is a base that there is, or, where none is given, the one that VERSIONS names.
func (g *gate) baseOr(base string) (string, error) {
	if base != "" {
		return base, matrix.CheckBase(base)
	}
	top, err := g.top()
	if err != nil {
		return "", err
	}
	v, err := versions.Load(top)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w; --repository names the top of bee's repository", err)
	}
	if err != nil {
		return "", err
	}
	return v.Base, matrix.CheckBase(v.Base)
}

// plan is a base, as baseOr has it, and the machines that are tested on it: those of
// these names, or else those of the plan.
func (g *gate) plan(base, coverage string, names ...string) (string, []machine.Machine, error) {
	base, err := g.baseOr(base)
	if err != nil {
		return "", nil, err
	}
	machines, err := matrix.Machines(base, matrix.Coverage(coverage), names)
	if err != nil && len(names) > 0 {
		err = fmt.Errorf("--machine: %w", err)
	}
	return base, machines, err
}

// withModule connects to the module, which is made with these arguments and those that
// all commands take, and does something with it.
func (g *gate) withModule(ctx context.Context, constructor module.Arguments, do func(module.Module) error) error {
	top, err := g.top()
	if err != nil {
		return err
	}
	arguments := module.Arguments{}
	maps.Copy(arguments, constructor)
	if g.signingKey != "" {
		key, err := g.secretFile("signing-key", g.signingKey)
		if err != nil {
			return err
		}
		arguments["signingKey"] = key
	}
	if g.apkMirror != "" {
		if err := isFolder("apk-mirror", g.apkMirror); err != nil {
			return err
		}
		arguments["apkMirror"] = module.Directory(g.apkMirror)
	}
	if g.strict {
		arguments["strict"] = true
	}
	m, err := g.connect(ctx, module.Options{Repository: top, Arguments: arguments})
	if err != nil {
		return err
	}
	defer m.Close()
	return do(m)
}

// secretFile reads the secret that a flag names, and hides it.
func (g *gate) secretFile(flag, file string) (module.Secret, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--%s: %w", flag, err)
	}
	if len(data) == 0 {
		return "", fmt.Errorf("--%s %s: the file is empty", flag, file)
	}
	g.out.Mask(string(data))
	return module.Secret(data), nil
}

// secretVariable reads the secret of the variable that a flag names, and hides it.
func (g *gate) secretVariable(flag, variable string) (module.Secret, error) {
	value := g.getenv(variable)
	if value == "" {
		return "", fmt.Errorf("--%s %s: the variable is not set, or empty", flag, variable)
	}
	g.out.Mask(value)
	return module.Secret(value), nil
}

// failed says in which function the engine failed, and with what words.
func (g *gate) failed(function string, err error) error {
	g.out.Error(output.Annotation{Title: function, Message: err.Error()})
	return errFailed
}

func isFolder(flag, path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no folder", path)
	}
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return nil
}

func isFile(flag, path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", path)
	}
	if err != nil {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	return nil
}
