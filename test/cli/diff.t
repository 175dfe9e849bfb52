#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Two commits: the second adds, removes, changes and renames in d.
start() {
	project p
	cd p
	mkdir -p d/sub
	for i in 1 2 3 4; do echo "file $i" >"d/$i"; done
	echo moved >d/sub/old
	mldv add d
	git commit -qm 1
	echo 5 >d/5
	rm d/2
	echo "changed" >d/3
	mv d/sub/old d/new
	mldv add d
	git commit -qm 2
}

cat >"$scratch/expected" <<'END'
added    d/5    2 bytes
removed  d/2    7 bytes
changed  d/3    7 bytes -> 8 bytes
renamed  d/sub/old -> d/new  6 bytes
END

differs() {
	for line in 'added *d/5 ' 'removed *d/2 ' \
		'changed *d/3 *7 bytes -> 8 bytes' \
		'renamed *d/sub/old -> d/new'; do
		has "^$line" "$1" || return 1
	done
	[ "$(wc -l <"$1")" -eq 4 ]
}

check 'between two revisions' '
	start
	mldv diff HEAD~1 HEAD >out
	differs out
'

check 'from a revision to the work tree' '
	start
	mldv diff HEAD~1 >out
	differs out
'

check 'from HEAD to the work tree: what is not added counts too' '
	start
	mldv diff >out
	[ ! -s out ]
	echo 6 >d/6
	mldv diff >out
	has "^added *d/6 *2 bytes" out
	[ "$(wc -l <out)" -eq 1 ]
'

check 'the other way round' '
	start
	mldv diff HEAD HEAD~1 >out
	has "^added *d/2 " out
	has "^removed *d/5 " out
	has "^changed *d/3 *8 bytes -> 7 bytes" out
'

check 'the data need not be here' '
	start
	rm -r d
	mldv diff HEAD~1 HEAD >out
	differs out
	mldv diff HEAD >out
	[ ! -s out ]
'

check 'paths narrow it down' '
	start
	mldv diff HEAD~1 HEAD -- d/3 d/sub >out
	has "^changed *d/3" out
	hasnt "d/5" out
	cd d
	mldv diff HEAD~1 HEAD -- 3 >../out
	has "^changed *3 " ../out
'

check 'an item that has come or gone is all its files' '
	start
	mldv mv d e
	mldv diff >out
	has "^renamed *d/1 -> e/1" out
	[ "$(wc -l <out)" -eq 5 ]
	mldv rm e
	mldv diff >out
	has "^removed *d/1" out
	echo f >f; mldv add f
	mldv diff >out
	has "^added *f " out
'

check 'trees that are not here: it says how to get them' '
	start
	mldv remote add origin "$PWD/../remote"
	mldv push
	git commit -qam remote
	cd ..; git clone -q p q; cd q
	fails 5 mldv diff HEAD~2 HEAD~1
	has "mldv fetch" stderr
'

check 'an unknown revision is an error' '
	start
	fails 1 mldv diff nosuch HEAD
	has nosuch stderr
'

check '--json is JSON' '
	start
	mldv diff --json HEAD~1 HEAD >out
	python3 -c "
import json
assert len(json.load(open(\"out\"))) == 4
"
'

check 'before the first commit everything is new' '
	project
	echo x >f; mldv add f
	mldv diff >out
	has "^added *f " out
'

finish
