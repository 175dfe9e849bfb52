#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A committed item d beside a file of Git's.
start() {
	project .
	mkdir -p data/d
	echo x >data/d/x
	echo g >data/g
	mldv add data/d
	git add data/g
	git commit -qm d
}

check 'rm removes data, pointer and the .gitignore line, and stages that' '
	start
	mldv rm data/d >out
	has "^staged: data/.gitignore data/d.mldv$" out
	[ ! -e data/d ]
	[ ! -e data/d.mldv ]
	[ ! -e data/.gitignore ]
	git status --short data >out
	printf "D  data/.gitignore\nD  data/d.mldv\n" >expected
	same expected out
'

check 'other lines of .gitignore stay' '
	start
	echo other >>data/.gitignore
	mldv rm data/d
	echo other >expected
	same expected data/.gitignore
'

check 'with --keep the data stays' '
	start
	mldv rm --keep data/d
	[ -f data/d/x ]
	[ ! -e data/d.mldv ]
	git status --short >out
	has "^?? data/d/" out
'

check 'changed data is not removed without --force' '
	start
	echo y >data/d/y
	fails 3 mldv rm data/d
	has "was changed since" stderr
	[ -f data/d/y ]
	[ -f data/d.mldv ]
	mldv rm --force data/d
	[ ! -e data/d ]
'

check 'data that is not here is no obstacle' '
	start
	rm -r data/d
	mldv rm data/d
	[ ! -e data/d.mldv ]
'

check 'what is left empty goes too, as with Git' '
	project .
	mkdir -p a/b/d; echo x >a/b/d/x; mldv add a/b/d
	mldv rm a/b/d
	[ ! -e a ]
'

check 'the data can be had again from the commit' '
	start
	mldv rm data/d
	git commit -qm rm
	git checkout -q HEAD~1
	mldv checkout
	[ "$(cat data/d/x)" = x ]
'

check 'what is not an item is refused' '
	start
	fails 1 mldv rm data
	fails 1 mldv rm data/d/x
	fails 1 mldv rm nothing
	[ -f data/d/x ]
'

check 'a file outside the item is never touched through a link in it' '
	project .
	mkdir outside d; echo x >outside/x; ln -s ../outside d/link
	mldv add d
	mldv rm d
	[ -f outside/x ]
'

check 'a removal that was interrupted is finished by the same command' '
	start
	mv data/d data/.mldv-tmp.0123456789abcdef
	rm data/d.mldv
	mldv rm data/d
	[ ! -e data/.mldv-tmp.0123456789abcdef ]
	[ -z "$(git ls-files data/d.mldv data/.gitignore)" ]
'

check 'a removal that failed is finished by the same command' '
	start
	mv data/.gitignore ../kept
	mkdir data/.gitignore
	fails 1 mldv rm -k data/d
	rmdir data/.gitignore
	cp ../kept data/.gitignore
	mldv rm -k data/d
	[ ! -e data/.gitignore ] || hasnt "^/d$" data/.gitignore
	[ -z "$(git ls-files data/d.mldv)" ]
'

check 'what another command has put aside is not swept while it runs' '
	start
	mkdir data/.mldv-tmp.0123456789abcdef
	mkdir -p .git/mldv/journal/main/s; touch .git/mldv/journal/main/s/stage
	echo y >y; mldv add y
	[ -d data/.mldv-tmp.0123456789abcdef ]
	rm .git/mldv/journal/main/s/stage
	echo z >z; mldv add z
	[ ! -e data/.mldv-tmp.0123456789abcdef ]
'

finish
