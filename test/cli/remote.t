#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'add writes mldv.ini and stages it; the first becomes the default' '
	project
	mldv remote add origin /srv/data >out
	has "staged: mldv.ini" out
	has "^\[remote origin\]$" mldv.ini
	has "^url = /srv/data$" mldv.ini
	mldv remote add backup file:///srv/backup
	mldv remote list >out
	has "origin.*/srv/data.*default\|default.*origin" out
	has "backup.*file:///srv/backup" out
	[ "$(grep -c default out)" -eq 1 ]
'

check 'default chooses another' '
	project
	mldv remote add a /srv/a; mldv remote add b /srv/b
	mldv remote default b
	mldv remote list >out
	has "b .*default\|default.*b " out
	fails 2 mldv remote default c
'

check 'a name that is there, or cannot be one, is refused' '
	project
	mldv remote add a /srv/a
	cp mldv.ini before
	fails 1 mldv remote add a /srv/b
	fails 2 mldv remote add "a b" /srv/b
	fails 2 mldv remote add "" /srv/b
	same before mldv.ini
'

check 'a URL that cannot be understood is refused' '
	project
	cp mldv.ini before
	gives 2 mldv remote add a gopher://x/y || gives 1 mldv remote add a gopher://x/y
	has "gopher" stderr
	same before mldv.ini
'

check 'a relative path is written as it is from anywhere' '
	project p
	cd p; mkdir sub; cd sub
	mldv remote add a ../../remote
	cd ..
	has "^url = $(cd .. && pwd)/remote$" mldv.ini
	echo x >x; mldv add x; mldv push
	[ -d ../remote/packs ]
'

check 'remove forgets it, and the default if it was that' '
	project
	mldv remote add a /srv/a; mldv remote add b /srv/b
	mldv remote remove a
	hasnt "remote a" mldv.ini
	mldv remote list >out
	has "b .*default\|default.*b " out
	fails 2 mldv remote remove a
	mldv remote remove b
	mldv remote list >out
	hasnt "srv" out
'

check 'with --local it is this clone'\''s, and Git sees nothing of it' '
	project
	git commit -qm init
	mldv remote add --local a /srv/a >out
	hasnt staged out
	git diff --quiet HEAD
	mldv remote list >out
	has "/srv/a" out
	mldv remote remove a
	mldv remote list >out
	hasnt "/srv/a" out
'

check '--json is JSON' '
	project
	mldv remote add a /srv/a
	mldv remote list --json >out
	python3 -c "
import json
assert \"/srv/a\" in json.dumps(json.load(open(\"out\")))
"
'

check 'one that lost only its format is told from what is no remote' '
	project
	mldv remote add a "$PWD/r"
	echo x >x; mldv add x; mldv push
	cp r/format kept
	rm -f r/format
	echo y >y; mldv add y
	fails 4 mldv push
	has "has lost its file .format.; write the line .mldv-remote 1. into .*/r/format" stderr
	rm x; rm -rf .git/mldv/store
	mv r/manifests r/away
	fails 4 mldv pull x
	has "has lost its file .format." stderr
	mv r/away r/manifests
	echo "mldv-remote 1" >r/format
	cmp r/format kept
	mldv pull x; mldv add y; mldv push y
	mkdir other; echo "Read me" >other/README.txt
	mldv remote add b "$PWD/other"
	gives 1 mldv push -r b
	has "is no mldv remote" stderr
'

finish
