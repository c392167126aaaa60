package build

import (
	"os"
	"strings"
)

// ProxyEnv returns the variables by which programs find a web proxy.
func ProxyEnv() []string {
	var found []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		for _, name := range []string{name, strings.ToLower(name)} {
			if value, ok := os.LookupEnv(name); ok {
				found = append(found, name+"="+value)
			}
		}
	}
	return found
}
