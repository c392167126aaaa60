package manager

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bee/core/hostile"
	"bee/nvidia/internal/fabric"
	"bee/nvidia/internal/service"
)

// machine is a file system and programs that do as they are told. What is run is in done.
type machine struct {
	t      *testing.T
	root   string
	fails  map[string]error // programs, by their names
	states []string         // what nvidia-smi says, each time; the last one stays
	starts func(m *machine) // what NVLSM does
	fabric func(m *machine) // what the Fabric Manager does
	smi    error
	takes  time.Duration // nvidia-smi
	waited time.Duration
	done   []string
	asked  int
}

func (m *machine) note(program string, args []string) string {
	command := strings.ReplaceAll(strings.Join(append([]string{program}, args...), " "), m.root, "")
	loader := fabric.Libraries + "/ld-linux-x86-64.so.2 --library-path " + fabric.Libraries + ":/opt/nvidia/nvlsm/lib:/usr/lib/x86_64-linux-gnu:/usr/lib "
	command = strings.TrimPrefix(command, loader)
	m.done = append(m.done, command)
	name, _, _ := strings.Cut(command, " ")
	return filepath.Base(name)
}

func (m *machine) Run(_ context.Context, _ time.Duration, program string, args ...string) error {
	name := m.note(program, args)
	if name == "nv-fabricmanager" && m.fabric != nil {
		m.fabric(m)
	}
	return m.fails[name]
}

func (m *machine) Output(_ context.Context, _ time.Duration, program string, args ...string) (string, error) {
	time.Sleep(m.takes)
	if m.smi != nil {
		return "", m.smi
	}
	said := m.states[min(m.asked, len(m.states)-1)]
	m.asked++
	return said, nil
}

func (m *machine) Start(program string, args ...string) error {
	name := m.note(program, args)
	if m.starts != nil {
		m.starts(m)
	}
	return m.fails[name]
}

func (m *machine) Sleep(_ context.Context, d time.Duration) {
	time.Sleep(d)
	m.waited += d
}

func (m *machine) write(name, text string) {
	m.t.Helper()
	name = filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) device(address, vendor, class, vpd string) {
	folder := "/sys/bus/pci/devices/" + address
	m.write(folder+"/vendor", vendor)
	m.write(folder+"/class", class)
	m.write(folder+"/vpd", vpd)
}

// port is one of InfiniBand's.
func (m *machine) port(name, address, gid string) {
	folder := filepath.Join("/sys/class/infiniband", name)
	m.write(folder+"/ports/1/gids/0", gid+"\n")
	if err := os.Symlink("../../../"+address, filepath.Join(m.root, folder, "device")); err != nil {
		m.t.Fatal(err)
	}
}

const completed = "00000000:1B:00.0, Completed, Success\n00000000:43:00.0, Completed, Success\n"

// newMachine has two NVSwitches, or what manages some, the driver, and all that they take.
func newMachine(t *testing.T, nvlink5 bool) *machine {
	m := &machine{t: t, root: t.TempDir(), fails: map[string]error{}, states: []string{completed}}
	m.write("/sys/module/nvidia/version", "580.159.04\n")
	m.write(fabric.Manager, "")
	if nvlink5 {
		m.device("0000:05:00.0", "0x15b3", "0x020700", "SMDL=SW_MNG")
		m.device("0000:05:00.1", "0x15b3", "0x020700", "SMDL=SW_MNG")
		m.port("mlx5_0", "0000:17:00.0", "fe80:0000:0000:0000:9803:9b03:00ab:cdef") // a network card
		m.port("mlx5_1", "0000:05:00.1", "fe80:0000:0000:0000:cc40:f303:0027:f631")
		m.port("mlx5_9", "0000:05:00.0", "fe80:0000:0000:0000:cc40:f303:0027:f630")
		m.write(fabric.SubnetManager, "")
		m.starts = func(m *machine) { m.write(socket, "") }
	} else {
		m.device("0000:07:00.0", "0x10de", "0x068000", "")
		m.device("0000:08:00.0", "0x10de", "0x068000", "")
	}
	return m
}

func (m *machine) start() (lines []string, err error) {
	s := Starter{Root: m.root, System: m, Say: func(format string, args ...any) {
		lines = append(lines, fmt.Sprintf(format, args...))
	}}
	summary, err := s.Start(m.t.Context())
	if err != nil {
		summary = err.Error()
	}
	return append(lines, strings.ReplaceAll(summary, m.root, "")), err
}

// startInNoTime is start by a clock that jumps over what is slept.
func (m *machine) startInNoTime() (lines []string, err error) {
	synctest.Test(m.t, func(*testing.T) { lines, err = m.start() })
	return lines, err
}

