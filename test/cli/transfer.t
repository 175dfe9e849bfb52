#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Of push and pull: stopped by a signal in the middle they end soon, say so,
# and leave everything as it should be; on a terminal a line says what goes on.
# The other commands are in progress.t.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if ! strace -o /dev/null true 2>/dev/null; then
	skip 'progress and interruption' 'strace cannot trace here'
	finish
fi

# stopped SIGNAL DONE-WHEN COMMAND...: the command gets the signal as soon as
# the shell code says yes, and has three seconds to end. Its status is $got,
# what it said is in ./said.
stopped() {
	signal=$1 when=$2
	shift 2
	rm -f pid
	# Started in the background by sh it would ignore SIGINT.
	env --default-signal=INT sh -c 'echo $$ >pid; exec "$@"' sh "$@" \
		>out 2>said &
	job=$!
	tries=0
	until [ -s pid ] && eval "$when"; do
		tries=$((tries + 1))
		[ "$tries" -lt 2000 ] || return 1
		sleep 0.01
	done
	kill -s "$signal" "$(cat pid)"
	began=$(date +%s%N)
	got=0
	wait "$job" || got=$?
	[ $((($(date +%s%N) - began) / 1000000)) -lt 3000 ] || {
		echo 'it took more than three seconds'
		return 1
	}
}

# slow CALLS COMMAND...: each of these calls takes 40 ms more.
slow() {
	calls=$1
	shift
	set -- strace -D -f -qq -o /dev/null -e "trace=$calls" \
		-e "inject=$calls:delay_enter=40000" "$@"
	stopped "$signal" "$when" "$@"
}

# pushing: a project p with a remote r and something to push.
pushing() {
	mkdir r && project p && cd p
	mldv remote add origin "$PWD/../r"
	mkdir d
	for i in $(seq 30); do
		head -c 300000 /dev/urandom >"d/f$i"
	done
	for i in 1 2 3; do head -c 5000000 /dev/urandom >"d/big$i"; done
	mldv add d && git add -A && git commit -qm first
}

writes=write,pwrite64,copy_file_range,read,pread64

for signal in INT TERM; do
	check "SIG$signal stops a push and a pull" '
		case $signal in INT) status=130 ;; *) status=143 ;; esac
		pushing
		when="find ../r/packs -name \"*.mldv-tmp*\" 2>/dev/null | grep -q ."
		slow $writes mldv push
		[ $got -eq $status ]
		[ "$(grep -c "^mldv: " said)" -eq 1 ]
		[ -z "$(find ../r/items -type f ! -name ".*")" ]
		mldv fsck
		mldv push
		[ -z "$(find ../r -name ".mldv-tmp.*")" ]
		git clone -q . ../q && cd ../q
		when="find . -name \".mldv-tmp.*\" | grep -q ."
		slow $writes mldv pull
		[ $got -eq $status ]
		[ "$(grep -c "^mldv: " said)" -eq 1 ]
		[ ! -e d ] || same ../p/d d
		mldv fsck || [ $? -eq 5 ]
		rm -f pid out said
		mldv pull
		same ../p/d d
		[ -z "$(find . -name ".mldv-tmp.*")" ]
		mldv fsck
	'
done

# drawn: what a terminal got to see, line by line, in ./lines.
drawn() {
	TERM=xterm script -qec "stty cols 100; $1" seen >/dev/null
	tr "\r" "\n" <seen >lines
}

check 'the line of a push has what, done of total, rate and names, no hash' '
	pushing
	cat >run <<-"END"
		strace -f -qq -o /dev/null -e trace=fsync,fdatasync,write,pwrite64,copy_file_range \
			-e inject=fsync,fdatasync,write,pwrite64,copy_file_range:delay_enter=100000 mldv push
	END
	drawn "sh run"
	has "^[a-z]* .* of 2[0-9.]* MB.*: d" lines
	has "^[a-z]* .* of .*/s" lines
	hasnt "[0-9a-f]\{32\}" lines
'

check 'so has the line of a pull' '
	pushing && mldv push && git clone -q . ../q && cd ../q
	cat >run <<-"END"
		strace -f -qq -o /dev/null -e trace=fsync,fdatasync,write,pwrite64,copy_file_range \
			-e inject=fsync,fdatasync,write,pwrite64,copy_file_range:delay_enter=100000 mldv pull
	END
	drawn "sh run"
	has "^[a-z]* .* of 2[0-9.]* MB.*: d" lines
	has "^[a-z]* .* of .*/s" lines
	hasnt "[0-9a-f]\{32\}" lines
'

finish
