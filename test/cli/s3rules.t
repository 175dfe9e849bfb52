#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The rules by which pushes, garbage collections and purges share a bucket:
# each is stopped or killed before requests of its, while others run, and
# whatever happens no manifest names a pack that is not there, and what was
# pushed can be pulled. Of the requests every few, or with MLDV_LONG all.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

every=11
[ -z "${MLDV_LONG:-}" ] || every=1
gc='mldv gc -r origin --delete'

# begin: version one of d, needed by nobody any more, and clone a, which is
# about to push a version that shares most of its objects with it; clone b
# knows nothing of either. All below saved.
begin() {
	echo "{\"buckets\": {}}" >fake.json
	fake_s3
	here=$PWD
	git init -q --bare s.git
	project a
	(
		cd a || exit 1
		git remote add origin "$PWD/../s.git"
		mldv remote add origin s3://none/r
		git add -A
		git commit -qm "no data"
		git push -q origin HEAD:main
		mkdir d
		for i in 1 2 3; do
			seq 1 2000 | sed "s/^/secret $i /" >"d/$i"
		done
		mldv add d
		git add -A
		git commit -qm one
		git rev-parse HEAD >../one
		echo two >d/new
		mldv add d
		git commit -q --amend -am two
		git reflog expire --expire=now --all
		rm -f .git/ORIG_HEAD
	) || return 1
	git clone -q s.git b
	mkdir saved
	mv a b s.git saved
}

# fresh: the same, with a new bucket on which version one lies for 30 days, or
# $empty.
fresh() {
	number=$((${number:-0} + 1))
	bucket=b$number
	fake faults '#'
	fake buckets "{\"$bucket\": {\"versioned\": true}}"
	rm -rf a b s.git fresh
	cp -a saved/a saved/b saved/s.git .
	for clone in a b; do
		(cd "$clone" && mldv config --local remote.origin.url \
			"s3://$bucket/r" >/dev/null 2>&1)
	done
	[ -z "${empty:-}" ] || return 0
	(cd a && mldv push --revision "$(cat ../one)" >/dev/null) || return 1
	days 30
}

days() {
	fake age "{\"bucket\": \"$bucket\", \"prefix\": \"\", \"seconds\": $(($1 * 86400))}"
}

# No manifest names a pack that is not there, whole.
sound() {
	python3 -B - "$top/test/tool" "$bucket" <<-'END'
		import re
		import sys
		sys.path.insert(0, sys.argv[1])
		import s3req
		bucket = sys.argv[2]


		def get(target):
		    answer = s3req.send('GET', target, [], b'')
		    assert answer.status == 200, target
		    return answer.read().decode()


		def listed(prefix):
		    text = get('/%s?list-type=2&prefix=r/%s' % (bucket, prefix))
		    return dict(re.findall(
		        r'<Key>([^<]*)</Key>.*?<Size>(\d+)</Size>', text, re.S))


		packs = listed('packs/')
		for manifest in listed('manifests/'):
		    for id, size in re.findall(
		            r'^(?:pack|trees) ([0-9a-f]{64}) (\d+) ',
		            get('/%s/%s' % (bucket, manifest)), re.M):
		        key = 'r/packs/%s/%s.tar.zst' % (id[:2], id)
		        if packs.get(key) != size:
		            sys.exit('%s names %s' % (manifest, key))
	END
}

# What clone a has committed is on the remote.
pulled() {
	rm -rf fresh
	git clone -q a fresh
	(
		cd fresh || exit 1
		mldv config --local remote.origin.url "s3://$bucket/r"
		mldv pull
	) >/dev/null 2>&1 || return 1
	same a/d fresh/d
}

# What follows whatever happened: time passes, b collects again and again.
aftermath() {
	sound && (cd a && mldv push >/dev/null &&
		git push -qf origin HEAD:main) && sound || return 1
	for pass in 2 20 2; do
		days "$pass"
		(cd b && git pull -q && $gc >/dev/null) && sound || return 1
	done
	pulled
}

# requests_of CLONE COMMAND...: how many requests it makes, in $most.
requests_of() {
	: >"$requests"
	(cd "$1" && shift && "$@" >/dev/null) || return 1
	most=$(wc -l <"$requests")
}

