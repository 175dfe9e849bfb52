#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A call that fails, a disk that is full, a store that may not be written to:
# status 1 and one clear sentence, nothing half done that could be seen, and
# the same command succeeds once the fault is gone. And items, stores and
# remotes on other file systems than .git.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

# explained: a command that failed has said why, in its last line and in the
# system's words.
# shellcheck disable=SC2154 # dir, needs, next and words: from world_command
explained() {
	if ! tail -n 1 "$scratch/said" | grep -q '^mldv: ' ||
		! grep -q "^mldv: .*$1" "$scratch/said"; then
		echo 'it does not say why'
		return 1
	fi
}

# Each file in the work tree is as it was before or as it is after, and those
# that are new are not there in parts.
unharmed() {
	(cd "$w/$dir" && find . -name .git -prune -o -type f \
		! -name '.mldv-tmp.*' -print) |
		while read -r file; do
			cmp -s "$w/$dir/$file" "$states/$1/$dir/$file" ||
				cmp -s "$w/$dir/$file" "$states/$next/$dir/$file" ||
				echo "$file"
		done >"$scratch/harmed"
	[ ! -s "$scratch/harmed" ] || {
		echo 'neither as before nor as after:'
		cat "$scratch/harmed"
		return 1
	}
}

# again: without the fault, it is done, and all is in order.
again() {
	cd "$w/$dir" || return 1
	# shellcheck disable=SC2086
	$words && alike "$states/$next/$dir" . && mldv fsck || return 1
	[ "$next" != pull ] || (
		cd "$w/c" && git pull -q "$states/pull/p" main && mldv pull &&
			alike "$states/pulled/c" .
	)
}

# outcome STATE TEXT: of one command that met a fault.
outcome() {
	case $got in
	0) alike "$states/$next/$dir" "$w/$dir" || return 1 ;;
	1) explained "$2" || return 1 ;;
	*)
		echo "status $got"
		return 1
		;;
	esac
	unharmed "$1" && (again)
}

# bears STATE CALLS ERROR TEXT [STEP [+]]: the first such call fails, the
# second, … until there is none left to fail; with + all that follow fail too.
bears() {
	state=$1 calls=$2 error=$3 text=$4 step=${5:-1} more=${6:-}
	world_command "$state"
	n=1 bad='' failures=0
	while :; do
		got=0
		# shellcheck disable=SC2086
		load "$state" "$dir" $needs
		# shellcheck disable=SC2086
		(cd "$w/$dir" && "$inject" "$calls" "$n$more" "$error" \
			"$scratch/count" $words) >"$scratch/said" 2>&1 || got=$?
		[ "$(cat "$scratch/count")" -ge "$n" ] || break
		failures=$((failures + (got == 1)))
		(outcome "$state" "$text") >"$scratch/verdict" 2>&1 || {
			[ -n "$bad" ] || cat "$scratch/said" "$scratch/verdict"
			bad="$bad $n"
		}
		n=$((n + step))
	done
	if [ "$failures" -lt 1 ] || [ -n "$bad" ]; then
		echo "$failures of $n failed, wrong were:$bad"
		return 1
	fi
}

check 'the commands do what they are to when left alone' '
	(set -e; world_make) >log 2>&1 || { cat log; exit 1; }
'

# Every call once; the many of push and pull only one in two. A full disk is
# full for all who come after.
for state in add repro push pull checkout; do
	case $state in push | pull) step=2 ;; *) step=1 ;; esac
	check "$state: the disk has no room for one write, file or directory" '
		bears $state write,create,mkdir ENOSPC "No space left" $step
	'
	check "$state: the disk is full from some moment on" '
		bears $state write,create,mkdir,link ENOSPC "No space left" 5 +
	'
	check "$state: a sync, a rename, a removal gives an error" '
		bears $state sync,rename,link,remove EIO "Input/output error" $step
	'
done

# --- real limits ---

check 'a file size limit is an error and not a death' '
	load add p
	cd "$w/p"
	got=0
	(ulimit -f 2000; mldv add data/d) 2>../said || got=$?
	cat ../said
	[ $got -eq 1 ]
	has "^mldv: .*File too large" ../said
	mldv fsck
	mldv add data/d data/new && alike "$states/repro/p" .
'

# as_root COMMAND...: with mounts that nobody else sees and that go away with
# it. Who is not root is root in a user namespace, if the kernel lets.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		unshare -m -- "$@"
	else
		unshare -rm -- "$@"
	fi
}

