#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
	project p
	cd p
	mkdir -p data/raw/a
	echo "first" >data/raw/a/x
	: >data/raw/a/empty
	ln -s a/x data/raw/link
	echo one >one@two.csv
	mldv add data/raw one@two.csv >../added
	mldv remote add origin "$PWD/../r" >>../added
	git commit -qm 1
	git tag v1
	echo "second" >data/raw/a/x
	head -c 20000000 /dev/urandom >data/raw/big
	mldv add data/raw >>../added
	git commit -qm 2
	mldv push >>../added
	mldv push --revision v1 >>../added
	cp data/raw/big ../big
	cd ..
	git clone -q p c
	cd c
}

check 'a file from the store, at any revision' '
	start
	cd ../p
	rm -r data/raw ../r
	[ "$(mldv cat data/raw/a/x)" = second ]
	[ "$(mldv cat data/raw/a/x@v1)" = first ]
	[ "$(mldv cat data/raw/a/x@HEAD~1)" = first ]
	[ "$(mldv cat data/raw/a/x@HEAD@{0})" = second ]
	[ "$(mldv cat one@two.csv)" = one ]
	[ "$(mldv cat one@two.csv@v1)" = one ]
	mldv cat data/raw/big | cmp - ../big
	mldv cat data/raw/a/empty >out
	[ ! -s out ]
	[ "$(mldv cat data/raw/link)" = a/x ]
'

check 'a file from the remote; nothing is kept' '
	start
	[ "$(mldv cat data/raw/a/x)" = second ]
	[ "$(mldv cat data/raw/a/x@v1)" = first ]
	[ "$(mldv cat -r origin one@two.csv)" = one ]
	mldv cat data/raw/big | cmp - ../big
	cd data
	[ "$(mldv cat raw/a/x@v1)" = first ]
	[ ! -e ../.git/mldv/store ]
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

check 'only what is needed is read' '
	start
	spoil
	[ "$(mldv cat data/raw/a/x)" = second ]
	fails 4 mldv cat data/raw/big >out
'

check 'what there is not is said' '
	start
	fails 1 mldv cat data/raw/nosuch
	fails 1 mldv cat nosuch
	fails 1 mldv cat nosuch@v1
	fails 1 mldv cat data/raw/a/x@nosuch
	fails 2 mldv cat data/raw/a
	has "mldv ls" stderr
	fails 2 mldv cat data/raw
	rm -r ../r
	fails 5 mldv cat data/raw/a/x
'

check 'of a small file that was damaged nothing is printed' '
	start
	cd ../p
	head -c 5000 /dev/urandom >f
	mldv add f
	mldv push
	cp f.mldv ../c
	cd ../c
	git add f.mldv
	oid=$(sed -n "s/^oid sha256://p" f.mldv)
	pack=$(sed -n "s/^pack \([^ ]*\) .*/\1/p" \
		../r/manifests/*/"${oid%"${oid#??}"}/$oid.file")
	pack=../r/packs/${pack%"${pack#??}"}/$pack.tar.zst
	chmod u+w "$pack"
	printf XXXX | dd of="$pack" bs=1 seek=2000 conv=notrunc 2>/dev/null
	fails 4 mldv cat f >out
	[ ! -s out ]
'

check 'a large file that was damaged ends with status 4' '
	start
	for pack in ../r/packs/*/*; do
		[ "$(wc -c <"$pack")" -gt 10000000 ] || continue
		chmod u+w "$pack"
		printf XXXX | dd of="$pack" bs=1 seek=15000000 conv=notrunc 2>/dev/null
	done
	fails 4 mldv cat data/raw/big >out
	[ "$(wc -c <out)" -lt 20000000 ]
'

finish
