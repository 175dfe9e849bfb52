#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What concurrent.t leaves to luck: the moment is made by a delay of the one
# call on the one file, and the change comes when the file is open.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if ! strace -o /dev/null true 2>/dev/null; then
	skip 'several at once' 'strace cannot trace here'
	finish
fi

# held PATH CALLS COMMAND...: starts the command in the background, with $delay
# before each of these calls on the file or directory, and returns when it has
# that open. Its process is $pid, what it says is in ./held.
delay=1200000
held() {
	at=$(realpath "$1") calls=$2
	shift 2
	rm -f held.pid
	# With -D strace is a child: the process is the command's.
	sh -c 'echo $$ >held.pid; exec "$@"' sh \
		strace -D -f -qq -o /dev/null -P "$at" -e "trace=$calls" \
		-e "inject=$calls:delay_enter=$delay" "$@" >held 2>&1 &
	pid=$!
	tries=0
	until [ -s held.pid ] && readlink "/proc/$(cat held.pid)"/fd/* \
		2>/dev/null | grep -qx -e "$at"; do
		tries=$((tries + 1))
		[ "$tries" -lt 1000 ] || return 1
		sleep 0.01
	done
}

# slowly COMMAND...: what puts files in place takes its time.
slowly() {
	strace -f -qq -o /dev/null -e trace=rename,renameat,renameat2,linkat \
		-e inject=rename,renameat,renameat2,linkat:delay_enter=60000 "$@"
}

# ends STATUS: the held command does, within a minute.
ends() {
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq "$1" ] || {
		echo "status $got, not $1:"
		cat held
		return 1
	}
}

# refused PATH: it ended with 1 and one sentence that names the path, left
# nothing behind, and does it when it is left alone.
refused() {
	ends 1
	[ "$(grep -c "^mldv: " held)" -eq 1 ]
	has "^mldv: .*'$1'.*changed while" held
	[ ! -e d.mldv ]
	[ -z "$(git ls-files d.mldv)" ]
	mldv fsck
	[ -z "$(find . -name ".mldv-tmp.*")" ]
}

# Left alone it gets d into the store as it is now.
again() {
	mldv add d
	cp -a d ../expected-d
	rm -rf d
	mldv checkout
	same ../expected-d d
	rm -rf ../expected-d
	settled
}

# settled: nothing in the work tree differs from what was added.
settled() {
	mldv status >../status
	hasnt "^\\(new\\|modified\\|deleted\\|missing\\|not \\)" ../status
}

files() {
	mkdir d
	for i in 1 2 3 4 5; do echo "$i" >"d/f$i"; done
}

large() {
	head -c 5000000 /dev/urandom >d
}

reads=read,pread64,copy_file_range,ioctl

# clones COUNT: a project p with a remote r, and clones of it, c1, c2, ...
clones() {
	mkdir r && project p
	(cd p && mkdir d && echo 1 >d/f && mldv remote add origin "$PWD/../r" &&
		mldv add d && git add -A && git commit -qm first && mldv push)
	for i in $(seq "$1"); do
		git clone -q p "c$i"
	done
}

# another N: in clone N, a commit of a new item n$N and of a change of d.
another() (
	cd "c$1"
	mldv pull
	mkdir "n$1"
	for i in 1 2 3 4 5 6; do
		echo "$i of $1" >"n$1/f$i"
		echo "$i for both" >"n$1/same$i"
	done
	head -c 1000000 /dev/urandom >"n$1/noise"
	echo "$1" >"d/by$1"
	mldv add d "n$1"
	git add -A && git commit -qm "by $1"
)

# fetched N: the data of clone N are to be had from the remote alone.
fetched() {
	git clone -q "c$1" "f$1"
	(cd "f$1" && mldv pull)
	same "c$1/d" "f$1/d"
	same "c$1/n$1" "f$1/n$1"
}

check 'two adds of different items do not wait for each other' '
	project && files && echo e >e
	held d/f3 read mldv add d
	mldv add e 2>stderr
	same /dev/null stderr
	[ ! -e d.mldv ]
	[ -e e.mldv ]
	ends 0
	git ls-files >names
	has "^d.mldv$" names
	has "^e.mldv$" names
	printf "/d\n/e\n" >expected
	sort .gitignore >lines && same expected lines
	git show :.gitignore | sort >lines && same expected lines
'

check 'twelve adds at once lose nothing' '
	project
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		mkdir "d$i"; echo "$i" >"d$i/f"; echo same >"d$i/same"
	done
	pids=""
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		mldv add "d$i" >/dev/null 2>"said$i" & pids="$pids $!"
	done
	for pid in $pids; do wait "$pid" || { cat said*; exit 1; }; done
	[ "$(git ls-files "d*.mldv" | wc -l)" -eq 12 ]
	[ "$(git show :.gitignore | sort -u | wc -l)" -eq 12 ]
	mldv fsck
	cp -a . ../before
	rm -rf d*/
	mldv checkout
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		same "../before/d$i" "d$i"
	done
	rm -rf ../before
'

check '--no-wait gives 6 and names who is in the way' '
	project && files
	held d/f3 read mldv add d
	holder="mldv add (pid $(cat held.pid) on host $(uname -n))"
	fails 6 mldv --no-wait add d
	grep -qF "in use by $holder" stderr
	fails 6 mldv --no-wait gc
	grep -qF "in use by $holder" stderr
	ends 0
	mldv --no-wait add d
'

check 'two pushes of the same from one clone, too' '
	clones 1 && another 1
	(cd c1 && slowly mldv push) & a=$!
	(cd c1 && slowly mldv push) & b=$!
	wait $a; wait $b
	fetched 1
'

check 'a pull of what is just being pushed gets it or says that it is not there' '
	clones 1 && another 1
	git clone -q c1 f
	(cd c1 && slowly mldv push >../said 2>&1) & pid=$!
	ok=no
	while :; do
		alive=yes; kill -0 $pid 2>/dev/null || alive=no
		status=0
		(cd f && mldv pull) 2>stderr || status=$?
		case $status in
		0) ok=yes; break ;;
		5) ;;
		*) cat stderr; exit 1 ;;
		esac
		[ $alive = yes ] || break
	done
	wait $pid
	[ $ok = yes ]
	same c1/d f/d
	same c1/n1 f/n1
