module bee/audit

go 1.26
