#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# How many requests commands make to a bucket, how they can be interrupted, and
# what it takes for something to be deleted: on the fake, which counts, hangs
# when told to, and whose objects can be made older.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# ready [JSON]: a project in p with a server, whose item goes to a new bucket.
ready() {
	echo "{\"buckets\": {\"b\": ${1:-{\}}}}" >fake.json
	fake_s3
	requests=$PWD/requests
	git init -q --bare s.git
	project p
	cd p || return
	git remote add origin "$PWD/../s.git"
	mldv remote add origin s3://b/p
}

# version TEXT: of item d, pushed.
version() {
	mkdir -p d
	echo "$1" >d/small
	seq 1 20000 | sed "s/^/$1 /" >d/more
	mldv add d
	git add -A
	git commit -qm "$1"
	mldv push
	git push -q origin main
}

# The last commit is taken off everything that refers to it.
take_back() {
	git reset -q --hard HEAD~1
	git push -qf origin main
	git -C ../s.git reflog expire --expire=now --all
	git reflog expire --expire=now --all
	rm -f .git/ORIG_HEAD .git/FETCH_HEAD
}

# older DAYS: all that is in the bucket.
older() {
	fake age "{\"bucket\": \"b\", \"prefix\": \"\", \"seconds\": $(($1 * 86400))}"
}

# count_of PREFIX COUNT: keys that begin so.
count_of() {
	s3 GET "/b?list-type=2&prefix=p/$1" >list
	n=$(grep -o "<Key>" list | wc -l)
	[ "$n" -eq "$2" ] || {
		echo "$n of $1, not $2"
		return 1
	}
}

# count: the requests since it was last called, by operation, sorted.
count() {
	tail -n "+${counted:-1}" "$requests" |
		sed "s/.*\"op\": \"\([A-Za-z0-9]*\)\".*/\1/" |
		sort | uniq -c | sed "s/^ *//"
	counted=$(($(wc -l <"$requests") + 1))
}

