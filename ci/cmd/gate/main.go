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
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"bee/core/machine"
	"bee/core/printable"
	"bee/core/userinfo"
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
	stdout := &output.Pausable{To: os.Stdout}
	g := &gate{
		getenv:   os.Getenv,
		out:      output.New(os.Getenv, stdout),
		stdout:   stdout,
		stderr:   os.Stderr,
		terminal: term.IsTerminal(int(os.Stderr.Fd())),
		connect:  module.Connect,
		goProxy:  goProxy,
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
		fmt.Fprintln(stderr, "gate:", printable.Lines(err.Error()))
	}
	return exitInput
}

// gate is what all commands have in common.
type gate struct {
	getenv func(string) string
	out    output.Output
	// What out writes to, and where the engine's progress goes, which may be a terminal.
	stdout   *output.Pausable
	stderr   io.Writer
	terminal bool
	connect  func(context.Context, module.Options) (module.Module, error)
	goProxy  func(context.Context) string

	repository string
	apkMirror  string
	inputs     string
	aports     string
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
--apk-mirror is GATE_APK_MIRROR. The command line wins; an empty variable counts
as none.

It needs dagger in PATH, except for plan, verdict and vulnerabilities; "make gate" brings
one, with an engine.

On a terminal, dagger shows what it does; elsewhere, it is told in short. All that the
engine says is in dist/, in a log that is named at the end (in GitHub Actions, on standard
error). What is written is whole, or is not there: older files stay until then. Another
gate that writes there is waited for.

Exit status (that of "go run" is 1, and that of make 2, in place of each but 0):
  0  all is well
  1  a check is FAIL, there are findings, a vulnerability is known, the lock is stale, or a
     function failed
  2  the step could not begin: wrong usage, no such file, no Dagger
  3  the checks of a machine did not run to their end, or its report is missing`,
		Example: `  gate build --base debian
  gate smoke --iso dist/bee.iso --coverage pairs --report dist/smoke
  gate iso --nvidia=false --authorized-keys ~/.ssh/id_ed25519.pub
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
	flags.StringVar(&g.inputs, "inputs", "", "`folder` with all that an ISO is made of, as dagger call inputs saves it: nothing is fetched")
	flags.StringVar(&g.aports, "aports", "", "`folder` with a tree of Alpine's aports, in place of APORTS_COMMIT of the public ones")
	flags.StringVar(&g.signingKey, "signing-key", "", "`file` with the private RSA key that signs packages and kernel modules")
	flags.BoolVar(&g.strict, "strict", false, "fail where a package is another one than its lock names")
	root.MarkPersistentFlagDirname("repository")
	root.MarkPersistentFlagDirname("apk-mirror")
	root.MarkPersistentFlagDirname("aports")
	root.MarkPersistentFlagDirname("inputs")
	root.MarkPersistentFlagFilename("signing-key")
	root.AddCommand(
		g.planCommand(), g.lintCommand(), g.modulesCommand(), g.buildCommand(), g.smokeCommand(), g.isoCommand(),
		g.bootCommand(), g.verdictCommand(), g.reproduceCommand(), g.releaseCommand(), g.locksCommand(), g.supportCommand(), g.vulnerabilitiesCommand(),
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
// all commands take, and does something with it. What the engine does goes into a log of a
// name.
func (g *gate) withModule(ctx context.Context, log string, constructor module.Arguments, do func(context.Context, module.Module) error) error {
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
	for _, folder := range []struct{ flag, argument, path string }{
		{"apk-mirror", "apkMirror", g.apkMirror},
		{"aports", "aports", g.aports},
		{"inputs", "inputs", g.inputs},
	} {
		if folder.path == "" {
			continue
		}
		if err := isFolder(folder.flag, folder.path); err != nil {
			return err
		}
		arguments[folder.argument] = module.Directory(folder.path)
	}
	if g.strict {
		arguments["strict"] = true
	}
	// Images have this setting without the name and password in it.
	if proxy := g.goProxy(ctx); userinfo.Remove(proxy) != proxy {
		g.out.Mask(proxy)
		for _, token := range userinfo.Tokens(proxy) {
			g.out.Mask(token)
		}
		arguments["goProxy"] = module.Secret(proxy)
	}
	return g.withEngine(ctx, log, func(ctx context.Context, progress module.Progress) error {
		m, err := g.connect(ctx, module.Options{Repository: top, Arguments: arguments, Progress: progress})
		if err != nil {
			return err
		}
		if progress.View { // which has the terminal for itself
			g.stdout.Pause()
			defer g.stdout.Resume()
		}
		defer m.Close()
		return do(ctx, m)
	})
}

// goProxy is where this user gets Go modules from: "" where there is no Go to ask.
func goProxy(ctx context.Context) string {
	proxy, _ := exec.CommandContext(ctx, "go", "env", "GOPROXY").Output()
	return strings.TrimSpace(string(proxy))
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

// secret reads what a flag says where it is, as dagger does, and hides it.
func (g *gate) secret(flag, from string) (module.Secret, error) {
	switch kind, name, _ := strings.Cut(from, ":"); kind {
	case "env":
		value := g.getenv(name)
		if value == "" {
			return "", fmt.Errorf("--%s %s: the variable is not set, or empty", flag, from)
		}
		g.out.Mask(value)
		return module.Secret(value), nil
	case "file":
		secret, err := g.secretFile(flag, name)
		return module.Secret(strings.TrimSuffix(string(secret), "\n")), err
	}
	// It is not repeated here: it may be the secret.
	return "", fmt.Errorf("--%s says where it is: env:NAME for a variable, file:PATH for a file", flag)
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

// isISO refuses an ISO that is not there.
func isISO(path string) error {
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return fmt.Errorf("--iso: there is no %s; `make build` makes dist/bee.iso", path)
	}
	return isFile("iso", path)
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
