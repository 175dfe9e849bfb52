#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# What a repro that is killed leaves, wherever that happens: the next one puts
# it right, and loses nothing.

# prepared: a project with two stages, an old result, and something to do.
prepared() {
	project .
	mkdir code
	echo 1 >code/x
	cat >>mldv.ini <<-'END'
		[stage make]
		cmd = mkdir out; cp code/x out/x; head -c 5000000 /dev/zero >out/big; cat code/x >>out/big
		deps = code
		outs = out
		[stage use]
		cmd = cat out/x >m.json
		deps = out/x
		outs = m.json  kind=metrics  git=yes
	END
	mldv repro
	git add -A
	git commit -qm old
	echo 2 >code/x
}

# right: the work tree is that of the new code, and everything is recorded.
right() {
	mldv repro >log 2>&1 || {
		echo "the next repro fails:"
		cat log
		return 1
	}
	rm log
	if [ "$(cat out/x)" != 2 ] || [ "$(cat m.json)" != 2 ]; then
		echo "the outputs are not the new ones"
		return 1
	fi
	mldv repro -n >/dev/null || return 1
	mldv fsck >/dev/null || return 1
	# A temporary name of mldv.lock may be left, which Git does not see.
	find ./* -name ".mldv-tmp.*" >../left
	find .git/mldv/journal -mindepth 2 >>../left
	git status --porcelain | grep mldv-tmp >>../left || :
	[ ! -s ../left ] || {
		echo "what is left:"
		cat ../left
		return 1
	}
	git diff --quiet -- mldv.lock m.json || {
		echo "not staged:"
		git status --short
		return 1
	}
}

# kill_at STEP CALL...: kills repro at the nth of these system calls, for n
# from 1 in steps, until it survives.
kill_at() {
	step=$1
	shift
	calls=$(echo "$*" | tr " " ,)
	(mkdir ready && cd ready && prepared) >/dev/null 2>&1
	n=1
	while :; do
		rm -rf try
		cp -a ready try
		cd try || return 1
		killed=0
		strace -o /dev/null -e "trace=$calls" \
			-e "inject=$calls:signal=KILL:when=$n" \
			mldv repro >/dev/null 2>&1 || killed=$?
		# As after git add, it is the user who has to remove this.
		rm -f .git/index.lock
		right || {
			echo "after being killed at the ${n}th of $calls"
			return 1
		}
		cd ..
		[ "$killed" -ne 0 ] || break
		n=$((n + step))
	done
	# It must have been killed at all.
	[ "$n" -gt 1 ]
}

if strace -o /dev/null true 2>/dev/null; then
	check 'a kill at any rename loses nothing' '
		kill_at 1 rename renameat renameat2
	'
	check 'a kill at any fsync loses nothing' '
		kill_at 1 fsync syncfs
	'
	check 'a kill at any removal loses nothing' '
		kill_at 1 unlink unlinkat rmdir
	'
	check 'a kill at any making of a directory or process loses nothing' '
		kill_at 1 mkdir mkdirat clone clone3 vfork
	'
	check 'a kill at a write loses nothing' '
		kill_at 5 write pwrite64
	'
	check 'a kill at an opening of a file loses nothing' '
		kill_at 13 openat openat2
	'
else
	skip 'a kill loses nothing' 'strace cannot trace here'
fi

check 'old outputs on another file system wait beside their place' '
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || exit 0
	unshare -m sh -ec "
		git init -q .
		mldv init >/dev/null
		mkdir m
		mount -t tmpfs none m
		mkdir m/x
		cat >>mldv.ini <<-END
			[stage a]
			cmd = mkdir m/x/out; echo 1 >m/x/out/f
			outs = m/x/out
		END
		mldv repro
		sed -i \"s/echo 1 .*/echo half >m\/x\/out\/f; exit 5/\" mldv.ini
		mldv repro 2>stderr && exit 1
		[ \"\$(cat m/x/out/f)\" = 1 ]
		[ \"\$(cat .git/mldv/failed/a/*/outputs/m/x/out/f)\" = half ]
		sed -i \"s/echo half/echo half/; s/exit 5/kill -9 \\\$PPID; sleep 1/\" mldv.ini
		mldv repro 2>stderr && exit 1
		sleep 0.2
		sed -i \"s/echo half .*/echo 1 >m\/x\/out\/f/\" mldv.ini
		mldv repro
		[ \"\$(cat m/x/out/f)\" = 1 ]
		[ -z \"\$(find . -name \".mldv-tmp.*\")\" ]
	"
'

check 'a journal that cannot be read is named and stops repro' '
	(prepared) >/dev/null 2>&1
	mkdir -p .git/mldv/journal/main/make
	echo "mldv-journal 9" >.git/mldv/journal/main/make/stage
	fails 4 mldv repro
	grep -q "journal/main/make/stage" stderr
	rm .git/mldv/journal/main/make/stage stderr
	right
'

check 'three failures of a stage are kept, and no more' '
	project .
	printf "[stage a]\ncmd = echo no; exit 1\nouts = a.out\n" >>mldv.ini
	for i in 1 2 3 4 5; do
		gives 1 mldv repro
	done
	[ "$(ls .git/mldv/failed/a | wc -l)" -eq 3 ]
	has no "$(ls -d .git/mldv/failed/a/* | tail -n 1)/log"
'

check 'a journal that a power cut emptied stops nobody' '
	prepared >log
	mldv repro >log
	journal=.git/mldv/journal/$(ls .git/mldv/journal)
	for bytes in 0 40; do
		mkdir -p "$journal/make/old"
		head -c "$bytes" /dev/zero >"$journal/make/stage"
		mldv repro use >log 2>&1
		[ "$(cat out/x)" = 2 ]
		[ ! -e "$journal/make" ]
	done
'

finish
