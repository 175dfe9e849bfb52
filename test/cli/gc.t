#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Garbage collection of the store: what must stay, what goes, and that no
# moment of it is a bad one.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Makes everything in the store as old as that.
age() {
	find .git/mldv/store -type f -exec touch -d "${1:-2 days ago}" {} +
}

# Forgets all that Git itself would keep.
forget() {
	git reflog expire --expire=now --all
	rm -f .git/ORIG_HEAD .git/FETCH_HEAD
}

# version TEXT: the item d with a small file, a large one and a directory, of
# this text, added and committed.
version() {
	mkdir -p d/sub
	echo "$1" >d/small
	echo "$1 below" >d/sub/small
	yes "$1" | head -c 5000000 >d/large
	mldv add d
	git add -A
	git commit -qm "$1"
}

# Everything of a version can be had, from the store alone.
have() {
	rm -rf d
	git checkout -q "$1" -- d.mldv
	mldv checkout
	[ "$(cat d/small)" = "$2" ]
	[ "$(head -n 1 d/large)" = "$2" ]
	[ "$(cat d/sub/small)" = "$2 below" ]
}

files() {
	find .git/mldv/store/files -type f | wc -l
}

start() {
	# shellcheck disable=SC2119 # here
	project
	version one
	version two
}

check 'what commits need stays, however old it is' '
	start
	age "2 years ago"
	mldv gc >out
	has "^nothing to delete" out
	mldv gc --delete
	have HEAD~1 one
	have HEAD two
	mldv fsck
'

check 'nothing is deleted without --delete, and then what nothing needs' '
	start
	age
	git reset -q --hard HEAD~1
	forget
	find .git/mldv -type f | sort >before
	mldv gc >out
	has "^2 packs  *[0-9]" out
	has "^1 file  *5\.00 MB" out
	has "^nothing was deleted; with --delete" out
	find .git/mldv -type f | sort >after
	same before after
	mldv gc --delete >out
	has "^deleted 5\.00 MB" out
	[ "$(files)" -eq 1 ]
	have HEAD one
	mldv fsck
	mldv gc >out
	has "^nothing to delete" out
'

check 'nothing younger than 24 hours is deleted' '
	start
	git reset -q --hard HEAD~1
	forget
	mldv gc --delete >out
	has "too young" out
	has "^nothing to delete" out
	[ "$(files)" -eq 2 ]
	age "23 hours ago"
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	age "25 hours ago"
	mldv gc --delete
	[ "$(files)" -eq 1 ]
'

# Each of these is all that refers to the second version.
for root in "git branch b" "git tag t" "git tag -am x t" "true # the reflog" \
	"git stash -q" "git worktree add -q ../w-\$(basename \$PWD)" \
	"git update-ref refs/anything/x HEAD" \
	"git rev-parse HEAD >.git/MERGE_HEAD" \
	"mkdir .git/rebase-merge; git rev-parse HEAD >.git/rebase-merge/orig-head"
do
	check "kept by: $root" '
		start
		age
		case $root in
		*stash*)
			git reset -q HEAD~1
			git stash -q ;;
		*MERGE_HEAD*)
			two=$(git rev-parse HEAD)
			git reset -q --hard HEAD~1
			echo "$two" >.git/MERGE_HEAD ;;
		*)
			eval "$root"
			git reset -q --hard HEAD~1 ;;
		esac
		case $root in
		*reflog*) ;;
		*stash*) rm -rf .git/logs/HEAD .git/logs/refs/heads .git/ORIG_HEAD ;;
		*) forget ;;
		esac
		mldv gc --delete
		[ "$(files)" -eq 2 ]
		git stash pop -q 2>stderr || :
		rm -rf .git/MERGE_HEAD .git/rebase-merge
		rm -rf "../w-$(basename "$PWD")"
	'
done

check 'kept by: the index alone, and by the work tree alone' '
	start
	age
	git show HEAD:d.mldv >two
	git reset -q --hard HEAD~1
	forget
	cp d.mldv one
	cp two d.mldv
	git add d.mldv
	cp one d.mldv
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	git reset -q --hard
	cp two d.mldv
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	git checkout -q d.mldv
	mkdir sub
	cp two sub/untracked.mldv
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	rm -r sub
	mldv gc --delete
	[ "$(files)" -eq 1 ]
'

