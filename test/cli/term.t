#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Progress and interruption, on a terminal and without one.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if ! strace -o /dev/null true 2>/dev/null; then
	skip 'progress and interruption' 'strace cannot trace here'
	finish
fi

# slowly MICROSECONDS COMMAND...: each file takes so long to open.
slowly() {
	delay=$1
	shift
	strace -f -qq -o /dev/null -e trace=openat \
		-e "inject=openat:delay_enter=$delay" "$@"
}

# data COUNT: a project with a directory of so many files.
data() {
	project .
	mkdir data
	i=0
	while [ "$i" -lt "$1" ]; do
		i=$((i + 1))
		echo "$i" >"data/file$i"
	done
}

# on_terminal SHELL-CODE: what a terminal gets to see, in ./seen.
on_terminal() {
	TERM=xterm script -qec "stty cols ${columns:-80}; $1" seen >/dev/null
	# shellcheck disable=SC2034 # for the caller
	tr "\r" "\n" <seen >lines
}

check 'on a terminal progress is drawn on one line and wiped away' '
	data 60
	cat >run <<-"END"
	strace -f -qq -o /dev/null -e trace=openat \
		-e inject=openat:delay_enter=20000 mldv add data
	END
	on_terminal "sh run"
	has "^[a-z]* [0-9]* bytes of 171 bytes.*data/file" lines
	has "data: 60 files" lines
	# What is drawn is wiped before something else is printed.
	last=$(grep -n "of 171 bytes" lines | tail -n 1 | cut -d: -f1)
	tail -n +"$((last + 1))" lines | head -n 1 >next
	has "^.\[K" next
'

check 'a narrow terminal gets lines that fit' '
	data 60
	mv data 表表表表表表表表表表表表表表表表表表表表
	cat >run <<-"END"
	strace -f -qq -o /dev/null -e trace=openat \
		-e inject=openat:delay_enter=20000 mldv add 表*
	END
	columns=30
	on_terminal "sh run"
	has "of 171 bytes" lines
	grep "of 171 bytes" lines | while read -r line; do
		printf "%s" "$line" | sed "s/.\[K//" >line
		[ "$(LC_ALL=C.UTF-8 wc -L <line)" -lt 30 ] ||
			{ cat line; exit 1; }
	done
'

check 'without a terminal there is no progress for what is quick' '
	data 60
	slowly 5000 mldv add data 2>stderr
	same /dev/null stderr
'

check 'without a terminal there is a line every ten seconds' '
	data 40
	slowly 250000 mldv add data 2>stderr
	has "^[a-z]* [0-9]* bytes of 111 bytes.*: data/file" stderr
	[ "$(wc -l <stderr)" -le 4 ]
'

check 'with -q there is no progress at all' '
	data 60
	cat >run <<-"END"
	strace -f -qq -o /dev/null -e trace=openat \
		-e inject=openat:delay_enter=20000 mldv -q add data
	END
	on_terminal "sh run"
	hasnt "of 171 bytes" lines
'

# interrupted SIGNAL: the status of an add that gets it.
interrupted() {
	rm -f pid
	# Started in the background it would ignore SIGINT.
	slowly 20000 perl -e '$SIG{INT} = "DEFAULT";
		open(my $f, ">", "pid.new"); print $f $$; close $f;
		rename("pid.new", "pid"); exec @ARGV' mldv add data 2>stderr &
	while [ ! -s pid ]; do sleep 0.1; done
	sleep 1
	kill -s "$1" "$(cat pid)"
	status=0
	wait $! || status=$?
	echo "$status"
}

check 'SIGINT ends the work in good order, status 130' '
	data 400
	[ "$(interrupted INT)" -eq 130 ]
	has "^mldv: .*interrupted" stderr
	[ ! -e data.mldv ]
	mldv fsck
	mldv add data
'

check 'SIGTERM does too, status 143' '
	data 400
	[ "$(interrupted TERM)" -eq 143 ]
	[ "$(wc -l <stderr)" -eq 1 ]
	mldv add data
'

finish
