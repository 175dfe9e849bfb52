#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The rules by which pushes and garbage collections share a remote: each is
# stopped and killed at every one of its operations there, while others run,
# and whatever happens no manifest names a pack that is not there, and what
# was pushed can be pulled.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if ! strace -o /dev/null true 2>/dev/null; then
	skip 'no manifest names a missing pack' 'strace cannot trace here'
	finish
fi

# Moves all ages on the remote by so many days.
days() {
	find r -type f -printf '%T@ %p\n' | while read -r time file; do
		touch -d "@$((${time%.*} - $1 * 86400))" "$file"
	done
}

# No manifest names a pack that is not there, whole.
sound() {
	for manifest in r/manifests/*/*/*; do
		[ -e "$manifest" ] || continue
		sed -En "s/^(pack|trees) (..)([^ ]*) ([0-9]+) .*/\2\/\2\3 \4/p" \
			"$manifest" >named
		while read -r id size; do
			[ "$(stat -c %s "r/packs/$id.tar.zst")" -eq "$size" ] ||
				{ echo "$manifest names $id"; return 1; }
		done <named
	done
}

# What clone a has committed is on the remote.
pulled() {
	rm -rf fresh
	git clone -q a fresh
	(cd fresh && mldv pull >/dev/null 2>&1) || return 1
	same a/d fresh/d || return 1
	rm -rf fresh
}

# A remote on which version one of d lies, pushed long ago and needed by
# nobody any more; clone a, which is about to push a version that shares most
# of its objects with it; clone b, which knows nothing of either.
start() {
	git init -q --bare s.git
	project a
	(
		cd a || exit 1
		git remote add origin "$PWD/../s.git"
		mldv remote add origin "$PWD/../r"
		git add -A
		git commit -qm "no data"
		git push -q origin HEAD:main
		mkdir d
		for i in 1 2 3; do
			seq 1 20000 | sed "s/^/$i /" >"d/$i"
		done
		mldv add d
		git add -A
		git commit -qm one
		mldv push
		git rev-parse HEAD >../one
		echo two >d/new
		mldv add d
		git commit -q --amend -am two
		git reflog expire --expire=now --all
		rm -f .git/ORIG_HEAD
	)
	git clone -q s.git b
	days 30
}

save() {
	rm -rf saved
	mkdir saved
	cp -a r a b saved
}

restore() {
	rm -rf r a b
	cp -a saved/r saved/a saved/b .
}

# traced OPTIONS CLONE COMMAND...: under strace, with one processor, so that what it does
# comes in one order, and only as far as it touches ./paths.
traced() (
	options=$1
	cd "$2" || exit 1
	shift 2
	while read -r path; do
		options="$options -P $path"
	done <../paths
	# shellcheck disable=SC2016,SC2086 # for the inner shell; words
	exec taskset -c 0 strace -f -o ../log $options \
		sh -c 'exec "$@"' sh "$@" >/dev/null 2>&1
)

# points CALLS EVERY CLONE COMMAND...: the system calls of these kinds by which
# the command reads and changes what is on the remote, each as its name and
# which of these calls it is; of them, only each so manieth, unless MLDV_LONG
# is set. Leaves everything as it was saved.
points() {
	calls=$1
	every=$2
	[ -z "${MLDV_LONG:-}" ] || every=1
	shift 2
	top_of_remote=$(pwd)/r
	{
		find "$top_of_remote"
		(cd "$1" && shift && "$@" >/dev/null 2>&1) || return 1
		find "$top_of_remote"
	} | grep -v '/\.' | sort -u >paths
	restore
	traced "-e trace=$calls" "$@"
	restore
	awk -v every="$every" '{
		name = substr($2, 1, index($2, "(") - 1)
		if (name !~ /^[a-z0-9]+$/)
			next
		n[name]++
		# Directories are only listed.
		if (!/O_DIRECTORY|S_IFDIR/ && seen++ % every == 0)
			print name, n[name]
	}' log
}
changes=rename,renameat2,unlink,unlinkat,mkdir
operations=openat,newfstatat,fcntl,renameat2,unlink

# at POINT SIGNAL CLONE COMMAND...: runs it, and has it get the signal there.
at() {
	point=$1
	signal=$2
	shift 2
	traced "-e trace=${point% *} \
-e inject=${point% *}:signal=$signal:when=${point#* }" "$@"
}

# The same, and waits until it has stopped there; $job is to be waited for.
stop_at() {
	rm -f log
	point=$1
	shift
	at "$point" STOP "$@" &
	job=$!
	while ! grep -qs -e "stopped by SIGSTOP" -e "^[0-9]* +++" log; do
		sleep 0.01
	done
	grep -q "stopped by SIGSTOP" log
}