check 'kept by: another work tree, its index, and what lies in it' '
	start
	age
	git show HEAD:d.mldv >../two
	git reset -q --hard HEAD~1
	git worktree add -q ../w
	forget
	rm -rf .git/logs .git/worktrees/w/logs
	cp ../two ../w/d.mldv
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	git -C ../w add d.mldv
	git -C ../w show HEAD:d.mldv >../w/d.mldv
	(cd ../w && mldv gc --delete)
	[ "$(files)" -eq 2 ]
	mv ../w ../gone
	fails 3 mldv gc
	has "work tree .* is not there" stderr
	mv ../gone ../w
	git -C ../w reset -q --hard
	mldv gc --delete
	[ "$(files)" -eq 1 ]
	rm -r ../w ../two
'

check 'kept by: a pointer or lock in a conflict' '
	start
	age
	git show HEAD:d.mldv >two
	git reset -q --hard HEAD~1
	forget
	{ echo "<<<<<<<"; cat d.mldv; echo =======; cat two; echo ">>>>>>>"; } >c
	mv c d.mldv
	rm two
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	git checkout -q d.mldv
	have HEAD one
'

check 'a pointer of a later version is not guessed at' '
	start
	age
	sed -i "s/^mldv-pointer 1/mldv-pointer 2/" d.mldv
	gives 4 mldv gc
	has "cannot tell what is needed" stderr
'

stage() {
	cat >>mldv.ini <<-'END'

	[stage make]
	cmd = yes ${params.text} | head -c 5000000 >out
	outs = out
	params = text
	[params]
	text = one
	END
}

check 'what runs made is kept for gc.runs days, and longer if a lock has it' '
	project
	stage
	mldv repro
	sed -i "s/^text = one/text = two/" mldv.ini
	git add -A; git commit -qm 1
	mldv repro
	git add -A; git commit -qm 2
	[ "$(files)" -eq 2 ]
	age "20 days ago"
	git update-ref refs/heads/main "$(git commit-tree -m x HEAD^{tree})"
	rm -rf .git/logs
	mldv gc --delete
	[ "$(files)" -eq 2 ]
	age "40 days ago"
	mldv gc --delete >out
	has "^1 run record" out
	[ "$(files)" -eq 1 ]
	[ "$(find .git/mldv/store/runs -type f | wc -l)" -eq 1 ]
	mldv config --local gc.runs 50
	mldv gc >out
	has "^nothing to delete" out
	rm out; mldv checkout; [ "$(head -n 1 out)" = two ]
' 

check 'a pack is written anew if half of it can go, and not for less' '
	project
	for i in 1 2 3 4; do head -c 100000 /dev/urandom >$i; done
	mkdir d; mv 1 2 3 4 d
	cp -r d copy
	mldv add d
	git add -A; git commit -qm 1
	rm d/1; mldv add d
	git add -A; git commit -qm 2
	age
	git checkout -q --orphan new; git commit -qm 2
	git branch -qD main
	rm -rf .git/logs
	mldv gc >out
	hasnt "written anew" out
	rm d/2 d/3; mldv add d
	git commit -qam 3
	age
	git checkout -q --orphan newer; git commit -qm 3
	git branch -qD new
	rm -rf .git/logs
	mldv gc >out
	has "^1 pack  *30[0-9] kB  *.*written anew" out
	mldv gc --delete
	[ "$(du -s .git/mldv/store/packs | cut -f1)" -lt 200 ]
	rm -r d
	mldv checkout
	same copy/4 d/4
	mldv fsck
'

