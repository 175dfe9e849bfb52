#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Import and update of data that just lies somewhere: files on the web, and
# objects of a bucket.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# web: from here on there is a web server for ./www (see test/tool/webserver.py);
# its log is $asked_web, its address $web.
web() {
	mkdir -p www
	asked_web=$PWD/web.log
	python3 -B "$top/test/tool/webserver.py" www web.log >web.port &
	while [ ! -s web.port ]; do
		kill -0 $! || return 1
		sleep 0.02
	done
	web=http://127.0.0.1:$(cat web.port)
	bytes 300000 >www/file
	bytes 70 >www/small
}

# bytes COUNT: that look like noise.
bytes() {
	openssl enc -aes-256-ctr -nosalt -K 01 -iv 02 </dev/zero 2>/dev/null |
		head -c "$1"
}

# no_rest: nothing of a download is left.
no_rest() {
	[ -z "$(find .git/mldv/state -name '*tmp*')" ]
}

# bucket: a fake with the bucket b, some objects in it, and $data, what they
# are as files.
bucket() {
	echo '{"buckets": {"b": {}, "v": {"versioned": true}}, "page": 3}' \
		>fake.json
	fake_s3
	data=$PWD/data
	mkdir -p "data/a/b c" data/empty data/+%=
	for i in 1 2 3 4 5; do
		echo "file $i" >"data/a/$i"
	done
	echo é >"data/a/b c/é"
	echo sign >"data/+%=/100%"
	: >data/none
	(cd data && find . -type f) | sed 's,^\./,,' | while read -r f; do
		key=$(printf '%s' "$f" | sed 's/%/%25/g')
		s3 PUT "/b/raw/$key" "@data/$f" || echo "$f" >>../failed
	done
	s3 PUT "/b/raw/empty/"
	[ ! -e failed ]
}

check 'a file on the web becomes an item, and says where it is from' '
	web
	project p
	cd p
	mldv import $web/plain/file
	same ../www/file file
	etag=$(sha1sum <../www/file | cut -d" " -f1)
	has "^from $etag $web/plain/file$" file.mldv
	has "^GET /plain/file - 200$" $asked_web
	[ "$(wc -l <$asked_web)" -eq 1 ]
	mldv import -o here/x "$web/plain/small?download=1"
	same ../www/small here/x
	mldv import "$web/move/small"
	same ../www/small small
	mldv fsck
	no_rest
'

check 'update asks, and takes only what is another' '
	web
	project p
	cd p
	mldv import $web/plain/file
	mldv import $web/noetag/small
	mldv import -o third $web/nothing/small
	mldv import -o fourth $web/nohead/small
	has "^from ....-..-..T..:..:..Z " small.mldv
	has "^from - " third.mldv
	: >$asked_web
	mldv update >out
	[ "$(grep -c "up to date with" out)" -eq 4 ]
	has "^HEAD /plain/file - 200$" $asked_web
	hasnt "^GET /plain" $asked_web
	hasnt "^GET /noetag" $asked_web
	has "^GET /nohead/small bytes=0-0 206$" $asked_web
	head -c 1000 ../www/file >../www/new
	mv ../www/new ../www/file
	mldv update -n >out
	has "^file: changed; .* -> .* of $web/plain/file$" out
	[ "$(wc -c <file)" -eq 300000 ]
	mldv update >out
	has "^file: .*1 changed" out
	same ../www/file file
	# Another time, the same bytes.
	touch -d 2001-01-01 ../www/small
	mldv update small >out
	has "^small: up to date with 2001-01-01T00:00:00Z of" out
	has "^from 2001-01-01T00:00:00Z " small.mldv
'

check 'what is cut goes on where it was, and what is no answer is asked again' '
	web
	project p
	cd p
	mldv import $web/cut/file
	same ../www/file file
	has "^GET /cut/file bytes=150000- 206$" $asked_web
	mldv import -o g $web/garbage/file
	same ../www/file g
	mldv import -o b $web/busy/file
	same ../www/file b
	mldv import -o n $web/norange/file
	same ../www/file n
	no_rest
'

