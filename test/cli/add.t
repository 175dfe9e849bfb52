#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'add stores a directory, writes its pointer, and stages both' '
	project
	mkdir -p data/raw/sub; echo a >data/raw/a; echo b >data/raw/sub/b
	mldv add data/raw >out
	has "^staged: data/.gitignore data/raw.mldv$" out
	cat >expected <<-END
	mldv-pointer 1
	kind dir
	oid sha256:$(sed -n "s/^oid sha256://p" data/raw.mldv)
	size 4
	files 2
	END
	same expected data/raw.mldv
	has "^/raw$" data/.gitignore
	git status --short data >out
	printf "A  data/.gitignore\nA  data/raw.mldv\n" >expected
	same expected out
'

check 'a file is named by its SHA-256' '
	project
	echo data >file
	mldv add file
	has "^kind file$" file.mldv
	has "^oid sha256:$(sha256sum file | cut -d" " -f1)$" file.mldv
	has "^size 5$" file.mldv
	has "^files 1$" file.mldv
'

check 'an executable and a symbolic link are told apart from a file' '
	project
	echo x >run; chmod +x run; ln -s nowhere link
	mldv add run link
	has "^kind exec$" run.mldv
	has "^kind link$" link.mldv
	has "^oid sha256:$(printf nowhere | sha256sum | cut -d" " -f1)$" link.mldv
'

check 'adding again without a change changes nothing and stages nothing' '
	project
	mkdir d; echo x >d/x; mldv add d; git commit -qm d
	cp d.mldv before
	mldv add d >out
	same before d.mldv
	hasnt staged out
	git diff --cached --quiet
'

check 'adding again after a change makes another pointer' '
	project
	mkdir d; echo x >d/x; mldv add d; git commit -qm d
	echo y >d/y; mldv add d >out
	has "^staged: d.mldv$" out
	has "^files 2$" d.mldv
'

check 'empty directories are part of an item' '
	project
	mkdir -p d/empty; mldv add d
	cp d.mldv before
	rmdir d/empty; mldv add d
	if cmp -s before d.mldv; then exit 1; fi
	has "^files 0$" d.mldv
'

check 'a note is kept, also when the data changes, and can be taken away' '
	project
	echo a >f; mldv add --note "by mail" f
	has "^note by mail$" f.mldv
	echo b >f; mldv add f
	has "^note by mail$" f.mldv
	mldv add --note "" f
	hasnt note f.mldv
	fails 2 mldv add --note "$(printf "a\nb")" f
'

check 'what [add] ignore names is skipped, counted, and left alone' '
	project
	mkdir -p d/__pycache__; touch d/.DS_Store d/__pycache__/x d/._y; echo x >d/x
	mldv add d >out
	has "skipped 3 files" out
	has "^files 1$" d.mldv
	[ -f d/.DS_Store ]
	mldv status >out
	hasnt modified out
'

check 'a user'\''s own edits in .gitignore stay unstaged' '
	project
	echo mine >.gitignore; git add .gitignore; echo unstaged >>.gitignore
	echo x >f; mldv add f
	git show :.gitignore >index
	has "^/f$" index
	has "^mine$" index
	hasnt unstaged index
	has "^unstaged$" .gitignore
	has "^/f$" .gitignore
'

check 'git.stage = no leaves the index alone; the item is known all the same' '
	project
	mldv config git.stage no
	git commit -qm init
	echo x >f; mldv add f >out
	hasnt staged out
	git diff --cached --quiet
	mldv status --all >out
	has " f " out
	rm f; mldv checkout; [ -f f ]
	git add f.mldv .gitignore
	mldv status --all >out
	[ "$(grep -c " f " out)" -ge 1 ]
'

check 'when Git'\''s index is locked, add says what to type' '
	project
	echo x >f
	touch .git/index.lock
	gives 0 mldv add f
	has "git add -- .*f.mldv" stderr
	[ -f f.mldv ]
	rm .git/index.lock
	mldv status --all >out
	has " f " out
	mldv add f >out
	has "^staged: .*f.mldv" out
'

refuses() {
	pattern=$1
	shift
	fails "$@" || return 1
	has "$pattern" stderr
}

check 'a path outside the repository is refused' '
	project p; echo x >out; cd p
	refuses "outside the repository" 2 mldv add ../out
	refuses "outside the repository" 2 mldv add /etc/hostname
'

check 'the root is refused' '
	project
	refuses "root of the repository" 2 mldv add .
'

check 'what is inside .git is refused' '
	project
	refuses "inside .git" 2 mldv add .git
	refuses "inside .git" 2 mldv add .git/config
	mkdir -p sub/.GIT; echo x >sub/.GIT/x
	refuses "inside .git" 2 mldv add sub/.GIT/x
'

check 'what Git tracks is refused, with how to untrack it' '
	project
	mkdir d; echo x >d/x; echo y >f; git add d/x f; git commit -qm d
	refuses "git rm -r --cached -- .d." 2 mldv add d
	refuses "git rm -r --cached -- .f." 2 mldv add f
	git rm -q -r --cached d
	mldv add d
	[ -f d.mldv ]
'

