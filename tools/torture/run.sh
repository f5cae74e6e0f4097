#!/bin/sh
# Runs the long forms of the reliability tests one after another, goes on after one that
# fails, and says at the end how each went. docs/testing.md has the table.
#
#   tools/torture/run.sh          all of them
#   tools/torture/run.sh R6 R10   those
#
# SEED=N replays the random moments of those that print a seed. FUZZ=1m gives each fuzz
# target less than its ten minutes, of which seventy take half a day. PREVIOUS=COMMIT is
# whose servers R12 upgrades; else the last tag, or a commit of some days ago. What each
# printed is in bin/torture.
set -u
cd "$(dirname "$0")/../.."
go=${GO:-go}
seed=${SEED:-0}
fuzz=${FUZZ:-10m}
out=bin/torture
mkdir -p "$out"

previous() {
	[ -n "${PREVIOUS:-}" ] && echo "$PREVIOUS" && return
	git describe --tags --abbrev=0 HEAD~1 2>/dev/null && return
	git rev-list -n 1 --first-parent --before="$(git log -1 --format=%ct) - 12 hours" HEAD | grep . || git rev-list --max-parents=0 HEAD
}

long() { "$go" test -v -count=1 -timeout 300m "$@"; }

run() {
	case $1 in
	R1) long ./server/store/sqlite -run '^TestKill$' -args -kills 10000 -seed "$seed" ;;
	R3) long ./server/store/sqlite -run '^TestR3_' -args -cuts 1000 ;;
	R4) long ./agent/session -run '^TestSchedules$' -args -schedules 10000 ;;
	R5) long ./tools/torture -run '^TestR5_' -args -nudges 200 -seed "$seed" ;;
	R6) long ./tools/torture -run '^TestR6_' -args -linear-histories 50 -linear-ops 10000 -linear-faults 25 -seed "$seed" ;;
	R8) long ./tools/torture -run '^TestR8_' -args -disk-faults 200 ;;
	R9) long ./agent/session -run 'TestD7_AThousandBoots' ;;
	R10) long ./tools/e2e -run '^TestR10_Cuts$' -args -cuts 200 -seed "$seed" && long ./tools/cluster -args -rounds 5 ;;
	R11) long ./tools/torture -run '^TestR11_' -args -connects 10000 ;;
	R12) long ./tools/torture -run '^TestR12_' -args -previous "$(previous)" -seed "$seed" && long ./server/store -run 'TestR12_' ;;
	R13) "$go" run ./tools/fuzz -each "$fuzz" ;;
	R14) "$go" run ./tools/mutants ;;
	limits) long ./tools/torture -run '^(TestOverload|TestOutOfFiles|TestLittleMemory|TestSlowDisk|TestFrames)' -args -overload 20s -frames 2000 -seed "$seed" ;;
	soak) make --no-print-directory soak ;;
	flash) make --no-print-directory flash ;; # R2, and R3, R8 and R9 of a TV
	*) echo "there is no $1" && return 2 ;;
	esac
}

[ $# -gt 0 ] || set -- R1 R3 R4 R5 R6 R8 R9 R10 R11 R12 R14 limits soak flash R13
failed=
for id; do
	begun=$(date +%s)
	how=ok
	run "$id" >"$out/$id.log" 2>&1 || { how=FAILED failed="$failed $id"; }
	printf '%-7s %-6s %6d s  %s\n' "$id" "$how" $(($(date +%s) - begun)) "$out/$id.log"
	grep -hoE '(-args -seed|^ *[a-z_]+\.go:[0-9]+: seed) [0-9]+' "$out/$id.log" | grep -oE '[0-9]+$' | sort -u | head -3 | sed 's/^/        seed /'
	[ $how = ok ] || grep -E -- '--- FAIL|^ *[a-z_]+_test\.go|SURVIVED|survived|^panic' "$out/$id.log" | head -20
done
[ -z "$failed" ] || { echo "failed:$failed" && exit 1; }
