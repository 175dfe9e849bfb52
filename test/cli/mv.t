#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
	project .
	mkdir -p data/d
	echo x >data/d/x
	mldv add --note "from the client" data/d
	git commit -qm d
}

check 'mv renames data and pointer, keeps the .gitignore lines right, stages' '
	start
	cp data/d.mldv before
	mldv mv data/d data/e >out
	has "^staged: " out
	[ -f data/e/x ]
	[ ! -e data/d ]
	[ ! -e data/d.mldv ]
	same before data/e.mldv
	echo /e >expected
	same expected data/.gitignore
	git status --short data >out
	printf "M  data/.gitignore\nR  data/d.mldv -> data/e.mldv\n" >expected
	same expected out
	mldv status >out
	hasnt modified out
'

check 'mv into a directory keeps the name; above it what is missing is made' '
	start
	mkdir other
	mldv mv data/d other
	[ -f other/d/x ]
	mldv mv other/d new/deep/f
	[ -f new/deep/f/x ]
	[ -f new/deep/f.mldv ]
'

check 'the lines of mldv.ini that name the old path are printed' '
	start
	printf "[stage s]\ncmd = cat data/d/x data/dd >out\ndeps =\n    ./data/d\n    old/data/d\nouts = out\n" >>mldv.ini
	line=$(grep -n "^cmd" mldv.ini | cut -d: -f1)
	mldv mv data/d data/e >out
	has "mldv.ini:$line: cmd = cat data/d/x" out
	has "mldv.ini:$((line + 2)): ./data/d" out
	hasnt "old/data/d" out
'

check 'what is there already is not overwritten' '
	start
	echo y >data/e
	fails 1 mldv mv data/d data/e
	has "there already" stderr
	[ -f data/d/x ]
	[ "$(cat data/e)" = y ]
'

check 'an item is not moved into itself, nor into another, nor into .git' '
	start
	mkdir data/o; echo o >data/o/o; mldv add data/o
	fails 2 mldv mv data/d data/d
	fails 2 mldv mv data/d data/d/e
	fails 2 mldv mv data/d data/o/d
	fails 2 mldv mv data/d .git/d
	fails 2 mldv mv data/d ../d
	[ -f data/d/x ]
	[ -f data/d.mldv ]
'

check 'what is not an item is not moved' '
	start
	fails 1 mldv mv data/d/x y
	fails 1 mldv mv nothing y
'

check 'an item whose data is not here is renamed too' '
	start
	rm -r data/d
	mldv mv data/d data/e
	[ -f data/e.mldv ]
	mldv checkout
	[ -f data/e/x ]
'

check 'what a killed move left is swept by the next' '
	start
	mkdir -p new .git/mldv/parts
	: >new/.mldv-tmp.0123456789abcdef
	: >.git/mldv/parts/.mldv-tmp.0123456789abcdef
	mldv mv data/d new/d
	[ -z "$(find . -name ".mldv-tmp*")" ]
'

check 'a move that was interrupted is finished by the same command' '
	start
	cp data/d.mldv data/e.mldv
	mldv mv data/d data/e
	[ -f data/e/x ]
	[ ! -e data/d.mldv ]
	cp data/e.mldv data/f.mldv
	mv data/e data/f
	mldv mv data/e data/f
	[ -f data/f/x ]
	[ ! -e data/e.mldv ]
	git commit -qm f
	mv data/f data/g; mv data/f.mldv data/g.mldv
	mldv mv data/f data/g
	echo /g >expected
	same expected data/.gitignore
	git status --short data >out
	printf "M  data/.gitignore\nR  data/f.mldv -> data/g.mldv\n" >expected
	same expected out
'

finish
