// Package manager starts NVIDIA's Fabric Manager, and waits until the GPUs are in the fabric
// that it makes of them and of the NVSwitches between them.
package manager

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bee/nvidia/internal/fabric"
)

// What the Fabric Manager and NVLSM write, and where they meet.
const (
	managerLog = "/var/log/fabricmanager.log"
	subnetLog  = "/var/log/nvlsm.log"
	runFolder  = "/run/nvidia-fabricmanager"
	socket     = runFolder + "/fm_sm_ipc.socket"
)

// Limits of what is waited for.
const (
	modprobeLimit = 20 * time.Second
	portLimit     = 30 * time.Second // until a port of InfiniBand has its GUID
	subnetLimit   = 30 * time.Second // until NVLSM takes calls
	managerLimit  = 2 * time.Minute  // until the Fabric Manager goes into the background
	statesLimit   = 2 * time.Minute  // until the GPUs are in the fabric
	smiLimit      = 30 * time.Second
	pause         = 2 * time.Second
)

// modules are those of InfiniBand that NVLSM needs.
var modules = [...]string{"mlx5_ib", "ib_umad"}

// Limit is more than all that is waited for takes together.
const Limit = time.Duration(len(modules))*modprobeLimit + portLimit + subnetLimit + managerLimit + statesLimit + smiLimit + time.Minute

// System is what is done on the machine; package kernel has the real one.
type System interface {
	Run(ctx context.Context, limit time.Duration, program string, args ...string) error
	Output(ctx context.Context, limit time.Duration, program string, args ...string) (string, error)
	Start(program string, args ...string) error
	Sleep(ctx context.Context, d time.Duration)
}

// Starter starts the Fabric Manager.
type Starter struct {
	Root   string // directory of the file system
	System System
	Say    func(format string, args ...any) // called for each line but the last
}

// Start starts the Fabric Manager, where there are NVSwitches and a driver. The summary says
// what was set up, or why there was nothing to start; the error why CUDA may not start.
func (s *Starter) Start(ctx context.Context) (summary string, err error) {
	need, err := fabric.Of(s.Root)
	if err != nil {
		return "", err
	}
	if need == nil {
		return "no NVSwitch, nothing to start", nil
	}
	version, err := os.ReadFile(s.path("/sys/module/nvidia/version"))
	if err != nil {
		return need.Switches + ", but the NVIDIA driver is not loaded: no Fabric Manager started", nil
	}
	driver := strings.TrimSpace(string(version))
	if missing := need.Missing(s.Root, driver); missing != "" {
		return "", fmt.Errorf("%s, and CUDA may not start: %s", need.Switches, missing)
	}
	if err := os.MkdirAll(s.path(runFolder), 0o755); err != nil {
		return "", err
	}
	args := []string{"-c", s.path(fabric.ManagerConfig)}
	if len(need.Bridges) > 0 {
		guid, err := s.startSubnetManager(ctx, need.Bridges)
		if err != nil {
			return "", fmt.Errorf("CUDA may not start: %w", err)
		}
		args = append(args, "--fm-sm-mgmt-port-guid", guid)
	}
	s.Say("%s: starting Fabric Manager %s", need.Switches, driver)
	program, args := s.command(fabric.Manager, args...)
	if err := s.System.Run(ctx, managerLimit, program, args...); err != nil {
		return "", fmt.Errorf("CUDA may not start: the Fabric Manager does not run: %w", s.because(err, managerLog))
	}
	gpus, err := s.wait(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("the Fabric Manager runs, and %s is set up", gpus), nil
}

// command is how to run a program with the libraries that are for it.
func (s *Starter) command(program string, args ...string) (string, []string) {
	libraries := []string{fabric.Libraries, fabric.SubnetManagerFolder, "/usr/lib/x86_64-linux-gnu", "/usr/lib"}
	return s.path(fabric.Libraries, "ld-linux-x86-64.so.2"),
		append([]string{"--library-path", strings.Join(libraries, ":"), s.path(program)}, args...)
}

// because adds to an error the last line of a program's log.
func (s *Starter) because(err error, log string) error {
	text, _ := os.ReadFile(s.path(log))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return fmt.Errorf("%w; its log %s ends with: %s", err, log, last)
	}
	return err
}

// startSubnetManager starts NVLSM at a port of what manages the NVSwitches, and returns the
// port's GUID.
func (s *Starter) startSubnetManager(ctx context.Context, bridges []string) (guid string, err error) {
	for _, module := range modules {
		if err := s.System.Run(ctx, modprobeLimit, "modprobe", module); err != nil {
			return "", fmt.Errorf("module %s of InfiniBand, which NVLSM needs, is not loaded: %w", module, err)
		}
	}
	found := s.until(ctx, portLimit, func() bool {
		guid = s.guid(bridges)
		return guid != ""
	})
	if !found {
		return "", fmt.Errorf("none of %s, which manage the NVSwitches, has a port of InfiniBand after %v, see dmesg", strings.Join(bridges, ", "), portLimit)
	}
	os.Remove(s.path(socket))
	s.Say("starting NVLSM at port %s", guid)
	program, args := s.command(fabric.SubnetManager, "--config", s.path(fabric.SubnetManagerConfig), "--guid", guid,
		"--pid_file", s.path("/run/nvlsm.pid"), "--log_file", s.path(subnetLog))
	if err := s.System.Start(program, args...); err != nil {
		return "", fmt.Errorf("NVLSM does not start: %w", err)
	}
	listens := func() bool {
		_, err := os.Stat(s.path(socket))
		return err == nil
	}
	if !s.until(ctx, subnetLimit, listens) {
		return "", s.because(fmt.Errorf("NVLSM takes no calls after %v", subnetLimit), subnetLog)
	}
	return guid, nil
}

