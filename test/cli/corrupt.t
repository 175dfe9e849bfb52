#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whatever byte is wrong, here or on the remote, no wrong byte comes into the
# work tree; a sentence names what is damaged and the way out; and what is
# repaired, or was only damaged on the way, works again.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

# flip FILE OFFSET: all bits of a byte are inverted.
flip() {
	was=$(od -An -tu1 -j"$2" -N1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((255 - was)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# nudge FILE OFFSET: the last bit of a byte, so that text stays text.
nudge() {
	was=$(od -An -tu1 -j"$2" -N1 "$1")
	# shellcheck disable=SC2059
	printf "\\$(printf %03o $((was ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# number FILE OFFSET: four bytes, little-endian.
number() {
	# shellcheck disable=SC2046
	set -- $(od -An -tu1 -j"$2" -N4 "$1")
	echo $(($1 + ($2 << 8) + ($3 << 16) + ($4 << 24)))
}

# Every kind of damage to a file, one a line: each region of a pack, and the
# odd place of anything else.
pack_damages() {
	size=$(stat -c %s "$1")
	index=$(number "$1" $((size - 48)))
	middle=$((index / 2))
	# Frame header and block header; the names, sizes and payloads between;
	# the end of the archive; the skippable frame's header; the first
	# record's oid, offset, length, place and size; the last record; the
	# footer's fields.
	for at in 0 4 5 9 12 80 90 200 400 600 $((middle - 1)) $middle \
		$((index - 1200)) $((index - 3)) \
		$index $((index + 4)) $((index + 8)) $((index + 40)) \
		$((index + 44)) $((index + 48)) $((index + 51)) \
		$((index + 52)) $((size - 80)) $((size - 68)) \
		$((size - 64)) $((size - 56)) $((size - 52)) \
		$((size - 48)) $((size - 44)) $((size - 40)) \
		$((size - 32)) $((size - 1)); do
		[ "$at" -lt 0 ] || [ "$at" -ge "$size" ] || echo "flip $at"
	done
	printf '%s\n' "cut $((size - 1))" "cut $index" "cut $middle" 'cut 0' \
		grow gone
}

text_damages() {
	size=$(stat -c %s "$1")
	at=0
	while [ "$at" -lt "$size" ]; do
		echo "flip $at"
		echo "nudge $((at + 3 < size ? at + 3 : at))"
		at=$((at + 1 + size / 23))
	done
	printf '%s\n' "nudge $((size - 2))" "flip $((size - 1))" \
		"cut $((size - 1))" "cut $((size / 2))" 'cut 0' grow gone
}

# damage FILE HOW...
damage() {
	chmod u+w "$1"
	case $2 in
	flip | nudge) "$2" "$1" "$3" ;;
	cut) truncate -s "$3" "$1" ;;
	grow) echo junk >>"$1" ;;
	gone) rm -f "$1" ;;
	esac
}

# says STATUS: a command that ended so has told the user all: one line for
# what is wrong and one for the end of it, with a name and what to do.
says() {
	case $1 in
	0) return 0 ;;
	1) has "is a remote no more" "$w/said" || return 1 ;;
	3 | 4 | 5) ;;
	*)
		echo "status $1"
		return 1
		;;
	esac
	has '^mldv: ' "$w/said" || return 1
	grep -Eq "[0-9a-f]{64}|'[^']*(mldv|data|out|format)[^']*'" \
		"$w/said" || {
		echo 'it does not say what is damaged'
		return 1
	}
	grep -q '; ' "$w/said" || {
		echo 'it does not say the way out'
		return 1
	}
}

# only_right TREE EXPECTED...: every file of the data in a work tree is as in
# one of those.
only_right() (
	tree=$1
	shift
	cd "$tree" || return 1
	find data out -type f ! -name '*.mldv' 2>/dev/null |
		while read -r file; do
			for right; do
				cmp -s "$file" "$right/$file" && continue 2
			done
			echo "wrong bytes in $file"
		done >"$w/wrong"
	[ ! -s "$w/wrong" ] || {
		cat "$w/wrong"
		return 1
	}
)

