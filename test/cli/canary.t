#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What must not get out does not: a file that was removed before the push,
# and secrets in the environment, in addresses and in files that nobody added.
# Each is searched for, decompressed, in all that mldv wrote; and each search
# is tried on a place where it must find something.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

canary='canary-b64f1a7e'

# all DIRECTORY...: the names and the bytes of everything there, of packs the
# decompressed ones, of Git objects too.
all() {
	for root; do
		find "$root" -printf '%p %l\n'
		find "$root" -type f ! -name '*.tar.zst' ! -path '*/objects/*' \
			-exec cat {} +
		find "$root" -type f -name '*.tar.zst' -exec cat {} + \
			-exec zstd -dcq {} \;
		find "$root" -type d -name .git | while read -r git; do
			git --git-dir="$git" cat-file --batch-all-objects \
				--batch
		done
	done
}

# holds DIRECTORY...: the canary is there.
holds() {
	all "$@" >"$scratch/everything"
	grep -aq -e "$canary" "$scratch/everything" || {
		echo "$canary is not in: $*"
		return 1
	}
}

# free DIRECTORY...: it is not, in anything.
free() {
	all "$@" >"$scratch/everything"
	[ -s "$scratch/everything" ] || return 1
	if grep -a -e "$canary" "$scratch/everything" | head -c 2000 | grep .; then
		echo "$canary is in: $*"
		grep -rla -e "$canary" "$@" || :
		return 1
	fi
}

# start: a project with an item that was pushed, and its remote.
start() {
	mkdir r && project p && cd p
	mldv remote add origin "$PWD/../r"
	mkdir -p d/sub
	for i in 1 2 3 4 5; do
		echo "file $i" >"d/sub/$i"
	done
	mldv add d
	commit first
	mldv push
}

# killed N COMMAND...: before its Nth call that changes the disk.
killed() {
	calls=$1
	shift
	"$inject" all "$calls" KILL "$scratch/calls" "$@" && got=0 || got=$?
	[ "$got" -eq 137 ] || {
		echo "$got, and not killed at $calls: $*"
		return 1
	}
}

check 'a file removed before the push stays here' '
	start
	echo $canary >d/sub/secret
	mldv add d
	rm d/sub/secret && echo more >d/sub/6
	mldv add d
	commit second
	mldv push
	holds .git/mldv
	free ../r
	git clone -q . ../c && cd ../c && mldv pull
	same ../p/d d
	free .
'

check 'so does its name, which is in a tree' '
	start
	echo x >d/sub/$canary
	mldv add d
	rm d/sub/$canary
	mldv add d
	mldv push
	holds .git/mldv
	free ../r
'

