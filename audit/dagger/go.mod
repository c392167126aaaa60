module dagger/audit

go 1.25.0
