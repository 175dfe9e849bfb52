#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Where mldv's own directory is on another file system than Git's, as where
# the clone's disk is small: nothing is renamed from one to the other.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Another file system than the scratch directory's.
other=
for dir in /dev/shm /run/shm /var/tmp "$HOME"; do
	if [ -w "$dir" ] && [ "$(stat -c %d "$dir")" != "$(stat -c %d "$scratch")" ]; then
		other=$(mktemp -d "$dir/mldv-test.XXXXXX")
		trap 'chmod -R u+rwX "$scratch" "$other" 2>/dev/null; rm -rf "$scratch" "$other"' EXIT
		break
	fi
done

# elsewhere: a project whose .git/mldv is on the other file system.
elsewhere() {
	git init -q p
	rm -rf "${other:?}/mldv"
	mkdir "$other/mldv"
	ln -s "$other/mldv" p/.git/mldv
	cd p
	mldv init
}

if [ -z "$other" ]; then
	skip 'mldv on another file system' 'there is only one that can be written to'
	finish
fi

check 'everything works with .git/mldv on another file system' '
	elsewhere
	mldv remote add origin "$PWD/../r"
	mkdir d; echo 1 >d/a; head -c 5000000 /dev/zero >d/big
	mldv add d
	git diff --quiet
	git ls-files >out
	has "^d.mldv$" out
	cat >>mldv.ini <<-END

		[stage s]
		cmd = cp d/a out; if [ -e bad ]; then exit 1; fi
		deps = d
		outs = out
	END
	mldv repro
	git add -A; git commit -qm one
	mldv push
	echo 2 >d/a; mldv add d
	touch bad
	gives 1 mldv repro
	[ "$(cat out)" = 1 ]
	rm bad
	mldv repro
	[ "$(cat out)" = 2 ]
	mldv mv d e; mldv mv e d
	git checkout -q -f; mldv checkout
	mldv fsck; mldv status
	mldv gc --delete
	find .git -maxdepth 1 >out
	hasnt "mldv-" out
'

check 'what a killed command left there goes at the next staging' '
	elsewhere
	echo junk >.git/.mldv-tmp.0123456789abcdef
	echo junk >.git/mldv-index; echo junk >.git/mldv-index.lock
	echo 1 >a; mldv add a
	find .git -maxdepth 1 >out
	hasnt "mldv-" out
	git ls-files >out
	has "^a.mldv$" out
'

check 'a worktree of such a clone works too' '
	elsewhere
	echo 1 >a; mldv add a; git commit -qm one
	git worktree add -q ../w
	cd ../w
	mldv checkout
	echo 2 >b; mldv add b
	git diff --quiet
	mldv rm b
	mldv status
'

finish
