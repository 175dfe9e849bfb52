#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checking a remote, and putting anew what is damaged there.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Two items of small files, one of them with a large one, pushed.
start() {
	project p
	cd p
	mldv remote add origin "$PWD/../r"
	mkdir d e
	for i in 1 2 3; do
		echo "file $i" >"d/$i"
		echo "other $i" >"e/$i"
	done
	head -c 5000000 /dev/zero | tr '\0' x >d/big
	mldv add d
	git commit -qm d
	mldv push
	mldv add e
	git commit -qm e
	mldv push
}

# flip FILE...: the bits of one byte in the middle of each.
flip() {
	chmod u+w "$@"
	python3 - "$@" <<-'END'
	import os, sys
	for name in sys.argv[1:]:
	    with open(name, "r+b") as f:
	        f.seek(os.path.getsize(name) // 2)
	        byte = f.read(1)[0]
	        f.seek(-1, 1)
	        f.write(bytes([byte ^ 255]))
	END
}

packs() {
	find ../r/packs -type f
}

# manifest ITEM: its file.
manifest() {
	find ../r/manifests -name "$(sed -n 's/^oid sha256://p' "$1.mldv").dir"
}

# back: a fresh clone gets everything.
back() {
	mldv fsck -r origin >out
	has "no damage found" out
	rm -rf ../q
	git clone -q . ../q
	(cd ../q && mldv pull)
	same d ../q/d
	same e ../q/e
}

check 'nothing is wrong with what was just pushed' '
	start
	mldv fsck --remote origin >out
	has "no damage found" out
	find ../r -type f | sort >before
	mldv push --repair >out
	has "up to date" out
	find ../r -type f | sort >after
	same before after
'

check 'a flipped byte in any pack is found, its items are named, and it is mended' '
	start
	for pack in $(packs); do
		flip "$pack"
		gives 4 mldv fsck -r origin >out
		has "^pack $(basename "$pack" .tar.zst): its bytes do not hash" out
		has "needed by .[de]." out
		has "^item .[de].: packs that it needs are damaged" out
		has "run .mldv fsck --remote origin --repair." stderr
		mldv fsck -r origin --repair >out
		has "; repaired" out
		back
	done
'

check 'so is a pack that is missing or cut short, or has a wrong length' '
	start
	for pack in $(packs); do
		rm -f "$pack"
		gives 4 mldv fsck -r origin >out
		has "it is not there" out
		mldv fsck -r origin --repair
		back
	done
	for pack in $(packs); do
		chmod u+w "$pack"
		truncate -s -5 "$pack"
		gives 4 mldv fsck -r origin >out
		has "bytes, and not" out
		mldv push --repair
		back
	done
'

check 'a manifest that does not read, or is of another item, is written anew' '
	start
	m=$(manifest d)
	chmod u+w "$m"
	sed -i "s/^size/sise/" "$m"
	gives 4 mldv fsck -r origin >out
	has "^item .d.: its manifest .* is damaged" out
	mldv fsck -r origin --repair
	back
	cp -f "$(manifest e)" "$m"
	gives 4 mldv fsck -r origin >out
	has "of another item than its name says" out
	mldv push --repair d
	back
'

check 'a manifest that lacks a pack of its item is found' '
	start
	m=$(manifest d)
	chmod u+w "$m"
	sed -i "0,/^pack/{/^pack/d}" "$m"
	gives 4 mldv fsck -r origin >out
	has "^item .d.: the packs that it names lack [0-9]* of its objects" out
	mldv push --repair d
	back
'

check 'what is not here is said to be lost, the rest is repaired' '
	start
	git clone -q . ../c
	cd ../c
	mldv pull e
	for pack in $(packs); do flip "$pack"; done
	gives 4 mldv fsck -r origin --repair >out
	has "^item .d.: .*cannot be repaired from here: .*whoever has it can run .mldv push --repair." out
	has "^item .e.: .*; repaired" out
	has "damage is left on remote .origin." stderr
	cd ../p
	mldv push --repair
	back
'

check 'an item of an earlier commit is repaired too' '
	start
	echo new >d/1
	mldv add d
	git commit -qam second
	git clone -q --no-checkout . ../saved
	mldv push
	for pack in $(packs); do flip "$pack"; done
	mldv fsck -r origin --repair >out
	has "of another commit" out
	back
	git checkout -q HEAD~1
	mldv checkout
	back
'

check 'a lost format is put back if all else is there' '
	start
	rm -f ../r/format
	gives 4 mldv fsck -r origin >out
	has "^format: the file is missing" out
	rm -f ../r/README.txt
	mldv fsck -r origin --repair
	echo "mldv-remote 1" >expected
	same expected ../r/format
	back
	rm -f ../r/format
	echo x >x
	mldv add x
	mldv push --repair
	same expected ../r/format
	mkdir ../other
	echo mine >../other/mine
	mldv remote add other "$PWD/../other"
	gives 5 mldv fsck -r other --repair
'

check 'a budget is kept to and said, and nothing is wrong' '
	start
	mldv fsck -r origin --budget 0.001 >out 2>stderr
	has "no damage found" out
	pack=$(packs | head -n 1)
	rm -f "$pack"
	gives 4 mldv fsck -r origin --budget 0.001 >out
	has "it is not there" out
	mldv fsck -r origin --json >out || :
	python3 -c "import json; assert json.load(open(\"out\"))"
'

check 'push -n --repair changes nothing' '
	start
	rm -f $(packs)
	mldv push -n --repair >out
	has "would have sent 2 items" out
	[ -z "$(packs)" ]
	mldv push --repair
	back
'

finish
