package debian

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Rootfs describes a root file system: Debian's minimal set and the packages
// in Include, without manual pages, documentation and translations.
type Rootfs struct {
	Release string    // code name of the release
	Include []string  // packages beyond the minimal set
	Sources []string  // apt sources, none for mmdebstrap's default
	Epoch   time.Time // no file is newer
}

// Arguments returns mmdebstrap's arguments, all but the name of the output:
// equal arguments give an equal root file system, as far as the archive stays
// the same.
func (r Rootfs) Arguments() []string {
	args := []string{
		"--mode=root", "--format=tar", "--variant=minbase",
		"--components=" + strings.ReplaceAll(components, " ", ","),
		"--include=" + strings.Join(r.Include, ","),
		// Both are copied from the host, and belong to it.
		`--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"`,
		// Where a site has authorities of its own, Dagger runs this program in every
		// container before and after every step, which takes seconds each time. Where it
		// is not, Dagger adds them to the bundle by itself, in no time.
		`--customize-hook=rm -f "$1/usr/sbin/update-ca-certificates"`,
	}
	for _, folder := range []string{"doc", "info", "locale", "man"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+folder+"/*")
	}
	return append(args, r.Release)
}

// Make writes the root file system to the tar file at path. It works in the
// folder temporary. What mmdebstrap says goes to log.
func (r Rootfs) Make(ctx context.Context, path, temporary string, log io.Writer) error {
	args := append(r.Arguments(), path)
	cmd := exec.CommandContext(ctx, "mmdebstrap", append(args, r.Sources...)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.Epoch.Unix()), "LC_ALL=C.UTF-8", "TMPDIR="+temporary)
	cmd.Stdout, cmd.Stderr = log, log
	// mmdebstrap mounts parts of the host in its folder. However it ends, these
	// mounts and its children end with it: removing what it leaves behind
	// reaches nothing of the host.
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   unix.CLONE_NEWPID,
		Unshareflags: unix.CLONE_NEWNS,
		Pdeathsig:    unix.SIGKILL,
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mmdebstrap %s: %w", r.Release, err)
	}
	return nil
}