func TestStart(t *testing.T) {
	const manager = "/usr/bin/nv-fabricmanager -c /usr/share/nvidia/nvswitch/fabricmanager.cfg"
	const starting = "2 NVSwitches: starting Fabric Manager 580.159.04"
	const ready = "the Fabric Manager runs, and each of 2 GPUs is set up"
	nvlsm := []string{"modprobe mlx5_ib", "modprobe ib_umad",
		"/opt/nvidia/nvlsm/sbin/nvlsm --config /usr/share/nvidia/nvlsm/nvlsm.conf --guid 0xcc40f3030027f630 --pid_file /run/nvlsm.pid --log_file /var/log/nvlsm.log"}
	starting5 := []string{"starting NVLSM at port 0xcc40f3030027f630", "NVSwitches of NVLink 5: starting Fabric Manager 580.159.04"}
	for name, test := range map[string]struct {
		nvlink5 bool
		change  func(m *machine)
		said    []string
		failed  bool
		done    []string
		waited  time.Duration
	}{
		"NVSwitches": {false, nil, []string{starting, ready}, false, []string{manager}, 0},
		"NVLink 5":   {true, nil, append(starting5, ready), false, append(nvlsm, manager+" --fm-sm-mgmt-port-guid 0xcc40f3030027f630"), 0},
		"no NVSwitch": {false, func(m *machine) { os.RemoveAll(filepath.Join(m.root, "sys/bus")) },
			[]string{"no NVSwitch, nothing to start"}, false, nil, 0},
		"no driver": {false, func(m *machine) { os.RemoveAll(filepath.Join(m.root, "sys/module")) },
			[]string{"2 NVSwitches, but the NVIDIA driver is not loaded: no Fabric Manager started"}, false, nil, 0},
		"not in the image": {false, func(m *machine) { os.RemoveAll(filepath.Join(m.root, "usr")) },
			[]string{"2 NVSwitches, and CUDA may not start: NVIDIA's Fabric Manager 580.159.04 is not in this image; build an ISO with it: FABRIC_MANAGER_ORIGIN=nvidia in VERSIONS, or --fabric-manager FILE"}, true, nil, 0},
		"it takes its time": {false, func(m *machine) {
			m.states = []string{"00000000:1B:00.0, Not Started, N/A\n00000000:43:00.0, In Progress, N/A\n", "00000000:1B:00.0, Completed, Success\n00000000:43:00.0, In Progress, N/A\n", completed}
		}, []string{starting, ready}, false, []string{manager}, 4 * time.Second},
		"A100, which do not tell": {false, func(m *machine) {
			m.states = []string{"00000000:07:00.0, N/A, N/A\n00000000:0F:00.0, [N/A], [Not Supported]\n"}
		},
			[]string{starting, ready}, false, []string{manager}, 0},
		"one does not come": {false, func(m *machine) {
			m.states = []string{"00000000:1B:00.0, Completed, Success\n00000000:43:00.0, In Progress, N/A\n"}
		}, []string{starting, "1 of 2 GPUs are not in the NVLink fabric after 2m0s: GPU 0000:43:00.0 (In Progress); see /var/log/fabricmanager.log"}, true, []string{manager}, 2 * time.Minute},
		"one cannot come": {false, func(m *machine) {
			m.states = []string{"00000000:1B:00.0, In Progress, N/A\n00000000:43:00.0, Completed, Insufficient Resources\n"}
		}, []string{starting, "2 of 2 GPUs are not in the NVLink fabric: GPU 0000:1b:00.0 (In Progress); GPU 0000:43:00.0 (Completed, Insufficient Resources); see /var/log/fabricmanager.log"}, true, []string{manager}, 0},
		"it fails": {false, func(m *machine) {
			m.fails["nv-fabricmanager"] = errors.New("exit status 1")
			m.fabric = func(m *machine) {
				m.write(managerLog, "[INFO] reading configuration\n[ERROR] failed to configure all the available GPUs or NVSwitches.\n")
			}
		}, []string{starting, "CUDA may not start: the Fabric Manager does not run: exit status 1; its log /var/log/fabricmanager.log ends with: [ERROR] failed to configure all the available GPUs or NVSwitches."}, true, []string{manager}, 0},
		"it fails without a word": {false, func(m *machine) { m.fails["nv-fabricmanager"] = errors.New("exit status 127") },
			[]string{starting, "CUDA may not start: the Fabric Manager does not run: exit status 127"}, true, []string{manager}, 0},
		"nvidia-smi fails": {false, func(m *machine) { m.smi = errors.New("nvidia-smi: exit status 9: no devices were found") },
			[]string{starting, "the Fabric Manager runs, but how far the GPUs are is not known: nvidia-smi: exit status 9: no devices were found"}, true, []string{manager}, 2 * time.Minute},
		"nvidia-smi says nothing": {false, func(m *machine) { m.states = []string{""} },
			[]string{starting, "the Fabric Manager runs, but how far the GPUs are is not known: nvidia-smi names no GPU"}, true, []string{manager}, 2 * time.Minute},
		"no NVLSM": {true, func(m *machine) { os.Remove(filepath.Join(m.root, fabric.SubnetManager)) },
			[]string{"NVSwitches of NVLink 5, and CUDA may not start: NVIDIA's NVLSM, which the Fabric Manager needs for them, is not in this image; build an ISO with it: FABRIC_MANAGER_ORIGIN=nvidia in VERSIONS, or --nvlsm FILE beside --fabric-manager"}, true, nil, 0},
		"no InfiniBand in the kernel": {true, func(m *machine) {
			m.fails["modprobe"] = errors.New("modprobe: exit status 1: module mlx5_ib not found")
		},
			[]string{"CUDA may not start: module mlx5_ib of InfiniBand, which NVLSM needs, is not loaded: modprobe: exit status 1: module mlx5_ib not found"}, true, nvlsm[:1], 0},
		"no port": {true, func(m *machine) {
			os.RemoveAll(filepath.Join(m.root, "sys/class/infiniband"))
			m.port("mlx5_0", "0000:17:00.0", "fe80:0000:0000:0000:9803:9b03:00ab:cdef")
			m.port("mlx5_1", "0000:05:00.0", "fe80:0000:0000:0000:0000:0000:0000:0000")
			m.port("mlx5_2", "0000:05:00.1", "")
		}, []string{"CUDA may not start: none of 0000:05:00.0, 0000:05:00.1, which manage the NVSwitches, has a port of InfiniBand after 30s, see dmesg"}, true, nvlsm[:2], 30 * time.Second},
		"NVLSM does not take calls": {true, func(m *machine) {
			m.write(socket, "") // of an earlier one
			m.starts = func(m *machine) { m.write(subnetLog, "OpenSM 2025.10\nError: bind failed\n") }
		}, []string{starting5[0], "CUDA may not start: NVLSM takes no calls after 30s; its log /var/log/nvlsm.log ends with: Error: bind failed"}, true, nvlsm, 30 * time.Second},
		"NVLSM does not start": {true, func(m *machine) { m.fails["nvlsm"] = errors.New("no such file") },
			[]string{starting5[0], "CUDA may not start: NVLSM does not start: no such file"}, true, nvlsm, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, test.nvlink5)
			if test.change != nil {
				test.change(m)
			}
			lines, err := m.startInNoTime()
			if (err != nil) != test.failed || !slices.Equal(lines, test.said) {
				t.Errorf("said\n%s\nnot\n%s\nerror: %v", strings.Join(lines, "\n"), strings.Join(test.said, "\n"), err)
			}
			if !slices.Equal(m.done, test.done) {
				t.Errorf("done\n%s\nnot\n%s", strings.Join(m.done, "\n"), strings.Join(test.done, "\n"))
			}
			if m.waited != test.waited {
				t.Errorf("waited %v, not %v", m.waited, test.waited)
			}
		})
	}
}

