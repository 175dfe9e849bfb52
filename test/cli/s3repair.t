#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checking, repairing and purging on a real S3.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_s3 'checking and purging a bucket'

# start [versioned]: two items in a new bucket, the second with files of the
# first.
start() {
	new_bucket "${1:-}"
	project p
	cd p
	mldv remote add origin "s3://$bucket/x"
	mkdir d e
	for i in 1 2 3; do
		echo "secret $i" >"d/secret$i"
		echo "shared $i" >"d/$i"
		cp "d/$i" "e/$i"
	done
	mldv add d
	git commit -qm d
	mldv push
	mldv add e
	git commit -qm e
	mldv push
}

# keys PREFIX: in ./list, each on a line.
keys() {
	s3 GET "/$bucket?list-type=2&prefix=x/$1" |
		grep -o "<Key>[^<]*" | sed "s/<Key>//" >list
}

back() {
	mldv fsck -r origin >out
	has "no damage found" out
	rm -rf ../q
	git clone -q . ../q
	(cd ../q && mldv pull "$@")
	same e ../q/e
}

check 'damage in a bucket is found and mended' '
	start
	back
	keys packs
	n=0
	while read -r key; do
		n=$((n + 1))
		case $n in
		1) s3 DELETE "/$bucket/$key" ;;
		*) s3 GET "/$bucket/$key" >pack
			python3 -c "
data = bytearray(open(\"pack\", \"rb\").read())
data[len(data) // 2] ^= 255
open(\"pack\", \"wb\").write(data)"
			s3 PUT "/$bucket/$key" @pack ;;
		esac
	done <list
	gives 4 mldv fsck -r origin >out
	has "it is not there" out
	has "its bytes do not hash to its name" out
	mldv fsck -r origin --repair >out
	has "; repaired" out
	back
	s3 DELETE "/$bucket/x/format"
	mldv fsck -r origin --repair
	back
'

check 'purge needs --exclusive on a bucket, and leaves what others need' '
	start
	fails 2 mldv purge d --why "the end" --delete
	has "give --exclusive" stderr
	mldv purge d --why "the end" --delete --exclusive >out
	has "^purged 1 revision" out
	keys packs
	while read -r key; do
		s3 GET "/$bucket/$key" | zstd -dcq | tar xOf - >all
		hasnt secret all
	done <list
	back e
	fails 3 mldv push d
	(cd ../q && gives 5 mldv pull d && has "purged from remote" stderr)
'

check 'every version goes from a bucket that keeps them' '
	start versioned
	keys manifests
	# Once more as an earlier version, and one that was deleted.
	keys packs
	while read -r key; do
		s3 GET "/$bucket/$key" >pack
		s3 PUT "/$bucket/$key" @pack
	done <list
	mldv purge d --why "the end" --delete --exclusive
	back e
	s3 GET "/$bucket?versions&prefix=x/packs" >versions
	grep -o "<Key>[^<]*" versions | sed "s/<Key>//" | sort -u >kept
	keys packs
	sort -u list >now
	same now kept
	hasnt "<DeleteMarker>" versions
	s3 GET "/$bucket?versions&prefix=x/manifests" >versions
	hasnt "$(sed -n "s/^oid sha256://p" d.mldv)" versions
'

finish
