#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# "p" with data and store, "c" a clone without, "r" the remote.
start() {
	project p
	cd p
	mkdir -p data/raw/a data/raw/b
	for i in 1 2 3; do echo "file $i" >"data/raw/a/$i"; done
	echo run >data/raw/b/run
	chmod +x data/raw/b/run
	ln -s run data/raw/b/link
	echo one >data/one.csv
	mldv add data/raw data/one.csv >../added
	mldv remote add origin "$PWD/../r" >>../added
	git commit -qm 1
	git tag v1
	git branch old
	mldv push >>../added
	head -c 9000000 /dev/urandom >data/raw/big
	mldv add data/raw >>../added
	git commit -qm 2
	mldv push >>../added
	cd ..
	git clone -q p c
	cp -a p/data/raw raw
	mkdir here
	cd here
}

check 'an item from a repository that has it in its store' '
	start
	rm -rf ../r ../p/data/raw
	mldv get ../p data/raw >out
	has "^raw: 6 files, 9" out
	same ../raw raw
	[ -x raw/b/run ]
	ls -A | sort >../all
	printf "%s\n" out raw | same - ../all
	[ -w raw/a/1 ]
'

check 'from the remote, and with a repository that has a clone of nothing' '
	start
	mv ../p/.git/mldv ../store
	for repo in ../p "$PWD/../c" "file://$PWD/../c" ../p/.git; do
		mldv get "$repo" data/raw
		same ../raw raw
		rm -r raw
	done
	[ ! -e ../c/.git/mldv ]
'

check 'a part of an item, under another name' '
	start
	mldv get -o x ../c data/raw/a
	same ../raw/a x
	mldv get ../c data/raw/big
	cmp ../raw/big big
	mldv get ../c data/raw/b/link
	[ "$(readlink link)" = run ]
	mldv get -o two.csv ../c data/one.csv
	[ "$(cat two.csv)" = one ]
	mldv get ../c data/raw/b/
	same ../raw/b b
'

check 'at another revision, a tag, a branch or a commit' '
	start
	cd ../p
	commit=$(git rev-parse old)
	cd ../here
	rm ../raw/big
	for rev in v1 old "$commit" HEAD~1; do
		mldv get --rev "$rev" "file://$PWD/../p" data/raw
		same ../raw raw
		rm -r raw
	done
	fails 1 mldv get --rev nosuch ../p data/raw
'

# spoil: what large packs on the remote hold is not what it was.
spoil() {
	for pack in ../r/packs/*/*; do
		[ "$(wc -c <"$pack")" -gt 1000000 ] || continue
		chmod u+w "$pack"
		head -c 100000 /dev/zero |
			dd of="$pack" bs=1 seek=500000 conv=notrunc 2>/dev/null
	done
}

check 'of a part, only the part is read' '
	start
	spoil
	mldv get ../c data/raw/a
	same ../raw/a a
	fails 4 mldv get ../c data/raw/big
'

check 'what is there is not touched' '
	start
	echo mine >raw
	fails 1 mldv get ../p data/raw
	has "there is a .raw. already" stderr
	[ "$(cat raw)" = mine ]
	fails 1 mldv get -o no/where ../p data/raw
'

check 'what cannot be had is said, and nothing is left' '
	start
	fails 1 mldv get ../p nosuch
	fails 1 mldv get ../p data
	has "data/one.csv" stderr
	fails 1 mldv get ../p data/raw/nosuch
	fails 1 mldv get ../nosuch data/raw
	fails 1 mldv get . data/raw
	has "not a Git repository" stderr
	fails 1 mldv get "file://$PWD/../nosuch" data/raw
	git init -q ../plain
	(cd ../plain && git commit -q --allow-empty -m 1)
	fails 1 mldv get ../plain data/raw
	has "no project" stderr
	fails 1 mldv get "http://me:secret@localhost:1/x" data
	hasnt secret stderr
	rm -rf ../r
	fails 5 mldv get ../c data/raw
	[ "$(ls -A)" = stderr ]
'

check 'a remote that lies is not believed' '
	start
	for pack in ../r/packs/*/*; do
		chmod u+w "$pack"
		printf XXXX | dd of="$pack" bs=1 seek=600 conv=notrunc 2>/dev/null
	done
	fails 4 mldv get ../c data/raw
	[ "$(ls -A)" = stderr ]
'

check 'what a killed get left is removed by the next one there' '
	start
	n=1
	while
		n=$((n + 1)) got=0
		"$MLDV_TOOLS/inject" rename,link,remove "$n" KILL ../count \
			mldv get ../c data/raw || got=$?
		[ "$got" -ne 0 ]
	do
		[ "$got" -eq 137 ]
		[ ! -e raw ] || same ../raw raw
		rm -rf raw
		mldv get ../c data/raw
		same ../raw raw
		rm -r raw
		[ -z "$(find . ! -type d)" ]
	done
	[ "$n" -gt 4 ]
'

check 'what a living get, or anybody else, has there stays' '
	start
	for i in 1 2 3; do
		mkdir -m 700 ".mldv-tmp.000000000000000$i"
		: >".mldv-tmp.000000000000000$i/.mldv-tmp.get"
	done
	rm .mldv-tmp.0000000000000002/.mldv-tmp.get
	chmod 755 .mldv-tmp.0000000000000003
	python3 -c "
import fcntl, subprocess
with open(\".mldv-tmp.0000000000000001/.mldv-tmp.get\", \"w\") as f:
    fcntl.lockf(f, fcntl.LOCK_EX)
    subprocess.run([\"mldv\", \"get\", \"../p\", \"data/one.csv\"], check=True)
"
	[ "$(find . -name ".mldv-tmp.00*" | wc -l)" -eq 3 ]
	mldv get -o two ../p data/one.csv
	[ ! -e .mldv-tmp.0000000000000001 ]
	[ "$(find . -name ".mldv-tmp.00*" | wc -l)" -eq 2 ]
'

check 'what is kept of remotes, and not used for long, is removed' '
	start
	cache=${XDG_CACHE_HOME:-$HOME/.cache}/mldv
	mldv get ../c data/one.csv
	find "$cache/state" -type f | sort >../kept
	[ -s ../kept ]
	old=$(head -n 1 ../kept)
	touch -d "31 days ago" "$old"
	cd ../p
	mldv gc >out
	has "^1 cache .*of what is gone or unused" out
	[ -e "$old" ]
	mldv gc --delete >out
	[ ! -e "$old" ]
	sed 1d ../kept | while read -r kept; do [ -e "$kept" ] || exit 1; done
	cd ../here
	rm one.csv
	mldv get ../c data/one.csv
	find "$cache/state" -type f -exec touch -d "31 days ago" {} +
	rm one.csv
	mldv get ../c data/raw/a/1
	find "$cache/state" -type f -mtime +30 | grep -q .
	rm 1
	rm "$cache/pruned"
	mldv get ../c data/raw/a/1
	[ -e "$cache/pruned" ]
	find "$cache/state" -type f -mtime +30 >old
	[ ! -s old ]
	packs=$(dirname "$(find "$cache/state" -path "*/packs/*" | head -n 1)")
	truncate -s 600000000 "$packs/recent" "$packs/before"
	touch -d "2 days ago" "$packs/before"
	rm 1 "$cache/pruned"
	mldv get ../c data/raw/a/1
	[ -e "$packs/recent" ]
	[ ! -e "$packs/before" ]
'

finish