// What nvidia-smi takes counts to the limit, which the service's own is beyond.
func TestSlowNvidiaSMI(t *testing.T) {
	m := newMachine(t, false)
	m.states, m.takes = []string{"00000000:1B:00.0, In Progress, N/A\n"}, smiLimit-time.Second
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if _, err := m.start(); err == nil || !strings.Contains(err.Error(), "after 2m0s") {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took > statesLimit+smiLimit || took >= Limit {
			t.Errorf("it took %v", took)
		}
	})
}

// Whatever devices and programs say, the log is printable.
func TestHostile(t *testing.T) {
	for _, text := range hostile.Strings {
		m := newMachine(t, true)
		m.write("/sys/module/nvidia/version", text)
		m.states = []string{"00000000:1B:00.0, \"" + strings.ReplaceAll(text, `"`, `""`) + "\", N/A\n"}
		m.fabric = func(m *machine) { m.write(managerLog, text) }
		var log strings.Builder
		say := service.Service{Name: "bee-fabric"}.LogTo(&log)
		s := Starter{Root: m.root, System: m, Say: say.Printf}
		synctest.Test(t, func(t *testing.T) { say.Print(s.Start(t.Context())) })
		if found := hostile.Unprintable(log.String()); found != "" {
			t.Errorf("%.80q: it writes %s", text, found)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(completed)
	f.Add("00000000:07:00.0, [N/A], [Not Supported]\n")
	f.Add("No devices were found\n")
	f.Fuzz(func(t *testing.T, output string) {
		states, err := parse(output)
		if (err == nil) != (len(states) > 0) {
			t.Errorf("%v, %v", states, err)
		}
	})
}
