#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# talker: a stage that prints.
talker() {
	project .
	cat >>mldv.ini <<-'END'
		[stage a]
		cmd = echo one; echo two >&2; cat in
		deps = in
	END
	echo three >in
}

check 'what a stage printed is kept, also if it failed' '
	talker
	fails 1 mldv logs a
	has "no log of a stage .a." stderr
	mldv repro >/dev/null
	mldv logs a >log
	printf "one\ntwo\nthree\n" >expected
	same expected log
	sed -i "s/cat in/echo bad; exit 3/" mldv.ini
	gives 1 mldv repro
	mldv logs a >log
	printf "one\ntwo\nbad\n" >expected
	same expected log
'

check 'the last ten are kept, and listed' '
	talker
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		echo "$i" >in
		mldv repro >/dev/null
	done
	mldv logs --list a >list
	[ "$(wc -l <list)" -eq 10 ]
	mldv logs --json a >json
	python3 -c "
import json
logs = json.load(open(\"json\"))
assert len(logs) == 10 and not any(l[\"running\"] for l in logs)
assert open(logs[-1][\"path\"]).read() == \"one\ntwo\n12\n\""
	[ "$(mldv logs a | tail -n 1)" = 12 ]
'

check 'one that runs is followed to its end' '
	talker
	sed -i "s/cat in/while [ ! -e go ]; do sleep 0.02; done; cat in/" mldv.ini
	mldv repro >/dev/null &
	repro=$!
	n=0
	until mldv logs a 2>/dev/null | grep -q two; do
		sleep 0.05
		n=$((n + 1))
		[ "$n" -lt 1000 ]
	done
	mldv logs --list a >list
	has " running " list
	mldv logs -f a >log &
	follower=$!
	: >go
	wait "$repro"
	wait "$follower"
	[ "$(tail -n 1 log)" = three ]
'

finish
