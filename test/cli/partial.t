#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Items of which only a part is here.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# "p" has all, "c" is a clone of which no data is here, "r" the remote.
start() {
	project p
	cd p
	mkdir -p data/raw/a/deep data/raw/b data/raw/images
	for i in 1 2 3; do echo "file $i" >"data/raw/a/$i"; done
	echo deep >data/raw/a/deep/x
	for i in 1 2 3 4; do echo "b $i" >"data/raw/b/$i"; done
	head -c 6000000 /dev/urandom >data/raw/images/big
	echo small >data/raw/images/small
	echo top >data/raw/top
	mldv add data/raw >../said
	mldv remote add origin "$PWD/../r" >>../said
	git commit -qm 1
	mldv push >>../said
	cd ..
	git clone -q p c
	cd c
}

# is STATE PATTERN: that is what status says of the item.
is() {
	mldv status --all >out
	has "^$1 *data/raw *${2-}" out
}

# What is in the store, for telling whether more has come.
stored() {
	find .git/mldv/store -name '*.zst' -o -path '*/files/*' -type f | wc -l
}

check 'only the part that is named is fetched and placed' '
	start
	mldv pull data/raw/a >out
	has "^data/raw: 4 files, 26 bytes" out
	same ../p/data/raw/a data/raw/a
	[ "$(ls data/raw)" = a ]
	is part "4 of 11 files"
	mldv status >out
	has "^part *data/raw *4 of 11 files" out
	has "everything is up to date" out
	mldv status --exit-code >out
	mldv fsck >out
	mldv diff >out
	[ ! -s out ]
	[ "$(find .git/mldv/store/files -type f 2>/dev/null | wc -l)" -eq 0 ]
	mldv status --json --all >out
	has "\"state\": *\"part\"" out
	has "\"here\": *4" out
'

check 'more parts come, then the rest' '
	start
	mldv pull data/raw/a/deep
	is part "1 of 11 files"
	mldv pull data/raw/b/1 data/raw/top
	is part "3 of 11 files"
	[ "$(cat data/raw/b/1)" = "b 1" ]
	[ ! -e data/raw/b/2 ]
	mldv pull data/raw/b
	is part "6 of 11 files"
	# Without names, what is here stays what is here.
	mldv pull >out
	has "everything is up to date" out
	mldv checkout
	is part "6 of 11 files"
	mldv pull data/raw
	is clean "11 files"
	same ../p/data/raw data/raw
	[ -z "$(ls .git/mldv/parts)" ]
'

check 'fetch and checkout of a part, one after the other' '
	start
	mldv fetch data/raw/b
	[ ! -e data/raw ]
	mldv checkout data/raw/b/2
	is part "1 of 11 files"
	mldv checkout data/raw/b
	is part "4 of 11 files"
	fails 5 mldv checkout data/raw
	is part "4 of 11 files"
	mldv fetch data/raw
	mldv checkout data/raw
	is clean "11 files"
'

check 'what does not exist in the item is said' '
	start
	fails 1 mldv pull data/raw/nosuch
	has "there is no .nosuch. in it" stderr
	[ ! -e data/raw ]
	[ ! -e .git/mldv/parts ]
'

check 'changes in a part are seen, and only they' '
	start
	mldv pull data/raw/a
	echo changed >data/raw/a/1
	rm data/raw/a/2
	echo new >data/raw/a/4
	echo stray >data/raw/other
	is modified "2 new, 1 changed, 1 deleted"
	gives 3 mldv status --exit-code >out
	mldv diff >out
	printf "%s\n" added changed removed added | sort >expected
	sed "s/ .*//" out | sort | same expected -
	mldv pull data/raw/b || :
	is modified "2 new, 1 changed, 1 deleted" || is modified
	fails 3 mldv rm data/raw
'

