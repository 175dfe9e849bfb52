#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# An item of small files and a large one, pushed.
start() {
	project p
	cd p
	mldv remote add origin "$PWD/../remote"
	mkdir -p d/sub
	for i in 1 2 3; do echo "file $i" >"d/$i"; done
	echo deep >d/sub/deep
	head -c 5000000 /dev/zero | tr '\0' x >d/big
	mldv add d
	git commit -qm d
	mldv push
	large=$(find .git/mldv/store/files -type f)
}

# damage FILE OFFSET: flips the bits of one byte.
damage() {
	chmod u+w "$1"
	python3 - "$1" "$2" <<-'END'
	import sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(int(sys.argv[2]), 2 if int(sys.argv[2]) < 0 else 0)
	    byte = f.read(1)[0]
	    f.seek(-1, 1)
	    f.write(bytes([byte ^ 255]))
	END
}

# The pack that holds the files, not the trees.
data_pack() {
	for pack in .git/mldv/store/packs/*/*.zst; do
		if zstd -dcq "$pack" | tar tf - 2>/dev/null |
			grep -q "$(sha256sum d/1 | cut -d' ' -f1)"; then
			echo "$pack"
		fi
	done
}

check 'nothing is wrong with a new store' '
	start
	mldv fsck >out
	has "no damage" out
'

check 'nothing is wrong with a fresh clone, where nothing is' '
	start
	cd ..; git clone -q p q; cd q
	mldv fsck >out
	has "no damage" out
'

check 'a damaged large file is named, put aside, and repaired from the remote' '
	start
	damage "$large" 1000
	rm -r d
	gives 4 mldv fsck >out
	has "^file ${large##*/}.*quarantine" out
	has "mldv fsck --repair" stderr
	[ ! -e "$large" ]
	[ "$(find .git/mldv/quarantine -type f | wc -l)" -eq 1 ]
	gives 5 mldv fsck >out
	has "^item d: the store lacks 1" out
	mldv fsck --repair >out
	has "repaired" out
	[ "$(sha256sum "$large" | cut -d" " -f1)" = "${large##*/}" ]
	mldv fsck
	mldv checkout
	[ "$(wc -c <d/big)" -eq 5000000 ]
'

check 'the work tree repairs what no remote has' '
	start
	mldv remote remove origin
	damage "$large" 0
	mldv fsck --repair >out
	has "repaired" out
	mldv fsck
'

check 'every byte of a pack is watched; nothing of it is lost with --repair' '
	start
	pack=$(data_pack)
	size=$(wc -c <"$pack")
	cp -a d copy
	for at in 0 30 200 $((size / 2)) $((size - 300)) $((size - 70)) \
		$((size - 40)) $((size - 1)); do
		pack=$(data_pack)
		damage "$pack" $at
		rm -r d
		gives 0 mldv fsck --repair >out
		has "^pack ${pack##*/}" out || has "^pack $(basename "$pack" .tar.zst)" out
		mldv fsck
		mldv checkout
		same copy d
	done
'

check 'what is whole in a damaged pack is kept, without a remote' '
	project
	mkdir d; for i in 1 2 3; do head -c 200000 /dev/urandom >"d/$i"; done
	mldv add d
	cp -a d copy
	pack=$(data_pack)
	damage "$pack" 100000
	mv d away
	gives 4 mldv fsck >out
	has "objects lost with it: 1" out
	mv away d
	mldv fsck --repair
	rm -r d; mldv checkout
	same copy d
'

check 'a damaged pack of trees is repaired too' '
	start
	for pack in $(find .git/mldv/store/packs -name "*.zst"); do
		[ "$pack" = "$(data_pack)" ] || damage "$pack" -200
	done
	rm -r d
	gives 0 mldv fsck --repair >out
	mldv checkout
	[ -f d/sub/deep ]
'

check 'a pack with a damaged index leaves the rest of the store usable' '
	project
	mkdir d; for i in 1 2 3; do head -c 200000 /dev/urandom >"d/$i"; done
	mldv add d
	pack=$(data_pack)
	echo other >e; mldv add e
	git commit -qm one
	cp -a d copy
	rm -r d e
	damage "$pack" -100
	mldv checkout e 2>err
	[ "$(cat e)" = other ]
	has "warning: .*$pack. is damaged.*mldv fsck" err
	gives 5 mldv checkout d
	has "$(basename "$pack").*damaged.*; run .mldv fsck" stderr
	[ ! -e d ]
	# What seems not to be needed may be.
	gives 4 mldv gc --delete
	has "$(basename "$pack").*damaged.*; run .mldv fsck" stderr
	cp -a copy d
	echo more >f; mldv add f
	gives 0 mldv fsck --repair
	mldv checkout 2>err
	hasnt damaged err
	same copy d
