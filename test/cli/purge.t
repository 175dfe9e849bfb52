#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Deleting an item from remotes for good, and nothing that others need.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
inject=$MLDV_TOOLS/inject
[ -x "$inject" ] || {
	echo "Bail out! $inject is not built: make run-tests"
	exit 1
}

# Item d in two revisions, and e, which has a part of d's files, large ones
# too, and packs of d therefore.
start() {
	project p
	cd p
	mldv remote add origin "$PWD/../r"
	mkdir -p d/sub
	for i in 1 2 3 4 5 6; do echo "secret $i of a client" >"d/sub/$i"; done
	for i in 1 2 3; do echo "shared $i" >"d/$i"; done
	head -c 5000000 /dev/zero | tr "\0" s >d/large
	seq 1 900000 >d/common
	mldv add d
	commit first
	mldv push
	mkdir e
	cp d/[123] d/common e
	echo more >e/more
	mldv add e
	commit second
	mldv push
	echo "secret 7 of a client" >d/sub/7
	mldv add d
	commit third
	mldv push
}

commit() {
	git add -A && git commit -qm "$1"
}

# hold: everything that the remote's packs hold, by name and text.
hold() {
	find "${1:-../r}/packs" -type f ! -name ".*" | while read -r pack; do
		zstd -dcq "$pack" | tar xOf -
	done
}

# others DIR: a fresh clone gets e from the remote, and only that.
others() {
	rm -rf ../q
	git clone -q . ../q &&
		(cd ../q && mldv pull e) &&
		same e ../q/e &&
		mldv fsck -r origin >../said &&
		has "no damage found" ../said
}

# gone: nothing of d is left but what e has.
gone() {
	hold >../all
	find ../r -name ".*" -type f >../pieces
	grep -l "^why the contract ended$" -r ../r/purged >../notes
	# The file of many letters too, which is cut in chunks of them.
	hasnt "secret" ../all &&
		hasnt "ssssssss" ../all &&
		has "shared 1" ../all &&
		same /dev/null ../pieces &&
		[ "$(wc -l <../notes)" -eq 2 ]
}

check 'a dry run says what would go, and changes nothing' '
	start
	cp -a ../r ../before
	mldv purge d --why "the contract ended" >out
	has "^nothing was deleted; with --delete it would be 2 revisions, " out
	same ../before ../r
	fails 2 mldv purge d
	fails 2 mldv purge d --why ""

	fails 1 mldv purge nothing --why x
	has "no revision here has an item .nothing." stderr
'

check 'all revisions go, and others keep all that they need' '
	start
	hold >all
	has secret all
	mldv purge d --why "the contract ended" --delete >out
	has "^purged 2 revisions" out
	gone
	others
	mldv purge d --why "the contract ended" --delete >out
	has "nothing to purge" out
'

check 'afterwards it is called purged by pull, push, verify and fsck' '
	start
	mldv purge d --why "the contract ended" --delete
	fails 3 mldv push
	has "it was purged from remote .origin. on 20.*: the contract ended" stderr
	rm -rf ../q
	git clone -q . ../q
	(
		cd ../q
		gives 5 mldv pull
		has "it was purged from remote .origin. on 20.*: the contract ended" stderr
		gives 3 mldv verify >out
		has "it was purged from remote .origin. on 20" out
	)
	rm -rf d .git/mldv/store/packs
	gives 5 mldv fsck --repair
	has "purged from remote .origin. on" stderr
'

check 'what another item has in any revision stays' '
	start
	cp -r d f
	mldv add f
	commit fourth
	mldv push
	mldv purge d --why "the contract ended" --delete >out 2>stderr
	has "a revision stays, for .f. has the same content" stderr
	has "^purged 1 revision," out
	rm -rf ../q
	git clone -q . ../q
	(cd ../q && mldv pull f e)
	same f ../q/f
	mldv purge d f --why "the contract ended" --delete
	gone
	others
'

check 'what another project has there stays' '
	start
	mkdir ../other
	(
		cd ../other
		project p2
		cd p2
		mldv remote add origin "$PWD/../../r"
		cp -r ../../p/d .
		mldv add d
		commit one
		mldv push
	)
	mldv purge d --why "the contract ended" --delete
	others
	git clone -q ../other/p2 ../q2
	(cd ../q2 && mldv pull)
	same d ../q2/d
'

check 'a pack that no manifest names goes if it holds of it' '
	start
	find ../r/manifests -type f -name "$(sed -n "s/^oid sha256://p" \
		d.mldv).dir" -delete
	mldv purge d --why "the contract ended" --delete
	hold >../all
	hasnt "secret [1-6]" ../all
	others
'

check 'what a killed push has left of it goes as well' '
	start
	echo "secret" >../r/packs/.mldv-tmp.0123456789abcdef
	mldv purge d --why "the contract ended" --delete
	gone
'

check 'killed at any moment it loses nothing of others, and is completed' '
	start
	cp -a ../r ../before
	n=0
	while :; do
		n=$((n + 1)) got=0
		rm -rf ../r
		cp -a ../before ../r
		"$inject" write,create,rename,remove,mkdir,link,attr "$n" KILL \
			../count mldv purge d --why "the contract ended" \
			--delete >../said 2>&1 || got=$?
		[ "$got" -ne 0 ] || break
		[ "$got" -eq 137 ] || { cat ../said; exit 1; }
		others || { echo "at $n"; exit 1; }
		mldv purge d --why "the contract ended" --delete ||
			{ echo "at $n"; exit 1; }
		gone || { echo "at $n"; exit 1; }
		others || { echo "at $n"; exit 1; }
	done
	[ "$n" -gt 20 ]
	gone
	others
'

finish
