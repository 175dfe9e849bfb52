# shellcheck shell=sh disable=SC2154 # the variables that are said below
# SPDX-License-Identifier: Apache-2.0
#
# What every real service must do for mldv; s3rgw.t and s3swift.t run it, each
# on its own. They say before: s3_port, where the service is, and how many
# manifests (items of a project, and others) make a listing of many pages, and
# the numbers of those who push at once.

# ready [NAME]: a project in p whose item NAME is to be pushed to $bucket.
ready() {
	project p
	cd p || return 1
	item "${1:-d}"
	mldv remote add origin "s3://$bucket/team"
	git add -A
	git commit -qm first
}

# item NAME: with files of its own, and some that all have.
item() {
	mkdir -p "$1/e"
	for i in 1 2 3 4; do
		echo "$1 $i" >"$1/e/$i"
		echo "all $i" >"$1/$i"
	done
	openssl enc -aes-256-ctr -nosalt -K 01 -iv 02 </dev/zero 2>/dev/null |
		head -c 6000000 >"$1/large"
	mldv add "$1"
}

# comes_back ITEM...: into a clone that has nothing, just as they are here.
comes_back() {
	git clone -q . ../back
	(cd ../back && mldv pull && mldv fsck) || return 1
	for back; do
		diff -r "$back" "../back/$back" || return 1
	done
	rm -rf ../back
}

# put_many COUNT PREFIX: so many small objects, some at once.
put_many() {
	python3 -B - "$top/test/tool" "$@" <<-'END'
		import concurrent.futures
		import hashlib
		import sys
		sys.path.insert(0, sys.argv[1])
		import s3req


		def put(number):
		    name = hashlib.sha256(b'%d' % number).hexdigest()
		    answer = s3req.send('PUT', '%s/%s/%s.file' % (
		        sys.argv[3], name[:2], name), [], b'x')
		    assert answer.status == 200


		with concurrent.futures.ThreadPoolExecutor(16) as pool:
		    list(pool.map(put, range(int(sys.argv[2]))))
	END
}

check 'a secret that is wrong for reading is one sentence, and changes nothing' '
	new_bucket
	ready
	mldv push
	git clone -q . ../c
	cd ../c
	AWS_SECRET_ACCESS_KEY=canary-wrong fails 1 mldv pull
	has "SignatureDoesNotMatch.*; check the secret key" stderr
	hasnt canary-wrong stderr
	[ ! -e d ]
	mldv pull
	diff -r d ../p/d
'

check 'odd keys: of a remote, and of what is imported' '
	new_bucket
	ready
	mldv config remote.origin.url "s3://$bucket/a b/%41+c=d/é∂/~(x)!*"
	git commit -qam odd
	mldv push
	comes_back d
	for key in "a b" "é" "50%25" "a+b" "c=d" "e&f" "~(x)!*;:@" "%2541" "q?"; do
		key=$(printf "%s" "$key" | sed "s/?/%3F/")
		s3 PUT "/$bucket/in/$key/x y" "=$key"
	done
	mldv import "s3://$bucket/in/"
	ls in >names
	printf "%s\n" "%41" "50%" "a b" "a+b" "c=d" "e&f" "q?" "~(x)!*;:@" "é" |
		sort >expected
	same expected names
	[ "$(cat "in/50%/x y")" = "50%25" ]
	mldv update -n >out
	has "^in: up to date" out
	mldv import -o one "s3://$bucket/in/~(x)!*;:@/x y"
	has "^from [0-9a-f]\{32\} " one.mldv
'

check 'a long listing of manifests is read to its end' '
	new_bucket
	project p
	cd p
	mkdir f
	for i in $(seq "$items"); do echo "item $i" >"f/$i"; done
	mldv add f/* >/dev/null
	mldv remote add origin "s3://$bucket/team"
	git add -A
	git commit -qm many
	mldv push
	id=$(mldv config project.id)
	put_many "$others" "/$bucket/team/manifests/$id"
	mldv verify
	oid=$(sed -n "s/^oid sha256://p" f/7.mldv)
	s3 DELETE "/$bucket/team/manifests/$id/$(echo $oid | cut -c1-2)/$oid.file"
	gives 3 mldv verify >out
	has "f/7" out
	[ "$(grep -c "f/[0-9]" out)" -eq 1 ]
	mldv push
	mldv verify
'

check 'what lies in a bucket is imported, in pieces, and looked at again' '
	new_bucket versioned
	head -c 30000000 /dev/urandom >large
	s3 PUT "/$bucket/large" @large
	project p
	cd p
	mldv import "s3://$bucket/large"
	same ../large large
	head -c 1000 ../large >../small
	s3 PUT "/$bucket/large" @../small
	mldv update -n >out
	has "^large: changed" out
	mldv update
	same ../small large
	mldv update >out
	has "^large: up to date" out
'

check 'many who push the same at once all succeed, and it is there once' '
	new_bucket
	ready
	cd ..
	for i in $pushers; do cp -a p p$i; done
	for i in $pushers; do
		(cd p$i && mldv push >out 2>&1 || { cat out; echo $i >>../failed; }) &
	done
	wait
	[ ! -e failed ]
	cd p
	mldv push >out
	has "up to date" out
	comes_back d
	s3 GET "/$bucket?list-type=2&prefix=team/manifests/" >list
	[ "$(grep -o "<Key>" list | wc -l)" -eq 1 ]
'

check 'many who push different items at once all succeed' '
	new_bucket
	ready
	cd ..
	for i in $pushers; do
		cp -a p p$i
		(cd p$i && item i$i) >said
	done
	for i in $pushers; do
		(cd p$i && mldv push >out 2>&1 || { cat out; echo $i >>../failed; }) &
	done
	wait
	[ ! -e failed ]
	for i in $pushers; do
		cd ../p$i 2>/dev/null || cd p$i
		git add -A
		git commit -qm $i
		comes_back d i$i
	done
'

check 'pushes and gc at once in a bucket with versions lose nothing' '
	new_bucket versioned
	git init -q --bare s.git
	ready
	git remote add origin "$PWD/../s.git"
	git push -q origin HEAD
	cd ..
	for i in 1 2 3 4; do
		cp -a p p$i
		(cd p$i && item i$i) >said
	done
	for i in 1 2 3 4; do
		(cd p$i && mldv push >out 2>&1 || { cat out; echo $i >>../failed; }) &
	done
	for i in 1 2 3; do
		(cd p && mldv gc --remote origin --delete >out 2>&1 ||
			{ cat out; echo gc >>../failed; })
	done
	wait
	[ ! -e failed ]
	for i in 1 2 3 4; do
		cd p$i
		git add -A
		git commit -qm $i
		comes_back d i$i
		cd ..
	done
	cd p
	mldv fsck --remote origin
'

check 'a bucket in the host name takes any key, and is listed' '
	new_bucket
	ready
	mldv config remote.origin.addressing virtual
	mldv config remote.origin.endpoint "http://localhost:$s3_port"
	mldv config remote.origin.url "s3://$bucket/a b+c=é"
	git commit -qam virtual
	mldv push
	mldv verify
	comes_back d
	mldv doctor >out 2>&1 || :
	has "^ok *remote: " out
'