check 'a push asks no more than it must' '
	ready
	version one
	count >first
	cat first
	[ "$(grep -c . first)" -gt 0 ]
	[ "$(sed -n "s/ PutObject$//p" first)" -le 5 ]
	mldv push
	count >again
	echo "1 HeadObject" >expected
	same expected again
'

check 'a dry run says what it takes, and a price where one is known' '
	ready
	mkdir d
	for i in 1 2 3; do echo "$i" >"d/$i"; done
	mldv add d
	mldv push -n >out
	has "^requests: 3 to write, 1 to ask; price unknown: the endpoint is not AWS.s; to have it, set remote.NAME.price" out
	mldv config remote.origin.price "1000000 10 2"
	mldv push -n >out
	has "price: .0.032000 for them, .[0-9.]* a month for storage (by remote.origin.price)" out
	hasnt " .0.000000 a month" out
	mldv config remote.origin.price dear
	mldv push -n >out
	has "price unknown: the setting does not read" out
'

check 'a pull asks for a manifest and for ranges' '
	ready
	version one
	git clone -q . ../c
	count >ignored
	cd ../c
	mldv pull
	count >pull
	cat pull
	[ "$(sed -n "s/ GetObject$//p" pull)" -le 5 ]
	[ "$(wc -l <pull)" -eq 1 ]
	mldv pull
	count >again
	echo "1 HeadObject" >expected
	same expected again
'

# stopped REQUESTS COMMAND...: after so many it hangs at the service, and SIGINT
# ends it.
stopped() {
	least=$(($(wc -l <"$requests") + $1))
	shift
	env --default-signal=INT "$@" 2>stderr &
	pid=$!
	while [ "$(wc -l <"$requests")" -lt "$least" ]; do
		kill -0 "$pid"
		sleep 0.05
	done
	kill -INT "$pid"
	got=0
	wait "$pid" || got=$?
	[ "$got" -eq 130 ] || {
		echo "status $got"
		cat stderr
		return 1
	}
}

check 'a command that hangs at the service can be interrupted' '
	ready
	version one
	echo more >d/small
	mldv add d
	echo "{\"fault\": \"stall\", \"op\": \"PutObject\", \"after\": 0, \"for\": 300, \"times\": 0}" |
		fake faults
	stopped 2 mldv push
	echo "{\"fault\": \"stall\", \"op\": \"GetObject\", \"key\": \"*packs*\", \"after\": 10, \"for\": 300, \"times\": 0}" |
		fake faults
	git checkout -q HEAD d.mldv
	rm -rf d .git/mldv/store .git/mldv/state
	stopped 1 mldv pull
	fake faults "#"
	mldv pull
'

check 'a public bucket is a remote to fetch from, by its address' "
	ready '{\"public\": true}'
"'
	version one
	mldv config remote.origin.url "$fake/b/p/"
	git commit -qam public
	git clone -q . ../c
	cd ../c
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	mldv pull
	diff -r d ../p/d
	mldv ls d >listed
	has small listed
	echo more >d/small
	mldv add d
	git commit -qam more
	fails 2 mldv push
	has "remote .origin. can only be read: " stderr
	fails 2 mldv gc --remote origin
'

check 'a server of files that knows no ranges is said to be one' '
	ready
	version one
	mkdir -p ../s/manifests ../s/packs
	mldv remote add dir "$PWD/../dir"
	mldv push -r dir
	git commit -qam dir
	(cd ../dir && exec python3 -u -m http.server --bind 127.0.0.1 0 >../port2 2>/dev/null) &
	server=$!
	trap "kill $server" EXIT
	while ! grep -q port ../port2; do sleep 0.1; done
	port=$(sed -n "s/.*port \([0-9]*\).*/\1/p" ../port2)
	mldv config remote.dir.url "http://127.0.0.1:$port"
	rm -rf .git/mldv/store .git/mldv/state d
	gives 1 mldv fetch -r dir
	grep -q "its server knows no ranges" stderr
'

check 'only versions that were looked at go, and older ones' "
	ready '{\"versioned\": true}'
"'
	version one
	version two
	take_back
	count_of manifests/ 2
	older 15
	mldv gc --remote origin --delete
	count_of manifests/ 1
	s3 GET "/b?versions&prefix=p/manifests/" >list
	[ "$(grep -o "<Version>" list | wc -l)" -eq 1 ]
	count_of packs/ 4
	older 2
	mldv gc --remote origin --delete
	count_of packs/ 2
	s3 GET "/b?versions&prefix=p/packs/" >list
	[ "$(grep -o "<Version>" list | wc -l)" -eq 2 ]
	rm -rf .git/mldv/store d
	mldv pull
	grep -q one d/small
'

check 'gc on a bucket can be undone' "
	ready '{\"versioned\": true}'
"'
	version one
	version two
	git tag keep
	take_back
	git tag -d keep
	older 15
	mldv gc --remote origin --delete
	count_of manifests/ 1
	mldv gc --remote origin --undo
	count_of manifests/ 2
'

check 'without versions gc deletes only when nobody else is there' '
	ready
	version one
	version two
	take_back
	older 15
	fails 2 mldv gc --remote origin --delete
	count_of manifests/ 2
	mldv gc --remote origin --delete --exclusive
	count_of manifests/ 1
	fails 2 mldv gc --delete --exclusive
'

# items COUNT: so many small ones, pushed.
items() {
	mkdir -p f
	for i in $(seq "$1"); do echo "$i" >"f/$i"; done
	mldv add f/? >/dev/null
	git add -A
	git commit -qm items
	mldv push
}

check 'a few items are asked for at once, and -j says how many requests are' '
	ready
	items 5
	count >ignored
	echo "{\"fault\": \"meet\", \"op\": \"HeadObject\", \"with\": 5, \"times\": 0}" |
		fake faults
	mldv push
	mldv fetch
	count >again
	echo "10 HeadObject" >expected
	same expected again
	fake faults "#"
	for i in 1 2 3; do echo "new $i" >f/$i; done
	mldv add f/? >/dev/null
	: >$requests
	counted=1
	mldv push -j 1
	hasnt "\"busy\": [2-9]" $requests
	[ "$(asked HeadObject)" -le 8 ]
	rm -rf f/? .git/mldv/store .git/mldv/state
	mldv pull -j 1
	hasnt "\"busy\": [2-9]" $requests
	[ "$(cat f/2)" = "new 2" ]
	fails 2 mldv push -j 0
	fails 2 mldv fetch --jobs many
'

check 'a setting says how many requests are, also for verify and the hook' '
	ready
	items 5
	mldv config remote.origin.jobs 1
	for i in 1 2 3; do echo "new $i" >f/$i; done
	mldv add f/? >/dev/null
	git add -A
	git commit -qm one
	: >$requests
	head=$(git rev-parse HEAD)
	echo "refs/heads/x $head refs/heads/x 0000000000000000000000000000000000000000" |
		mldv hooks run pre-push origin url
	[ "$(asked PutObject)" -gt 0 ]
	mldv verify
	rm -rf f/? .git/mldv/store .git/mldv/state
	mldv pull
	[ "$(cat f/2)" = "new 2" ]
	hasnt "\"busy\": [2-9]" $requests
	fails 2 mldv config remote.origin.jobs many
'

check 'verify reads the records of all runs at once' '
	ready
	for i in 1 2 3 4; do
		printf "[stage %s]\ncmd = echo %s >o%s\nouts = o%s\n" s$i $i $i $i >>mldv.ini
	done
	mldv repro
	git add -A
	git commit -qm stages
	mldv push
	echo "{\"fault\": \"meet\", \"op\": \"GetObject\", \"key\": \"p/runs/*\", \"with\": 4, \"times\": 0}" |
		fake faults
	mldv verify
'

# one_range COMMAND...: it asks for one range of a pack, and nothing else.
one_range() {
	: >"$requests"
	counted=1
	"$@" || return 1
	count >one
	echo "1 GetObject" >expected
	same expected one
	has "\"key\": \"p/packs/" "$requests"
}

check 'the next file of a folder costs one request' '
	ready
	mkdir -p d/e
	for i in 1 2 3 4 5 6; do seq $i 2000 >d/e/$i; done
	mldv add d
	git add -A
	git commit -qm d
	mldv push
	cp -a d ../expected-d
	rm -rf d .git/mldv/store .git/mldv/state
	git clone -q --bare . ../q.git
	mldv cat d/e/1 >../got
	one_range mldv cat d/e/2 >../got
	same ../expected-d/e/2 ../got
	mldv pull d/e/1
	one_range mldv pull d/e/3
	same ../expected-d/e/3 d/e/3
	mldv get -o g1 ../q.git d/e/1
	one_range mldv get -o g4 ../q.git d/e/4
	same ../expected-d/e/4 g4
	# What was kept may name a pack that is gone.
	for kept in .git/mldv/state/remote-*/manifests.dir/*; do
		sed -i "s/^\(pack .*\)[0-9a-f] \([0-9]* [0-9]* [0-9]*\)$/\10 \2/; t
			s/^\(trees .*\)[0-9a-f] \([0-9]* [0-9]* [0-9]*\)$/\10 \2/" $kept
	done
	: >$requests
	mldv cat d/e/5 >../got
	same ../expected-d/e/5 ../got
	asked GetObject
	[ $asked -gt 2 ]
	for kept in .git/mldv/state/remote-*/manifests.dir/*; do
		sed -i "s/^\(pack .*\)[0-9a-f] \([0-9]* [0-9]* [0-9]*\)$/\11 \2/" $kept
	done
	mldv pull d/e/6
	same ../expected-d/e/6 d/e/6
	for kept in .git/mldv/state/remote-*/manifests.dir/* \
			.git/mldv/state/remote-*/trees/*; do
		echo x >$kept
	done
	mldv cat d/e/5 >../got
	same ../expected-d/e/5 ../got
'

check 'gc takes away what a killed doctor has left' '
	ready
	version one
	s3 PUT /b/p/doctor/probe =x
	mldv gc --remote origin --delete --exclusive
	count_of doctor 1
	older 2
	mldv gc --remote origin >out
	count_of doctor 1
	mldv gc --remote origin --delete --exclusive
	count_of doctor 0
	mldv push
'

finish
