// Package fakegpu makes up a machine with NVIDIA GPUs for tests: a gpu_burn and an
// nvidia-smi that are shell scripts and print what the real ones do.
package fakegpu

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Machine is a folder with the tools, which is all that is in PATH.
type Machine struct {
	t   testing.TB
	Dir string
}

// smi answers with what the shell script "answer" prints.
const smi = `#!/bin/sh
PATH=/usr/bin:/bin
cd %s
case "$*" in
"-q -x") echo >> asked; . ./answer;;
*) exec sleep 300;;
esac
`

// burn is what all gpu_burn have in common.
const burn = `#!/bin/sh
PATH=/usr/bin:/bin
echo $$ > %[1]s/group
echo "$CUDA_DEVICE_ORDER $CUDA_VISIBLE_DEVICES $*" > %[1]s/called
cd %[1]s

# progress WORK ERRORS prints a line of progress.
progress() { printf "\r5.0%%%%  proc'd: %%s   errors: %%s   temps: 40 C - -- " "$1" "$2"; }
# finish WORK ERRORS VERDICT... ends as gpu_burn does, all in one write.
finish() {
	text=$(progress "$1" "$2"; shift 2
		printf '\nKilling processes with SIGTERM (soft kill)\nFreed memory for dev 0\ndone\n\nTested %%d GPUs:\n' $#
		i=0; for v; do printf '\tGPU %%d: %%s\n' $i "$v"; i=$((i+1)); done; echo x)
	printf %%s "${text%%x}"
	kill -KILL $children
	wait
	exit 0
}
# now NAME has nvidia-smi answer otherwise.
now() { mv "$1" answer; }
# watched waits until nvidia-smi has been asked some times more.
watched() { n=$(wc -l < asked); while [ $(wc -l < asked) -lt $((n+6)) ]; do sleep 0.02; done; }
# forever goes on, in vain.
forever() { while :; do progress "$1" "$2"; sleep 0.05; done; }

echo 'Burning for a while.'
sh -c 'trap "" TERM HUP; echo child > child; while kill -0 $PPID; do sleep 0.05; done' 2>&- >&- & children=$!
%[1]s/nvidia-smi -l 5 -q -d TEMPERATURE > /dev/null & children="$children $!"
while [ ! -s child ]; do sleep 0.02; done
`

// New makes a machine on which nvidia-smi answers as a script says, and gpu_burn is
// another script, which can use what burn has.
func New(t testing.TB, answer, script string) *Machine {
	t.Helper()
	m := &Machine{t, t.TempDir()}
	m.Write("nvidia-smi", fmt.Sprintf(smi, m.Dir))
	m.Write("gpu_burn", fmt.Sprintf(burn, m.Dir)+script)
	m.Write("answer", answer)
	m.Write("asked", "")
	m.Write("kmsg", "3,1,1,-;NVRM: Xid (PCI:0000:3a:00): 79, long ago\n")
	t.Setenv("PATH", m.Dir)
	t.Cleanup(m.gone)
	return m
}

// Probe adds a gpu_probe that is a shell script, run in the folder.
func (m *Machine) Probe(script string) {
	m.t.Helper()
	m.Write("gpu_probe", fmt.Sprintf("#!/bin/sh\nPATH=/usr/bin:/bin\necho $$ > %[1]s/group\necho \"$CUDA_DEVICE_ORDER $CUDA_VISIBLE_DEVICES $*\" > %[1]s/probed\ncd %[1]s\n", m.Dir)+script)
}

// Write writes a file into the folder.
func (m *Machine) Write(name, content string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.Dir, name), []byte(content), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// Remove removes a file of the folder.
func (m *Machine) Remove(name string) {
	m.t.Helper()
	if err := os.Remove(filepath.Join(m.Dir, name)); err != nil {
		m.t.Fatal(err)
	}
}

// OnBus adds a GPU to the PCI bus of the machine, the root of whose file system is the folder; a
// kernel driver may have it.
func (m *Machine) OnBus(address, driver string) {
	m.t.Helper()
	dir := filepath.Join("sys/bus/pci/devices", address)
	if err := os.MkdirAll(filepath.Join(m.Dir, dir), 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.Write(filepath.Join(dir, "vendor"), "0x10de\n")
	m.Write(filepath.Join(dir, "class"), "0x030200\n")
	m.Write(filepath.Join(dir, "device"), "0x2330\n")
	if driver == "" {
		return
	}
	if err := os.Symlink("../../../../bus/pci/drivers/"+driver, filepath.Join(m.Dir, dir, "driver")); err != nil {
		m.t.Fatal(err)
	}
}

// Read returns what is in a file, "" where there is none.
func (m *Machine) Read(name string) string {
	b, _ := os.ReadFile(filepath.Join(m.Dir, name))
	return strings.TrimSpace(string(b))
}

// gone checks that nothing of gpu_burn was left behind.
func (m *Machine) gone() {
	var group int
	if _, err := fmt.Sscan(m.Read("group"), &group); err != nil {
		return // it was not started
	}
	if err := syscall.Kill(-group, 0); err != syscall.ESRCH {
		m.t.Errorf("gpu_burn's process group %d is still there: %v", group, err)
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
}

const gpu = `<gpu id="00000000:%02[2]X:00.0"><product_name>NVIDIA Test 9000</product_name><serial>165052200999%[1]d</serial><uuid>GPU-%[1]d</uuid>
<mig_mode><current_mig>Disabled</current_mig></mig_mode>
<clocks_event_reasons><clocks_event_reason_sw_power_cap>Active</clocks_event_reason_sw_power_cap></clocks_event_reasons>
<ecc_mode><current_ecc>Enabled</current_ecc></ecc_mode>
<ecc_errors><volatile><sram_correctable>0</sram_correctable><sram_uncorrectable>0</sram_uncorrectable><dram_correctable>5</dram_correctable><dram_uncorrectable>2</dram_uncorrectable></volatile></ecc_errors>
<temperature><gpu_temp>61 C</gpu_temp><gpu_temp_slow_threshold>89 C</gpu_temp_slow_threshold><memory_temp>70 C</memory_temp></temperature>
<gpu_power_readings><power_draw>300.50 W</power_draw></gpu_power_readings>
<clocks><sm_clock>1400 MHz</sm_clock><mem_clock>2600 MHz</mem_clock></clocks></gpu>
`

// GPU is a GPU in nvidia-smi's XML, with some texts in it replaced by others.
func GPU(n int, replace ...string) string {
	return strings.NewReplacer(replace...).Replace(fmt.Sprintf(gpu, n, 0x3a+n))
}

// Answer is a script that prints nvidia-smi's XML with these GPUs.
func Answer(gpus ...string) string {
	return "cat <<'EOF'\n<?xml version=\"1.0\" ?>\n<nvidia_smi_log><driver_version>580.1</driver_version><cuda_version>13.0</cuda_version>\n" +
		strings.Join(gpus, "") + "</nvidia_smi_log>\nEOF\n"
}