'

check 'a file that was removed from the store is missed' '
	start
	rm -f "$large"
	gives 5 mldv fsck >out
	has "^item d: the store lacks 1 of its objects, the first ${large##*/}" out
	rm -r .git/mldv/store
	gives 5 mldv fsck
	mldv fsck --repair
	mldv fsck
'

check 'a pointer whose sums its trees do not bear out is refused' '
	start
	sed -i "s/^files 5/files 6/" d.mldv
	gives 4 mldv fsck >out
	has "^item d: .*add up" out
	rm -r d
	fails 4 mldv checkout
	[ ! -e d ]
'

check 'with a budget it goes on where it stopped, and reaches everything' '
	start
	damage "$large" 5
	for i in 1 2 3 4 5; do
		mldv fsck --budget 0.000001 >>out 2>>err || :
	done
	has "^file ${large##*/}" out
'

check 'what killed commands left is swept' '
	start
	mldv fsck
	(
		cd .git/mldv
		for dir in store/packs store/files state/pushed state/last state/fsck \
			state/remote-*/packs; do
			touch "$dir/.mldv-tmp.0123456789abcdef"
		done
	)
	mldv fsck
	[ -z "$(find .git -name ".mldv-tmp*")" ]
'

check 'a repair that failed is not said to be hopeless' '
	start
	damage "$large" 5
	rm d/big
	cp -a ../remote ../kept
	chmod -R u+w ../remote
	for pack in ../remote/packs/*/*; do echo damaged >"$pack"; done
	gives 4 mldv fsck --repair
	has "^mldv: warning: cannot repair .d. from .origin.: " stderr
	has "run .mldv fsck --repair. again" stderr
	rm -rf ../remote
	mv ../kept ../remote
	mldv fsck --repair
'

check 'the remote repairs earlier versions, too' '
	start
	cp -a d ../first
	echo two >d/1
	echo more >>d/big
	mldv add d
	git commit -qam two
	mldv push
	find .git/mldv/store/files .git/mldv/store/packs -type f >../stored
	while read -r file; do damage "$file" 3; done <../stored
	rm -r d
	gives 0 mldv fsck --repair >out
	hasnt "not repaired" out
	mv ../remote ../away
	git checkout -q HEAD~1
	mldv checkout
	same ../first d
	mldv fsck
'

check 'of an earlier version, what no remote has is lost' '
	start
	echo two >d/1
	mldv add d
	git commit -qam two
	echo three >d/1
	mldv add d
	git commit -qam three
	mldv push
	find .git/mldv/store/files .git/mldv/store/packs -type f >../stored
	while read -r file; do damage "$file" 3; done <../stored
	gives 4 mldv fsck --repair >out
	has "neither the work tree nor a remote has it" stderr
	# It is still lost when the next run finds nothing new.
	gives 5 mldv fsck >out
	has "^pack .*damaged before, and objects that it held are missing: [1-9]" out
	has "delete it there" out
	rm -r .git/mldv/quarantine
	mldv fsck >out
	has "no damage" out
'

check 'what a pack without an index held is missed where an earlier version is' '
	project
	head -c 5000 /dev/urandom >f; mldv add f; git commit -qm one
	pack=$(find .git/mldv/store/packs -name "*.zst")
	head -c 5000 /dev/urandom >f; mldv add f; git commit -qm two
	damage "$pack" -100
	gives 4 mldv fsck --repair >out
	has "what it held cannot be told" out
	hasnt repaired out
	gives 5 mldv fsck >out
	git checkout -q HEAD~1
	gives 5 mldv checkout
'

check 'what comes back by another way is missed no more' '
	start
	damage "$large" 0
	rm d/big
	gives 4 mldv fsck
	gives 5 mldv fsck >out
	has "^file ${large##*/}: .*missing: 1" out
	mldv fetch
	mldv fsck >out
	has "no damage" out
	[ "$(find .git/mldv/quarantine -type f | wc -l)" -eq 1 ]
'

check 'a stat cache that was being written is swept' '
	start
	temp=.git/mldv/state/stat/.mldv-tmp.0123456789abcdef
	echo left >"$temp"
	mldv fsck
	[ ! -e "$temp" ]
'

check '--json is JSON' '
	start
	damage "$large" 5
	gives 4 mldv fsck --json >out
	python3 -c "
import json
found = json.load(open(\"out\"))
assert any(\"file\" in d[\"object\"] for d in found), found
"
'

check 'a store that cannot be written to can still be checked' '
	[ "$(id -u)" -ne 0 ] || exit 0
	start
	chmod -R a-w .git/mldv/store
	mldv fsck
'

finish
