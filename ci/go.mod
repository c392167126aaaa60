module dagger/bee

go 1.25.0

require (
	github.com/go-crypt/crypt v0.4.7
	golang.org/x/crypto v0.47.0
	golang.org/x/mod v0.35.0
)

require (
	github.com/go-crypt/x v0.4.9 // indirect
	golang.org/x/sys v0.40.0 // indirect
)
