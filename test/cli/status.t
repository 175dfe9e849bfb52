#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# An item d of three files that is on the remote.
start() {
	project p
	cd p
	mldv remote add origin "$PWD/../remote"
	mkdir d
	for i in 1 2 3; do echo "$i" >"d/$i"; done
	mldv add d
	git commit -qm d
	mldv push
}

check 'when nothing differs, there is one short line' '
	start
	mldv status >out
	echo "everything is up to date" >expected
	same expected out
	mldv status --exit-code
'

check 'modified: with counts of new, changed and deleted files' '
	start
	echo 4 >d/4; echo x >d/1; rm d/2; echo 5 >d/5
	mldv status >out
	has "^modified  *d  *2 new, 1 changed, 1 deleted" out
	gives 3 mldv status --exit-code
'

check 'a file that was only touched is not modified' '
	start
	touch -d "2001-01-01" d/1
	mldv status --exit-code
'

check 'a changed mode that matters is a change, another is not' '
	start
	chmod 600 d/1
	mldv status --exit-code
	chmod +x d/1
	mldv status >out
	has "1 changed" out
'

check 'a change within one second, of the same size, is seen' '
	start
	echo 1 >d/1; mldv add d; echo 2 >d/1
	mldv status >out
	has "modified" out
'

check 'deleted: when the store has it' '
	start
	rm -r d
	mldv status >out
	has "^deleted  *d " out
'

check 'not here: in a fresh clone' '
	start
	cd ..; git clone -q p q; cd q
	mldv status >out
	has "^not here  *d " out
	has "mldv pull" out
'

check 'here only: until a push has confirmed it' '
	start
	echo 4 >d/4; mldv add d
	mldv status >out
	has "^here only  *d " out
	mldv status --only-here >out
	has "^here only  *d " out
	gives 3 mldv status --exit-code
	mldv push
	mldv status --only-here >out
	hasnt "here only" out
'

check 'what was pulled is not only here' '
	start
	cd ..; git clone -q p q; cd q
	mldv pull
	mldv status --exit-code
'

check 'files below the watched directories that nobody knows' '
	start
	mkdir -p data/x models other
	echo 1 >data/x/1; echo 2 >models/2; echo 3 >other/3
	echo g >data/g; git add data/g; echo i >data/ignored; echo ignored >data/.gitignore
	touch data/.DS_Store
	mldv status >out
	has "^untracked  *data/x/1 " out
	has "^untracked  *models/2 " out
	hasnt "other/3" out
	hasnt "data/g" out
	hasnt "ignored" out
	hasnt "DS_Store" out
	mldv config rules.watch other
	mldv status >out
	has "other/3" out
	hasnt "models/2" out
'

check '--all lists what is clean' '
	start
	mldv status --all >out
	has "^clean  *d " out
'

check '--json is JSON' '
	start
	echo 4 >d/4
	mldv status --json >out
	python3 -c "
import json
found = json.load(open(\"out\"))
text = json.dumps(found)
assert \"modified\" in text and \"\\\"d\\\"\" in text, text
"
'

check 'paths are shown from where the user is' '
	start
	rm -r d; mkdir sub; cd sub
	mldv status >out
	has "^deleted  *\.\./d " out
'

check 'a damaged pointer is named, with the line' '
	start
	printf "mldv-pointer 1\nkind dir\noid sha256:xyz\n" >d.mldv
	fails 4 mldv status
	has "d.mldv.*line 3" stderr
'

check 'a pointer whose item Git tracks, or that is inside .git, is refused' '
	start
	git rm -q --cached .gitignore; rm .gitignore
	git add d
	fails 4 mldv status
	has "tracked by Git" stderr
	git rm -q -r --cached d
	cp d.mldv .gitmodules.mldv; git add .gitmodules.mldv
	fails 4 mldv status
	has ".gitmodules.mldv" stderr
'

finish
