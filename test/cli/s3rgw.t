#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What only a real service shows: whom it lets in, odd keys, long listings, and
# many who push at once, with a gc among them.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_s3 'a real service'

# session SECONDS: the keys of a role, for so long.
session() {
	s3 POST / content-type:application/x-www-form-urlencoded \
		"=Action=AssumeRole&Version=2011-06-15&RoleSessionName=brief&DurationSeconds=$1&RoleArn=$role" >session
	AWS_ACCESS_KEY_ID=$(sed 's/.*<AccessKeyId>\([^<]*\).*/\1/' session)
	AWS_SECRET_ACCESS_KEY=$(sed 's/.*<SecretAccessKey>\([^<]*\).*/\1/' session)
	AWS_SESSION_TOKEN=$(sed 's/.*<SessionToken>\([^<]*\).*/\1/' session)
	export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}

# shellcheck disable=SC2034 # used in s3cases.sh
s3_port=$RGW_PORT items=210 others=4790 pushers='1 2 3 4 5 6 7 8'
# shellcheck source=test/cli/s3cases.sh
. "$(dirname "$0")/s3cases.sh"

check 'a region that the service does not have makes no difference to it' '
	new_bucket
	ready
	AWS_REGION=eu-north-1 mldv push
	mldv config remote.origin.region ap-south-2
	git commit -qam region
	comes_back d
'

check 'a session that has expired is one sentence' '
	new_bucket
	ready
	new_role "brief-$count-$$"
	session 900
	mldv push
	echo more >d/more
	mldv add d
	s3 GET "/$bucket?list-type=2" >before
	AWS_SESSION_TOKEN=${AWS_SESSION_TOKEN%????????}AAAAAAA= fails 1 mldv push
	s3 GET "/$bucket?list-type=2" >after
	same before after
	AWS_ACCESS_KEY_ID=$RGW_OWNER AWS_SECRET_ACCESS_KEY=$RGW_OWNER_SECRET
	unset AWS_SESSION_TOKEN
	session 1
	sleep 2
	fails 1 mldv push
	has "InvalidAccessKeyId.*; get other credentials" stderr
'

finish