if as_root true 2>/dev/null; then
	check 'a full disk: nothing is lost, and it works when there is room' '
		load add p
		export w states
		as_root sh -ec "
			mount -t tmpfs -o size=14m tmpfs \$w/p/.git
			cp -a \$states/add/p/.git/. \$w/p/.git/
			cd \$w/p
			dd if=/dev/zero of=.git/ballast bs=64k 2>/dev/null || :
			got=0
			mldv add data/d data/new 2>../said || got=\$?
			cat ../said
			[ \$got -eq 1 ]
			grep \"^mldv: .*No space left\" ../said
			mldv status
			mldv fsck
			rm .git/ballast
			mldv add data/d data/new
			mldv fsck
		"
		alike "$states/repro/p" "$w/p"
	'
	check 'a read-only store: reading works, writing says why not' '
		load placed c r
		export w states
		as_root sh -ec "
			cd \$w/c
			mount --bind .git/mldv/store .git/mldv/store
			mount -o remount,bind,ro .git/mldv/store
			rm -rf data/d
			mldv checkout
			mldv status
			mldv fsck
			mldv push
			echo new >data/d/new
			got=0
			mldv add data/d 2>../said || got=\$?
			cat ../said
			[ \$got -eq 1 ]
			grep \"^mldv: .*Read-only file system\" ../said
		"
	'
	check 'a read-only work tree: nothing changes' '
		load checkout c
		export w states
		as_root sh -ec "
			cd \$w/c
			mount --bind data data
			mount -o remount,bind,ro data
			got=0
			mldv checkout 2>../said || got=\$?
			cat ../said
			[ \$got -eq 1 ]
			grep \"^mldv: .*Read-only file system\" ../said
		"
		alike "$states/checkout/c/data" "$w/c/data"
		cd "$w/c" && mldv checkout && alike "$states/placed/c" .
	'
	check 'a full remote: nothing is lost, and it works when there is room' '
		mkdir r && project p
		cd p && mkdir d
		for i in 1 2 3 4 5 6 7 8 9; do noise $i 300000 >d/$i; done
		mldv remote add origin "$PWD/../r"
		mldv add d && commit first
		as_root sh -ec "
			mount -t tmpfs -o size=1m tmpfs ../r
			got=0
			mldv push 2>../said || got=\$?
			cat ../said
			[ \$got -eq 1 ]
			grep \"^mldv: .*No space left\" ../said
			[ ! -d ../r/items ] || [ -z \"\$(find ../r/items -type f)\" ]
			mount -o remount,size=20m ../r
			mldv push
			[ -z \"\$(find ../r -name .mldv-tmp.\*)\" ]
			git clone -q . ../q && cd ../q && mldv pull
		"
		same d ../q/d
	'
	# The directory above the item is a mount, and the item itself is one.
	for mount in data data/d; do
		check "$mount is on another file system than .git" '
			load add p r
			mount=$mount
			export w states mount
			as_root sh -ec "
				cd \$w/p
				mv \$mount ../kept
				mkdir \$mount
				mount -t tmpfs tmpfs \$mount
				cp -a ../kept/. \$mount/
				mldv add data/d data/new
				mldv status
				mldv push data
				find \$mount -mindepth 1 -delete
				git checkout -q data
				mldv checkout
				mldv fsck
				diff -r --no-dereference \$states/repro/p/data data
				git reset -q --hard first
				mldv checkout
				mldv status
				[ \"\$(find . -name .mldv-tmp.\\*)\" = \"\" ]
				mldv repro
				mldv repro -n
			"
		'
	done
else
	skip 'a full disk, read-only stores, items that are mounts' \
		'no mounts may be made here'
fi

# Two file systems without a mount: memory, and where the build lies.
check 'the store is on another file system' '
	disk=$(mktemp -d "$(dirname "$MLDV")/mldv-test.XXXXXX")
	trap "rm -rf $disk" EXIT
	[ "$(stat -c %d "$disk")" -ne "$(stat -c %d "$w")" ] ||
		echo "they are the same file system here"
	load add p r
	cd "$w/p"
	mldv config --local store.dir "$disk/store"
	cp -a .git/mldv/store "$disk/"
	mldv add data/d data/new
	mldv fsck && mldv push data
	rm -rf data/d data/new
	mldv checkout
	alike "$states/repro/p/data" data
	# And killed there, at every fourth moment.
	n=1
	while :; do
		rm -rf "$disk/store" "$w/p"
		cp -a "$states/add/p" "$w"
		cd "$w/p"
		mldv config --local store.dir "$disk/store"
		cp -a .git/mldv/store "$disk/"
		got=0
		"$inject" all $n KILL ../count mldv add data/d data/new || got=$?
		[ "$got" -ne 0 ] || break
		[ "$got" -eq 137 ]
		mldv add data/d data/new
		mldv fsck
		rm -rf data/d data/new
		mldv checkout
		alike "$states/repro/p/data" data
		n=$((n + 4))
	done
	[ "$n" -gt 20 ]
'
finish
