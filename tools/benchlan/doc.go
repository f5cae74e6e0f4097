// Package benchlan measures a remote control on a home network of its own: from a key
// to its acknowledgement, and that none is lost or comes out of order. `make test` runs
// it in short; with -keys it prints figures as tools/bench does:
//
//	go test -count=1 ./tools/benchlan -run '^TestKeys$' -v -args -keys 100000
//
// The TV is a process of its own on its own host. It is nothing but its test.
package benchlan