# run COMMAND...: what it says is kept and shown, its status is left in $got.
run() {
	got=0
	"$@" >"$w/said" 2>&1 || got=$?
	echo "$* gives $got:"
	cat "$w/said"
}

# The world that is damaged: parts of a state, and what is done to it before.
from='' also=:
world() {
	# shellcheck disable=SC2086
	load $from
	eval "$also"
}

# each FILE LISTING VERDICT: for every damage the listing has of a file, the
# world is loaded anew, the damage is done, and the verdict asked.
each() {
	file=$1 bad=0 tried=0
	$2 "$w/$file" >"$scratch/damages"
	while read -r how at; do
		tried=$((tried + 1))
		world
		damage "$w/$file" "$how" "$at"
		("$3") >"$scratch/verdict" 2>&1 </dev/null && continue
		bad=$((bad + 1))
		echo "--- $file, $how $at:"
		cat "$scratch/verdict"
	done <"$scratch/damages"
	echo "$bad of $tried were wrong"
	[ "$tried" -gt 2 ] && [ "$bad" -eq 0 ]
}

# The packs of the world's remote or store, by what they hold: the first
# that has trees, small files, chunks.
packs() (
	cd "$w" || return 1
	for kind in mldv-tree mldv-chunks; do
		for pack in "$1"/packs/*/*; do
			zstd -dc "$pack" 2>/dev/null | grep -aq "$kind" || continue
			echo "$pack"
			break
		done
	done
	# Neither: content.
	for pack in "$1"/packs/*/*; do
		zstd -dc "$pack" 2>/dev/null | grep -aq 'mldv-[tc]' && continue
		echo "$pack"
		break
	done
)

check 'the world is there' '
	(set -e; world_make) >log 2>&1 || { cat log; exit 1; }
'

# --- the remote ---

from='pull r c'

# Pulled from a damaged remote, and again when the damage is gone.
pulled() {
	cd "$w/c" || return 1
	run mldv pull
	says "$got" || return 1
	only_right . "$states/pull/c" "$states/pulled/c" || return 1
	[ "$got" -ne 0 ] || alike "$states/pulled/c" . || return 1
	rm -rf "$w/r" && cp -a "$states/pull/r" "$w/r" || return 1
	run mldv pull
	[ "$got" -eq 0 ] || return 1
	alike "$states/pulled/c" . && mldv fsck && mldv status --exit-code
}

world
for pack in $(packs r); do
	check "damage to a pack on the remote: ${pack##*/}" '
		each "$pack" pack_damages pulled
	'
done
# One that the pull reads.
manifest=$(cd "$w" && oid=$(sed -n "s/^oid sha256://p" "$states/pull/p/data/d.mldv") &&
	echo r/manifests/*/*/"$oid".dir)
for file in "$manifest" r/format; do
	check "damage to ${file##*/} on the remote" '
		each "$file" text_damages pulled
	'
done

# Pushed to a remote where what is there already is damaged: what the push
# says is there can be had, or it says that it failed.
from='push p r c'
pushed() {
	cd "$w/p" || return 1
	run mldv push
	says "$got" || return 1
	[ "$got" -eq 0 ] || return 0
	cd "$w/c" && git pull -q || return 1
	run mldv pull
	says "$got" || return 1
	only_right . "$states/pull/c" "$states/pulled/c"
}

world
manifest=$(cd "$w" && oid=$(git -C "$states/push/p" show first:data/d.mldv |
	sed -n "s/^oid sha256://p") && echo r/manifests/*/*/"$oid".dir)
for file in "$manifest" r/format; do
	check "a push beside damage to ${file##*/} on the remote" '
		each "$file" text_damages pushed
	'
done
for pack in $(packs r | tail -n 1); do
	check "a push beside a damaged pack on the remote" '
		each "$pack" pack_damages pushed
	'
done

# --- the store ---

from='pulled r c'

