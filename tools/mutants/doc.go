// Command mutants asks whether the tests would notice: it changes one thing at a time in
// the code that counts leases, sign-ins, PINs and throttles, and runs the tests of its
// package, which have to fail.
//
// The source is not touched: the go command is given the changed file in its place
// (-overlay). What is changed is in mutate.go, where in targets.go, and equivalent.txt
// lists changes that no test can notice, each with its reason, and "(2)" behind the second
// of those that read the same. What does not compile is no mutant.
//
//	go run ./tools/mutants            all of them; exits with 1 where fewer than 90 % are noticed
//	go run ./tools/mutants -only pin  those of files or functions whose name contains it
//	go run ./tools/mutants -list      what there is
package main
