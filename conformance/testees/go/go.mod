module github.com/Mohammed-Aman-Khan/zinc/conformance/testees/go

go 1.24

require github.com/Mohammed-Aman-Khan/zinc/go v0.0.0

replace github.com/Mohammed-Aman-Khan/zinc/go => ../../../go
