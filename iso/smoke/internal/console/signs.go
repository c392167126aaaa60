package console

import "regexp"

// Prompt is what the root shell on bee's console shows.
const Prompt = "root@bee:~# "

// Bar is how the line above the screens of the text console begins, which is there before the
// shell is.
const Bar = "Overview Hardware Findings "

// Leave are the keys that lead from the text console to the shell. The first one draws the
// screen anew, which any key does where nobody has pressed one for some time.
const Leave = "\fq"

// milestones of a boot, in their usual order. A prompt does not end its line.
var milestones = []struct {
	name    string
	pattern *regexp.Regexp
	prompt  bool
}{
	// OVMF; the BIOS says nothing on the serial port
	{"firmware", regexp.MustCompile(`^BdsDxe: `), false},
	{"bootloader", regexp.MustCompile(`GNU GRUB|^(SYS|ISO)LINUX `), false},
	{"kernel", regexp.MustCompile(`Linux version \d`), false},
	{"initramfs", regexp.MustCompile(`Run /init as init process|bee: looking for the medium|bee: fetching the layers|Alpine Init `), false},
	{"medium found", regexp.MustCompile(`bee: medium found|bee: all layers are in memory|Mounting boot media: ok`), false},
	{"openrc", regexp.MustCompile(`OpenRC.* is starting up`), false},
	{"ssh access", regexp.MustCompile(`^bee: SSH (password|by key)`), false},
	{"login prompt", regexp.MustCompile(`^` + regexp.QuoteMeta(Prompt) + `|^bee login: |^` + Bar), true},
	// what the text console shows once the audit has ended, and console-report
	{"findings shown", regexp.MustCompile(`^Findings: |^Hardware audit of `), true},
}

// faults are lines after which a boot goes no further, or goes on without a part
// of the system.
var faults = []struct {
	meaning string
	pattern *regexp.Regexp
	prompt  bool
}{
	{"kernel panic", regexp.MustCompile(`Kernel panic - not syncing`), false},
	{"no live medium", regexp.MustCompile(`bee: no medium with |Unable to find a medium containing a live file system|Mounting boot media failed`), false},
	{"the layers of the medium do not mount", regexp.MustCompile(`bee: .*\.squashfs cannot be mounted`), false},
	{"the medium is damaged", regexp.MustCompile(`SQUASHFS error:|device-mapper: verity: .* is corrupted|bee: (?:the medium on \S+|\S+ on the medium) is damaged`), false},
	// of other reasons, iso/live's own words are in the line before
	{"the start of the system failed", regexp.MustCompile(`bee: here is a shell; "exit" tries again`), false},
	{"initramfs shell", regexp.MustCompile(`^\(initramfs\) |initramfs emergency recovery shell`), true},
	{"the boot loader stopped", regexp.MustCompile(`^grub(?: rescue)?> `), true},
	{"the boot loader failed", regexp.MustCompile(`^error: .* not found\.|^error: you need to load the kernel first`), false},
	{"out of memory", regexp.MustCompile(`Out of memory: Killed process|System is deadlocked on memory`), false},
}
