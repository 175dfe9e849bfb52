#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The recipes of mldv-migrate(7), with the other tools.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The commands of a recipe, as they stand in the page.
recipe() {
	sed -n "/^\.Ss $1/,/^\.S[sh] [^G]/p" "$top/man/mldv-migrate.7" |
		sed -n 's/^\$ //p'
}

lfs() {
	git init -q p
	cd p
	git lfs install --local >../said
	git lfs track '*.bin' >>../said
	mkdir data
	head -c 100000 /dev/urandom >data/a.bin
	head -c 100000 /dev/urandom >data/b.bin
	echo text >data/readme.txt
	cp -r data ../expected
	git add .
	git commit -qm lfs
	git cat-file -p HEAD:data/a.bin >pointer
	has "git-lfs" pointer
	rm pointer
}

if command -v git-lfs >/dev/null; then
	check 'a directory of Git LFS becomes an item' '
		lfs
		recipe "Git LFS" >../recipe
		[ "$(wc -l <../recipe)" -eq 8 ]
		sh -e ../recipe >out
		has "^clean *data *3 files" out
		rm out
		same ../expected data
		git status --short >out
		hasnt "data/" out
		hasnt "bin" .gitattributes
		mldv remote add origin "$PWD/../r"
		git commit -qm remote
		mldv push
		cd ..
		GIT_LFS_SKIP_SMUDGE=1 git clone -q p c
		cd c
		mldv pull
		same ../expected data
	'
	check 'single files of Git LFS become items' '
		lfs
		git lfs ls-files -n >list
		git lfs untrack "*.bin"
		xargs -d "\n" git rm -q --cached -- <list
		mldv init
		xargs -d "\n" mldv add -- <list
		git commit -qam mldv
		[ -e data/a.bin.mldv ]
		rm data/a.bin
		mldv checkout
		same ../expected/a.bin data/a.bin
	'
else
	skip 'files of Git LFS become items' 'git-lfs is not installed'
fi

finish
