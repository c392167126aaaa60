module bee/gate

go 1.26.0

replace dagger/bee => ../..

replace bee/iso => ../../../iso

require (
	bee/iso v0.0.0-00010101000000-000000000000
	github.com/sethvargo/go-githubactions v1.3.2
)
