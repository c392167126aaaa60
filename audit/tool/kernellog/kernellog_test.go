package kernellog

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"bee/audit/report"
)

// lines of logs, and what they tell.
var lines = map[string]report.KernelEvent{
	"EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x2dd2b9d offset:0x300 grain:32 syndrome:0x0)": {Kind: "memory_error", Device: "mc0", Severity: "corrected"},
	"EDAC MC1: 1 UE memory scrubbing error on P1-DIMMA1 (channel:0 slot:0 page:0x0 offset:0x0 grain:32)":                                      {Kind: "memory_error", Device: "mc1", Severity: "uncorrected"},
	"Memory failure: 0x1dead0: recovery action for dirty LRU page: Recovered":                                                                 {Kind: "memory_error", Severity: "uncorrected"},
	"mce: [Hardware Error]: CPU 12: Machine Check: 0 Bank 7: 8c00004000010091":                                                                {Kind: "machine_check", Device: "cpu12", Severity: "corrected"},
	"mce: [Hardware Error]: CPU 3: Machine Check Exception: 5 Bank 5: be00000000800400":                                                       {Kind: "machine_check", Device: "cpu3", Severity: "fatal"},
	"mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 9: a000000000000000":                                                                 {Kind: "machine_check", Device: "cpu3", Severity: "uncorrected"},
	"mce: [Hardware Error]: CPU 3: Machine Check: 0 Bank 9: 0":                                                                                {Kind: "machine_check", Device: "cpu3"},
	"[Hardware Error]: CPU:64 (19:1:1) MC17_STATUS[Over|CE|MiscV|AddrV|-|-|SyndV|CECC|-|-|-]: 0xdc2040000000011b":                             {Kind: "machine_check", Device: "cpu64", Severity: "corrected"},
	"[Hardware Error]: CPU:0 (17:31:0) MC0_STATUS[-|UE|MiscV|AddrV|PCC|-|SyndV|-|-|-|-]: 0xbea0000000000108":                                  {Kind: "machine_check", Device: "cpu0", Severity: "fatal"},
	"mce: [Hardware Error]: Machine check events logged":                                                                                      {Kind: "machine_check"},
	"BERT: Error records from previous boot:":                                                                                                 {Kind: "previous_boot"},
	"BERT: [Hardware Error]: Skipped 1 error records":                                                                                         {Kind: "previous_boot"},
	"pcieport 0000:00:01.1: PCIe Bus Error: severity=Corrected, type=Data Link Layer, (Receiver ID)":                                          {Kind: "pcie_error", Device: "0000:00:01.1", Severity: "corrected"},
	"nvme 0000:c1:00.0: PCIe Bus Error: severity=Correctable, type=Physical Layer, (Receiver ID)":                                             {Kind: "pcie_error", Device: "0000:c1:00.0", Severity: "corrected"},
	"pcieport 0000:16:02.0: AER: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, (Requester ID)":                    {Kind: "pcie_error", Device: "0000:16:02.0", Severity: "uncorrected"},
	"mlx5_core 0000:c1:00.0: PCIe Bus Error: severity=Uncorrectable (Fatal), type=Inaccessible, (Unregistered Agent ID)":                      {Kind: "pcie_error", Device: "0000:c1:00.0", Severity: "fatal"},
	"pcieport 0000:5d:02.0: DPC: containment event, status:0x1f01 source:0x0000":                                                              {Kind: "pcie_error", Device: "0000:5d:02.0", Severity: "uncorrected"},
	"pcieport 0000:17:02.0: pciehp: Slot(12): Link Down":                                                                                      {Kind: "pcie_link_lost", Device: "0000:17:02.0"},
	"NVRM: Xid (PCI:0000:65:00): 79, pid=1234, name=gpu_burn, GPU has fallen off the bus.":                                                    {Kind: "gpu_error", Device: "0000:65:00.0", Xid: 79},
	"nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 20034, Fatal, Link 30 LTSSM Fault Up":                                                         {Kind: "gpu_error", Device: "0000:c1:00.0", Severity: "fatal"},
	"mce: CPU12: Core temperature above threshold, cpu clock throttled (total events = 1)":                                                    {Kind: "overheated", Device: "cpu12"},
	"mce: CPU3: Package temperature is above threshold, cpu clock is throttled (total events = 5)":                                            {Kind: "overheated", Device: "cpu3"},
	"thermal thermal_zone0: critical temperature reached, shutting down":                                                                      {Kind: "overheated", Device: "thermal_zone0", Severity: "fatal"},
	"nvme nvme0: I/O 123 QID 5 timeout, aborting":                                                                                             {Kind: "drive_reset", Device: "nvme0"},
	"nvme nvme1: I/O tag 12 (100c) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting req_op:READ(0) size:4096":                                     {Kind: "drive_reset", Device: "nvme1"},
	"nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0xffff":                                                          {Kind: "drive_reset", Device: "nvme0"},
	"nvme nvme2: Removing after probe failure status: -19":                                                                                    {Kind: "drive_reset", Device: "nvme2"},
	"sd 0:0:1:0: attempting task abort!scmd(0x00000000f4b0a8f3), outstanding for 30400 ms & timeout 30000 ms":                                 {Kind: "drive_reset", Device: "0:0:1:0"},
	"megaraid_sas 0000:01:00.0: resetting fusion adapter scsi0.":                                                                              {Kind: "drive_reset", Device: "megaraid_sas 0000:01:00.0"},
	"mpt3sas_cm0: fault_state(0x2810)!":                                                                                                       {Kind: "drive_reset", Device: "mpt3sas_cm0"},
	"hpsa 0000:03:00.0: scsi 2:0:1:0: resetting physical  Direct-Access     ACME     DISK PHYS DRV SSDSmartPathCap- En- Exp=1":                {Kind: "drive_reset", Device: "hpsa 0000:03:00.0"},
	"ata3.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x6 frozen":                                                                        {Kind: "drive_reset", Device: "ata3.00"},
	"ata3.00: exception Emask 0x0 SAct 0x1000 SErr 0x0 action 0x0":                                                                            {Kind: "drive_error", Device: "ata3.00"},
	"megaraid_sas 0000:01:00.0: FW detected to be in faultstate, restarting it...":                                                            {Kind: "drive_reset", Device: "megaraid_sas 0000:01:00.0"},
	"hpsa 0000:03:00.0: controller lockup detected: 0x00150000 after 30s":                                                                     {Kind: "drive_reset", Device: "hpsa 0000:03:00.0"},
	"aacraid: Host adapter abort request.":                                                                                                    {Kind: "drive_reset", Device: "aacraid"},
	"mlx5_core 0000:c1:00.1: poll_health:965:(pid 0): device's health compromised - reached miss count":                                       {Kind: "network_reset", Device: "0000:c1:00.1"},
	"ata3: COMRESET failed (errno=-16)":                                                                                                       {Kind: "drive_reset", Device: "ata3"},
	"blk_update_request: I/O error, dev sda, sector 1234 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0":                                 {Kind: "drive_error", Device: "sda", Severity: "uncorrected"},
	"I/O error, dev nvme0n1, sector 8 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2":                                                        {Kind: "drive_error", Device: "nvme0n1", Severity: "uncorrected"},
	"device-mapper: verity: 7:0: data block 28598 is corrupted":                                                                               {Kind: "medium_damaged", Device: "7:0", Severity: "uncorrected"},
	"bee: configuration: BEE-CONFIG/bee.yaml:6: than: no such key; there are: network":                                                        {Kind: "configuration", Device: "BEE-CONFIG/bee.yaml:6"},
	"critical medium error, dev sdab, sector 5860533160 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2":                                      {Kind: "drive_error", Device: "sdab", Severity: "uncorrected"},
	"NETDEV WATCHDOG: eth0 (ixgbe): transmit queue 3 timed out":                                                                               {Kind: "network_reset", Device: "eth0"},
	"mlx5_core 0000:c1:00.0 eth1: NETDEV WATCHDOG: CPU: 12: transmit queue 3 timed out 5120 ms":                                               {Kind: "network_reset", Device: "eth1"},
	"INFO: task kworker/u8:3:123 blocked for more than 120 seconds.":                                                                          {Kind: "hung", Device: "kworker/u8:3"},
	"watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [dd:4711]":                                                                             {Kind: "hung", Device: "cpu3"},
	"watchdog: Watchdog detected hard LOCKUP on cpu 7":                                                                                        {Kind: "hung", Device: "cpu7"},
	"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:":                                                                                   {Kind: "hung"},
	"Uhhuh. NMI received for unknown reason 3d on CPU 0.":                                                                                     {Kind: "nmi"},
	"NMI: PCI system error (SERR) for reason b1 on CPU 0.":                                                                                    {Kind: "nmi"},
}

