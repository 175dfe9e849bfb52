#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a person sees while work takes long, and that it can be interrupted.

# Files that are large on purpose are better on a disk.
: "${TMPDIR:=/tmp}"
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

start() {
	mkdir r
	project p
	cd p || return 1
	mldv remote add origin "$PWD/../r"
	mkdir data
	for i in 1 2 3 4 5 6 7 8 9; do
		noise "$i" 3000 >"data/$i"
	done
	noise 10 40000000 >data/large
}

# slow MICROSECONDS COMMAND...: reading the large file, from wherever, takes
# so long a call; nothing else is slowed down.
slow() {
	delay=$1
	shift
	strace -f -o ../trace -P "$PWD/data/large" \
		-e trace=copy_file_range,pread64,read \
		-e inject=copy_file_range,pread64,read:delay_enter="$delay" "$@"
}

# on_terminal COMMAND: with a terminal of 60 columns for all output, which is
# left in ../screen, a line for each time that the line was drawn.
on_terminal() {
	TERM=xterm script -qec "stty cols 60; $1" /dev/null >../raw 2>&1 </dev/null
	tr '\r' '\n' <../raw >../screen
}

check 'with -q nothing is said' '
	start
	slow 1000000 mldv -q add data >../out 2>&1
	[ ! -s ../out ]
	git commit -qm data
	mldv -q push >../out 2>&1
	mldv -q status >../out 2>&1
	rm -rf data
	mldv -q checkout >>../out 2>&1
	cat ../out
	[ ! -s ../out ]
'

check 'without a terminal, a line every ten seconds and no control characters' '
	start
	slow 12000000 mldv add data >../out 2>../err
	cat ../err
	[ "$(wc -l <../err)" -ge 1 ]
	[ "$(wc -l <../err)" -le 4 ]
	has "hashing\|adding\|copying\|reading" ../err
	LC_ALL=C hasnt "[[:cntrl:]]" ../err
	LC_ALL=C hasnt "[[:cntrl:]]" ../out
	has "^data: 10 files" ../out
'

check 'what is quick is not commented on' '
	start
	mldv add data 2>../err
	[ ! -s ../err ]
'

check 'on a terminal one line says what, how much, how fast and which' '
	start
	(cd data && seq -f "a name that is rather long, number %g" 2000 |
		tr "\n" "\0" | xargs -0 touch)
	for file in data/a*; do echo x >"$file"; done
	on_terminal "strace -f -o ../trace -e trace=openat \
		-e inject=openat:delay_enter=2000 mldv add data"
	sed -n l ../screen
	line=$(grep "/s" ../screen | tail -n 1)
	[ -n "$line" ]
	echo "$line" | grep -q "of .*/s"
	# Drawn over itself, erased at the end, and never wider than the screen.
	grep -q "$(printf "\033\\[K")" ../raw
	sed "s/$(printf "\033")\[K//g" ../screen >../lines
	[ "$(grep -c "^data: 2,010 files" ../lines)" -eq 1 ]
	awk "length > 60 { exit 1 }" ../lines
	hasnt "[0-9a-f]\{40\}" ../screen
'

# heeding COMMAND...: what a shell has in the background ignores SIGINT, and so
# does what that starts; this does not.
heeding() {
	exec python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

# catches: until $pid has a handler for SIGTERM, 0x4000, it is still starting.
catches() {
	tries=0
	until mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status") &&
		[ "$((0x${mask:-0} & 0x4000))" -ne 0 ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 1000 ] || return 1
		sleep 0.02
	done
}

# When to send it: a command that waits for that.
ready='catches && sleep 0.4'

# interrupted SIGNAL STATUS COMMAND...: while it works; it ends within three
# seconds (one is meant, but the machine may be busy).
interrupted() {
	signal=$1 want=$2
	shift 2
	heeding "$@" >../out 2>../err &
	pid=$!
	eval "$ready"
	began=$(date +%s%N)
	kill "-$signal" "$pid"
	got=0
	wait "$pid" || got=$?
	took=$((($(date +%s%N) - began) / 1000000))
	cat ../out ../err
	echo "status $got after $took ms"
	[ "$got" -eq "$want" ] && [ "$took" -lt 3000 ]
}

for signal in INT:130 TERM:143; do
	check "SIG${signal%:*} ends an add of a large file at once" '
		start
		truncate -s 6000000000 data/huge
		interrupted "${signal%:*}" "${signal#*:}" mldv add data
		has "^mldv: .*\(interrupted\|terminated\)" ../err
		[ ! -e data.mldv ]
		rm data/huge
		[ -z "$(git status --porcelain data.mldv)" ]
		mldv fsck
		[ -z "$(find . -name ".mldv-tmp.*")" ]
		mldv add data
		cp -a data ..
		rm -rf data
		mldv checkout
		same ../data data
	'
	check "SIG${signal%:*} ends a repro, its command, and puts back the outputs" '
		start
		mldv add data
		printf "[stage s]\ncmd = cat data/1 >out\ndeps = data\nouts = out\n" \
			>>mldv.ini
		mldv repro
		sed -i "s/^cmd.*/cmd = echo half >out; echo go >..\/ready; sleep 30/" \
			mldv.ini
		git add -A && git commit -qm stage
		cp out ../out-before
		ready="while [ ! -s ../ready ]; do sleep 0.02; done"
		interrupted "${signal%:*}" "${signal#*:}" mldv repro
		cmp out ../out-before
		mldv fsck
		git diff --exit-code
		sed -i "s/^cmd.*/cmd = cat data\/2 >out/" mldv.ini
		mldv repro
		cmp data/2 out
		[ -z "$(find . -name ".mldv-tmp.*")" ]
	'
done

# Each sync takes half a second, so the push is in the middle of it.
check 'Ctrl-C ends a push, and the next one goes on' '
	start
	mldv add data
	git commit -qm data
	heeding strace -f -o ../trace -e trace=fsync \
		-e inject=fsync:delay_enter=500000 \
		sh -c "echo \$\$ >../pid; exec mldv push" >../out 2>../err &
	sleep 1
	began=$(date +%s)
	kill -INT "$(cat ../pid)"
	got=0
	wait $! || got=$?
	cat ../err
	[ "$got" -eq 130 ]
	[ $(($(date +%s) - began)) -le 4 ]
	[ -z "$(find ../r/manifests -type f 2>/dev/null)" ]
	mldv push
	git clone -q . ../c && cd ../c && mldv pull
	same ../p/data data
'
finish
