module bee/gpuburn

go 1.26.0
