#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What must not get out does not: a file that was added by mistake and removed
# before the push, and a secret in the environment.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

canary='canary-5Qk9 must-not-be-seen'

# found DIRECTORY...: the canary is in a file there, or in a name, or in what
# a pack unpacks to.
found() {
	grep -raqF "$canary" "$@" && return 0
	find "$@" -name "*$canary*" | grep -q . && return 0
	find "$@" -name '*.tar.zst' -exec zstd -dcq {} + | grep -aqF "$canary"
}

# hidden DIRECTORY...
hidden() {
	! found "$@" || {
		echo "it is there: $*"
		grep -ralF "$canary" "$@"
		return 1
	}
}

start() {
	mkdir r
	project p
	cd p || return 1
	mldv remote add origin "$PWD/../r"
	mkdir data
	for i in 1 2 3; do
		echo "line $i" >"data/$i"
	done
}

# No byte of it in the remote's packs; the same test finds what is there.
check 'a file that was removed before the push is not on the remote' '
	start
	echo "$canary" >data/secret
	openssl enc -aes-256-ctr -nosalt -K 01 -iv 00 </dev/zero 2>/dev/null |
		head -c 5000000 >data/large
	{ cat data/large; echo "$canary"; } >data/secret-large
	mldv add data
	git commit -qm mistake
	found .git/mldv/store
	rm data/secret data/secret-large
	mldv add data
	git commit -qm mended
	mldv push
	hidden ../r
	zstd -dcq ../r/packs/*/* | grep -aq "line 2"
	git clone -q . ../c && cd ../c && mldv pull
	same ../p/data data
'

check 'nor if it was in the pack of files that are pushed' '
	start
	echo "$canary" >data/secret
	mldv add data
	git mv -k data.mldv data.mldv
	rm data/secret
	mldv add data
	git commit -qm data
	mldv push && hidden ../r
	# The same again, with a remote that has the rest.
	echo "$canary" >data/secret && echo more >data/more
	mldv add data && rm data/secret && mldv add data
	git commit -qm more
	mldv push && hidden ../r
'

check 'nor if an item was taken away before the push' '
	start
	mkdir private && echo "$canary" >private/note
	mldv add data private
	git commit -qm both
	mldv rm private
	git commit -qm one
	mldv push
	hidden ../r
	[ "$(find ../r/manifests -type f | wc -l)" -eq 1 ]
'

check 'nor if only some items are pushed' '
	start
	mkdir private && echo "$canary" >private/note
	mldv add data private
	git commit -qm both
	mldv push data
	hidden ../r
	mldv push
	found ../r
'

check 'a secret in the environment is nowhere afterwards' '
	start
	mldv add data
	cat >>mldv.ini <<-END

		[stage ok]
		cmd = cat data/1 >out
		deps = data
		outs = out

		[stage fails]
		cmd = cat out >bad && exit 7
		deps = out
		outs = bad
	END
	git add -A && git commit -qm stages
	SECRET_TOKEN=$canary AWS_SECRET_ACCESS_KEY=$canary mldv repro >log 2>&1 && exit 1
	hidden log .git mldv.lock mldv.ini
	SECRET_TOKEN=$canary mldv repro ok >log 2>&1
	SECRET_TOKEN=$canary mldv status >log 2>&1
	git add -A && git commit -qm locked
	SECRET_TOKEN=$canary mldv push >>log 2>&1
	hidden log .git mldv.lock mldv.ini ../r
	[ -n "$(find .git/mldv/store/runs -type f)" ]
'

check 'a lock names its holder without what was typed' '
	start
	cp -r data "$canary"
	mldv add --note "$canary" data "$canary"
	hidden .git/mldv/locks
'
finish
