# SPDX-License-Identifier: Apache-2.0
#
# What the tests of faults start from: a small world of a project, a remote
# and a clone, in the states before each command. Sourced instead of lib.sh.
#
#   p   the project: items data/d (a dozen files, one of them chunked) and
#       data/keep, and a stage that makes out
#   r   its remote, a directory
#   c   a clone of p
#
# Paths are in the files, so a world is used at one place only, $w; states are
# copies of it. A state is named by the command that is to come.
# shellcheck shell=sh

# Durable writes are many here, and a killed process loses nothing that it
# gave to the kernel: memory will do for a disk.
if [ -z "${TMPDIR:-}" ] && [ -d /dev/shm ] &&
	[ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 500000 ]; then
	TMPDIR=/dev/shm
fi
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
w=$scratch/w states=$scratch/states
inject=$MLDV_TOOLS/inject
[ -x "$inject" ] || {
	echo "Bail out! $inject is not built: make run-tests"
	exit 1
}
mkdir "$w" "$states"

# noise NAME SIZE: bytes that do not compress, and always the same.
noise() {
	openssl enc -aes-256-ctr -nosalt -K "$(printf %064x "$1")" \
		-iv 00000000000000000000000000000000 </dev/zero 2>/dev/null |
		head -c "$2"
}

# commit MESSAGE: everything, in the current repository.
commit() {
	git add -A && git commit -qm "$1"
}

# save STATE: what $w has is kept under that name.
save() {
	rm -rf "${states:?}/$1"
	cp -a "$w" "$states/$1"
}

# load STATE [PART...]: all of it, or just these of p, r and c.
load() {
	state=$1
	shift
	[ $# -gt 0 ] || set -- p r c
	rm -rf "$w"
	mkdir "$w"
	for part; do
		cp -a "$states/$state/$part" "$w"
	done
}

# The data, its first version.
world_data() {
	mkdir -p data/d/text data/d/deep/er data/keep
	for i in 1 2 3 4; do
		echo "line $i" >"data/d/text/$i.txt"
		noise "$i" 3000 >"data/d/deep/$i.bin"
	done
	noise 9 4300000 >data/d/big.bin
	: >data/d/empty
	mkdir data/d/hollow
	ln -s ../big.bin data/d/deep/er/link
	printf '#!/bin/sh\n' >data/d/run.sh
	chmod +x data/d/run.sh
	echo kept >data/keep/file
}

# And its second: a file is changed, one is new, one gone, and 300 bytes are
# put into the middle of the chunked one. data/new is a new item.
world_change() {
	echo 'line two' >data/d/text/2.txt
	echo new >data/d/text/new.txt
	rm data/d/deep/3.bin
	{
		head -c 2000000 data/d/big.bin
		noise 8 300
		tail -c +2000001 data/d/big.bin
	} >big
	mv big data/d/big.bin
	mkdir data/new
	noise 7 3000 >data/new/one
}

# All states, in the order in which a user would come by them.
world_make() {
	mkdir "$w/r" && project "$w/p" && cd "$w/p" || return 1
	world_data
	mldv remote add origin "$w/r"
	cat >>mldv.ini <<-'END'

		[params]
		count = 2

		[stage sum]
		cmd =
		  mkdir -p out && cat data/d/text/* | head -n ${params.count} >out/lines
		deps = data/d
		outs = out
		params = count
	END
	mldv add data/d data/keep
	mldv repro
	commit first
	git tag first
	mldv push
	git clone -q "$w/p" "$w/c"
	(cd "$w/c" && mldv pull)
	world_change
	save add
	mldv add data/d data/new
	commit second
	save repro
	mldv repro
	commit third
	save push
	mldv push
	(cd "$w/c" && git pull -q)
	save pull
	cd "$w/c" || return 1
	mldv pull
	save pulled
	# Back to the first version, in part from nothing.
	git reset -q --hard first
	rm -rf data/keep data/new out
	save checkout
	mldv checkout
	save placed
}

# Where the command of a state runs, what it needs besides, what it is, and
# the state after it.
world_command() {
	case $1 in
	add) dir=p needs='' next=repro words='mldv add data/d data/new' ;;
	repro) dir=p needs='' next=push words='mldv repro' ;;
	push) dir=p needs='r c' next=pull words='mldv push' ;;
	pull) dir=c needs='r' next=pulled words='mldv pull' ;;
	checkout) dir=c needs='' next=placed words='mldv checkout' ;;
	esac
}

# alike EXPECTED ACTUAL: two work trees have the same files, executable or not.
alike() {
	diff -r --no-dereference --exclude=.git "$1" "$2" &&
		[ "$(modes "$1")" = "$(modes "$2")" ]
}

modes() {
	(cd "$1" && find . -name .git -prune -o -printf '%y %m %p\n' | sort)
}