check 'adding an item that is here in part changes just that part' '
	start
	mldv pull data/raw/a
	echo changed >data/raw/a/1
	rm data/raw/a/2
	echo new >data/raw/a/4
	mldv add data/raw
	is part "4 of 11 files"
	git commit -qm 2
	mldv push
	git push -q origin HEAD:refs/heads/new
	cd ../p
	git checkout -q new
	mldv pull
	[ "$(cat data/raw/a/1)" = changed ]
	[ ! -e data/raw/a/2 ]
	[ "$(cat data/raw/b/4)" = "b 4" ]
	[ -s data/raw/images/big ]
	mldv status --exit-code >out
	mldv fsck >out
'

check 'adding inside an item of which nothing is here' '
	start
	mkdir -p data/raw/new
	echo 1 >data/raw/new/one
	mldv add data/raw/new >out
	has "^data/raw/new: 1 file" out
	is part "1 of 12 files"
	git commit -qm 2
	mldv push
	git push -q origin HEAD:refs/heads/new
	cd ../p
	git checkout -q new
	mldv pull
	[ "$(cat data/raw/new/one)" = 1 ]
	[ "$(find data/raw -type f | wc -l)" -eq 12 ]
	mldv fsck >out
'

check 'adding inside an item that is all here takes only that' '
	start
	cd ../p
	echo other >data/raw/b/1
	echo 5 >data/raw/a/5
	echo 6 >data/raw/a/deep/6
	mldv add data/raw/a/5 data/raw/a/deep
	is modified "1 changed"
	[ ! -e .git/mldv/parts ]
	mldv cat data/raw/a/deep/6 >out
	[ "$(cat out)" = 6 ]
	[ "$(mldv cat data/raw/b/1)" = "b 1" ]
	fails 1 mldv add data/raw/nosuch
	fails 2 mldv add data/raw/a data/raw
	echo x >data/raw/.mldv-tmp.0123456789abcdef
	fails 2 mldv add data/raw/.mldv-tmp.0123456789abcdef
'

check 'a new version of the item moves the part along' '
	start
	mldv pull data/raw/a
	cd ../p
	echo changed >data/raw/a/1
	echo changed >data/raw/b/1
	rm -r data/raw/a/deep
	mldv add data/raw
	git commit -qm 2
	mldv push
	cd ../c
	git pull -q
	mldv pull
	is part "3 of 10 files"
	same ../p/data/raw/a data/raw/a
	[ "$(ls data/raw)" = a ]
'

check 'what is skipped by a setting is not pulled unless it is named' '
	start
	mldv config pull.skip "data/raw/ima* models/*"
	mldv pull >out
	is part "9 of 11 files"
	[ ! -e data/raw/images ]
	mldv status --exit-code >out
	# What is new there comes, and what is skipped does not.
	cd ../p
	echo new >data/raw/zzz
	echo new >data/raw/images/new
	mldv add data/raw
	git commit -qm 2
	mldv push
	cd ../c
	git stash -q
	git pull -q
	git stash pop -q
	mldv pull
	is part "10 of 13 files"
	mldv pull data/raw/images/small
	is part "11 of 13 files"
	mldv pull
	is part "11 of 13 files"
	mldv pull data/raw
	is clean
	mldv pull
	is clean
'

check 'a whole item that is skipped is neither pulled nor missed' '
	start
	mldv config pull.skip "data/*"
	mldv pull >out
	[ ! -e data/raw ]
	is skipped
	mldv status --exit-code >out
	hasnt "data/raw" out
	mldv pull data/raw
	is clean
	mldv pull
	is clean
'

check 'mv and rm take along what is known of the part' '
	start
	mldv pull data/raw/a
	mldv mv data/raw data/new
	mldv status >out
	has "^part *data/new *4 of 11 files" out
	mldv rm data/new
	[ -z "$(ls .git/mldv/parts)" ]
	mkdir data
	mkdir data/new
	echo x >data/new/x
	mldv add data/new
	mldv status --all >out
	has "^clean *data/new *1 file" out
'

