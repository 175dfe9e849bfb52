#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a command writes for Git is staged in the end, also if it was stopped
# before it could, and Git is never left locked.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
inject=$MLDV_TOOLS/inject

# begun COMMAND...: it changes mldv.ini, and is stopped before it stages that.
begun() {
	mldv config --local git.stage no
	"$@"
	mldv config --local --unset git.stage
	git diff --name-only | grep -qx mldv.ini
}

# repeated STATUS COMMAND...: once more, it stages what is left; then it has
# that status, as if it had never been stopped.
repeated() {
	status=$1
	shift
	"$@"
	git diff --exit-code
	git diff --cached --name-only | grep -qx mldv.ini
	before=$(git write-tree)
	fails "$status" "$@"
	[ "$(git write-tree)" = "$before" ]
}

check 'a lock of a killed command is removed by any that comes next' '
	project p
	cd p
	printf "mldv\n" >.git/index.lock
	mldv status
	[ ! -e .git/index.lock ]
	: >file
	git add file
'

check "a lock of Git's stays" '
	project p
	cd p
	: >.git/index.lock
	mldv status
	[ -e .git/index.lock ]
'

check 'where the lock cannot be removed, the status says so' '
	project p
	cd p
	git commit -qam one
	n=0 failures=0
	while
		n=$((n + 1)) got=0
		git reset -q --hard
		"$inject" remove "$n" EIO ../count \
			mldv new stage one -- true >../said 2>&1 || got=$?
		[ "$(cat ../count)" -ge "$n" ]
	do
		if [ "$got" -eq 0 ]; then
			[ ! -e .git/index.lock ]
		elif [ -e .git/index.lock ]; then
			failures=$((failures + 1))
			grep "cannot remove .*index.lock.: Input/output error" \
				../said
			mldv status
			[ ! -e .git/index.lock ]
		fi
	done
	[ "$failures" -gt 0 ]
'

check 'config --unset stages what an earlier run did not' '
	project p
	cd p
	mldv config gc.runs 10
	git commit -qam one
	begun mldv config --unset gc.runs
	repeated 3 mldv config --unset gc.runs
'

check 'remote add stages what an earlier run did not' '
	project p
	cd p
	git commit -qam one
	begun mldv remote add other /nowhere
	fails 1 mldv remote add other /elsewhere
	git diff --cached --exit-code
	repeated 1 mldv remote add other /nowhere
'

check 'remote remove stages what an earlier run did not' '
	project p
	cd p
	mldv remote add other /nowhere
	git commit -qam one
	begun mldv remote remove other
	repeated 2 mldv remote remove other
'

check 'new stage stages what an earlier run did not, and no other stage' '
	project p
	cd p
	git commit -qam one
	begun mldv new stage two -d data -o got -p lr=0.1 -- cp -r data got
	fails 2 mldv new stage two -d data -o got -- cp -r data got
	git diff --cached --exit-code
	repeated 2 mldv new stage two -d data -o got -p lr=0.1 -- cp -r data got
'

check 'without staging, a repeated command is refused as ever' '
	project p
	cd p
	git commit -qam one
	mldv config --local git.stage no
	mldv remote add other /nowhere
	fails 1 mldv remote add other /nowhere
	mldv new stage two -- true
	fails 2 mldv new stage two -- true
	git diff --cached --exit-code
'

finish
