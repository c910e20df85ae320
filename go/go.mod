module github.com/Mohammed-Aman-Khan/zinc/go

go 1.24