check 'it stays here though it came with files that are pushed' '
	mkdir r && project p && cd p
	mldv remote add origin "$PWD/../r"
	mkdir d
	for i in 1 2 3 4 5 6 7 8 9; do
		echo "file $i" >d/$i
		echo "$canary $i" >d/$i.secret
	done
	mldv add d
	rm d/*.secret
	mldv add d
	commit first
	mldv push
	holds .git/mldv
	free ../r
	mldv gc --delete
	mldv push
	free ../r
'

check 'pieces of a large file that was removed stay here' '
	start
	{ noise 1 6000000; echo $canary; noise 2 6000000; } >d/large
	mldv add d
	{ noise 1 6000000; echo nothing; noise 2 6000000; } >d/large
	mldv add d
	mldv push
	holds .git/mldv
	free ../r
	all ../r | grep -aq nothing
'

check 'an item that was added but is not in the commit pushed stays here' '
	start
	echo $canary >secret
	mldv add secret
	holds .git/mldv
	mldv rm secret
	mldv push
	free ../r
'

check 'a push of one item takes nothing of another' '
	start
	mkdir e && echo $canary >e/secret && echo other >d/sub/2
	mldv add d e
	commit both
	mldv push d
	free ../r
	mldv push
	holds ../r
'

check 'a push that was killed brings nothing but what it was to bring' '
	start
	echo $canary >d/sub/secret
	mldv add d
	rm d/sub/secret
	noise 5 4500000 >d/sub/big
	mldv add d
	for call in 1 5 10 20; do
		killed $call mldv push
		free ../r
	done
	mldv push
	free ../r
'

# Stages that succeed, fail, and show what they are given. What a stage says
# itself is kept, in .git/mldv/logs and .git/mldv/failed: the one that fails is
# silent, and the log of the one that shows is looked for, and removed.
stages() {
	cat >>mldv.ini <<-'END'

		[params]
		lr = 0.1

		[stage uses]
		cmd = test -n "$TOKEN" && echo ${params.lr} >out
		deps = d
		outs = out
		params = lr

		[stage shows]
		cmd = echo "$TOKEN"; echo "$TOKEN" >&2; cp out shown
		deps = out
		outs = shown

		[stage fails]
		cmd = test -n "$TOKEN" && echo partial >never; exit 1
		deps = shown
		outs = never
	END
}

check 'a secret in the environment of a stage is written nowhere' '
	start
	stages
	TOKEN=$canary AWS_SECRET_ACCESS_KEY=$canary && export TOKEN \
		AWS_SECRET_ACCESS_KEY
	mldv repro uses shows >../said 2>&1
	has $canary ../said
	[ -e out ]
	[ -e shown ]
	if mldv repro fails; then exit 1; fi
	find .git/mldv/failed -name never | grep .
	has $canary .git/mldv/logs/shows/*.log
	rm -r .git/mldv/logs/shows
	free .
	commit stages
	mldv push
	mldv fetch && mldv status && mldv fsck && mldv diff HEAD
	free . ../r
'

check 'nor does it leave with a stage that runs elsewhere' '
	start
	cat >>mldv.ini <<-"END"

		[stage far]
		run = batch
		cmd = cat d/sub/1 >out; test -n "$PASSED" && echo "$WISH" >>out
		deps = d
		outs = out
		env = WISH
		env.pass = PASSED
		batch.submit = cd / && sh -c {run} >{log} 2>&1; echo 1
		batch.poll = echo COMPLETED
	END
	git add -A
	commit far
	TOKEN=$canary AWS_SECRET_ACCESS_KEY=$canary PASSED=$canary && export TOKEN \
		AWS_SECRET_ACCESS_KEY PASSED
	WISH=wanted mldv repro >../said 2>&1
	has wanted out
	ls ../r/ci/parcels | grep .
	grep -q wanted ../r/ci/parcels/*
	free . ../r
'

check 'nor when it is killed' '
	start
	stages
	TOKEN=$canary && export TOKEN
	for call in 1 10 20 30 40 60 80; do
		killed $call mldv repro uses
		free .git mldv.ini
		[ ! -e mldv.lock ] || free mldv.lock
	done
	mldv repro uses
	free .
'

check 'mldv itself does not say what is in the environment' '
	start
	stages
	TOKEN=$canary AWS_ACCESS_KEY_ID=$canary AWS_SECRET_ACCESS_KEY=$canary
	AWS_SESSION_TOKEN=$canary && export TOKEN AWS_ACCESS_KEY_ID \
		AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
	mkdir ../said
	for command in "repro uses" "repro -n" "config --list" "status" \
		"remote list" "push" "pull" "fsck" "gc -n" "version" "nonsense" \
		"metrics show" "ls"; do
		mldv $command >>../said/said 2>&1 || :
		mldv -v $command >>../said/said 2>&1 || :
	done
	[ -s ../said/said ]
	free ../said
'

check 'a command that has a secret in its text stays out of the lock' '
	start
	stages
	cat >>mldv.ini <<-END

		[stage careless]
		cmd = echo $canary >/dev/null && echo 1 >made
		outs = made
	END
	mldv repro careless
	free mldv.lock
'

check 'a password in an address is not repeated, nor kept' '
	start
	mkdir ../said
	address=http://me:$canary@localhost:1/x.git
	for command in "get $address x" "import $address x" \
		"remote add other $address"; do
		mldv $command >>../said/said 2>&1 && exit 1
	done
	has "clone.*connect" ../said/said
	has "address of remote" ../said/said
	free . ../said
	printf "[remote other]\nurl = %s\n" "$address" >>mldv.ini
	for command in "push -r other" "pull -r other" "fetch -r other" \
		status; do
		mldv $command >../said/said 2>&1 || :
		free ../said
	done
'

check 'files beside an item are not taken' '
	start
	echo $canary >secret && echo $canary >d.env && ln secret hard
	echo link >d/sub/7 && ln -s ../../secret d/sub/link
	mldv add d
	commit beside || :
	git rm -q --cached secret d.env hard
	mldv push
	free ../r
'

check 'a lock names its holder without what was typed' '
	start
	cp -r d $canary
	mldv add --note $canary d $canary
	ls .git/mldv/locks | grep .
	free .git/mldv/locks
'
finish
