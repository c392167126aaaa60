module bee/iso

go 1.26