check 'each work tree has its own parts' '
	start
	mldv pull data/raw/a
	git worktree add -q ../w
	cd ../w
	mldv pull data/raw/b
	is part "4 of 11 files"
	[ "$(ls data/raw)" = b ]
	cd ../c
	[ "$(ls data/raw)" = a ]
	git worktree remove --force ../w
	git worktree add -q --detach ../w
	cd ../w
	mldv pull
	is clean "11 files"
'

check 'a part is repaired, and the rest not fetched for it' '
	start
	mldv pull data/raw/a
	find .git/mldv/store -name "*.zst" | while read -r pack; do
		chmod u+w "$pack"
		printf XXXX | dd of="$pack" bs=1 seek=20 conv=notrunc 2>/dev/null
	done
	gives 4 mldv fsck >out
	mldv fsck --repair >out
	mldv fsck >out
	is part "4 of 11 files"
	[ "$(find .git/mldv/store/files -type f 2>/dev/null | wc -l)" -eq 0 ]
'

check 'a stage that reads it all gets it all, one that reads the part does not' '
	start
	cat >>mldv.ini <<-END

	[stage part]
	cmd  = cat data/raw/a/1 > part
	deps = data/raw/a
	outs = part

	[stage all]
	cmd  = cat data/raw/b/1 > all
	deps = data/raw
	outs = all
	END
	mldv pull data/raw/a
	mldv repro part
	is part "4 of 11 files"
	mldv status >out
	mldv repro all
	is clean
	[ "$(cat all)" = "b 1" ]
'

check 'a stage does not run on a part that was changed' '
	start
	cat >>mldv.ini <<-END

	[stage all]
	cmd  = cat data/raw/b/1 > all
	deps = data/raw
	outs = all
	END
	mldv pull data/raw/a
	echo changed >data/raw/a/1
	mldv status >out
	has "needs all of data/raw" out
	fails 5 mldv repro
	has "mldv add data/raw" stderr
	[ "$(cat data/raw/a/1)" = changed ]
'

check 'garbage collection leaves a part alone' '
	start
	mldv pull data/raw/a
	mldv gc --delete >out 2>&1
	mldv fsck >out
	is part "4 of 11 files"
	mldv pull data/raw
	is clean
'

check 'a part is dropped, and comes back as it was' '
	start
	mldv pull data/raw/a
	echo changed >data/raw/a/1
	fails 3 mldv drop data/raw
	echo "file 1" >data/raw/a/1
	mldv drop data/raw
	[ ! -e data/raw ]
	mldv pull
	is part "4 of 11 files"
'

# killed COMMAND...: kills it in a copy of c at its first, second, … change to
# the disk; whatever is there then, adding it takes nothing out of the item.
killed() {
	n=0
	while :; do
		n=$((n + 1)) got=0
		rm -rf ../k
		cp -a . ../k
		cd ../k
		"$MLDV_TOOLS/inject" write,create,rename,remove,mkdir,link,attr \
			"$n" KILL ../count "$@" >../said 2>&1 || got=$?
		[ "$got" -ne 0 ] || break
		[ "$got" -eq 137 ] || { echo "at $n: $got"; cat ../said; return 1; }
		if [ -e data/raw ]; then
			mldv add data/raw >../said 2>&1 || { cat ../said; return 1; }
		fi
		git diff --exit-code HEAD -- data/raw.mldv || return 1
		"$@" >../said 2>&1 || { cat ../said; return 1; }
		git diff --exit-code HEAD -- data/raw.mldv || return 1
		mldv fsck || return 1
		cd ../c
	done
	[ "$n" -gt 10 ]
}

if [ -x "${MLDV_TOOLS:-}/inject" ]; then
	check 'killed at any moment, a pull of a part deletes nothing' '
		start
		killed mldv pull data/raw/a
		is part "4 of 11 files"
		same ../p/data/raw/a data/raw/a
	'
	check 'killed at any moment, a pull of the rest deletes nothing' '
		start
		mldv pull data/raw/a
		killed mldv pull data/raw
		is clean "11 files"
		same ../p/data/raw data/raw
	'
else
	skip 'killed at any moment, a pull deletes nothing' 'no MLDV_TOOLS'
fi

finish