# Checked out and pushed from a damaged store; found, put aside and repaired.
mended() {
	cd "$w/c" || return 1
	rm -rf data/d data/new out
	run mldv checkout
	says "$got" || return 1
	only_right . "$states/pulled/c" || return 1
	[ "$got" -ne 0 ] || alike "$states/pulled/c" . || return 1
	# Another remote must not get it either.
	mkdir "$w/other" || return 1
	mldv remote add other "$w/other" >/dev/null || return 1
	run mldv push -r other
	says "$got" || return 1
	git reset -q --hard
	[ "$got" -ne 0 ] || (
		cp -a "$states/pull/c" "$w/x" && cd "$w/x" &&
			mldv remote add other "$w/other" &&
			mldv pull -r other && git reset -q --hard &&
			alike "$states/pulled/c" .
	) || return 1
	# What other packs or the work tree have too is repaired at once.
	rm -rf data/d data/new out data/keep
	run mldv fsck
	says "$got" || return 1
	[ "$got" -ne 0 ] || ! grep -v "; repaired$" "$w/said" |
		grep -v "^mldv: warning: .* was moved to" || return 1
	[ "$how" = gone ] || [ -n "$(ls .git/mldv/quarantine)" ] || {
		echo "nothing is in quarantine"
		return 1
	}
	run mldv fsck --repair
	[ "$got" -eq 0 ] || return 1
	mldv checkout && alike "$states/pulled/c" . && mldv fsck
}

world
for pack in $(packs c/.git/mldv/store); do
	check "damage to a pack in the store: ${pack##*/}" '
		each "$pack" pack_damages mended
	'
done
for file in $(cd "$w" && echo c/.git/mldv/store/files/*/*); do
	check "damage to a large file in the store" '
		large() {
			printf "%s\n" "flip 0" "flip 2000000" "cut 1" "cut 0" grow gone
		}
		each "$file" large mended
	'
	break
done

# --- what Git keeps ---

# A pointer is taken for what it says; if it says nothing that can be, it is
# refused, and nobody's data is touched.
pointed() {
	cd "$w/c" || return 1
	for command in status checkout push pull fsck 'diff HEAD'; do
		# shellcheck disable=SC2086
		run mldv $command
		says "$got" || return 1
		only_right . "$states/pulled/c" || return 1
	done
	git reset -q --hard && git clean -qdf && rm -rf data/d out &&
		mldv pull && alike "$states/pulled/c" . && mldv fsck
}

from='pulled r c'
check 'damage to a pointer' '
	each c/data/d.mldv text_damages pointed
'
check 'damage to the lock' '
	each c/mldv.lock text_damages pointed
'
check 'a repro with a damaged lock, or a damaged run record, is right' '
	from="push p"
	rerun() {
		cd "$w/p" || return 1
		rm -rf out
		run mldv repro
		says "$got" || return 1
		only_right . "$states/push/p" || return 1
		git reset -q --hard && mldv repro && mldv repro -n &&
			alike "$states/push/p" .
	}
	world
	each p/mldv.lock text_damages rerun
	# The run that is taken in place of running again.
	from="repro p" also="cp -a $states/push/p/.git/mldv/store $w/p/.git/mldv/"
	world
	for record in $(cd "$w" && ls p/.git/mldv/store/runs/*/*); do
		each "$record" text_damages rerun
	done
'

# --- what may be deleted at any time ---

# Nothing but time is lost with what is below state/ and seen/.
unharmed() {
	cd "$w/p" || return 1
	mldv status --exit-code && mldv repro -n || return 1
	# The size stays as it was.
	printf "LINE 4\n" >data/d/text/4.txt
	mldv status >../said && has "data/d" ../said || return 1
	run mldv add data/d
	[ "$got" -eq 0 ] || return 1
	git commit -qam fourth && mldv push || return 1
	git clone -q . ../x && cd ../x && mldv pull || return 1
	rm -rf ../p/out out
	alike ../p . && mldv fsck
}

check 'damage to caches makes things slower and never wrong' '
	from="pull p r" also="(cd $w/p && mldv status && mldv repro) >/dev/null"
	world
	some() {
		size=$(stat -c %s "$1")
		printf "%s\n" "flip 0" "flip $((size / 3))" \
			"flip $((size / 2))" "flip $((size - 2))" "cut 0" \
			"cut $((size / 2))" grow gone
	}
	for cache in $(cd "$w" && find p/.git/mldv/state \
		p/.git/mldv/store/seen -type f -size +0); do
		each "$cache" some unharmed
	done
'
finish
