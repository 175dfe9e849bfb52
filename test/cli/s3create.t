#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Making the bucket of a remote, on a real service: all that is missing is set
# and said, what is set stays, and a second time there is nothing to do.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_s3 'making a bucket'

ns='xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

# named: a project, and in $bucket a name that nothing has yet.
named() {
	bucket=$(basename "$scratch" | tr 'A-Z.' 'a-z-')-$count
	project
}

# Ceph 16 refuses every write once public ACLs are blocked.
check 'a new bucket gets everything, and the remote is added' '
	named
	mldv remote create origin "s3://$bucket/team" >out
	cat out
	has "^bucket: made .$bucket. in region .us-east-1.$" out
	has "^versioning: turned on$" out
	has "^public access: this server refuses every write with it; it was" out
	has "^incomplete uploads: removed after 7 days, below .team/.$" out
	has "^old versions: removed after 30 days, below .team/.$" out
	has "^staged: mldv.ini$" out
	[ "$(mldv config remote.origin.url)" = "s3://$bucket/team" ]
	s3 GET "/$bucket?versioning" >got
	has "<Status>Enabled</Status>" got
	s3 GET "/$bucket?publicAccessBlock" >got
	hasnt ">true<" got
	s3 GET "/$bucket?lifecycle" >got
	has "<DaysAfterInitiation>7</DaysAfterInitiation>" got
	has "<NoncurrentDays>30</NoncurrentDays>" got
	has "<Prefix>team/</Prefix>" got
'

check 'what was made can be pushed to, and nothing lies about' '
	named
	mldv remote create origin "s3://$bucket"
	s3 GET "/$bucket?versions" >got
	hasnt "<Key>" got
	mkdir d
	echo x >d/x
	mldv add d
	git commit -qm first
	mldv push
	mldv push | has "up to date" -
	mldv remote create origin >out
	has "^public access: not set: a server that then refused" out
	has "^nothing had to be changed$" out
'

check 'a second time nothing is changed, and it says so' '
	named
	mldv remote create origin "s3://$bucket/team"
	s3 GET "/$bucket?lifecycle" >before
	mldv remote create origin >out
	cat out
	has "^bucket: .$bucket. is there already" out
	has "^versioning: on already$" out
	has "^incomplete uploads: removed by a rule already$" out
	has "^nothing had to be changed$" out
	s3 GET "/$bucket?lifecycle" >after
	same before after
	mldv remote create origin "s3://$bucket/team" | has "^nothing" -
	fails 1 mldv remote create origin "s3://$bucket/other"
	has "there is a remote .origin. already" stderr
'

check 'what is set in a bucket that is there stays as it is' '
	new_bucket
	project
	s3 PUT "/$bucket?versioning" \
		"=<VersioningConfiguration $ns><Status>Suspended</Status></VersioningConfiguration>"
	s3 PUT "/$bucket?lifecycle" "content-md5:$(printf %s "<LifecycleConfiguration $ns><Rule><ID>mine</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>" | openssl md5 -binary | base64)" \
		"=<LifecycleConfiguration $ns><Rule><ID>mine</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>"
	mldv remote create origin "s3://$bucket" >out
	cat out
	has "^versioning: was suspended by somebody; left as it is$" out
	has "^old versions: removed after 30 days, in all of the bucket$" out
	s3 GET "/$bucket?versioning" | has Suspended -
	s3 GET "/$bucket?lifecycle" >got
	has "<ID>mine</ID>" got
	has "<Days>3</Days>" got
	has "<NoncurrentDays>30<" got
'

check 'the bucket of somebody else is not touched' '
	new_bucket
	project
	fails 1 as_reader mldv remote create origin "s3://$bucket"
	has "it is somebody else.s, or these credentials may not" stderr
	fails 3 mldv config remote.origin.url
	s3 GET "/$bucket?versioning" | hasnt Enabled -
'

check 'a directory needs no making' '
	project
	fails 2 mldv remote create origin "$PWD/there"
	has "it is no bucket" stderr
	fails 2 mldv remote create nowhere
	has "there is no remote .nowhere." stderr
'

# Ceph 16 knows no default encryption either.
check 'what a server does not know is said, and is no failure' '
	echo "{\"query\": \"publicAccessBlock\", \"fault\": \"unsupported\", \"times\": 0}" >faults
	project
	fake_s3
	mldv remote create origin s3://fresh/p >out 2>&1
	cat out
	has "^public access: this server knows no such thing; nothing was set$" out
	has "^default encryption: AES256$" out
	has "^old versions: removed" out
	mldv remote create origin >out
	has "^default encryption: AES256 already$" out
	has "^nothing had to be changed$" out
'

check 'public access is blocked where that does not hinder writing' '
	project
	fake_s3
	mldv remote create origin s3://fresh/p >out
	has "^public access: blocked$" out
	mldv remote create origin >out
	has "^public access: blocked already$" out
'

check 'in another region the bucket is made there' '
	echo "{\"region\": \"eu-central-1\"}" >fake.json
	project
	fake_s3
	export AWS_REGION=eu-central-1
	mldv remote create origin s3://fresh/p >out
	has "^bucket: made .fresh. in region .eu-central-1.$" out
	s3 GET "/fresh?location" | has eu-central-1 -
'

check 'encryption that hinders every write is taken back' '
	echo "{\"op\": \"PutObject\", \"fault\": \"status\", \"status\": 400, \"code\": \"InvalidRequest\", \"skip\": 3, \"times\": 0}" >faults
	project
	fake_s3
	mldv remote create origin s3://fresh/p >out
	cat out
	has "^default encryption: this server refuses every write with it" out
	mldv remote create origin >again
	has "^default encryption: AES256" again
'

check 'what may not be set is one sentence, with what was done before it' '
	echo "{\"users\": {\"KEY\": {\"secret\": \"SECRET\", \"deny\": [\"s3:PutLifecycleConfiguration\"]}}}" >fake.json
	project
	fake_s3
	fails 1 mldv remote create origin s3://fresh/p >out
	cat out stderr
	has "cannot set the lifecycle of .s3://fresh.: AccessDenied" stderr
	has "^versioning: turned on$" out
'

finish
