package debian

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"bee/engine/internal/progress"
)

// What the host needs to make a root file system: the tool, and the keys that
// the archive is signed with, which only other distributions lack.
var hostPackages = []string{"mmdebstrap", "debian-archive-keyring"}

// Install makes sure that mmdebstrap is there: root on a host with apt-get gets
// it installed. For everybody else the error tells what to do.
func Install(log io.Writer) error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return nil
	}
	install := "apt-get install --yes --no-install-recommends " + strings.Join(hostPackages, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("mmdebstrap is missing: install it with this system's package manager, or use a Debian host, where `%s` does it", install)
	}
	// Waits for another apt-get; asks nothing. Package lists may be missing or
	// too old, hence the second try.
	const apt = "apt-get -o DPkg::Lock::Timeout=120"
	script := strings.Replace(install, "apt-get", apt, 1)
	done := progress.Step("installing mmdebstrap with apt-get")
	// Runs to its end, whatever happens here: one that is cut off leaves packages
	// half-installed.
	cmd := exec.Command("sh", "-c", script+" || { "+apt+" update && "+script+"; }")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("mmdebstrap is missing, and cannot be installed (%w): run `%s`", err, install)
	}
	done()
	return nil
}
