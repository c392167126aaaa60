package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bee/core/machine"
	"bee/gate/internal/module"
	"dagger/bee/matrix"
)

// fromEnvironment sets the flags that the command line does not from variables, so
// that a workflow needs to paste no expression into a command line.
func fromEnvironment(cmd *cobra.Command, getenv func(string) string) error {
	var wrong []error
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		variable := "GATE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if value := getenv(variable); value != "" && !flag.Changed && flag.Name != "help" {
			if err := cmd.Flags().Set(flag.Name, value); err != nil {
				wrong = append(wrong, fmt.Errorf("%s=%s: %w", variable, value, err))
			}
		}
	})
	return errors.Join(wrong...)
}

// contentsFlags say what is on an ISO that is built.
type contentsFlags struct {
	base                            string
	nvidia                          bool
	nvidiaRun, fabricManager, nvlsm string
	moduleKey, moduleCertificate    string
	gpuBurn                         bool
}

func (f *contentsFlags) add(cmd *cobra.Command) {
	baseFlag(cmd, &f.base)
	cmd.Flags().BoolVar(&f.nvidia, "nvidia", true, "put the NVIDIA driver on the ISO")
	cmd.Flags().StringVar(&f.nvidiaRun, "nvidia-run", "", "NVIDIA's installer, a .run `file`, to take the driver from")
	cmd.Flags().StringVar(&f.fabricManager, "fabric-manager", "", "NVIDIA's archive of the Fabric Manager in the driver's version, a .tar.xz `file`")
	cmd.Flags().StringVar(&f.nvlsm, "nvlsm", "", "NVIDIA's archive of NVLSM, a .tar.xz `file`, beside --fabric-manager")
	secretFlag(cmd, &f.moduleKey, "module-key", "private RSA key, in PEM, that signs NVIDIA's kernel modules for machines with Secure Boot on")
	moduleCertificateFlag(cmd, &f.moduleCertificate)
	cmd.MarkFlagsRequiredTogether("module-key", "module-certificate")
	cmd.Flags().BoolVar(&f.gpuBurn, "gpu-burn", false, "build gpu_burn and put it on the ISO")
	cmd.MarkFlagFilename("nvidia-run", "run")
	cmd.MarkFlagFilename("fabric-manager", "xz")
	cmd.MarkFlagFilename("nvlsm", "xz")
}

// arguments of the module's constructor, with the base that VERSIONS names where none is
// given.
func (f *contentsFlags) arguments(g *gate) (module.Arguments, error) {
	base, err := g.baseOr(f.base)
	if err != nil {
		return nil, err
	}
	arguments := module.Arguments{"base": base, "nvidia": f.nvidia}
	for _, file := range []struct{ flag, argument, path string }{
		{"nvidia-run", "nvidiaRun", f.nvidiaRun},
		{"fabric-manager", "fabricManager", f.fabricManager},
		{"nvlsm", "nvlsm", f.nvlsm},
		{"module-certificate", "moduleCertificate", f.moduleCertificate},
	} {
		if file.path == "" {
			continue
		}
		if err := isFile(file.flag, file.path); err != nil {
			return nil, err
		}
		arguments[file.argument] = module.File(file.path)
	}
	if f.moduleKey != "" {
		key, err := g.secret("module-key", f.moduleKey)
		if err != nil {
			return nil, err
		}
		arguments["moduleKey"] = key
	}
	if f.gpuBurn {
		arguments["gpuBurn"] = true
	}
	return arguments, nil
}

// accessFlags say whom SSH lets into an ISO that is built, by which key it knows that it
// is the right machine, and what that does by itself.
type accessFlags struct{ authorizedKeys, password, passwordHash, hostKey, config string }

func (f *accessFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.authorizedKeys, "authorized-keys", "", "`file` with public SSH keys that may log in")
	secretFlag(cmd, &f.password, "password", "password for root and bee, whose hash goes onto the ISO")
	secretFlag(cmd, &f.passwordHash, "password-hash", "hash of the password, as mkpasswd --method=sha512crypt --rounds=300000 makes it")
	secretFlag(cmd, &f.hostKey, "host-key", "private ed25519 key of the machine (default: it makes one at each boot)")
	cmd.Flags().StringVar(&f.config, "config", "", "`file` with what a machine does that finds no other bee.yaml; whoever has the ISO can read it")
	cmd.MarkFlagFilename("authorized-keys", "pub")
	cmd.MarkFlagFilename("config", "yaml", "yml")
	cmd.MarkFlagsMutuallyExclusive("authorized-keys", "password")
	cmd.MarkFlagsMutuallyExclusive("authorized-keys", "password-hash")
}

