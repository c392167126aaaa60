// Package bridge takes the engine's network away from the host: the bridge
// dagger0, and what the engine's network plugins put into the packet filter.
package bridge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"bee/engine/internal/sandbox"
)

// Name is the engine's bridge.
const Name = "dagger0"

// Tools are the packet filter programs in the engine's root.
type Tools struct {
	root, self string
	variant    string // nft or legacy
}

// FindTools picks the programs for the packet filter that the host's kernel
// has: nf_tables, or the legacy one. Self is the path of this program.
func FindTools(ctx context.Context, root, self string) (Tools, error) {
	for _, variant := range []string{"nft", "legacy"} {
		tools := Tools{root, self, variant}
		if _, err := tools.run(ctx, "", "iptables", "-t", "nat", "-S", "POSTROUTING"); err == nil {
			return tools, nil
		} else if variant == "legacy" {
			return Tools{}, fmt.Errorf("the kernel offers no packet filter that iptables knows: %w", err)
		}
	}
	panic("unreachable")
}

// Link puts links to the programs into the folder sbin, which comes first in
// the engine's PATH.
func (t Tools) Link(sbin string) error {
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			target := "/usr/sbin/" + family + "-" + t.variant + suffix
			if err := os.Symlink(target, filepath.Join(sbin, family+suffix)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t Tools) run(ctx context.Context, input, name string, args ...string) (string, error) {
	family, suffix, _ := strings.Cut(name, "-")
	program := "/usr/sbin/" + family + "-" + t.variant
	if suffix != "" {
		program += "-" + suffix
	}
	box := sandbox.Sandbox{Root: t.root, Dir: "/", Args: append([]string{program}, args...)}
	cmd, err := box.Command(ctx, t.self)
	if err != nil {
		return "", err
	}
	var output, complaint strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &output, &complaint
	if err := sandbox.Run(cmd); err != nil {
		return "", fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(complaint.String()))
	}
	return output.String(), nil
}

// Remove takes the bridge and the rules away. It may be called when there are
// none, and must not be while an engine runs.
func (t Tools) Remove(ctx context.Context) error {
	return errors.Join(t.removeRules(ctx), removeBridge())
}

func (t Tools) removeRules(ctx context.Context) error {
	saved, err := t.run(ctx, "", "iptables-save")
	if err != nil {
		return err
	}
	script := removal(saved)
	if script == "" {
		return nil
	}
	_, err = t.run(ctx, script, "iptables-restore", "--noflush")
	return err
}

func removeBridge() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq(Name)
	if err != nil {
		return err
	}
	// A bridge must be down to be deleted.
	request.SetUint16(0)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request); err != nil {
		if errors.Is(err, unix.ENODEV) {
			return nil
		}
		return fmt.Errorf("taking %s down: %w", Name, err)
	}
	if err := unix.IoctlIfreq(socket, unix.SIOCBRDELBR, request); err != nil {
		return fmt.Errorf("deleting %s: %w", Name, err)
	}
	return nil
}
