#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Remotes, stores, pointers and locks made by an enemy: what they say is
# refused, or right, and nothing is written outside of the item. craft.py
# makes them.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

craft() {
	python3 "$top/test/cli/craft.py" "$@"
}

# A project c with a remote r, and beside them what must stay as it is.
fresh() {
	rm -rf "$w"
	mkdir "$w" "$w/outside" "$w/r"
	project "$w/c"
	cd "$w/c" || return 1
	mldv remote add origin "$w/r"
	echo mine >data.txt
	echo precious >"$w/outside/x"
	id=$(sed -n 's/^id = //p' mldv.ini)
	commit first
}

# everything but the item and mldv's own files
around() {
	(cd "$w" && find . -path ./r -prune -o -path ./c/d/item -prune -o \
		-path ./c/.git/mldv -prune -o -name '.git' -o -type f \
		-exec sha256sum {} + -o -printf '%y %p %l\n' | sort)
	(cd "$w/c/.git" && cat config HEAD && ls hooks)
}

# KiB, but a sanitizer needs the whole address space to start.
memory=1500000
# shellcheck disable=SC3045 # dash has it
(ulimit -v "$memory" && mldv version) >/dev/null 2>&1 || {
	mldv version >/dev/null || exit 1
	memory=unlimited
}

# untouched COMMAND...: it ends, soon, with a sentence and not with a crash,
# and around the item all is as it was.
untouched() {
	around >"$scratch/before"
	got=0
	# shellcheck disable=SC3045 # dash has it
	(ulimit -v "$memory" && timeout 60 "$@") >"$w/../said" 2>&1 || got=$?
	echo "$* gives $got:"
	cat "$w/../said"
	around >"$scratch/after"
	same "$scratch/before" "$scratch/after" || return 1
	[ "$got" -lt 124 ] || return 1
	[ "$got" -eq 0 ] || has "^mldv: " "$w/../said"
}

# A directory d/item, whole and right, or not there at all.
no_item() {
	find d ! -path d ! -path d/item.mldv >"$scratch/found"
	[ ! -s "$scratch/found" ] || {
		cat "$scratch/found"
		echo 'it was checked out'
		return 1
	}
}

refused() {
	fresh
	mkdir d
	craft "$1" "$w/r" "$id" >d/item.mldv
	commit hostile
	untouched mldv pull || return 1
	[ "$got" -eq 4 ] || return 1
	no_item || return 1
	for command in status fsck push checkout; do
		untouched mldv "$command" || return 1
		no_item || return 1
	done
	# Had these packs come into a store that is shared, by another way:
	mkdir -p .git/mldv/store
	rm -rf .git/mldv/store/packs
	[ ! -d "$w/r/packs" ] || cp -r "$w/r/packs" .git/mldv/store/packs
	untouched mldv checkout
	no_item || return 1
	case $got in 4 | 5) ;; *) return 1 ;; esac
}

# shellcheck disable=SC2034 # in the cases
{
	check 'what is crafted rightly is taken' '
		fresh
		mkdir d
		craft good "$w/r" "$id" >d/item.mldv
		commit good
		mldv pull && mldv fsck && mldv status --exit-code
		echo hello | cmp - d/item/d/x
		[ "$(readlink d/item/d/y)" = x ]
	'
	for case in $(craft --list); do
		case $case in
		manifest-*)
			check "refused: $case" '
				fresh
				mkdir d
				craft "$case" "$w/r" "$id" >d/item.mldv
				commit hostile
				untouched mldv pull
				[ "$got" -eq 4 ]
				no_item
			'
			;;
		*)
			check "refused: $case" 'refused "$case"'
			;;
		esac
	done
}

check 'a pointer over what Git tracks is refused' '
	fresh
	mkdir d
	craft good "$w/r" "$id" >data.txt.mldv
	commit hostile
	untouched mldv pull
	[ "$got" -eq 4 ]
	echo mine | cmp - data.txt
'

