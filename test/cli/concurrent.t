#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two at once: any two commands in one clone, any two clones on one remote;
# and what others do to files while mldv reads them.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

# both COMMAND COMMAND: at the same time, and both must succeed.
both() {
	(eval "$1") >../first 2>&1 &
	pid=$!
	(eval "$2") >../second 2>&1 || {
		cat ../second
		wait "$pid"
		return 1
	}
	wait "$pid" || {
		cat ../first
		return 1
	}
}

start() {
	mkdir r
	project p
	cd p || return 1
	mldv remote add origin "$PWD/../r"
	for item in a b; do
		mkdir -p "$item/sub"
		for i in 1 2 3 4 5 6; do
			noise "$i" 20000 >"$item/$i"
			echo "$item" >"$item/sub/$i"
		done
	done
	noise 9 9000000 >a/large
	cp a/large b/large
}

# whole: all that is added is here and in order.
whole() {
	mldv fsck
	cp -a a b ..
	rm -rf a b
	mldv checkout
	same ../a a && same ../b b
	[ -z "$(find . -name '.mldv-tmp.*')" ]
	git status --porcelain >../changes
	hasnt '^ M' ../changes && hasnt '^??' ../changes
}

check 'two add different items' '
	start
	for round in 1 2 3; do
		echo $round >a/round && echo $round >b/round
		both "mldv add a" "mldv add b"
	done
	whole
	[ "$(grep -c . .gitignore)" -ge 2 ]
	mldv status
'

check 'two add the same item' '
	start
	for round in 1 2 3; do
		echo $round >a/round
		both "mldv add a" "mldv add a"
	done
	mldv add b
	whole
'

check 'one adds while another checks out, looks and checks' '
	start
	mldv add a b
	git commit -qm data
	echo changed >b/1
	rm -rf a
	both "mldv add b" "mldv checkout a; mldv status; mldv fsck"
	whole
'

check 'two push at once from two clones, and both can be pulled' '
	start
	mldv add a
	git commit -qm a
	git clone -q . ../q
	(cd ../q && cp -a ../p/a ../p/b . && mldv add a b && git commit -qm b)
	both "mldv push" "cd ../q && mldv push"
	[ -z "$(find ../r -name ".mldv-tmp.*")" ]
	for from in p q; do
		git clone -q ../$from ../from-$from
		(cd ../from-$from && mldv pull && mldv status --exit-code)
	done
	same a ../from-p/a && same b ../from-q/b
'

check 'two clones push the same item at once' '
	start
	mldv add a b
	git commit -qm data
	cp -a . ../q
	both "mldv push" "cd ../q && mldv push"
	git clone -q . ../x && cd ../x && mldv pull
	same ../p/a a && same ../p/b b
'

check 'one pulls while another pushes' '
	start
	mldv add a
	git commit -qm a
	mldv push
	git clone -q . ../q
	mldv add b
	git commit -qm b
	both "mldv push" "cd ../q && mldv pull"
	same a ../q/a
	cd ../q && git pull -q && mldv pull
	same ../p/b b
'

check 'two pull at once in one clone' '
	start
	mldv add a b
	git commit -qm data
	mldv push
	git clone -q . ../q && cd ../q
	both "mldv pull" "mldv pull"
	same ../p/a a && same ../p/b b
	mldv fsck
'

stage() {
	start
	mldv add a
	cat >>mldv.ini <<-'END'

		[stage s]
		cmd = echo run >>../runs && sleep 1 && cat a/1 >out
		deps = a
		outs = out
	END
	git add -A
	git commit -qm stage
}

check 'the second of two repro waits, and finds everything fresh' '
	stage
	mldv repro >../first 2>&1 &
	while [ ! -s ../runs ]; do sleep 0.02; done
	mldv repro >../second 2>&1
	cat ../second
	has "up to date\|fresh" ../second
	wait $!
	[ "$(wc -l <../runs)" -eq 1 ]
	cmp a/1 out
	mldv repro -n
'

check 'while a repro runs, its output is not added, nor checked out' '
	stage
	mldv repro >../first 2>&1 &
	while [ ! -s ../runs ]; do sleep 0.02; done
	mldv status
	mldv checkout
	mldv fsck
	wait $!
	cmp a/1 out
	mldv repro -n
	git commit -qm locked && mldv push && mldv status --exit-code
'

check '--no-wait gives 6 and names who is in the way' '
	stage
	mldv repro >../first 2>&1 &
	pid=$!
	while [ ! -s ../runs ]; do sleep 0.02; done
	fails 6 mldv repro --no-wait
	has "mldv repro (pid $pid on host" stderr
	# To look is always allowed.
	mldv status --no-wait >/dev/null
	wait $pid