// quiet lines are of machines that are well.
var quiet = []string{
	"EDAC MC: Ver: 3.0.0",
	"EDAC MC0: Giving out device to module skx_edac controller Skylake Socket#0 IMC#0: DEV 0000:64:0a.0 (INTERRUPT)",
	"mce: CPU0: Thermal monitoring enabled (TM1)",
	"mce: CPU12: Core temperature/speed normal",
	"CPU3: Package temperature/speed normal",
	"MCE: In-kernel MCE decoding enabled.",
	"pcieport 0000:00:01.1: AER: enabled with IRQ 28",
	"pcieport 0000:00:01.1: DPC: error containment capabilities: Int Msg #0, RPExt+ PoisonedTLP+ SwTrigger+ RP PIO Log 4, DL_ActiveErr+",
	"pcieport 0000:17:02.0: pciehp: Slot #12 AttnBtn- PwrCtrl- MRL- AttnInd- PwrInd- HotPlug+ Surprise+ Interlock- NoCompl+ IbPresDis- LLActRep+",
	"pcieport 0000:17:02.0: pciehp: Slot(12): Card present",
	"GHES: APEI firmware first mode is enabled by APEI bit and WHEA _OSC.",
	"nvme nvme0: 32/0/0 default/read/poll queues",
	"nvme nvme0: Shutdown timeout set to 10 seconds",
	"ata3: SATA link up 6.0 Gbps (SStatus 133 SControl 300)",
	"ata1: SRST failed", // no errno: a port without a drive
	"sd 0:0:1:0: Power-on or device reset occurred",
	"mpt3sas_cm0: sending diag reset !!",
	"I/O error, dev sr0, sector 0 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 2",
	"I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0 phys_seg 1 prio class 2",
	"blk_update_request: critical target error, dev sda, sector 0 op 0x3:(DISCARD) flags 0x800 phys_seg 1 prio class 0",
	"NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.",
	"rcu: Hierarchical SRCU implementation.",
	"NVRM: loading NVIDIA UNIX x86_64 Kernel Module  580.159.04",
	"HEST: Table parsing has been initialized.",
	"BERT: Total records found: 0",
}