for name in mldv.ini mldv.lock .gitignore .gitattributes .gitmodules \
	sub/.git .git-x other.mldv; do
	check "a pointer for $name is refused" '
		fresh
		mkdir sub
		craft good "$w/r" "$id" >"$name.mldv"
		git add -f "$name.mldv" || exit 0
		git commit -qm hostile
		cp mldv.ini ../ini
		for command in status pull checkout push fsck; do
			untouched mldv $command
			[ "$got" -eq 4 ]
		done
		cmp mldv.ini ../ini
	'
done

check 'a pointer in a directory that became a link is not followed' '
	fresh
	mkdir d
	craft good "$w/r" "$id" >d/item.mldv
	commit good
	mldv pull
	rm -rf d
	git show HEAD:d/item.mldv >"$w/outside/item.mldv"
	ln -s ../outside d
	for command in status checkout "checkout -f" pull fsck; do
		untouched mldv $command
	done
	[ ! -e "$w/outside/item" ]
'

# The packs that the path of a lock could be checked out from.
for path in ../x /tmp/mldv-hostile .git/config .git/hooks/post-commit \
	mldv.ini mldv.lock d/.GIT/x link/x ./x x/ x/../../y; do
	check "a lock whose stage made '$path' is refused" '
		fresh
		craft good "$w/r" "$id" >good.mldv
		ln -s ../outside link
		git add link
		commit good
		mldv pull
		craft lock "$path" >mldv.lock
		printf "[stage s]\ncmd = true\nouts = x\n" >>mldv.ini
		git add -f mldv.lock mldv.ini
		git commit -qm hostile
		cp mldv.ini ../ini
		for command in status checkout "checkout -f" pull fsck push; do
			untouched mldv $command
			[ "$got" -eq 4 ] || [ "$path" = link/x ]
		done
		cmp mldv.ini ../ini
		[ ! -e /tmp/mldv-hostile ]
	'
done

for path in ../x /tmp/mldv-hostile .git/config mldv.ini d/.git/x; do
	check "a stage with the output '$path' is refused" '
		fresh
		printf "[stage s]\ncmd = true\nouts = %s\n" "$path" >>mldv.ini
		commit hostile
		untouched mldv repro
		[ "$got" -eq 2 ]
		untouched mldv status
		[ "$got" -eq 2 ]
	'
done

check 'no command runs unless repro runs it' '
	fresh
	printf "[stage s]\ncmd = touch %s/outside/ran\nouts = o\n" "$w" >>mldv.ini
	printf "[core]\n\tfsmonitor = touch %s/outside/ran\n" "$w" >>.git/config
	mkdir -p .git/hooks
	for hook in pre-commit post-checkout post-index-change; do
		printf "#!/bin/sh\ntouch %s/outside/ran\n" "$w" >.git/hooks/$hook
		chmod +x .git/hooks/$hook
	done
	mkdir d && echo x >d/item
	for command in status "diff HEAD" "add d/item" push fsck checkout \
		"repro -n" "metrics show" "config --list" pull; do
		mldv $command || :
		[ ! -e "$w/outside/ran" ]
	done
'

# A file may have the very bytes of a tree.
for first in file dir; do
	check "a file with the bytes of a tree, pushed with the $first first" '
		fresh
		mkdir d
		echo hello >d/a
		mldv add d
		commit d
		oid=$(sed -n "s/^oid sha256://p" d.mldv)
		zstd -dcq .git/mldv/store/packs/*/* | tar -x --ignore-zeros -O "$oid" >copy
		[ "$(sha256sum <copy)" = "$oid  -" ]
		if [ $first = dir ]; then
			mldv push
		fi
		mkdir e
		mv copy e/copy
		cp e/copy f
		mldv add e f
		commit copy
		mldv push f && mldv push e && mldv push
		git clone -q . ../x && cd ../x
		mldv pull
		same ../c/d d && same ../c/e e && same ../c/f f
		mldv fsck
	'
done
finish
