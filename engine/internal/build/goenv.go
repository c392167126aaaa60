package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
)

// Settings that say how Go gets modules. A site that sets them needs them in
// its containers too.
var moduleSettings = []string{"GOPROXY", "GOSUMDB", "GONOSUMDB", "GONOPROXY", "GOPRIVATE", "GOINSECURE"}

// ModuleSettings returns this user's settings of Go modules that differ from
// Go's defaults.
func ModuleSettings(ctx context.Context) (map[string]string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", "-changed", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	var changed map[string]string
	if err := json.Unmarshal(output, &changed); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	settings := map[string]string{}
	for _, name := range moduleSettings {
		if value, ok := changed[name]; ok {
			settings[name] = value
		}
	}
	return settings, nil
}
