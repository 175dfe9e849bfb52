#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'init writes mldv.ini and .gitattributes and stages both' '
	git init -q
	mldv init >out
	has "^wrote mldv.ini .gitattributes; staged" out
	git diff --cached --name-only >staged
	printf ".gitattributes\nmldv.ini\n" >expected
	git diff --quiet
	same expected staged
'

check 'the project has an id of its own' '
	project a
	project b
	sed -n "s/^id = //p" a/mldv.ini b/mldv.ini >ids
	[ "$(grep -cx "[0-9a-f]\{16\}" ids)" -eq 2 ]
	[ "$(sort -u ids | wc -l)" -eq 2 ]
'

check 'the template defines neither parameters nor stages' '
	project
	hasnt "^\[stage" mldv.ini
	hasnt "^\[params" mldv.ini
	printf "[params]\nlr = 1\n" >>mldv.ini
	mldv status
'

check 'pointers and the lock are kept as they are by Git' '
	project
	has "^\*.mldv -text$" .gitattributes
	has "^mldv.lock -text$" .gitattributes
'

check 'temporary names are hidden from Git' '
	project
	has "^.mldv-tmp.\*$" .git/info/exclude
	touch .mldv-tmp.0123456789abcdef
	git status --short >out
	hasnt mldv-tmp out
'

check 'init twice changes nothing' '
	project
	cp mldv.ini ini; cp .gitattributes attributes; cp .git/info/exclude exclude
	mldv init >out
	has "already" out
	same ini mldv.ini
	same attributes .gitattributes
	same exclude .git/info/exclude
'

check 'what an init that was stopped has not staged, another stages' '
	git init -q
	mldv init
	git rm -q --cached mldv.ini .gitattributes
	mldv init
	git ls-files >files
	has "^mldv.ini$" files
	has "^.gitattributes$" files
	[ "$(mldv init 2>&1)" = "this is a project already" ]
'

check 'what stands in .gitattributes stays, and only our lines are staged' '
	git init -q
	printf "*.png binary" >.gitattributes
	git add .gitattributes
	echo "*.jpg binary" >>.gitattributes
	mldv init
	has "^\*.png binary\*.jpg binary$" .gitattributes
	git show :.gitattributes >index
	hasnt jpg index
	has "^\*.png binary$" index
	has "^\*.mldv -text$" index
'

check 'outside Git, init says what to do first' '
	GIT_CEILING_DIRECTORIES=$scratch; export GIT_CEILING_DIRECTORIES
	fails 1 mldv init
	has "git init" stderr
'

check 'in a bare repository there is no project' '
	git init -q --bare
	fails 1 mldv init
'

check 'other commands say that init comes first' '
	git init -q
	fails 1 mldv status
	has "mldv init" stderr
'

check 'init and other commands work in a subdirectory' '
	git init -q
	mkdir -p a/b
	(cd a/b && mldv init)
	[ -f mldv.ini ]
	mkdir -p a/d; echo x >a/d/f
	(cd a/b && mldv add ../d >out && has "^staged: .*\.\./d\.mldv" out)
	[ -f a/d.mldv ]
'

check 'a clone needs no init, and hides temporary names with its first write' '
	project p
	(cd p && git commit -qm init)
	git clone -q p q
	cd q
	mldv status
	echo x >data; mldv add data
	has "^.mldv-tmp" .git/info/exclude
'

finish
