module dagger/gpuburn

go 1.25.0
