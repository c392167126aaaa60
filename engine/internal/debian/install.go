package debian

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// What the host needs to make a root file system: the tool, and the keys that
// the archive is signed with, which only other distributions lack.
var hostPackages = []string{"mmdebstrap", "debian-archive-keyring"}

// Install makes sure that mmdebstrap is there: root on a host with apt-get gets
// it installed. For everybody else the error tells what to do.
func Install(ctx context.Context, log io.Writer) error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return nil
	}
	install := "apt-get install --yes --no-install-recommends " + strings.Join(hostPackages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("mmdebstrap is missing: install it with this system's package manager, or use a Debian host, where `%s` does it", install)
	}
	// Waits for another apt-get; asks nothing. Package lists may be missing or
	// too old, hence the second try.
	const apt = "apt-get -o DPkg::Lock::Timeout=300"
	script := strings.Replace(install, "apt-get", apt, 1)
	cmd := exec.CommandContext(ctx, "sh", "-c", script+" || { "+apt+" update && "+script+"; }")
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mmdebstrap is missing, and cannot be installed (%w): run `%s`", err, install)
	}
	return nil
}
