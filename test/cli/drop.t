#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Two items, one with a large file, pushed.
start() {
	project p
	cd p || return
	mldv remote add origin "$PWD/../remote"
	mkdir -p d/sub e
	for i in 1 2 3; do echo "file $i" >"d/$i"; done
	echo deep >d/sub/deep
	head -c 5000000 /dev/zero | tr '\0' x >d/big
	cp d/1 e/1
	echo e >e/own
	mldv add d e
	git add -A
	git commit -qm 1
	mldv push
}

check 'what was dropped is gone here, not here for status, and comes back' '
	start
	cp -r d copy
	mldv drop d >out
	has "^dropped 1 item: 5.00 MB of files, 5.00 MB of the store" out
	[ ! -e d ]
	[ -e d.mldv ]
	[ -z "$(find .git/mldv/store/files -type f)" ]
	mldv status >out
	has "^not here  *d " out
	hasnt "  e  " out
	mldv fsck >out
	has "^no damage" out
	mldv pull >out
	same copy d
	mldv status >out
	has "up to date" out
'

check 'what other items share stays' '
	start
	mldv drop d
	rm -r e
	mldv checkout e
	[ "$(cat e/1)" = "file 1" ]
	mldv fsck
	mldv drop e
	[ -z "$(find .git/mldv/store -name "*.zst")" ]
	mldv pull
	[ "$(cat d/1)$(cat e/1)" = "file 1file 1" ]
'

check 'an earlier version that commits need stays' '
	start
	cp -r d one
	rm d/big; echo new >d/new; mldv add d
	git commit -qam 2
	mldv push
	mldv drop d
	git checkout -q HEAD~1
	mldv checkout d
	same one d
	mldv fsck
'

check 'what is not on the remote is not dropped, and nothing else either' '
	start
	echo x >x; mldv add x
	fails 3 mldv drop d x
	has "is not on remote .origin.; run .mldv push." stderr
	[ -e d/big ]
	[ -e x ]
	rm -r ../remote/manifests
	fails 3 mldv drop d
	[ -e d/big ]
'

check 'what was changed here is not dropped' '
	start
	echo more >>d/1
	fails 3 mldv drop d
	has "was changed here" stderr
	[ -e d/big ]
	mldv add d
	fails 3 mldv drop d
	mldv push
	mldv drop d
	[ ! -e d ]
'

check 'a directory drops what is in it, a part of an item nothing' '
	start
	mkdir all; mldv mv d all/d; mldv mv e all/e
	mldv push
	fails 2 mldv drop all/d/sub
	has "only whole items" stderr
	mldv drop all >out
	has "^dropped 2 items" out
	[ ! -e all/d ]
	[ ! -e all/e ]
	fails 1 mldv drop nosuch
'

check 'an item whose files are not here is dropped from the store' '
	start
	rm -r d
	mldv drop d
	[ -z "$(find .git/mldv/store/files -type f)" ]
	mldv drop d
	mldv status >out
	has "^not here  *d " out
	mldv fsck
'

check 'an item with the same content keeps what it needs' '
	start
	cp -r d same; mldv add same; mldv push
	mldv drop d
	rm -r same
	mldv checkout same
	[ -e same/big ]
	mldv fsck
'

check 'the output of a stage is dropped and restored' '
	start
	cat >>mldv.ini <<-"END"

	[stage make]
	cmd = seq 1 1000 >out
	outs = out
	END
	mldv repro
	mldv push
	mldv drop out
	[ ! -e out ]
	mldv fsck
	mldv pull out
	[ "$(wc -l <out)" -eq 1000 ]
'

check 'a store that may be shared keeps everything' '
	start
	mldv config --local store.dir "$PWD/../store"
	mldv pull
	mldv drop d 2>stderr
	has "may be shared" stderr
	[ ! -e d ]
	[ -n "$(find ../store/files -type f)" ]
'

if strace -o /dev/null true 2>/dev/null; then
	check 'a kill at any moment leaves nothing that fsck minds' '
		start
		cp -r d copy
		cp -a . ../saved-drop
		for call in unlink unlinkat rename,renameat2 fsync; do
			for n in 1 2 3 4 5 6 7 8; do
				rm -rf .git/mldv d
				cp -a ../saved-drop/.git/mldv .git/mldv
				cp -a ../saved-drop/d d
				strace -f -qq -o /dev/null -e "trace=$call" \
					-e "inject=$call:signal=KILL:when=$n" \
					mldv drop d >out 2>&1 || :
				mldv fsck
				mldv pull
				same copy d
				rm -rf d; mldv checkout e
				mldv status >out
			done
		done
		rm -rf ../saved-drop
	'
else
	skip 'a kill leaves nothing that fsck minds' 'strace cannot trace here'
fi

finish
