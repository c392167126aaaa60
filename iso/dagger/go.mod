module dagger/iso

go 1.25.0
