package machine

import (
	"path/filepath"
	"strings"
)

// Access is who gets in over SSH.
type Access struct {
	// Policy is what ssh-access says of it: by key only, the password, or where it is from.
	Policy string
	// HostKey is the fingerprint by which one knows the machine.
	HostKey string
	// Keys are those that root is let in by: their kinds and comments.
	Keys []string
}

// KeysOnly reports whether passwords let nobody in.
func (a Access) KeysOnly() bool { return strings.Contains(a.Policy, "by key only") }

func (r *Reader) access() Access {
	a := Access{HostKey: strings.TrimSpace(r.text("etc/bee/host-key"))}
	for line := range strings.Lines(r.text("etc/issue")) {
		if policy, ok := strings.CutPrefix(strings.TrimSpace(line), "bee: SSH "); ok && !strings.HasPrefix(policy, "host key") {
			a.Policy = policy
		}
	}
	for line := range strings.Lines(r.text("root/.ssh/authorized_keys")) {
		words := strings.Fields(line)
		if len(words) < 2 || strings.HasPrefix(words[0], "#") {
			continue
		}
		// behind options, kind and key
		for i, word := range words {
			if strings.HasPrefix(word, "AAAA") && i > 0 {
				a.Keys = append(a.Keys, strings.Join(append([]string{words[i-1]}, words[i+1:]...), " "))
				break
			}
		}
	}
	return a
}

// Service is one of OpenRC's.
type Service struct {
	Name string
	// State is a word of OpenRC's: started, starting, failed, stopping, inactive.
	State string
}

// states are folders of OpenRC's, each with the names of the services that are in that state.
// One may be in two: failed says more than starting, and so on.
var states = []string{"failed", "starting", "stopping", "inactive", "started"}

func (r *Reader) services() []Service {
	var all []Service
	seen := map[string]bool{}
	for _, state := range states {
		files, _ := filepath.Glob(r.path("run/openrc/" + state + "/*")) // the pattern is good
		for _, file := range files {
			if name := filepath.Base(file); !seen[name] {
				seen[name] = true
				all = append(all, Service{name, state})
			}
		}
	}
	return all
}

// Service returns the state of a service, "" where OpenRC does not know it.
func (s State) Service(name string) string {
	for _, service := range s.Services {
		if service.Name == name {
			return service.State
		}
	}
	return ""
}
