// Package torture breaks a whole service and holds its history against what it
// promised: three servers in processes of their own over a real PostgreSQL and NATS,
// with a link that can be cut, held in one direction, slowed and torn between any two
// of them; and single servers that run out of memory, files, disk and time.
//
// There is nothing but tests. Short forms run in `make reliability`, long ones in
// `make torture`; docs/testing.md has a table of both. A test of random moments
// prints its seed, and `-args -seed N` plays it again: the choices are the same then,
// the machine's interleaving is not, so it is worth trying several times.
//
// The servers are this test program again (see node_test.go), so nothing has to be
// built first and a test sets what no flag does, as a wrong clock.
package torture