// guid is that of the first port of the bridges, "" where none has one yet: the lower half of
// its first GID.
func (s *Starter) guid(bridges []string) string {
	const class = "/sys/class/infiniband"
	devices, _ := os.ReadDir(s.path(class))
	for _, bridge := range bridges {
		for _, d := range devices {
			target, _ := os.Readlink(s.path(class, d.Name(), "device"))
			if filepath.Base(target) != bridge {
				continue
			}
			text, _ := os.ReadFile(s.path(class, d.Name(), "ports/1/gids/0"))
			groups := strings.Split(strings.TrimSpace(string(text)), ":")
			if len(groups) != 8 {
				continue
			}
			if guid := strings.Join(groups[4:], ""); strings.Trim(guid, "0") != "" {
				return "0x" + guid
			}
		}
	}
	return ""
}

// until tries until something holds, or the limit is over, to which also counts what the tries
// take: nvidia-smi can take long.
func (s *Starter) until(ctx context.Context, limit time.Duration, holds func() bool) bool {
	for began := time.Now(); ; {
		if holds() {
			return true
		}
		if time.Since(began) >= limit || ctx.Err() != nil {
			return false
		}
		s.System.Sleep(ctx, pause)
	}
}

// state is how far a GPU has come into the fabric.
type state struct{ address, state, status string }

// completed tells whether it is in, as far as GPUs tell: those before Hopper do not.
func (s state) completed() bool {
	return s.state == "Completed" && slices.Contains([]string{"Success", ""}, s.status) || s.state == ""
}

// failed tells whether it will not come in any more.
func (s state) failed() bool { return s.state == "Completed" && !s.completed() }

func (s state) String() string {
	return fmt.Sprintf("GPU %s (%s)", s.address, strings.Join(slices.DeleteFunc([]string{s.state, s.status}, func(w string) bool { return w == "" }), ", "))
}

// wait waits until the GPUs are in the fabric, and returns how many they are.
func (s *Starter) wait(ctx context.Context) (gpus string, err error) {
	var states []state
	ready := s.until(ctx, statesLimit, func() bool {
		states, err = s.states(ctx)
		return err == nil && (!slices.ContainsFunc(states, func(s state) bool { return !s.completed() }) || slices.ContainsFunc(states, state.failed))
	})
	if err != nil {
		return "", fmt.Errorf("the Fabric Manager runs, but how far the GPUs are is not known: %w", err)
	}
	out := slices.DeleteFunc(slices.Clone(states), state.completed)
	if len(out) > 0 {
		var all []string
		for _, s := range out {
			all = append(all, s.String())
		}
		after := ""
		if !ready {
			after = fmt.Sprintf(" after %v", statesLimit)
		}
		return "", fmt.Errorf("%d of %d GPUs are not in the NVLink fabric%s: %s; see %s", len(out), len(states), after, strings.Join(all, "; "), managerLog)
	}
	if len(states) == 1 {
		return "1 GPU", nil
	}
	return fmt.Sprintf("each of %d GPUs", len(states)), nil
}

// states asks nvidia-smi.
func (s *Starter) states(ctx context.Context) ([]state, error) {
	output, err := s.System.Output(ctx, smiLimit, s.path("/usr/local/bin/nvidia-smi"), "--query-gpu=pci.bus_id,fabric.state,fabric.status", "--format=csv,noheader")
	if err != nil {
		return nil, err
	}
	return parse(output)
}

// parse reads what nvidia-smi says: a line for each GPU, such as
//
//	00000000:1B:00.0, Completed, Success
func parse(output string) ([]state, error) {
	reader := csv.NewReader(strings.NewReader(output))
	reader.FieldsPerRecord, reader.TrimLeadingSpace = 3, true
	records, err := reader.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("nvidia-smi: %w", err)
	}
	var all []state
	for _, r := range records {
		for i, text := range r {
			if text = strings.Trim(strings.TrimSpace(text), "[]"); text == "N/A" || text == "Not Supported" {
				text = ""
			}
			r[i] = text
		}
		address := strings.ToLower(r[0])
		if len(address) == len("00000000:01:00.0") { // it has eight digits for the domain, sysfs has four
			address = address[4:]
		}
		all = append(all, state{address, r[1], r[2]})
	}
	if len(all) == 0 {
		return nil, errors.New("nvidia-smi names no GPU")
	}
	return all, nil
}

func (s *Starter) path(parts ...string) string {
	return filepath.Join(append([]string{s.Root}, parts...)...)
}