go_on() {
	sed -n 's/^\([0-9]*\) .*stopped by SIGSTOP.*/\1/p' log | head -n 1 |
		xargs -r kill -CONT
}

gc="mldv --no-wait gc -r origin --delete"

# What follows whatever happened: time passes, b collects again and again.
aftermath() {
	sound && (cd a && mldv push >/dev/null &&
		git push -qf origin HEAD:main) && sound || return 1
	for pass in 2 20 2; do
		days "$pass"
		(cd b && git pull -q && $gc >/dev/null) && sound || return 1
	done
	pulled
}

check 'a push is killed at each operation, and collections follow' '
	start
	save
	points $changes 1 a mldv push >list
	[ "$(wc -l <list)" -ge 6 ]
	while read -r point; do
		restore
		at "$point" KILL a mldv push || :
		sound
		(cd b && $gc >/dev/null)
		sound
		days 2
		(cd b && $gc >/dev/null)
		aftermath || { echo "at $point"; exit 1; }
	done <list
'

check 'a collection is killed at each operation, and pushes follow' '
	start
	save
	points $changes 1 b $gc >list
	[ "$(wc -l <list)" -ge 2 ]
	while read -r point; do
		restore
		at "$point" KILL b $gc || :
		aftermath || { echo "at $point"; exit 1; }
	done <list
'

check 'the collection that deletes packs is killed at each operation' '
	start
	(cd b && $gc)
	days 2
	save
	points $changes 1 b $gc >list
	[ "$(wc -l <list)" -ge 2 ]
	while read -r point; do
		restore
		at "$point" KILL b $gc || :
		aftermath || { echo "at $point"; exit 1; }
	done <list
'

check 'a collection runs while a push stands still, at each operation' '
	start
	save
	points $operations 2 a mldv push >list
	stops=0
	while read -r point; do
		restore
		stop_at "$point" a mldv push || continue
		stops=$((stops + 1))
		(cd b && $gc >/dev/null 2>&1) || [ $? -eq 6 ]
		sound || { echo "at $point"; exit 1; }
		go_on
		wait $job || :
		aftermath || { echo "at $point"; exit 1; }
	done <list
	[ $stops -ge 5 ]
'

check 'the second collection runs while a push stands still' '
	start
	(cd b && $gc)
	days 2
	save
	points $operations 2 a mldv push >list
	stops=0
	while read -r point; do
		restore
		stop_at "$point" a mldv push || continue
		stops=$((stops + 1))
		(cd b && $gc >/dev/null 2>&1) || [ $? -eq 6 ]
		sound || { echo "at $point"; exit 1; }
		go_on
		wait $job || :
		aftermath || { echo "at $point"; exit 1; }
	done <list
	[ $stops -ge 5 ]
'

check 'a push runs while a collection stands still, at each operation' '
	start
	(cd b && $gc)
	days 2
	save
	points $operations 2 b $gc >list
	stops=0
	while read -r point; do
		restore
		stop_at "$point" b $gc || continue
		stops=$((stops + 1))
		rm -f done
		(cd a && mldv push >/dev/null 2>&1; : >../done) &
		push=$!
		# If it can go on at all, it is done by then.
		for i in $(seq 1 20); do [ -e done ] || sleep 0.05; done
		sound
		go_on
		wait $job || :
		wait $push
		aftermath || { echo "at $point"; exit 1; }
	done <list
	[ $stops -ge 5 ]
'

check 'two pushes and two collections in every order, with time in between' '
	start
	git clone -q a c
	(cd c && mkdir d && cp ../a/d/1 d && echo three >d/three &&
		mldv add d && git commit -qam three)
	cp -a c saved-c
	save
	python3 -c "
import itertools
for order in itertools.permutations(\"acgh\"):
    print(*order)
" >orders
	[ "$(wc -l <orders)" -eq 24 ]
	times=2
	[ -z "${MLDV_LONG:-}" ] || times="0 2 8 15"
	for between in $times; do
		while read -r order; do
			restore
			rm -rf c
			cp -a saved-c c
			for who in $order; do
				case $who in
				a | c) (cd $who && mldv push >/dev/null) ;;
				*) (cd b && $gc >/dev/null) ;;
				esac
				sound || { echo "$order, $between days"; exit 1; }
				days "$between"
			done
			# What nobody has told Git of may be gone by now.
			(cd a && mldv push >/dev/null)
			sound && pulled || { echo "$order, $between days"; exit 1; }
		done <orders
	done
'

finish
