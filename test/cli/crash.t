#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Killed at any moment, mldv leaves a project that is whole, and the same
# command, typed again, does what it was to do.
#
# What is on disk changes only by the calls that 'inject' counts: write,
# pwrite, copy_file_range, ftruncate, rename, unlink, rmdir, mkdir, link,
# symlink, chmod, utimensat, and openat where it may make a file. So a kill
# before each of them, in whichever thread it is, is a kill at every moment
# that can be told apart afterwards, and none is left out. A kill before fsync
# is the same as one before the next of these.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

changes=write,create,rename,remove,mkdir,link,attr

# recovered STATE: nothing that was begun is left, and nothing that was
# finished is lost.
# shellcheck disable=SC2154 # dir, needs, next and words: from world_command
recovered() {
	cd "$w/$dir" || return 1
	# What was not fetched yet is not there, and that is all.
	mldv fsck || [ "$?:$next" = 5:pulled ] || return 1
	# shellcheck disable=SC2086
	$words || return 1
	alike "$states/$next/$dir" . || return 1
	# What it wrote for Git is staged: a commit has all of it.
	git status --porcelain | grep -v '^[AM]  ' && return 1
	[ "$(git write-tree)" = \
		"$(git -C "$states/$next/$dir" write-tree)" ] || return 1
	mldv fsck || return 1
	# A remote is swept only by a push that comes by.
	find . -name '.mldv-tmp.*' >../found
	[ ! -s ../found ] || {
		cat ../found
		return 1
	}
	# All of it is in the store, and the version before too.
	rm -rf data/d data/new data/keep out
	mldv checkout || return 1
	alike "$states/$next/$dir" . || return 1
	git reset -q --hard first && rm -rf data/new && mldv checkout &&
		mldv status --exit-code || return 1
	[ "$1" != push ] || arrived
}

# What a push is for: another clone gets everything.
arrived() {
	(cd "$w/r" && find packs -type f ! -name '.*' | while read -r pack; do
		name=${pack##*/}
		echo "${name%%.*}  $pack"
	done | sha256sum -c --quiet -) || return 1
	cd "$w/c" && git pull -q "$states/pull/p" main && mldv pull &&
		alike "$states/pulled/c" .
}

# survives STATE: its command is killed at its first, second, … call, until
# it gets through.
survives() {
	world_command "$1"
	n=0 bad=''
	while :; do
		n=$((n + 1)) got=0
		# shellcheck disable=SC2086
		load "$1" "$dir" $needs
		# shellcheck disable=SC2086
		(cd "$w/$dir" && "$inject" "$changes" "$n" KILL "$w/count" $words) \
			>"$scratch/said" 2>&1 || got=$?
		[ "$got" -ne 0 ] || break
		[ "$got" -eq 137 ] && (recovered "$1") >>"$scratch/said" 2>&1 &&
			continue
		[ -n "$bad" ] || cat "$scratch/said"
		bad="$bad $n"
	done
	# It must have been killed at all, or nothing was tried.
	if [ "$n" -le 20 ] || [ -n "$bad" ]; then
		echo "killed at calls 1 to $((n - 1)), it did not recover from:$bad"
		return 1
	fi
}

check 'the commands do what they are to when left alone' '
	(set -e; world_make) >log 2>&1 || { cat log; exit 1; }
	alike "$states/pull/p" "$states/pulled/c"
'
for state in add repro push pull checkout; do
	check "killed at any moment, $state leaves nothing broken" '
		survives $state
	'
done
finish
