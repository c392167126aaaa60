// Package packages reads which packages a system has, from the files in which
// package managers keep that.
package packages

// Package is a package that is installed, or that the system installs as it starts.
type Package struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
}