# held NUMBER CLONE COMMAND...: runs it until before that request; $job.
held() {
	echo "{\"fault\": \"hold\", \"skip\": $(($1 - 1))}" | fake faults
	: >"$requests"
	shift
	cd "$1" || return 1
	shift
	exec_in_background "$@"
	cd "$here" || return 1
	until grep -q '"fault": "hold"' "$requests"; do
		kill -0 "$job" 2>/dev/null || break
		sleep 0.05
	done
}

exec_in_background() {
	"$@" >/dev/null 2>&1 &
	job=$!
}

go_on() {
	fake faults '#'
	wait "$job" || :
}

killed() {
	kill -9 "$job" 2>/dev/null || :
	wait "$job" || :
	fake faults '#'
}

check 'a push is killed before a request, and collections follow' '
	begin
	fresh
	requests_of a mldv push -j 1
	[ "$most" -ge 5 ]
	for n in $(seq 2 $every "$most"); do
		fresh
		held "$n" a mldv push -j 1
		killed
		sound
		(cd b && $gc >/dev/null)
		sound
		days 2
		(cd b && $gc >/dev/null)
		aftermath || { echo "at $n"; exit 1; }
	done
'

check 'a collection is killed before a request, and pushes follow' '
	begin
	for before in 0 1; do
		fresh
		[ $before -eq 0 ] || { (cd b && $gc >/dev/null) && days 2; }
		requests_of b $gc
		[ "$most" -ge 5 ]
		for n in $(seq 3 $every "$most"); do
			fresh
			[ $before -eq 0 ] || { (cd b && $gc >/dev/null) && days 2; }
			held "$n" b $gc
			killed
			aftermath || { echo "at $n, $before"; exit 1; }
		done
	done
'

check 'a collection runs while a push stands still before a request' '
	begin
	for before in 0 1; do
		fresh
		[ $before -eq 0 ] || { (cd b && $gc >/dev/null) && days 2; }
		requests_of a mldv push -j 1
		for n in $(seq 2 $every "$most"); do
			fresh
			[ $before -eq 0 ] || { (cd b && $gc >/dev/null) && days 2; }
			held "$n" a mldv push -j 1
			(cd b && $gc >/dev/null)
			sound || { echo "at $n, $before"; exit 1; }
			go_on
			aftermath || { echo "at $n, $before"; exit 1; }
		done
	done
'

check 'a push runs while a collection stands still before a request' '
	begin
	fresh
	(cd b && $gc >/dev/null)
	days 2
	requests_of b $gc
	for n in $(seq 2 $every "$most"); do
		fresh
		(cd b && $gc >/dev/null)
		days 2
		held "$n" b $gc
		(cd a && mldv push >/dev/null 2>&1) || :
		go_on
		aftermath || { echo "at $n"; exit 1; }
	done
'

# secrets: is any of it left, in any version of any pack?
secrets() {
	s3 GET "/$bucket?versions&prefix=r/packs/" >versions
	sed 's/<Version>/\n&/g' versions |
		sed -n 's/.*<Key>\([^<]*\)<.*<VersionId>\([^<]*\)<.*/\1 \2/p' >list
	: >all
	while read -r key version; do
		s3 GET "/$bucket/$key?versionId=$version" >pack || continue
		zstd -dcq <pack | tar xOf - >>all
	done <list
	grep -aq secret all
}

check 'a purge is killed before a request, loses nothing, and is completed' '
	begin
	(
		cd saved/a
		mkdir e
		echo shared >e/file
		echo shared >d/file
		mldv add e d
		git add -A
		git commit -qm e
	)
	# No revision knows of what was amended.
	empty=yes
	fresh
	(cd a && mldv push >/dev/null)
	secrets
	purge="mldv purge d --why ended --delete --exclusive"
	requests_of a $purge
	[ "$most" -ge 10 ]
	! secrets || exit 1
	for n in $(seq 4 $((every * 2)) "$most"); do
		fresh
		(cd a && mldv push >/dev/null)
		held "$n" a $purge
		killed
		sound || { echo "at $n"; exit 1; }
		(cd a && $purge >/dev/null) || { echo "at $n"; exit 1; }
		! secrets || { echo "at $n"; exit 1; }
		sound
		rm -rf fresh
		git clone -q a fresh
		(
			cd fresh
			mldv config --local remote.origin.url "s3://$bucket/r"
			mldv pull e
		)
		same a/e fresh/e
	done
'

finish