'

check 'a repro that is killed leaves a stage, and the next waits for it' '
	stage
	sed -i "s/sleep 1 /sleep 2 /" mldv.ini
	mldv repro >../first 2>&1 &
	pid=$!
	while [ ! -s ../runs ]; do sleep 0.02; done
	kill -9 $pid
	wait $pid || :
	mldv repro
	cmp a/1 out
	mldv repro -n && mldv fsck
'

# slowly PATH CALLS MICROSECONDS COMMAND...: those calls on that file take as
# long each. -P makes strace trace nothing else.
slowly() {
	path=$1 calls=$2 delay=$3
	shift 3
	strace -f -o ../trace -P "$path" -e trace="$calls" \
		-e inject="$calls":delay_enter="$delay" "$@"
}

# meanwhile PAUSE CHANGE COMMAND...: the change comes while the command runs.
# What is stored then is right: an error that names the file, or either state.
meanwhile() {
	pause=$1 change=$2
	shift 2
	(sleep "$pause" && eval "$change") &
	changer=$!
	got=0
	"$@" >../said 2>&1 || got=$?
	wait "$changer"
	cat ../said
	[ "$got" -le 1 ]
}

# Everything that was stored can be checked out, and is what it claims to be.
consistent() {
	mldv push && mldv status --exit-code && mldv fsck
	git clone -q . ../y
	cp -a .git/mldv ../y/.git/
	(cd ../y && rm -rf .git/mldv/state && mldv checkout && mldv fsck)
}

for how in 'echo more >>large' 'truncate -s 3000000 large' 'rm large' \
	'noise 4 9000000 >new && mv new large' 'truncate -s 0 large' \
	'noise 4 1000 | dd of=large conv=notrunc 2>&1'; do
	check "a large file changes while add reads it: $how" '
		start
		meanwhile 0.3 "cd a && $how" \
			slowly "$PWD/a/large" copy_file_range,pread64,read \
			400000 mldv add a
		if [ "$got" -eq 1 ]; then
			has "^mldv: .*a/large.* while it was read" ../said
			[ ! -e a.mldv ]
		fi
		# What it says is there is what the second time is there.
		mldv add a && git commit -qm a
		consistent
		same a ../y/a
	'
	check "a small file changes while add reads it: $how" '
		start
		rm a/large && noise 3 300000 >a/large
		meanwhile 0.2 "cd a && $how" \
			slowly "$PWD/a/large" pread64,read,fstat,newfstatat \
			300000 mldv add a
		if [ "$got" -eq 1 ]; then
			has "^mldv: .*a/large.* while it was" ../said
			[ ! -e a.mldv ]
		fi
		mldv add a && git commit -qm a
		consistent
		same a ../y/a
	'
done

check 'files come and go while a directory is walked' '
	start
	mkdir a/many && (cd a/many && seq 3000 | xargs touch)
	(
		i=0
		while [ ! -e ../stop ]; do
			i=$((i + 1))
			echo $i >a/many/new$i && rm -rf a/many/$i a/many/new$((i - 9))
			mkdir a/many/dir$i && rmdir a/many/dir$((i - 1)) || :
		done
	) 2>/dev/null &
	for round in 1 2 3 4 5; do
		got=0
		mldv add a >../said 2>&1 || got=$?
		cat ../said
		[ "$got" -eq 0 ] || { [ "$got" -eq 1 ] && has "^mldv: .*a/many" ../said; }
		mldv status >/dev/null 2>&1 || [ "$?" -eq 1 ]
	done
	touch ../stop
	wait $!
	mldv add a
	git commit -qm a
	consistent
	same a ../y/a
'

check 'a directory becomes a link while it is added' '
	start
	mkdir ../outside && echo "not to be read" >../outside/secret
	meanwhile 0.2 "mv a/sub gone && ln -s ../../outside a/sub" \
		slowly "$PWD/a/sub" openat,newfstatat,getdents64 300000 \
		mldv add a
	if grep -raq "not to be read" .git/mldv/store; then exit 1; fi
	zstd -dcq .git/mldv/store/packs/*/* >all 2>/dev/null || :
	if grep -aq "not to be read" all; then exit 1; fi
'

check 'a stage that changes its own input is told so' '
	start
	mldv add a
	printf "[stage s]\ncmd = echo x >>a/1 && echo y >out\ndeps = a\nouts = out\n" \
		>>mldv.ini
	git add -A && git commit -qm stage
	gives 1 mldv repro
	has "^mldv: .*a" stderr
	[ ! -e out ]
'
finish
