#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Real merges of Git: pointers, their directories, and the lock.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# p, a project with the item d, a directory; branch side is where main is.
start() {
	mkdir r
	project p
	cd p || return
	mldv remote add origin "$PWD/../r"
	mkdir -p d/sub
	for i in 1 2 3; do echo "$i" >"d/$i"; echo "s$i" >"d/sub/$i"; done
	mldv add d
	git add -A; git commit -qm base
	git branch side
}

# on BRANCH CODE: changes the item there, and commits.
on() {
	git checkout -q "$1"
	mldv checkout --force >/dev/null
	eval "$2"
	mldv add d
	git add -A; git commit -qm "$1"
}

stages() {
	cat >>mldv.ini <<-"END"

		[params]
		a = 1
		# Between the two is
		# room enough
		# for Git to see
		# two changes.
		b = 1

		[stage a]
		cmd = echo ${params.a} >a
		outs = a
		params = a

		[stage b]
		cmd = echo ${params.b} >b
		outs = b
		params = b
	END
	mldv repro
	git add -A; git commit -qm stages
	git branch -f side
}

# set_in BRANCH NAME VALUE: and runs what depends on it.
set_in() {
	git checkout -q "$1"
	mldv checkout --force >/dev/null || :
	sed -i "s/^$2 = .*/$2 = $3/" mldv.ini
	mldv repro
	git add -A; git commit -qm "$1 $2"
}

check 'the driver is installed with the hooks' '
	project
	[ "$(git config merge.mldv.driver)" = "mldv merge-driver %O %A %B %P" ]
	[ "$(git check-attr merge a/b.mldv mldv.lock | grep -c "merge: mldv$")" = 2 ]
	mldv hooks uninstall
	! git config merge.mldv.driver
'

check 'different files of one directory become one' '
	start
	on side "echo changed >d/1; echo new >d/new; rm d/3"
	on main "echo other >d/sub/1; rm d/sub/3; mkdir d/more; echo x >d/more/x"
	git merge -q -m merge side
	mldv checkout
	mkdir ../e; cp -r d ../e
	[ "$(cat d/1)" = changed ]
	[ "$(cat d/new)" = new ]
	[ ! -e d/3 ]
	[ "$(cat d/sub/1)" = other ]
	[ ! -e d/sub/3 ]
	[ -e d/more/x ]
	[ "$(cat d/2)" = 2 ]
	mldv push
	mldv status --exit-code
	mldv fsck
	git clone -q . ../c; cd ../c; mldv pull
	same ../p/d d
'

check 'the same change on both sides is one' '
	start
	on side "echo same >d/1; echo new >d/new; rm d/3"
	on main "echo same >d/1; echo new >d/new; rm d/3; echo more >d/more"
	git merge -q -m merge side
	mldv checkout
	[ "$(cat d/1)" = same ]
	[ "$(cat d/new)" = new ]
	[ ! -e d/3 ]
'

check 'both changed one file: a conflict that names it' '
	start
	on side "echo theirs >d/sub/1; echo 2b >d/2"
	on main "echo ours >d/sub/1"
	gives 1 git merge -m merge side >out
	has "^mldv: d.mldv: both sides changed .sub/1.; run .git checkout --ours d.mldv." stderr
	has "^<<<<<<< ours$" d.mldv
	[ "$(git ls-files -u | wc -l)" = 3 ]
	git checkout -q --theirs d.mldv
	git add d.mldv
	git commit -qm resolved
	mldv checkout
	[ "$(cat d/sub/1)" = theirs ]
'

check 'one deleted what the other changed: a conflict' '
	start
	on side "rm d/1"
	on main "echo ours >d/1"
	gives 1 git merge -m merge side >out
	has "both sides changed .1.;" stderr
'

check 'lists of files that are not here come from the remote' '
	start
	on side "echo changed >d/1"
	on main "echo other >d/sub/1"
	mldv push; mldv push --revision side; mldv push --revision main~1
	git clone -q . ../c; cd ../c
	mldv hooks install
	git merge -q -m merge origin/side
	mldv push
	mldv pull
	[ "$(cat d/1)" = changed ]
	[ "$(cat d/sub/1)" = other ]