check 'caches of what is gone go, what was put aside is only listed' '
	start
	cp -r d e; mldv add e; git add -A; git commit -qm e
	git rm -q e.mldv; git commit -qm "no e"; rm -r e
	mkdir -p .git/mldv/quarantine .git/mldv/failed/s/20200101T000000Z
	echo x >.git/mldv/quarantine/bad
	touch -d "40 days ago" .git/mldv/quarantine/bad .git/mldv/failed/s/*
	mldv gc --delete >out
	has "^1 cache" out
	has "^2 things .*for you to delete" out
	has "^  quarantine/bad$" out
	has "^  failed/s/20200101T000000Z$" out
	[ -e .git/mldv/quarantine/bad ]
	[ "$(find .git/mldv/state/stat -type f | wc -l)" -eq 1 ]
	mldv status --exit-code || [ $? -eq 3 ]
'

check 'it waits for whoever uses the store' '
	start
	python3 - <<-"END" &
	import fcntl, struct, time
	f = open(".git/mldv/locks/store", "r+")
	fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
	open("held", "w").close()
	time.sleep(2)
	END
	while [ ! -e held ]; do sleep 0.05; done
	fails 6 mldv gc --no-wait
	mldv gc
	wait
'

check 'a store that other clones may share is refused' '
	project
	mldv config --local store.dir "$PWD/shared"
	version one
	fails 3 mldv gc --delete
	has "what they need cannot be told" stderr
'

check 'a shallow clone is collected, and says so' '
	start
	git clone -q --depth 1 "file://$PWD" c
	cd c
	mldv gc 2>stderr >out
	has "shallow" stderr
'

check 'a partial clone, which lacks pointers, is refused' '
	start
	git config uploadpack.allowFilter true
	git clone -q --no-checkout --filter=blob:none "file://$PWD" c
	cd c
	git sparse-checkout set --no-cone /mldv.ini 2>/dev/null
	git checkout -q
	[ -e mldv.ini ]
	fails 1 mldv gc
	has "lacks object" stderr
'

check '--json lists what there is' '
	start
	age
	git reset -q --hard HEAD~1
	forget
	mldv gc --json >out
	python3 -c "
import json
found = json.load(open(\"out\"))
assert sorted(f[\"what\"] for f in found) == [\"file\", \"pack\", \"pack\"]
assert all(f[\"bytes\"] > 0 and not f[\"deleted\"] for f in found)
"
'

check 'small packs are merged when there are many, and nothing is lost' '
	project
	for i in $(seq 1 40); do
		mkdir -p d
		echo "text $i" >d/$i
		mldv add d
		git add -A; git commit -qm $i
	done
	[ "$(find .git/mldv/store/packs -name "*.zst" | wc -l)" -lt 33 ]
	mldv fsck
	cp -r d copy
	rm -r d
	mldv checkout
	same copy d
	git checkout -q HEAD~30
	mldv checkout
	[ "$(ls d | wc -l)" -eq 10 ]
	mldv fsck
'

check 'small packs that were merged can be pushed' '
	project p
	cd p
	mldv remote add origin "$PWD/../remote"
	for i in $(seq 1 20); do
		mkdir -p d
		echo "text $i" >d/$i
		mldv add d
	done
	git add -A; git commit -qm 1
	mldv push
	git clone -q . ../q
	cd ../q
	mldv pull
	same ../p/d d
'

check 'a reader that holds the old list of packs reads the new one' '
	project
	mkdir d
	for i in $(seq 1 300); do echo "text $i" >d/$i; done
	mldv add d
	git add -A; git commit -qm 1
	cp -r d copy
	for i in $(seq 1 14); do echo $i >x; mldv add x; done
	# Packs are replaced while status and diff go on.
	( for i in $(seq 20 60); do echo $i >x; mldv add x; done ) >/dev/null &
	echo new >d/1
	while kill -0 $! 2>/dev/null; do
		mldv diff >out
		has "d/1" out
	done
	wait
	mldv fsck
'

if strace -o /dev/null true 2>/dev/null; then
	check 'a kill at any moment of it loses nothing' '
		start
		for i in $(seq 1 6); do head -c 50000 /dev/urandom >d/r$i; done
		mldv add d
		git add -A; git commit -qm three
		rm d/r[1-5]; mldv add d
		git add -A; git commit -qm four
		git reset -q --soft HEAD~2; git commit -qm four
		forget
		age
		cp -a . ../saved-gc
		cp -r d copy
		for call in unlink renameat2,rename fsync write mkdir; do
			for n in 1 2 3 4 5 6 7 8; do
				rm -rf .git/mldv
				cp -a ../saved-gc/.git/mldv .git/mldv
				strace -f -qq -o /dev/null -e "trace=$call" \
					-e "inject=$call:signal=KILL:when=$n" \
					mldv gc --delete >out 2>&1 || :
				mldv fsck
				rm -rf d
				mldv checkout
				same copy d
				mldv gc --delete >/dev/null
				mldv fsck
				[ "$(files)" -eq 2 ]
			done
		done
		rm -rf ../saved-gc
	'
	check 'a kill at any moment of a merge loses nothing' '
		project
		for i in $(seq 1 15); do
			mkdir -p d
			echo "text $i" >d/$i
			mldv add d
		done
		git add -A; git commit -qm 1
		cp -a . ../saved-merge
		echo new >d/new
		cp -r d copy
		for call in unlink renameat2,rename fsync; do
			for n in 1 2 3 4 5 6 8 10 12 16 20 24 28 32 36; do
				rm -rf .git/mldv
				cp -a ../saved-merge/.git/mldv .git/mldv
				rm -f .git/index.lock
				git checkout -q HEAD -- d.mldv
				strace -f -qq -o /dev/null -e "trace=$call" \
					-e "inject=$call:signal=KILL:when=$n" \
					mldv add d >out 2>&1 || :
				rm -f .git/index.lock
				mldv fsck
				mldv add d
				mldv fsck
				rm -rf d
				mldv checkout
				same copy d
			done
		done
		rm -rf ../saved-merge
	'
else
	skip 'a kill loses nothing' 'strace cannot trace here'
fi

finish
