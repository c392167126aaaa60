package main

import "dagger/iso/internal/dagger"

// SecretFile is a file for a layer of an ISO with what a secret holds, in base64. Neither the
// log nor the arguments of a call have it.
//
// A secret is known by its name: one that holds something else has to have another name.
func (m *Iso) SecretFile(secret *dagger.Secret) *dagger.File {
	const in, out = "/run/secret", "/out"
	return m.Tools.
		WithMountedSecret(in, secret).
		WithExec([]string{"sh", "-c", "base64 -d " + in + " >" + out}).
		File(out)
}
