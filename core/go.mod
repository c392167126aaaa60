module bee/core

go 1.25.0
