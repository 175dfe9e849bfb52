#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fuzzes one parser after the other, and says how many lines of the sources
# that its target names ("Covers:") its corpus reaches. 'make fuzz' calls it.
#
#   OUT=build/fuzz-clang MINUTES=10 test/fuzz/run.sh PARSER...
set -eu
cd "$(dirname "$0")/../.."
: "${OUT:?where the fuzzers were built}"
seconds=$(awk -v minutes="${MINUTES:-10}" 'BEGIN { print int(minutes * 60) }')
report=$OUT/coverage.txt
failed=

# The files that a target says it covers.
sources() {
	sed -n 's/^ \* Covers: //p' "test/fuzz/$1.c" | tr ' ' '\n' |
		sed 's,^,src/,'
}

# run NAME ARGUMENT...: the target on its two corpora, which may not exist.
run() {
	name=$1
	shift
	mkdir -p "$OUT/corpus/$name"
	for dir in "$OUT/corpus/$name" "test/fuzz/corpus/$name"; do
		[ ! -d "$dir" ] || set -- "$@" "$dir"
	done
	[ ! -e "test/fuzz/$name.dict" ] ||
		set -- "-dict=test/fuzz/$name.dict" "$@"
	"$OUT/test/fuzz/$name" -timeout=10 -rss_limit_mb=2048 \
		"-artifact_prefix=$OUT/$name-" "$@"
}

# The last table of llvm-cov has one line for the file: lines, and missed.
cover() {
	raw=$OUT/$1.profraw
	LLVM_PROFILE_FILE=$raw run "$1" -runs=0 >"$OUT/$1.log" 2>&1 || return 1
	llvm-profdata merge -o "$raw.data" "$raw"
	for source in $(sources "$1"); do
		llvm-cov report "$OUT/test/fuzz/$1" \
			"-instr-profile=$raw.data" "$source" |
			awk -v name="$1" -v source="$source" '/^TOTAL / {
				printf "%-14s %-26s %4d of %4d lines %5.1f %%\n",
					name, source, $8 - $9, $8,
					$8 ? 100 * ($8 - $9) / $8 : 0 }'
	done
	rm -f "$raw" "$raw.data"
}

for name; do
	echo "== $name, $seconds s"
	if [ "$seconds" -gt 0 ] && ! LLVM_PROFILE_FILE=/dev/null run "$name" \
		"-max_total_time=$seconds" -print_final_stats=1 \
		>"$OUT/$name.log" 2>&1; then
		tail -n 40 "$OUT/$name.log"
		failed="$failed $name"
		continue
	fi
	grep -E '^(stat::number_of_executed_units|stat::new_units)' \
		"$OUT/$name.log" || :
done
for name; do
	cover "$name" || failed="$failed $name"
done >"$report"
cat "$report"
[ -z "$failed" ] || { echo "failed:$failed"; exit 1; }
