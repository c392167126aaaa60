package packages

import (
	"path"
	"slices"
	"strings"

	"bee/core/manifest"
)

// DpkgInfo is the folder in which dpkg keeps, as NAME.list or NAME:ARCHITECTURE.list, the paths
// that each package has brought.
const DpkgInfo = "/var/lib/dpkg/info"

// ListOf tells whether a path is that of the list of a package, and of which.
func ListOf(name string) (of string, found bool) {
	base, found := strings.CutSuffix(path.Base(name), ".list")
	of, _, _ = strings.Cut(base, ":")
	return of, found && path.Dir(name) == DpkgInfo
}

// written are files, and folders whose files, packages write when they are configured. Of
// folders that belong to one package alone, owner knows without.
var written = map[string][]string{
	"base-files":      {"/etc/motd", "/etc/profile", "/root/.bashrc", "/root/.profile", "/usr/share/info/dir"},
	"base-passwd":     {"/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/etc/subgid", "/etc/subuid"},
	"ca-certificates": {"/etc/ca-certificates.conf", "/etc/ssl/certs"},
	"debianutils":     {"/etc/shells", "/var/lib/shells.state"},
	"dpkg":            {"/var/lib/dpkg"},
	"initramfs-tools": {"/etc/initramfs-tools"},
	"insserv":         {"/etc/init.d/.depend.boot", "/etc/init.d/.depend.start", "/etc/init.d/.depend.stop"},
	"kmod":            {"/etc/modules"},
	"libc-bin":        {"/etc/ld.so.cache", "/etc/nsswitch.conf"},
	"libpam-modules":  {"/etc/environment"},
	"libpam-runtime":  {"/etc/pam.d"},
	"passwd":          {"/etc/.pwd.lock"},
	"readline-common": {"/etc/inputrc"},
}

// built is what the build of the base wrote itself.
var built = []string{
	"/etc/apt/apt.conf.d/99mmdebstrap", "/etc/dpkg/dpkg.cfg.d/99mmdebstrap",
	"/etc/fstab", "/etc/machine-id", "/etc/resolv.conf",
}

// Owners tells which package each regular file of a system belongs to, by the lists of its
// packages: one that lists it; one that lists it as it was before the build unpacked it; one that
// writes it when it is configured; or the only one that has the folder that it is in. Of files
// that the build wrote, the package is "". What is known of neither kind is not in the result.
func Owners(lists map[string]string, files []manifest.File) map[string]string {
	// /lib is a link to /usr/lib, and packages list the paths of either
	links := map[string]string{}
	for _, f := range files {
		if f.Type == "symlink" && path.Dir(f.Path) == "/" {
			links[f.Path] = path.Join("/", f.Target)
		}
	}
	listed := map[string][]string{} // path to packages
	for of, list := range lists {
		for line := range strings.Lines(list) {
			name := strings.TrimSuffix(line, "\n")
			if end := strings.Index(strings.TrimPrefix(name, "/"), "/"); end > 0 {
				if target, linked := links[name[:end+1]]; linked {
					name = target + name[end+1:]
				}
			}
			if !slices.Contains(listed[name], of) {
				listed[name] = append(listed[name], of)
			}
		}
	}
	for of, names := range written {
		if _, installed := lists[of]; !installed {
			continue
		}
		for _, name := range names {
			listed[name] = []string{of}
		}
	}
	owners := map[string]string{}
	for _, f := range files {
		if f.SizeBytes == nil {
			continue
		}
		if slices.Contains(built, f.Path) {
			owners[f.Path] = ""
		} else if of, found := owner(f.Path, listed); found {
			owners[f.Path] = of
		}
	}
	return owners
}

func owner(name string, listed map[string][]string) (of string, found bool) {
	if all := listed[name+".xz"]; len(all) == 1 { // a kernel module
		return all[0], true
	}
	for name != "/" {
		if all := listed[name]; len(all) > 0 {
			return all[0], len(all) == 1
		}
		name = path.Dir(name)
	}
	return "", false
}