'

check 'without them it is a conflict, not a mistake' '
	start
	on side "echo changed >d/1"
	on main "echo other >d/sub/1"
	git clone -q . ../c; cd ../c
	mldv hooks install
	gives 1 git merge -m merge origin/side >out
	has "^<<<<<<< ours$" d.mldv
	has "^mldv: d.mldv: " stderr
'

check 'a file that both changed is a conflict; one side alone is not' '
	start
	echo 1 >f; mldv add f; git add -A; git commit -qm f; git branch -f side
	on side "echo theirs >f; mldv add f"
	on main "echo x >d/x"
	git merge -q -m merge side
	mldv checkout
	[ "$(cat f)" = theirs ]
	git branch -f side
	on side "echo b >f; mldv add f"
	on main "echo a >f; mldv add f"
	gives 1 git merge -m merge side >out
	has "^mldv: f.mldv: both sides changed the item;" stderr
'

check 'both added an item of one name' '
	start
	on side "mkdir e; echo 1 >e/1; mldv add e"
	on main "mkdir -p e; echo 2 >e/2; mldv add e"
	git merge -q -m merge side
	mldv checkout
	[ "$(cat e/1)" = 1 ]
	[ "$(cat e/2)" = 2 ]
'

check 'notes of both sides are kept' '
	start
	on side "mldv add --note theirs d; echo 1x >d/1"
	on main "mldv add --note ours d; echo 2x >d/2"
	git merge -q -m merge side
	has "^note ours\\\\ntheirs$" d.mldv
'

check 'stages that each side ran are both in the lock' '
	start; stages
	set_in side a 2
	set_in main b 2
	git merge -q -m merge side
	has "^stage a$" mldv.lock
	mldv checkout
	[ "$(cat a)" = 2 ]
	[ "$(cat b)" = 2 ]
	mldv repro -n >out
	mldv push
	mldv verify
'

check 'a stage that both ran is a conflict, the others are not' '
	start; stages
	set_in side a 2; set_in side b 2
	set_in main a 3
	gives 1 git merge -m merge side >out
	has "^mldv: mldv.lock: both sides ran stage .a.; run .git checkout --ours mldv.lock., then .mldv repro.$" stderr
	[ "$(grep -c "^<<<<<<<" mldv.lock)" = 1 ]
	sed -i "/^<<<<<<</d; /^=======/,/^>>>>>>>/d" mldv.ini
	git checkout -q --ours mldv.lock
	mldv repro
	git add -A; git commit -qm resolved
	mldv push
	mldv verify
'

check 'a stage that one side took out is gone' '
	start; stages
	git checkout -q side
	sed -i "/^\[stage b\]/,\$d" mldv.ini
	mldv repro; git add -A; git commit -qm "no b"
	set_in main a 2
	git merge -q -m merge side
	hasnt "^stage b$" mldv.lock
	has "^stage a$" mldv.lock
'

check 'a rebase merges as well' '
	start
	on side "echo changed >d/1"
	on main "echo other >d/sub/1"
	git checkout -q side
	git rebase -q main
	mldv checkout
	[ "$(cat d/1)" = changed ]
	[ "$(cat d/sub/1)" = other ]
'

check 'a directory of more entries than a page, merged' '
	start
	mkdir d/many
	(cd d/many && seq 1 9000 | xargs touch)
	echo x >d/many/1
	mldv add d; git commit -qam many; git branch -f side
	on side "echo 5 >d/many/5"
	on main "echo 8000 >d/many/8000"
	git merge -q -m merge side
	mldv checkout
	[ "$(cat d/many/5)" = 5 ]
	[ "$(cat d/many/8000)" = 8000 ]
	mldv fsck
'

check 'without the driver Git merges line by line, and says so' '
	start
	mldv hooks uninstall
	on side "echo changed >d/1"
	on main "echo other >d/sub/1"
	gives 1 git merge -m merge side >out
	has "CONFLICT" out
'

finish
