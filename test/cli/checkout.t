#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
	project .
	mkdir -p d/sub/empty
	echo 1 >d/1
	echo 2 >d/sub/2
	chmod +x d/1
	ln -s 1 d/link
	head -c 5000000 /dev/zero >d/big
	cp -a d copy
	mldv add d
	git add -f .gitignore d.mldv
	git commit -qm d
}

check 'what is missing comes back as it was' '
	start
	rm -r d
	mldv checkout
	same copy d
	[ -x d/1 ]
	[ -L d/link ]
	[ -d d/sub/empty ]
	mldv status >out
	hasnt modified out
'

check 'where there is nothing to do, the stat caches stay as they are' '
	start
	mldv status
	touch -d 2001-01-01 .git/mldv/state/stat/*
	mldv checkout
	[ -z "$(find .git/mldv/state/stat -type f -newermt 2002-01-01)" ]
	rm -r d
	mldv checkout
	[ -n "$(find .git/mldv/state/stat -type f -newermt 2002-01-01)" ]
'

check 'single files that are missing come back' '
	start
	rm d/1 d/sub/2
	mldv checkout d
	same copy d
'

check 'another revision'\''s data follows Git' '
	start
	echo 3 >d/3; rm d/1; mldv add d; git commit -qm 2
	git checkout -q HEAD~1
	mldv checkout
	same copy d
	git checkout -q -
	mldv checkout
	[ -f d/3 ]
	[ ! -e d/1 ]
'

check 'a change that is not in the store is not overwritten' '
	start
	echo precious >d/1
	fails 1 mldv checkout
	has "d/1" stderr
	[ "$(cat d/1)" = precious ]
	mldv checkout --force
	same copy d
'

check 'a new file that is not in the store is not removed' '
	start
	echo precious >d/new
	fails 1 mldv checkout
	has "d/new" stderr
	[ -f d/new ]
	mldv checkout -f
	[ ! -e d/new ]
'

check 'files that [add] ignore names are left alone' '
	start
	touch d/.DS_Store
	rm d/1
	mldv checkout
	[ -f d/.DS_Store ]
	[ -f d/1 ]
'

check 'one item that cannot be had does not keep back the others' '
	start
	echo x >e; mldv add e; echo y >f; mldv add f
	sed -i "s/^oid .*/oid sha256:$(echo z | sha256sum | cut -d" " -f1)/" e.mldv
	rm -r e f d
	fails 5 mldv checkout
	same copy d
	[ -f f ]
	[ ! -e e ]
'

check 'a path inside an item means the item; what is none is an error' '
	start
	rm d/sub/2
	mldv checkout d/sub
	[ -f d/sub/2 ]
	rm -r d
	mldv checkout d.mldv
	same copy d
	fails 1 mldv checkout nothing
'

check 'from a subdirectory' '
	start
	rm -r d; mkdir s; cd s
	mldv checkout ../d
	same ../copy ../d
'

check 'with store.link = hardlink large files are links, read-only' '
	[ "$(id -u)" -ne 0 ] || exit 0
	start
	mldv config --local store.link hardlink
	rm -r d
	mldv checkout
	[ "$(stat -c %h d/big)" -eq 2 ]
	[ ! -w d/big ]
	mldv unprotect d
	[ "$(stat -c %h d/big)" -eq 1 ]
	[ -w d/big ]
	same copy d
'

check 'unprotect takes links apart, and leaves other files as they are' '
	start
	file=$(find .git/mldv/store/files -type f)
	rm d/big; ln "$file" d/big
	before=$(stat -c %i d/1)
	mldv unprotect d/big
	[ "$(stat -c %h d/big)" -eq 1 ]
	[ -w d/big ]
	[ "$(stat -c %i d/1)" = "$before" ]
	cmp "$file" d/big
'

check 'no temporary name is left' '
	start
	echo x >d/1
	mldv checkout -f
	[ -z "$(find . -name ".mldv-tmp*")" ]
'

check 'a damaged object never gets into the work tree' '
	start
	pack=$(find .git/mldv/store/packs -name "*.zst" | head -n 1)
	chmod u+w "$pack"
	printf "\377\377\377\377" | dd of="$pack" bs=1 seek=40 conv=notrunc status=none
	cp -a d before; rm -r d
	got=0; mldv checkout 2>err || got=$?
	if [ $got -eq 0 ]; then same before d; else [ $got -eq 4 ]; fi
'

check 'a forced checkout that fails midway says so, and completes when run again' '
	project
	mkdir d
	for i in 1 2 3 4 5 6; do head -c 100000 /dev/urandom >d/$i; done
	mldv add d
	cp -a d copy
	for i in 1 2 4 5 6; do echo "mine $i" >d/$i; done
	rm d/3; mkdir d/3; echo x >d/3/y
	pack=$(ls -S .git/mldv/store/packs/*/* | head -n 1)
	cp "$pack" pack
	chmod u+w "$pack"
	printf "\1\2\3\4" | dd of="$pack" bs=1 seek=350000 conv=notrunc
	gives 4 mldv checkout --force d
	has "damaged; run .mldv fsck" stderr
	has "warning: .d. was left half changed: [1-5] of 6 files.*run the same command again" stderr
	[ -z "$(find . -name ".mldv-tmp.*")" ]
	for file in d/*; do
		[ -d "$file" ] || cmp "$file" "copy/${file#d/}" ||
			has "^mine ${file#d/}$" "$file"
	done
	cp pack "$pack"
	mldv checkout --force d
	same copy d
'

finish
