package console

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTextWithoutControlSequences(t *testing.T) {
	// one byte at a time: a sequence may be cut anywhere
	const written = "\x1b[2J\x1b[01;01HGNU GRUB\x1b[3;5Hbee\r\n\x1b(B\x1b[?2004hroot@bee:~# \x00\x07ok\x7f"
	c := Watch(iotest.OneByteReader(strings.NewReader(written)), func(Milestone) {})
	if _, _, err := c.Wait(t.Context(), 0, regexp.MustCompile("never")); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
	if got, want := c.Text(), "GNU GRUB\nbee\nroot@bee:~# ok"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.LastLine(); got != "root@bee:~# ok" {
		t.Errorf("last line %q", got)
	}
}

// What is kept of a console is printable, whatever the machine writes.
func TestTextIsPrintable(t *testing.T) {
	const written = "a\x1b]0;title\a\x1b]52;c;ZXZpbA==\x1b\\b\u009b31m\u00a0\u202e\xff\xe2\x82|é€\x1bP1;2q\x1b\\\x1b]never\nended\r\n\x1b[1\x1b[2Jc"
	c := Watch(iotest.OneByteReader(strings.NewReader(written)), func(Milestone) {})
	if _, _, err := c.Wait(t.Context(), 0, regexp.MustCompile("never seen")); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
	if got, want := c.Text(), `ab\xc2\x9b31m\xc2\xa0\xe2\x80\xae\xff\xe2\x82|é€`+"\nended\nc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A person's terminal shows the console, and does nothing else.
func TestScreen(t *testing.T) {
	for written, want := range map[string]string{
		"\x1b[1;32mok\x1b[0m\r\n":                   "\x1b[1;32mok\x1b[0m\r\n",
		"root@bee:~# ab\b \b\x1b[K\x1b[2C":          "root@bee:~# ab\b \b\x1b[K\x1b[2C",
		"\x1b[2J\x1b[1;1Hé\x1b[?25l\x1b[?1049h":     "\x1b[2J\x1b[1;1Hé",
		"\x1b]0;title\x07\x1b]52;c;eA==\x1b\\a":     "a",
		"\x1b[6n\x1b[c\x1b[>c\x1bZ\x1b[21t\x05":     "", // the terminal would answer
		"\x1bP+q544e\x1b\\\x1b_x\x1b\\\x1b^x\x1b\\": "",
		"\u009b31m\u009d0;x\u009c\x9b\u202e":        `\xc2\x9b31m\xc2\x9d0;x\xc2\x9c\x9b\xe2\x80\xae`,
		"\a\x00\x0e\x0f\x7f\v\f":                    "",
		"\x1b[" + strings.Repeat("1;", 99) + "m":    "",
		"\x1b[1$r\x1b[!p\x1bc\x1b#8x":               "x",
	} {
		for _, size := range []int{1, 2, 1000} {
			var out strings.Builder
			s := &Screen{To: &out}
			for rest := []byte(written); len(rest) > 0; rest = rest[min(size, len(rest)):] {
				if n, err := s.Write(rest[:min(size, len(rest))]); err != nil || n != min(size, len(rest)) {
					t.Fatal(n, err)
				}
			}
			if out.String() != want {
				t.Errorf("%q, %d bytes at a time: %q, want %q", written, size, out.String(), want)
			}
		}
	}
}

// What is no terminal gets the text.
func TestScreenOfLog(t *testing.T) {
	var out strings.Builder
	s := &Screen{To: &out, Plain: true}
	if _, err := s.Write([]byte("\x1b[1;32m*\x1b[0m\tab\b\x1b[K\r\n\x1b]0;x\a\u202e\n")); err != nil {
		t.Fatal(err)
	}
	if want := "*\tab\n" + `\xe2\x80\xae` + "\n"; out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}

// The lines are those of a real boot; each must be noticed once.
func TestMilestones(t *testing.T) {
	const boot = `BdsDxe: loading Boot0002 "UEFI QEMU DVD-ROM QM00001 " from PciRoot(0x0)
BdsDxe: starting Boot0002 "UEFI QEMU DVD-ROM QM00001 " from PciRoot(0x0)
GNU GRUB  version 2.12-9
[    0.000000] Linux version 6.12.107+deb13-amd64 (debian-kernel@lists.debian.org)
[    5.204418] bee: looking for the medium
[    6.1] bee: medium found on /dev/sr0

   OpenRC 0.56 is starting up Linux 6.12.107+deb13-amd64 (x86_64)

bee: SSH password for root and bee: abcdefgh234567
root@bee:~# `
	var names []string
	reader, writer := io.Pipe()
	prompt, shown := make(chan struct{}), make(chan struct{})
	c := Watch(iotest.OneByteReader(reader), func(m Milestone) {
		names = append(names, m.Name)
		switch m.Name {
		case "login prompt":
			close(prompt)
		case "findings shown":
			close(shown)
		}
	})
	io.WriteString(writer, boot)
	<-prompt // which counts although its line goes on
	io.WriteString(writer, "\r\nHardware audit of bee, 2026-01-02 03:04:05 UTC, by audit 1.2.0\r\n")
	<-shown
	if got, want := strings.Join(names, ", "), "firmware, bootloader, kernel, initramfs, medium found, openrc, ssh access, login prompt, findings shown"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	groups, _, err := c.Wait(t.Context(), 0, regexp.MustCompile(`root and bee: (\w+)\n`))
	if err != nil || groups[1] != "abcdefgh234567" {
		t.Errorf("password %q, %v", groups, err)
	}
	writer.Close()
	if fault, err := c.Fault(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("a good boot: fault %q, %v", fault, err)
	}
}

func TestFaults(t *testing.T) {
	for written, want := range map[string]string{
		"[    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs\n":                          "kernel panic: [    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs",
		"[   31.5] bee: no medium with /live/bee-0123 found after 30 seconds\n":                         "no live medium: ",
		"[    9.5] bee: /run/live/media/sr0/live/90-bee.squashfs cannot be mounted: invalid argument\n": "the layers of the medium do not mount: ",
		"[    7.1] device-mapper: verity: 7:0: data block 28598 is corrupted\n":                         "the medium is damaged: ",
		"[   43.9] bee: the medium on /dev/sr0 is damaged: write it anew. It is\n":                      "the medium is damaged: ",
		"[    9.7] bee: here is a shell; \"exit\" tries again\n":                                        "the start of the system failed: ",
		"[   41.2] bee: 90-bee.squashfs on the medium is damaged, and what is read of it fails\n":       "the medium is damaged: ",
		"[   12.0] SQUASHFS error: Unable to read page, block 5f2a, size 1c00\n":                        "the medium is damaged: ",
		"[   60.1] Out of memory: Killed process 421 (audit) total-vm:12kB\n":                           "out of memory: ",
		"Unable to find a medium containing a live file system\n":                                       "no live medium: ",
		"initramfs emergency recovery shell launched. Type 'exit' to continue boot\n":                   "initramfs shell: ",
		"BusyBox v1.37.0 (Debian 1:1.37.0-6+b3) built-in shell (ash)\r\n\r\n(initramfs) ":               "initramfs shell: (initramfs)",
		"grub rescue> ": "the boot loader stopped: grub rescue>",
		"error: file `/live/vmlinuz' not found.\n": "the boot loader failed: ",
	} {
		reader, writer := io.Pipe()
		c := Watch(reader, func(Milestone) {})
		io.WriteString(writer, "quiet line\r\n"+written)
		if fault, err := c.Fault(t.Context()); err != nil || !strings.HasPrefix(fault, want) {
			t.Errorf("%q: got %q, %v; want %q", written, fault, err, want)
		}
		writer.Close()
	}
}

// endless is what a machine writes that does not stop.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestFlood(t *testing.T) {
	for _, text := range []string{"line\r\n", "a line without end "} {
		c := Watch(io.LimitReader(endless(text), 2*maxText), func(Milestone) {})
		if fault, err := c.Fault(t.Context()); err != nil || fault != "the serial console is flooded, by more than 2 MiB" {
			t.Errorf("%q: fault %q, %v", text, fault, err)
		}
		if size := len(c.Text()); size > maxText+4096 {
			t.Errorf("%q: %d bytes are kept", text, size)
		}
		if line := c.LastLine(); line == "" || len(line) > 200 {
			t.Errorf("%q: the last line has %d bytes", text, len(line))
		}
	}
}

