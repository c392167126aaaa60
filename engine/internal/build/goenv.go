package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"

	"bee/core/userinfo"
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

// goProxy is the setting that most often has a name and password in it.
const goProxy = "GOPROXY"

// public are settings as images hold them, which are handed to anybody on the host.
func public(settings map[string]string) map[string]string {
	cleaned := map[string]string{}
	for name, value := range settings {
		cleaned[name] = userinfo.Remove(value)
	}
	return cleaned
}

// SystemEnv returns the variables by which the engine is told what the Go SDK's containers
// have in their environment as they run, and not in their image.
func SystemEnv(settings map[string]string) []string {
	if proxy, ok := settings[goProxy]; ok {
		return []string{SystemEnvPrefix + goProxy + "=" + proxy}
	}
	return nil
}

// SystemEnvPrefix begins the names of these variables. The engine of Dagger 0.19 has it in
// engine/buildkit/executor_spec.go, and takes GOPROXY in core/sdk/go_sdk.go.
const SystemEnvPrefix = "_DAGGER_ENGINE_SYSTEMENV_"
