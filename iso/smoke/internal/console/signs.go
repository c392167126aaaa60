package console

import "regexp"

// Prompt is what the root shell on bee's console shows.
const Prompt = "root@bee:~# "

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
	{"initramfs", regexp.MustCompile(`Run /init as init process|bee: looking for the medium|Alpine Init `), false},
	{"medium found", regexp.MustCompile(`bee: medium found|Mounting boot media: ok`), false},
	{"openrc", regexp.MustCompile(`OpenRC.* is starting up`), false},
	{"ssh access", regexp.MustCompile(`^bee: SSH (password|by key)`), false},
	{"login prompt", regexp.MustCompile(`^` + regexp.QuoteMeta(Prompt) + `|^bee login: `), true},
	// what console-report shows once the audit has ended
	{"findings shown", regexp.MustCompile(`^Hardware audit of `), false},
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
	{"the layers of the medium do not mount", regexp.MustCompile(`bee: the layers in .* cannot be mounted`), false},
	{"the medium is damaged", regexp.MustCompile(`SQUASHFS error:`), false},
	{"initramfs shell", regexp.MustCompile(`^\(initramfs\) |initramfs emergency recovery shell`), true},
	{"the boot loader stopped", regexp.MustCompile(`^grub(?: rescue)?> `), true},
	{"the boot loader failed", regexp.MustCompile(`^error: .* not found\.|^error: you need to load the kernel first`), false},
	{"out of memory", regexp.MustCompile(`Out of memory: Killed process|System is deadlocked on memory`), false},
}