check 'what is inside an item is added to it; what holds one is refused' '
	project
	mkdir -p d/e; echo x >d/e/x; mldv add d
	echo y >d/e/y; mldv add d/e
	[ ! -e d/e.mldv ]
	has "^files 2" d.mldv
	project q; cd q; mkdir -p d/e; echo x >d/e/x; mldv add d/e
	refuses "mldv rm --keep d/e" 2 mldv add d
	mldv rm --keep d/e
	mldv add d
'

check 'of two paths of which one is inside the other, neither is added' '
	project
	mkdir -p d/e; echo x >d/e/x
	refuses "inside the other" 2 mldv add d d/e
	[ ! -e d.mldv ]
'

check 'a stage'\''s output is refused, and the stage is named' '
	project
	printf "[stage train]\ncmd = true\nouts = models/m, out\n" >>mldv.ini
	mkdir -p models out; echo x >models/m; echo x >out/x
	refuses "stage .train." 2 mldv add models/m
	refuses "stage .train." 2 mldv add models
	refuses "stage .train." 2 mldv add out/x
'

check 'what is reached through a symbolic link is refused; a link itself is not' '
	project
	mkdir real; echo x >real/x; ln -s real link
	refuses "through the symbolic link .link." 2 mldv add link/x
	mldv add link
	has "^kind link$" link.mldv
'

check 'what is inside a submodule or another repository is refused' '
	project
	git init -q inner; mkdir inner/d; echo x >inner/d/x
	refuses "another repository" 2 mldv add inner/d
	refuses "another repository" 2 mldv add inner
'

check 'sockets and devices are refused' '
	project
	mkdir d; mkfifo d/pipe
	refuses "d/pipe" 1 mldv add d
	[ ! -e d.mldv ]
	mkfifo p
	refuses "" 1 mldv add p
'

check 'pointers and our own files are refused' '
	project
	echo x >f; mldv add f
	refuses "pointer" 2 mldv add f.mldv
	refuses "mldv.ini" 2 mldv add mldv.ini
	refuses "" 2 mldv add .gitattributes
'

check 'a path that is not there is refused' '
	project
	refuses "no such file" 1 mldv add nothing
'

check 'when one path is refused, none is added' '
	project
	echo x >f
	fails 1 mldv add f nothing
	[ ! -e f.mldv ]
'

check 'a pointer that Git would ignore: the line is named, and what to write' '
	project
	printf "# x\n/data/\n" >.gitignore
	mkdir -p data/raw; echo x >data/raw/x
	fails 2 mldv add data/raw
	has "by .gitignore:2;" stderr
	has "/data/\*\* !/data/\*\*/ !/data/\*\*/\*.mldv$" stderr
	[ ! -e data/raw.mldv ]
	printf "/data/**\n!/data/**/\n!/data/**/*.mldv\n" >.gitignore
	mldv add data/raw
	git status --short >out
	has "^A  data/raw.mldv" out
	hasnt "raw/x" out
'

check 'the same for a pattern without a slash, in a subdirectory' '
	project
	mkdir -p sub/data/raw; echo x >sub/data/raw/x; echo data >sub/.gitignore
	fails 2 mldv add sub/data/raw
	has "by sub/.gitignore:1;" stderr
	has "/data/\*\* !/data/\*\*/ !/data/\*\*/\*.mldv$" stderr
	printf "/data/**\n!/data/**/\n!/data/**/*.mldv\n" >sub/.gitignore
	mldv add sub/data/raw
'

check 'the same for a pattern that is about pointers' '
	project
	echo "*.mldv" >.gitignore; echo x >f
	fails 2 mldv add f
	has "by .gitignore:1;.*!\*.mldv$" stderr
	echo "!*.mldv" >>.gitignore
	mldv add f
'

check 'a large file is stored whole, read-only' '
	project
	head -c 5000000 /dev/zero >big
	mldv add big
	oid=$(sha256sum big | cut -d" " -f1)
	cmp big ".git/mldv/store/files/$(echo "$oid" | cut -c1-2)/$oid"
'

check 'equal content is stored once' '
	project
	mkdir d; head -c 300000 /dev/urandom >d/a; cp d/a d/b; cp d/a d/c
	mldv add d
	[ "$(find .git/mldv/store/packs -name "*.zst" -printf "%s\n" |
		awk "{s += \$1} END {print s}")" -lt 400000 ]
'

check 'store.dir shares a store between clones' '
	project p; project q
	for d in p q; do
		(cd $d && mldv config --local store.dir "$PWD/../shared" &&
		head -c 100000 /dev/zero | tr "\0" x >f && mldv add f)
	done
	[ ! -e p/.git/mldv/store ]
	[ "$(find shared/packs -type f | wc -l)" -eq 1 ]
'

check 'several in one directory, and several at once' '
	project
	for i in 1 2 3 4 5 6; do echo $i >f$i; done
	mldv add f1 f2 f3 >out
	has "^staged: .gitignore f1.mldv f2.mldv f3.mldv$" out
	mldv add f4 & a=$!
	mldv add f5 & b=$!
	mldv add f6 & c=$!
	wait $a; wait $b; wait $c
	sort .gitignore >lines
	printf "/f%s\n" 1 2 3 4 5 6 >expected
	same expected lines
	git show :.gitignore | sort >lines
	same expected lines
	[ "$(git ls-files "*.mldv" | wc -l)" -eq 6 ]
'

finish
