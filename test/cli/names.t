#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names are bytes.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Every name on a line of its own: some that somebody has trouble with.
cat >"$scratch/names" <<END
plain
with space
 leading space
trailing space 
#hash
;semicolon
!exclamation
"double" quotes
'single' quotes
back\\slash
star*
question?
[bracket]
-leading dash
--force
~tilde
\$HOME
\`command\`
a=b
a:b
日本語.txt
$(printf 'nfc-\303\251')
$(printf 'nfd-e\314\201')
$(printf 'cp932-\203e\203X\203g')
$(printf 'tab\there')
$(printf 'bell\007')
...
ends.mldvx
$(printf '%0255d' 0 | tr 0 n)
END

# make DIRECTORY: a file of each name in it, and one with a newline.
make() {
	while IFS= read -r name; do
		printf '%s\n' "$name" >"$1/$name"
	done <"$scratch/names"
	printf 'newline\n' >"$1/$(printf 'new\nline')"
}

check 'inside an item any name comes back as it was' '
	project p; cd p
	mldv remote add origin "$PWD/../remote"
	mkdir d; make d
	mldv add d
	git commit -qm d
	mldv push
	mldv status --exit-code
	cd ..; git clone -q p q; cd q
	mldv pull
	same ../p/d d
	mldv status --exit-code
	mldv fsck
	rm -r d; mldv checkout
	same ../p/d d
'

check 'an item itself may have any name up to 250 bytes' '
	project p; cd p
	mldv remote add origin "$PWD/../remote"
	make .
	rm ./"$(printf "%0255d" 0 | tr 0 n)"
	long=$(printf "%0250d" 0 | tr 0 n)
	echo long >"$long"
	grep -v "^nnn" "$scratch/names" >items
	while IFS= read -r name; do
		mldv add -- "$name"
		[ -f "$name.mldv" ]
	done <items
	mldv add "$(printf "new\nline")" "$long"
	rm items
	git commit -qm items
	[ -z "$(git status --porcelain)" ]
	mldv push
	mldv status --exit-code
	mkdir ../before
	find . -maxdepth 1 -type f ! -name "*.mldv" ! -name ".git*" \
		! -name mldv.ini -exec cp {} ../before/ \;
	[ "$(find ../before -type f -printf x | wc -c)" -eq 30 ]
	cd ..; git clone -q p q; cd q
	mldv pull
	for file in ../before/*; do
		cmp "$file" "./${file##*/}"
	done
	mldv status --exit-code
	mldv fsck
'

check 'a name of more than 250 bytes cannot be an item' '
	project
	long=$(printf "%0251d" 0 | tr 0 n)
	echo x >"$long"
	fails 2 mldv add "$long"
	has "250 bytes" stderr
	[ -z "$(find . -name "*.mldv")" ]
'

check 'rm and mv take such names too' '
	project
	for name in "with space" "#hash" "-leading dash" "star*" "$(printf "new\nline")"; do
		echo x >"$name"; echo y >other
		mldv add -- "$name"
		mldv mv -- "$name" "to $name"
		[ -f "to $name" ]
		git ls-files -o --exclude-standard >out
		hasnt "^to " out
		mldv rm -- "to $name"
		[ ! -e "to $name" ]
		[ -f other ]
	done
	git status --short >out
	hasnt mldv$ out
'

check 'a name that another would match is not ignored with it' '
	project
	echo 1 >"star*"; echo 2 >starfish; echo 3 >"#hash"
	mldv add "star*" "#hash"
	git ls-files -o --exclude-standard >../out
	echo starfish >../expected
	same ../expected ../out
'

check 'paths of 4,000 bytes' '
	project p; cd p
	mldv remote add origin "$PWD/../remote"
	python3 - <<-END
	import os
	os.mkdir("d")
	fd = os.open("d", os.O_RDONLY)
	path = "d"
	name = "x" * 200
	while len(path) + 201 < 4000:
	    os.mkdir(name, dir_fd=fd)
	    fd = os.open(name, os.O_RDONLY, dir_fd=fd)
	    path += "/" + name
	f = os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd)
	os.write(f, b"deep\n")
	END
	mldv add d
	git commit -qm d
	mldv push
	mldv status --exit-code
	cd ..; git clone -q p q; cd q
	mldv pull
	same ../p/d.mldv d.mldv
	mldv status --exit-code
	find d -name file -execdir cat {} \; >out
	has "^deep$" out
	rm -rf d; cd ../p; rm -rf d
	mldv checkout
	find d -name file -execdir cat {} \; >out
	has "^deep$" out
	rm -rf d
'

check 'names that differ only in case or composition draw a warning' '
	project
	mkdir d
	echo 1 >d/Readme; echo 2 >d/README
	echo 3 >"d/$(printf "\303\251")"; echo 4 >"d/$(printf "e\314\201")"
	mldv add d 2>err
	[ "$(grep -c "differ only" err)" -eq 2 ]
	has "README.*Readme\|Readme.*README" err
	mkdir e; echo 1 >e/a; echo 2 >e/b
	mldv add e 2>err
	hasnt differ err
'

check 'status and diff show valid UTF-8 as it is, other bytes escaped' '
	project
	mkdir d; echo x >d/x; mldv add d; git commit -qm d
	echo 1 >d/日本; echo 2 >"d/$(printf "\203e\nx")"
	mldv diff >out
	has "d/日本 " out
	has "d/.x83e.nx " out
	[ "$(wc -l <out)" -eq 2 ]
	mldv diff --json >out
	python3 -c "import json; json.load(open(\"out\", encoding=\"utf-8\"))"
'

check 'messages about such names are one line' '
	project
	fails 1 mldv add "$(printf "no\nsuch")"
	fails 1 mldv add "$(printf "no\203such")"
	fails 2 mldv add "$(printf "../no\nsuch")"
'

finish