check 'what cannot be had from the web is one sentence' '
	web
	project p
	cd p
	fails 1 mldv import $web/plain/none
	has "there is no .$web/plain/none" stderr
	fails 1 mldv import $web/away/file
	fails 1 mldv import $web/loop/file
	fails 2 mldv import $web/plain/
	fails 2 mldv import $web
	fails 2 mldv import "$web/plain/file?x=1&X-Amz-Signature=0123"
	hasnt 0123 stderr
	fails 2 mldv import http://me:secret@127.0.0.1/file
	hasnt secret stderr
	fails 2 mldv import "$web/plain/file#a"
	fails 2 mldv import --rev v1 $web/plain/file
	fails 2 mldv import nothing
	fails 1 mldv import http://127.0.0.1:1/file
	echo x >file
	fails 1 mldv import $web/plain/file
	rm file
	# What was there goes, and is said to be gone.
	mldv import $web/plain/file
	rm ../www/file
	fails 1 mldv update
	has "cannot update .file.: there is no" stderr
	no_rest
'

check 'all objects below a prefix become a directory' '
	bucket
	project p
	cd p
	mldv import s3://b/raw/
	same "$data" raw
	has "^from [0-9a-f]\{64\} s3://b/raw/$" raw.mldv
	: >"$requests"
	mldv update >out
	has "^raw: up to date" out
	asked GetObject 0
	echo more >../more
	s3 PUT /b/raw/a/6 @../more
	s3 DELETE /b/raw/a/1
	mldv update -n >out
	has "^raw: changed" out
	mldv update >out
	has "^raw: 1 new, 1 deleted" out
	[ "$(cat raw/a/6)" = more ]
	[ ! -e raw/a/1 ]
	mldv fsck
	no_rest
'

check 'an object comes with its ETag, or with its version' '
	bucket
	project p
	cd p
	mldv import "s3://b/raw/a/b c/é"
	same "$data/a/b c/é" é
	has "^from [0-9a-f]\{32\} s3://b/raw/a/b c/é$" é.mldv
	bytes 20000000 >../large
	s3 PUT /v/large @../large
	mldv import s3://v/large
	same ../large large
	head -c 3000 ../large >../small
	s3 PUT /v/large @../small
	: >"$requests"
	mldv update -n >out
	has "^large: changed" out
	mldv update >out
	same ../small large
	: >"$requests"
	mldv update >out
	[ "$(grep -c "up to date" out)" -eq 2 ]
	asked HeadObject 2
	asked GetObject 0
	mldv import -o none s3://b/raw/none
	[ ! -s none ]
'

check 'settings of a remote in the same bucket are those of an import' '
	bucket
	project p
	cd p
	mldv remote add origin s3://b/mldv
	mldv config remote.origin.endpoint $AWS_ENDPOINT_URL_S3
	unset AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL
	mldv import s3://b/raw/a/1
	same "$data/a/1" 1
'

check 'what a bucket does not have, or no file can be, is one sentence' '
	bucket
	project p
	cd p
	fails 1 mldv import s3://b/raw
	has "for all objects below it give .s3://b/raw/." stderr
	fails 1 mldv import s3://b/nothing/
	fails 1 mldv import s3://nobucket/x
	for key in bad/a//b bad/../c bad/.git/x; do
		s3 PUT "/b/$key" =x
		fails 1 mldv import s3://b/bad/
		has "cannot be a file here" stderr
		s3 DELETE "/b/$key"
	done
	s3 PUT /b/bad/a =x
	s3 PUT /b/bad/a/b =x
	fails 1 mldv import s3://b/bad/
	has "the key .bad/a/b. cannot be a file here" stderr
	[ ! -e bad ]
	[ ! -e bad.mldv ]
	no_rest
'

check 'what goes wrong on the way of an object is noticed' '
	bucket
	bytes 20000000 >large
	s3 PUT /b/large @large
	project p
	cd p
	for fault in slowdown reset truncate badgateway drop; do
		echo "{\"fault\": \"$fault\", \"op\": \"GetObject\", \"skip\": 1, \"after\": 100}" |
			fake faults
		mldv import -o $fault s3://b/large
		same ../large $fault
	done
	echo "{\"fault\": \"denied\", \"op\": \"GetObject\", \"skip\": 1, \"times\": 0}" |
		fake faults
	fails 1 mldv import s3://b/large
	[ ! -e large ]
	no_rest
'

finish