func TestEvents(t *testing.T) {
	for line, want := range lines {
		log, ok := Parse([]byte("<4>[    1.500000] " + line + "\n"))
		want.Count, want.FirstSeconds, want.LastSeconds, want.Message = 1, 1.5, 1.5, line
		if !ok || len(log.Events) != 1 || !reflect.DeepEqual(log.Events[0], want) {
			t.Errorf("%s\n is %+v\nwant %+v", line, log.Events, want)
		}
	}
	for _, line := range quiet {
		if log, _ := Parse([]byte("<6>[    1.500000] " + line + "\n")); len(log.Events) > 0 {
			t.Errorf("%s is %+v", line, log.Events)
		}
	}
	for _, p := range patterns() {
		n := 0
		for line := range lines {
			if strings.Contains(line, p.contains) && p.line.MatchString(line) {
				n++
			}
		}
		if n == 0 {
			t.Errorf("%s: no line of this test is like %s", p.kind, p.line)
		}
	}
}

func TestParse(t *testing.T) {
	log, ok := Parse([]byte(`  a line that is cut off
<5>[  341.000001] Linux version 6.12.0
<4>[  400.000000] I/O error, dev sda, sector 8 op 0x0:(READ)
 which goes on
<12>[  401.000000] I/O error, dev sdb, sector 8 op 0x0:(READ), writes a program
<11>[  401.500000] bee: configuration: bee.yaml:3: then: "halt" is none of shell, reboot, poweroff
[  402.000000] I/O error, dev sda, sector 16 op 0x0:(READ)
<3>[  403.000000] [   T1234] I/O error, dev sda, sector 24 op 0x0:(READ)
`))
	want := Log{Since: 341.000001, Events: []report.KernelEvent{{
		Kind: "drive_error", Device: "sda", Severity: "uncorrected", Count: 3, FirstSeconds: 400, LastSeconds: 403,
		Message: "I/O error, dev sda, sector 24 op 0x0:(READ)",
	}, {
		Kind: "configuration", Device: "bee.yaml:3", Count: 1, FirstSeconds: 401.5, LastSeconds: 401.5,
		Message: `bee: configuration: bee.yaml:3: then: "halt" is none of shell, reboot, poweroff`,
	}}}
	if !ok || !reflect.DeepEqual(log, want) {
		t.Errorf("%v, %+v\nwant %+v", ok, log, want)
	}
	if _, ok := Parse([]byte("dmesg: read kernel buffer failed: Operation not permitted\n")); ok {
		t.Error("an error of dmesg is taken for a log")
	}
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, "<4>[%5d.000000] INFO: task task%d:1 blocked for more than 120 seconds.\n", i, i)
	}
	if log, _ := Parse([]byte(many.String())); len(log.Events) != mostEvents {
		t.Errorf("%d events", len(log.Events))
	}
}

func FuzzParse(f *testing.F) {
	for line := range lines {
		f.Add([]byte("<4>[    1.500000] " + line + "\n<30>[    2.500000] " + line))
	}
	f.Fuzz(func(t *testing.T, dmesg []byte) {
		log, _ := Parse(dmesg)
		if len(log.Events) > mostEvents {
			t.Errorf("%d events", len(log.Events))
		}
		for _, e := range log.Events {
			if e.Count == 0 || e.Kind == "" || len(e.Message) > 4*longest || strings.ContainsAny(e.Message+e.Device, "\n\x1b") {
				t.Errorf("%+v", e)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var log strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&log, "<6>[%5d.000000] %s\n", i, quiet[i%len(quiet)])
	}
	b.SetBytes(int64(log.Len()))
	for b.Loop() {
		Parse([]byte(log.String()))
	}
}
