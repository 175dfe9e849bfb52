#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016,SC2154 # the code of a case is expanded in it

# mldv repro --check: what is up to date is run again, and compared. And
# --no-pull, which fetches nothing.

# three: a and c make the same each time; b, what $scratch/what says.
three() {
	echo same >"$scratch/what"
	export scratch
	project .
	cat >>mldv.ini <<-'END'
		[stage a]
		cmd = mkdir a.out; echo 1 >a.out/x; echo more >a.out/y
		outs = a.out
		[stage b]
		cmd = cat a.out/x >b.out; cat $scratch/what >>b.out
		deps = a.out
		outs = b.out
		[stage c]
		cmd = wc -l <b.out >c.out
		deps = b.out
		outs = c.out
	END
	mldv repro
}

# look: the work tree, the lock, the index and what is recorded.
look() {
	for file in mldv.lock a.out/x a.out/y b.out c.out; do
		sha256sum "$file"
		stat -c '%i %Y' "$file"
	done
	git status --porcelain -uno
	find .git/mldv/store/runs .git/mldv/store/packs -type f | sort
	find .git/mldv/journal -type f 2>/dev/null | sort
}

check 'what makes the same is reproducible, and nothing has changed' '
	three
	look >before
	mldv repro --check >out
	cat out
	has "a is reproducible" out
	has "b is reproducible" out
	has "c is reproducible" out
	look >after
	same before after
	[ ! -e .git/mldv/failed ]
	mldv repro -n
	mldv fsck
'

check 'what makes something else is not: 4, and it is kept' '
	three
	echo other >"$scratch/what"
	look >before
	fails 4 mldv repro --check >out
	cat out stderr
	has "a is reproducible" out
	has "c is reproducible" out
	has "b is not reproducible: differs: b.out (at byte 3); what it made is in" out
	has "1 stage is not reproducible" stderr
	look >after
	same before after
	[ "$(find .git/mldv/failed -name b.out -exec tail -n 1 {} +)" = other ]
	fails 4 mldv repro --check --json >json
	python3 -c "import json; print([s[\"state\"] for s in json.load(open(\"json\"))])" >states
	has "differs" states
'

check 'a command that fails, or makes too little, leaves all as it was' '
	three
	sed -i "s/^cmd = wc.*/cmd = test -e nothing || wc -l <b.out >c.out/" mldv.ini
	mldv repro
	: >nothing
	look >before
	fails 4 mldv repro --check c >out
	has "c.out (was not made)" out
	sed -i "s/test -e nothing/[ ! -e nothing ] || exit 3/; s/exit 3 ||/exit 3;/" mldv.ini
	mldv status >out
	rm nothing
	mldv repro
	: >nothing
	look >before
	fails 1 mldv repro --check c >out
	look >after
	same before after
'

check 'what is stale is not run: 3; outputs that are missing stay away' '
	three
	rm c.out
	mldv repro --check >out
	has "c is reproducible" out
	[ ! -e c.out ]
	sed -i "s/wc -l/wc -c/" mldv.ini
	fails 3 mldv repro --check >out
	has "did not check c" out
	has "1 stage is stale and was not checked" stderr
	fails 2 mldv repro --check -f
	fails 2 mldv repro --check -n
'

check 'a directory with another file in it differs' '
	three
	sed -i "s/echo more >a.out.y/& ; [ ! -e \$scratch\/z ] || : >a.out\/z/" mldv.ini
	mldv repro
	: >"$scratch/z"
	look >before
	fails 4 mldv repro --check a >out
	rm "$scratch/z"
	has "a is not reproducible: differs: a.out" out
	look >after
	same before after
'

check 'whoever kills it finds the outputs again' '
	three
	sed -i "s/^cmd = wc/cmd = [ ! -e \$scratch\/z ] || kill -9 \$PPID; wc/" mldv.ini
	mldv repro
	: >"$scratch/z"
	look >before
	mldv repro --check c >out 2>&1 || [ $? -eq 137 ]
	rm "$scratch/z"
	mldv repro
	has "2\|3" c.out
	mldv repro -n
	look >after
	same before after
'

check 'with --no-pull a stage that needs what is not here is status 5' '
	three
	mldv remote add r "$PWD/../remote"
	git add -A; git commit -qm 1; mldv push
	git clone -q . ../q
	cd ../q
	sed -i "s/wc -l/wc -c/" mldv.ini
	fails 5 mldv repro --no-pull
	cat stderr
	grep -q "b.out" stderr
	[ ! -e b.out ]
	[ ! -e c.out ]
	# What needs nothing else is done all the same.
	mldv repro --no-pull -n a
	mldv repro
	[ -e c.out ]
	[ ! -e a.out ]
'

finish
