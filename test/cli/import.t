#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Import and update.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# "theirs" with its remote "r", and "ours" to import into.
start() {
	project theirs
	cd theirs
	mkdir -p data/raw/a data/raw/b
	for i in 1 2 3; do echo "file $i" >"data/raw/a/$i"; done
	echo b >data/raw/b/x
	mldv add data/raw >../said
	mldv remote add origin "$PWD/../r" >>../said
	git commit -qm 1
	git tag v1
	mldv push >>../said
	cd ..
	project ours
	cd ours
	git commit -qm start
}

change() {
	echo "changed" >../theirs/data/raw/a/1
	echo "new" >../theirs/data/raw/a/4
	rm ../theirs/data/raw/a/2
	(cd ../theirs && mldv add data/raw >>../said && git commit -qm 2)
	new=$(cd ../theirs && git rev-parse HEAD)
}

check 'an item comes with a pointer that says where it is from' '
	start
	old=$(cd ../theirs && git rev-parse HEAD)
	mldv import ../theirs data/raw >out
	has "^raw: 4 files" out
	has "^staged:.*raw.mldv" out
	same ../theirs/data/raw raw
	top=$(cd ../theirs && pwd)
	has "^from $old $top#HEAD:data/raw$" raw.mldv
	has "^/raw$" .gitignore
	mldv status --exit-code --all >out || :
	has "^clean *raw" out
	mldv fsck
	[ -z "$(ls -A .git/mldv/state | grep tmp)" ]
	# It is ours from now on.
	mldv remote add origin "$PWD/../r2"
	git commit -qm 2
	mldv push
	rm -rf ../theirs ../r raw .git/mldv
	mldv pull
	[ "$(cat raw/b/x)" = b ]
'

check 'from a clone without data, by URL, a part under another name' '
	start
	git clone -q ../theirs ../empty
	mldv import "file://$PWD/../empty" data/raw/a lib/a
	same ../theirs/data/raw/a lib/a
	has "^from [0-9a-f]* file://.*/empty#HEAD:data/raw/a$" lib/a.mldv
	mldv import --rev v1 ../empty data/raw/b/x
	has "#v1:data/raw/b/x$" x.mldv
	cd lib
	mldv import ../../empty data/raw/b
	[ -e b.mldv ]
'

check 'update takes what changed, and says so' '
	start
	mldv import ../theirs data/raw
	mldv import --rev v1 ../theirs data/raw old
	mldv update >out
	[ "$(grep -c "up to date" out)" -eq 2 ]
	git commit -qm 2
	change
	mldv update -n >out
	has "^raw: changed; ....... -> ....... of .*/theirs" out
	has "^old: up to date" out
	[ ! -e raw/a/4 ]
	mldv update >out
	has "^raw: 1 new, 1 changed, 1 deleted; " out
	has "^staged: raw.mldv" out
	same ../theirs/data/raw raw
	has "^from $new " raw.mldv
	[ "$(cat old/a/1)" = "file 1" ]
	mldv update raw >out
	has "^raw: up to date with" out
	[ -z "$(ls -A .git/mldv/state | grep tmp)" ]
'

check 'an update that could not stage the pointer is finished by another' '
	start
	mldv import ../theirs data/raw here
	git commit -qm imported
	change
	mldv update
	git reset -q
	mldv update
	[ "$(git diff --name-only)" = "" ]
	git diff --cached --name-only >staged
	has "^here.mldv$" staged
'

check 'what was changed here is not overwritten' '
	start
	mldv import ../theirs data/raw
	change
	echo mine >raw/a/1
	fails 1 mldv update
	has "cannot update .raw.*raw/a/1. was changed" stderr
	[ "$(cat raw/a/1)" = mine ]
	has "file 3" raw/a/3
	hasnt "$new" raw.mldv
	mldv update --force
	same ../theirs/data/raw raw
'

check 'an item that was changed and added is no import any more' '
	start
	mldv import ../theirs data/raw
	echo mine >raw/a/1
	mldv add raw
	hasnt "^from" raw.mldv
	mldv update >out
	has "nothing here was imported" out
	fails 2 mldv update raw
'

check 'one that fails does not stop the others' '
	start
	mldv import ../theirs data/raw/a
	mldv import ../theirs data/raw/b
	change
	(cd ../theirs && rm -r data/raw/b && mldv add data/raw &&
		git commit -qm 3) >>../said
	fails 1 mldv update
	has "cannot update .b.*there is no .b." stderr
	same ../theirs/data/raw/a a
'

check 'an import that was stopped is finished by another' '
	start
	mldv import ../theirs data/raw here
	cp -a here ../expected-here
	# Killed before the data was here, and before the pointer was staged.
	rm -rf here
	mldv import ../theirs data/raw here
	same ../expected-here here
	git rm -q --cached here.mldv
	mldv import ../theirs data/raw here
	git ls-files >files
	has "^here.mldv$" files
	# What came from elsewhere is another matter.
	rm -rf here
	fails 1 mldv import --rev HEAD~0 ../theirs data/raw here
	has "is an item already" stderr
	# The clone of one that was killed goes with the garbage.
	mkdir -p .git/mldv/state/.mldv-tmp.0123456789abcdef/git
	mldv gc --delete
	[ ! -e .git/mldv/state/.mldv-tmp.0123456789abcdef ]
'

check 'what cannot be an item is refused before anything is done' '
	start
	echo x >raw
	fails 1 mldv import ../theirs data/raw
	fails 2 mldv import ../theirs data/raw ../elsewhere
	echo y >tracked
	git add tracked
	mldv import ../theirs data/raw here
	fails 1 mldv import ../theirs data/raw here
	fails 2 mldv import ../theirs data/raw here/inside
	has "inside the item" stderr
	fails 1 mldv import ../theirs nosuch
	fails 1 mldv import ../nosuch x
	fails 2 mldv import x
	[ ! -e nosuch ]
'

finish