func TestWaitEndsWithContext(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	c := Watch(reader, func(Milestone) {})
	if _, _, err := c.Wait(ctx, 0, regexp.MustCompile("x")); err == nil || err.Error() != "enough" {
		t.Errorf("Wait: %v", err)
	}
	if _, err := c.Fault(ctx); err == nil || err.Error() != "enough" {
		t.Errorf("Fault: %v", err)
	}
}

// Text for a screen becomes the lines that are seen there.
func TestTerminal(t *testing.T) {
	for sent, want := range map[string]string{
		"\x1b[2;1HOverview\x1b[2;10H\x1b[7mHardware\x1b[3;1HCPU":    "Overview Hardware\nCPU",
		"\x1b[2;1HOverview\x1b[2;1HOverview":                        "Overview\nOverview",
		"\x1b[2;1HÜber\x1b[2;6Hall":                                 "Über all",
		"\x1b[HA\x1b[;3HB\x1b[1;HC":                                 "A B\nC",
		"\x1b[2;1Hone\r\ntwo\x1b[2;9Hthree":                         "one\ntwo\nthree",
		"login: \x1b[1;9Hx":                                         "login: \nx",
		"\x1b[1;1H\x1b[1;99999999999999999999Hx\x1b[1;2000000000Hy": "x\ny",
	} {
		var screen terminal
		screen.write([]byte(sent))
		if got := string(screen.text); got != want {
			t.Errorf("%q: got %q, want %q", sent, got, want)
		}
	}
}
