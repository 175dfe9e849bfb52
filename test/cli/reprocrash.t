#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A repro that runs four stages at once is killed before any call that changes
# what is on the disk: the next one gives the same as if nothing had happened.
#
# By default it is killed at some of these calls, with MLDV_LONG=1 at each.
# What is counted are the calls of mldv, in whichever order its stages make it
# do them; so the points differ a little from one run to the next.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

changes=write,create,rename,remove,mkdir,link,attr

# make_ready: eight stages in two diamonds, each with an old result, and a
# change that makes all of them stale; what each makes is told by its inputs.
make_ready() (
	project ready
	cd ready || exit 1
	mkdir code
	echo 1 >code/x
	cat >>mldv.ini <<-'END'
		[stage a]
		cmd = cp code/x a
		deps = code/x
		outs = a
		[stage b1]
		cmd = mkdir b1; cp a b1/one; cp a b1/two; echo b1 >>b1/two
		deps = a
		outs = b1
		[stage b2]
		cmd = cat a a >b2
		deps = a
		outs = b2
		[stage b3]
		cmd = head -c 5000000 /dev/zero >b3; cat a >>b3
		deps = a
		outs = b3
		[stage c]
		cmd = cat b1/two b2 >c; wc -c <b3 >>c
		deps = b1/two, b2, b3
		outs = c
		[stage d1]
		cmd = cat c >d1
		deps = c
		outs = d1
		[stage d2]
		cmd = wc -l <c >d2.txt
		deps = c
		outs = d2.txt  kind=metrics  git=yes
		[stage e]
		cmd = cat d1 d2.txt
		deps = d1, d2.txt
	END
	mldv repro -j 4 && git add -A && git commit -qm old && echo 2 >code/x
)

# undisturbed: what it is to be.
undisturbed() {
	cp -a ready right
	(cd right && mldv repro -j 4) || return 1
	cp right/mldv.lock right.lock
}

# right: the project in ./try is what it is to be, with all that was recorded.
right() {
	cd try || return 1
	mldv repro -j 4 >../log 2>&1 || {
		cat ../log
		return 1
	}
	cmp mldv.lock ../right.lock || return 1
	for out in a b1/one b1/two b2 b3 c d1 d2.txt; do
		cmp "$out" "../right/$out" || return 1
	done
	(mldv repro -n && mldv fsck) >../log 2>&1 || {
		cat ../log
		return 1
	}
	find . -name ".mldv-tmp.*" ! -path "./.mldv-tmp.*" >../left
	find .git/mldv/journal -mindepth 2 >>../left
	git diff --quiet -- mldv.lock d2.txt || echo "not staged" >>../left
	[ ! -s ../left ] || {
		cat ../left
		return 1
	}
	# All of it is in the store.
	rm -rf a b1 b2 b3 c d1
	mldv checkout >../log 2>&1 || return 1
	for out in a b1/one b1/two b2 b3 c d1; do
		cmp "$out" "../right/$out" || return 1
	done
}

# kill_at HOW CALLS STEP: at the STEPth of these calls, twice STEP, … until
# repro gets through.
kill_at() {
	n=$3 tried=0
	while :; do
		rm -rf try
		cp -a ready try
		got=0
		(cd try && "$inject" "$2" "$n" "$1" ../count \
			mldv repro -j 4) >said 2>&1 || got=$?
		rm -f try/.git/index.lock
		(right) || {
			echo "after $1 at call $n of $2, which gave $got:"
			cat said
			return 1
		}
		[ "$(cat count)" -ge "$n" ] || break
		tried=$((tried + 1))
		n=$((n + $3))
	done
	[ "$tried" -ge 3 ]
}

# often SOME: that is the step, or 1 if all are wanted.
often() {
	if [ -n "${MLDV_LONG:-}" ]; then
		echo 1
	else
		echo "$1"
	fi
}

cd "$w" || exit
check 'the stages give what they are to when left alone' '
	cd "$w"
	make_ready >log 2>&1 || { cat log; exit 1; }
	undisturbed >log 2>&1 || { cat log; exit 1; }
'
check 'killed at any change of the disk, four at once lose nothing' '
	cd "$w"
	kill_at KILL "$changes" "$(often 37)"
'
check 'killed at any sync, four at once lose nothing' '
	cd "$w"
	kill_at KILL sync "$(often 9)"
'
check 'where a sync fails, four at once lose nothing' '
	cd "$w"
	kill_at EIO sync "$(often 11)"
'
check 'interrupted at any change, four at once lose nothing' '
	cd "$w"
	kill_at INT "$changes" "$(often 83)"
'

finish
