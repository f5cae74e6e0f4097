#!/bin/sh
# Runs every fuzz target for the given time each (default 10s), and then a long
# random walk through the TV's screens.
set -eu
cd "$(dirname "$0")/.."
for dir in $(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do
	for target in $(grep -ho '^func Fuzz[A-Za-z0-9]*' "$dir"/*_test.go | cut -d' ' -f2); do
		echo "$dir $target"
		go test "./$dir" -run xxx -fuzz "^$target\$" -fuzztime "${1:-10s}"
	done
done
echo "agent/nav three million keys"
go test ./agent/nav -run '^TestRandomWalk$' -keys 3000000 -seed "$(date +%s)" -timeout 60m
