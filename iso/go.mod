module bee/iso

go 1.26.0

replace bee/core => ../core

require (
	bee/core v0.0.0-00010101000000-000000000000
	github.com/creack/pty v1.1.24
	github.com/gopacket/gopacket v1.7.7
	github.com/pkg/sftp v1.13.12
	github.com/spf13/cobra v1.10.2
	golang.org/x/crypto v0.58.0
	golang.org/x/sync v0.24.0
	golang.org/x/sys v0.49.0
	golang.org/x/term v0.47.0
)

require (
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/kr/fs v0.1.0 // indirect
	github.com/spf13/pflag v1.0.9 // indirect
)
