// Package sdk imports what the code imports that Dagger generates for a Go
// module. Compiled once, it fills the caches of the Go SDK's image, so that a
// module's first load does not compile all of this again.
package sdk

import (
	_ "dagger.io/dagger"
	_ "dagger.io/dagger/telemetry"
)
