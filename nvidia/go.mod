module bee/nvidia

go 1.26.0
