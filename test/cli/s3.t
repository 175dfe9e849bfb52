#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A bucket as a remote, on a real service: what is pushed comes back, whatever
# it is called, and what is refused is said in one sentence.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_s3 'a bucket as a remote'

# ready [PREFIX]: a project in p whose item is to be pushed to a new bucket.
ready() {
	new_bucket
	project p
	cd p || return 1
	mkdir -p d/e
	for i in 1 2 3 4 5 6 7 8; do
		echo "file $i" >"d/e/$i"
	done
	openssl enc -aes-256-ctr -nosalt -K 01 -iv 02 </dev/zero 2>/dev/null |
		head -c 9000000 >d/large
	mldv remote add origin "s3://$bucket${1:-}"
	mldv add d
	git add -A
	git commit -qm first
}

# comes_back: a clone gets just what is here.
comes_back() {
	git clone -q . ../c
	(cd ../c && mldv pull)
	diff -r d ../c/d
	(cd ../c && mldv fsck)
}

check 'what is pushed to a prefix comes back' '
	ready /team/data
	mldv push
	comes_back
	s3 GET "/$bucket?list-type=2" >list
	grep -q "<Key>team/data/format</Key>" list
	hasnt "<Key>[^t]" list
'

check 'a bucket of its own needs no prefix' '
	ready
	mldv push
	comes_back
	s3 GET "/$bucket/format" >format
	grep -qx "mldv-remote 1" format
'

check 'a prefix may have signs that must be encoded' '
	ready "/a b+c=d/%41/é/(x)"
	mldv push
	comes_back
	s3 GET "/$bucket/a%20b%2Bc%3Dd/%2541/%C3%A9/%28x%29/format" >format
'

check 'only what is new travels' '
	ready
	mldv push
	echo more >d/e/9
	mldv add d
	git commit -qam second
	mldv push >out
	grep -q "sent 1 item: 3 objects in 2 packs" out
	comes_back
	mldv push >out
	grep -q "up to date" out
'

check 'a part is fetched without the rest' '
	ready
	mldv push
	git clone -q . ../c
	cd ../c
	mldv pull d/e/3
	echo "file 3" >expected
	same expected d/e/3
	[ ! -e d/large ]
'

check 'get works from a repository alone' '
	ready
	mldv push
	git commit -qam remote --allow-empty
	git clone -q --bare . ../b.git
	cd ..
	mkdir g
	cd g
	mldv get -o five ../b.git d/e/5
	echo "file 5" >expected
	same expected five
'

check 'the bucket may stand in the host name' '
	ready
	mldv config remote.origin.addressing virtual
	mldv config remote.origin.endpoint "http://localhost:$RGW_PORT"
	mldv push
	comes_back
'

check 'the endpoint of a remote goes before that of the environment' '
	ready
	mldv config remote.origin.endpoint "$AWS_ENDPOINT_URL_S3"
	export AWS_ENDPOINT_URL_S3=http://127.0.0.1:1
	mldv push
'

check 'a wrong secret is one sentence' '
	ready
	export AWS_SECRET_ACCESS_KEY=wrong
	fails 1 mldv push
	grep -q "SignatureDoesNotMatch.*; check the secret key" stderr
	hasnt wrong stderr
'

check 'an unknown access key is one sentence' '
	ready
	export AWS_ACCESS_KEY_ID=NOBODY
	fails 1 mldv push
	grep -q "InvalidAccessKeyId" stderr
'

check 'a user without a policy is refused' '
	ready
	fails 1 as_reader mldv push
	grep -q "AccessDenied.*; check what the credentials may do there" stderr
'

check 'a bucket that is not there is one sentence' '
	ready
	mldv config remote.origin.url "s3://$bucket-not/p"
	fails 1 mldv push
	grep -q "NoSuchBucket.*; make the bucket" stderr
'

check 'a service that is not there is one sentence, at once' '
	ready
	mldv config remote.origin.endpoint http://127.0.0.1:1
	fails 1 mldv push
	grep -q "cannot reach .127.0.0.1:1.: " stderr
'

check 'a place that holds other things is refused' '
	ready
	s3 PUT "/$bucket/precious" =x
	fails 1 mldv push
	grep -q "it holds .precious. and is no mldv remote" stderr
	mldv config remote.origin.url "s3://$bucket/mldv"
	mldv push
'

check 'an item that is not there is status 5' '
	ready
	mldv push
	mldv config remote.origin.url "s3://$bucket/elsewhere"
	git commit -qam elsewhere
	git clone -q . ../c
	cd ../c
	gives 5 mldv pull
	grep -q "there is no mldv remote at .s3://$bucket/elsewhere." stderr
'

check 'what is in a public bucket is fetched without credentials' '
	ready /p
	mldv push
	s3 PUT "/$bucket?policy" "={\"Version\":\"2012-10-17\",\"Statement\":[{
		\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":[\"s3:GetObject\"],
		\"Resource\":[\"arn:aws:s3:::$bucket/p/*\"]}]}"
	git clone -q . ../c
	mkdir ../home
	export HOME=$PWD/../home
	address=$AWS_ENDPOINT_URL_S3/$bucket/p
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL_S3
	cd ../c
	fails 2 mldv pull
	has credentials stderr
	mldv remote add --local public "$address"
	mldv config --local project.remote public
	mldv pull
	diff -r ../p/d d
	mldv doctor >out || :
	has "^ok       remote: .public. at .$address. is an mldv remote$" out
'

check 'two pushes at once are both there' '
	ready
	git clone -q . ../c
	cd ../c
	mldv pull 2>/dev/null || :
	mkdir f
	echo other >f/file
	mldv add f
	git add -A
	git commit -qm other
	cd ../p
	mldv push &
	(cd ../c && mldv push f)
	wait $!
	comes_back_here=$PWD
	rm -rf ../c2
	git clone -q ../c ../c2
	cd ../c2
	mldv pull
	diff -r "$comes_back_here/d" d
	same ../c/f/file f/file
'

check 'a bucket with versions works the same' '
	ready
	new_bucket versioned
	mldv config remote.origin.url "s3://$bucket/v"
	git commit -qam versioned
	mldv push
	comes_back
'

check 'gc deletes nothing from a bucket without versions unless told' '
	ready
	mldv push
	git init -q --bare ../server.git
	git remote add origin ../server.git
	git push -q origin HEAD
	mldv gc --remote origin >out
	fails 2 mldv gc --remote origin --delete
	grep -q "keeps no versions.*--exclusive" stderr
	mldv gc --remote origin --delete --exclusive
	comes_back
'

finish