// arguments of the module's constructor.
func (f *accessFlags) arguments(g *gate) (module.Arguments, error) {
	arguments := module.Arguments{}
	for _, secret := range []struct{ flag, argument, from string }{
		{"password", "password", f.password},
		{"password-hash", "passwordHash", f.passwordHash},
		{"host-key", "hostKey", f.hostKey},
	} {
		if secret.from == "" {
			continue
		}
		text, err := g.secret(secret.flag, secret.from)
		if err != nil {
			return nil, err
		}
		arguments[secret.argument] = text
	}
	for _, file := range []struct{ flag, argument, path string }{
		{"authorized-keys", "authorizedKeys", f.authorizedKeys},
		{"config", "config", f.config},
	} {
		if file.path == "" {
			continue
		}
		if err := isFile(file.flag, file.path); err != nil {
			return nil, err
		}
		arguments[file.argument] = module.File(file.path)
	}
	return arguments, nil
}

func secretFlag(cmd *cobra.Command, from *string, flag, what string) {
	cmd.Flags().StringVar(from, flag, "", what+", by `where` it is: env:NAME or file:PATH")
}

func moduleCertificateFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "module-certificate", "", "`file` with the certificate of the key that signs NVIDIA's kernel modules; machines with Secure Boot on have it enrolled")
}

func baseFlag(cmd *cobra.Command, base *string) {
	cmd.Flags().StringVar(base, "base", "", "`base` of the ISO: alpine or debian (default: BASE in VERSIONS)")
	words(cmd, "base", matrix.Bases()...)
}

func coverageFlag(cmd *cobra.Command, coverage *string, value matrix.Coverage) {
	cmd.Flags().StringVar(coverage, "coverage", string(value),
		"`coverage` of the machines: each (every value of a factor once) or pairs (every two values of two factors once)")
	words(cmd, "coverage", string(matrix.Each), string(matrix.Pairs))
}

func (g *gate) machineFlag(cmd *cobra.Command, names *[]string, base *string, instead string) {
	cmd.Flags().StringSliceVar(names, "machine", nil, "`name` of a machine to test instead of "+instead+"; may be repeated")
	cmd.RegisterFlagCompletionFunc("machine", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		base, _ := g.baseOr(*base) // without one, nothing is offered
		plan, _ := matrix.Plan(base, matrix.Pairs)
		var names []string
		for _, m := range plan {
			names = append(names, m.Name())
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

func rebuildFlag(cmd *cobra.Command, rebuild *string) {
	cmd.Flags().StringVar(rebuild, "rebuild", "", "`name` of the second build: what one of the same name made is taken from the cache (default: a new one)")
}

// words lets the shell complete the values of a flag.
func words(cmd *cobra.Command, flag string, values ...string) {
	cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// testFlags say how machines are tested.
type testFlags struct {
	jobs    int
	timeout time.Duration
	kvm     bool
}

func (f *testFlags) add(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.jobs, "jobs", 0, "`number` of machines at a time (default: what processors and memory bear)")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "time limit for each machine (default 10m, of a slow one 40m)")
	kvmFlag(cmd, &f.kvm)
}

func kvmFlag(cmd *cobra.Command, kvm *bool) {
	_, err := os.Stat("/dev/kvm")
	cmd.Flags().BoolVar(kvm, "kvm", err == nil, "let QEMU use KVM, where it works (default: whether there is /dev/kvm)")
	cmd.Flags().Lookup("kvm").DefValue = "false" // the help is the same everywhere
}

// check refuses what makes no sense, and fills in how many of the machines run at a
// time.
func (f *testFlags) check(machines []machine.Machine) error {
	largest := 0
	for _, m := range machines {
		largest = max(largest, m.MemoryMiB)
	}
	switch {
	case f.jobs < 0:
		return fmt.Errorf("--jobs %d: it has to be 1 or more", f.jobs)
	case f.timeout < 0:
		return fmt.Errorf("--timeout %s: it has to be longer than nothing", f.timeout)
	case f.jobs == 0:
		f.jobs = bearable(largest, runtime.NumCPU(), availableMiB())
	}
	return nil
}

// limit adds the time limit to the arguments of a test, where there is one.
func (f *testFlags) limit(arguments module.Arguments) {
	if f.timeout > 0 {
		arguments["timeout"] = f.timeout.String()
	}
}

// overheadMiB is what QEMU, and the test, take beside the memory of the machine.
const overheadMiB = 512

// bearable is how many machines run well at a time. Each has two processors, and waits for
// long.
func bearable(memoryMiB, cpus, availableMiB int) int {
	return max(1, min(cpus, availableMiB/(memoryMiB+overheadMiB)))
}

// availableMiB is the memory that this machine has left.
func availableMiB() int {
	text, _ := os.ReadFile("/proc/meminfo") // without it, one machine at a time
	for line := range strings.Lines(string(text)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "MemAvailable: %d kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}

// emptyFolder refuses a folder that has something in it already.
func emptyFolder(flag, path string) error {
	entries, err := os.ReadDir(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("--%s: %w", flag, err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("--%s %s: the folder is not empty; name a new one", flag, path)
	}
	return nil
}
