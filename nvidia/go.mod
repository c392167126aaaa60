module dagger/nvidia

go 1.25.0
