// Package distconsts stands in for Dagger's nested module of the same path,
// which no Go module proxy serves. Dagger's engine and command line read these
// names; the values say where the engine finds its parts in its root file
// system, and internal/image puts them there.
package distconsts

// Where the engine listens and the name of its container, when Dagger itself
// provisions it.
const (
	EngineContainerName   = "dagger-engine.dev"
	DefaultEngineSockAddr = "unix:///run/dagger/engine.sock"
)

// Paths in the engine's root file system.
const (
	RuncPath                         = "/usr/local/bin/runc"
	DaggerInitPath                   = "/usr/local/bin/dagger-init"
	EngineDefaultStateDir            = "/var/lib/dagger"
	EngineContainerBuiltinContentDir = "/usr/local/share/dagger/content"
	EngineCustomCACertsDir           = "/usr/local/share/ca-certificates"
)

// Environment variables that name the manifests of the built-in SDK images.
const (
	GoSDKManifestDigestEnvName         = "DAGGER_GO_SDK_MANIFEST_DIGEST"
	PythonSDKManifestDigestEnvName     = "DAGGER_PYTHON_SDK_MANIFEST_DIGEST"
	TypescriptSDKManifestDigestEnvName = "DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST"
)

// Images that Dagger names in a few defaults.
const (
	AlpineVersion        = "3.22.1"
	AlpineImage          = "alpine:" + AlpineVersion
	GolangVersion        = "1.25.3"
	GolangImage          = "golang:" + GolangVersion + "-alpine"
	BusyboxVersion       = "1.37.0"
	BusyboxImage         = "busybox:" + BusyboxVersion
	OCIVersionAnnotation = "org.opencontainers.image.version"
)
