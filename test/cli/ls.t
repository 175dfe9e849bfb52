#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A clone "c" of which no data is here; "p" is where it was made, "r" the remote.
start() {
	project p
	cd p
	mkdir -p data/raw/a/deep data/raw/b
	for i in 1 2 3; do echo "file $i" >"data/raw/a/$i"; done
	echo deep >data/raw/a/deep/x
	echo b >data/raw/b/y
	echo one >data/one.csv
	mldv add data/raw data/one.csv >../added
	mldv remote add origin "$PWD/../r" >>../added
	git commit -qm 1
	mldv push >>../added
	cd ..
	git clone -q p c
	cd c
}

check 'without arguments the items, here or not' '
	start
	mldv ls >out
	printf "%s\n" "file  1 file   4 bytes   data/one.csv" \
		"dir   5 files  28 bytes  data/raw" >expected
	same expected out
	mldv ls data >again
	same expected again
	cd data
	mldv ls one.csv >out
	has "^file *1 file *4 bytes *one.csv$" out
'

check 'what is in an item, from the store' '
	start
	cd ../p
	rm -r data/raw
	mldv ls data/raw >out
	printf "%s\n" "dir  4 files  26 bytes  data/raw/a" \
		"dir  1 file   2 bytes   data/raw/b" >expected
	same expected out
	mldv ls data/raw/a/deep data/raw/b/y >out
	has "^file *1 file *5 bytes *data/raw/a/deep/x$" out
	has "^file *1 file *2 bytes *data/raw/b/y$" out
	[ "$(wc -l <out)" -eq 2 ]
	mldv ls -R >out
	sed "s/.* //" out >paths
	printf "%s\n" data/one.csv data/raw/a/1 data/raw/a/2 data/raw/a/3 \
		data/raw/a/deep/x data/raw/b/y | same - paths
	fails 1 mldv ls data/raw/a/nosuch
	fails 1 mldv ls nosuch
'

check 'lists that are not here are said to be on the remote, and read there' '
	start
	fails 5 mldv ls data/raw
	has "mldv ls --remote" stderr
	mldv ls --remote data/raw/a >out
	[ "$(wc -l <out)" -eq 4 ]
	has "^dir *1 file *5 bytes *data/raw/a/deep$" out
	mldv ls -R --remote data/raw >out
	[ "$(wc -l <out)" -eq 5 ]
	# They were kept, and nothing but they.
	rm -r ../r
	mldv ls -R data/raw >again
	same out again
	[ ! -e data/raw ]
	fails 5 mldv cat data/raw/a/1
	mldv status --all >out
	has "^not here *data/raw " out
'

check 'whether an item is on the remote' '
	start
	mldv ls --remote >out
	hasnt "not on" out
	echo two >two
	mldv add two
	mldv ls -r origin >out
	has " two *not on the remote$" out
	[ "$(grep -c "not on the remote" out)" -eq 1 ]
	fails 2 mldv ls -r nosuch
'

check 'at another revision' '
	start
	echo two >two
	mldv add two
	git commit -qm 2
	mldv ls --revision HEAD~1 >out
	[ "$(wc -l <out)" -eq 2 ]
	fails 1 mldv ls --revision nosuch
'

check 'as JSON' '
	start
	mldv ls --remote --json >out
	has "\"path\": *\"data/raw\".*\"kind\": *\"dir\"" out
	has "\"files\": *5" out
	has "\"on_remote\": *true" out
	mldv ls --remote --json data/raw/b >out
	has "\"item\": *false" out
'

check 'a remote that lies about a list is not believed' '
	start
	for pack in ../r/packs/*/*; do
		chmod u+w "$pack"
		printf XXXX | dd of="$pack" bs=1 seek=200 conv=notrunc 2>/dev/null
	done
	fails 4 mldv ls --remote data/raw
'

finish