'

check 'a file that grows, or is truncated, while it is read is named' '
	project && files
	held d/f3 read mldv add d
	echo more >>d/f3
	refused d/f3
	held d/f4 read mldv add d
	: >d/f4
	refused d/f4
	again
'

check 'one that is removed while it is read is named' '
	project && files
	held d/f3 read mldv add d
	rm d/f3
	refused d/f3
	again
'

check 'one that is gone, or is something else, before it is opened is named' '
	project && files
	held d openat mldv add d
	rm d/f3 d/f4 d/f5
	refused d/f3
	rm -r d && files
	held d openat mldv add d
	rm d/f5 && ln -s f1 d/f5
	refused d/f5
	held d openat mldv add d
	rm d/f5 && mkfifo d/f5
	refused d/f5
	rm d/f5
	again
'

check 'a file that is removed while the directory is looked at is named' '
	project && files
	# Once for the directory itself, then for each file.
	delay=800000
	held d newfstatat mldv add d
	sleep 1.2
	rm d/f5
	refused d/f5
	again
'

check 'one that is new meanwhile is taken or is seen afterwards' '
	project && files
	held d getdents64 mldv add d
	echo 6 >d/f6
	ends 0
	oid=$(mldv ls d | wc -l)
	case $oid in
	6) settled ;;
	5) mldv status >../status; has "^modified" ../status ;;
	*) mldv ls d; exit 1 ;;
	esac
	again
'

check 'a directory that goes, or becomes a link, is named and not followed' '
	project && mkdir -p d/a d/e && echo 1 >d/a/f && echo 2 >d/e/f
	mkdir ../outside && echo a-secret >../outside/f
	held d/a getdents64 mldv add d
	rm -r d/a
	# It may have been empty for a moment.
	status=0
	wait "$pid" || status=$?
	[ $status -eq 0 ] || has "^mldv: .*.d/a.*changed while" held
	mkdir d/a && echo 1 >d/a/f
	again
	held d/a getdents64 mldv add d
	mv d/e ../e && ln -s ../../outside d/e
	status=0
	wait "$pid" || status=$?
	[ $status -eq 0 ] || has "^mldv: .*.d/e.*changed while" held
	! grep -rq a-secret .git/mldv || exit 1
	rm d/e && mv ../e d/e && again
	rm -r ../outside
'

check 'a large file that is removed, or replaced, is named' '
	project && large
	held d $reads mldv add d
	rm d
	refused d
	large
	held d $reads mldv add d
	head -c 5000000 /dev/zero >other && mv other d
	refused d
	again
'

check 'while something writes a large file all the time, add says so' '
	project
	head -c 40000000 /dev/urandom >d
	perl -e "open(F, q(+<), q(d)); \$| = 1;
		for (\$i = 0; ; \$i++) { sysseek(F, (\$i * 7919) % 40000000, 0);
		syswrite(F, q(x)); }" &
	writer=$!
	status=0
	mldv add d >held 2>&1 || status=$?
	kill $writer
	wait $writer || :
	[ $status -eq 1 ]
	has "^mldv: .*.d. changed while it was read" held
	[ ! -e d.mldv ] && mldv fsck && again
'

finish
