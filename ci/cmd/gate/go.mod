module bee/gate

go 1.26.0

replace dagger/bee => ../..

replace bee/iso => ../../../iso

require github.com/sethvargo/go-githubactions v1.3.2 // indirect
