#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
	project p
	cd p || return
	mldv remote add origin "$PWD/../remote"
	mkdir d e
	head -c 1000000 /dev/urandom >d/shared
	head -c 500000 /dev/urandom >d/own
	head -c 5000000 /dev/urandom >d/large
	cp d/shared e/shared
	mldv add d e
	git add -A
	git commit -qm 1
}

# number PATH KEY: out of the JSON in ./out
number() {
	python3 -c '
import json, sys
print([u for u in json.load(open("out")) if u["path"] == sys.argv[1]][0].get(sys.argv[2]))
' "$1" "$2"
}

# near A B: within 2 %
near() {
	[ "$1" -le $(($2 + $2 / 50)) ] && [ "$1" -ge $(($2 - $2 / 50)) ]
}

check 'it says what items take here, and what they share' '
	start
	mldv du --local >out
	has "^d  *3 files, 6.50 MB  *6.50 MB here, 1.00 MB shared$" out
	has "^e  *1 file, 1.00 MB  *1.00 MB here, 1.00 MB shared$" out
	has "^in all  *4 files, 7.50 MB  *6.50 MB here$" out
	mldv du --local --json >out
	near "$(number d local)" 6500000
	near "$(number d local_shared)" 1000000
	near "$(number e local)" 1000000
	[ "$(number e on_remote)" = None ]
'

check 'it asks the remote, and says what is not there' '
	start
	mldv du >out
	has "^d .* not there$" out
	mldv push
	mldv du >out
	# Small files of the same pack are shared like the pack; which of two
	# threads packs one is left to chance.
	has "^d .* here, 1.00 MB shared  *6.50 MB there, 1.[05]0 MB shared$" out
	has "^e .* 1.[05]0 MB there, 1.[05]0 MB shared$" out
	has "^in all .* 6.50 MB there$" out
	mldv du --json >out
	near "$(number d remote)" 6500000
	[ "$(number d on_remote)" = True ]
'

check 'what is not here takes no room here' '
	start
	mldv push
	git clone -q . ../q
	cd ../q
	mldv du --json >out
	[ "$(number d local)" -eq 0 ]
	[ "$(number d on_remote)" = True ]
	mldv pull e
	mldv du >out
	has "^e .* 1.00 MB here" out
'

check 'paths narrow it down; without a remote there is none to ask' '
	start
	mldv remote remove origin
	mldv du e >out
	has "^e  *1 file, 1.00 MB  *1.00 MB here, 1.00 MB shared$" out
	hasnt "^d " out
	hasnt "there" out
	fails 1 mldv du nosuch
	fails 2 mldv du -r nosuch
'

finish
