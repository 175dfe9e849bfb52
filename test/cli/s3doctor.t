#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the doctor finds of a bucket on a real service, with each permission
# taken away in turn, and with rules that would remove the data.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_s3 'what the doctor finds'

ns='xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
all='GetObject PutObject DeleteObject DeleteObjectVersion ListBucket ListBucketVersions GetBucketVersioning GetLifecycleConfiguration'

# allow ACTION...: the reader may do that in $bucket, and nothing else.
allow() {
	actions=$(printf '"s3:%s",' "$@")
	s3 PUT "/$bucket?policy" "={\"Version\":\"2012-10-17\",\"Statement\":[{
		\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"arn:aws:iam:::user/reader\"]},
		\"Action\":[${actions%,}],\"Resource\":[\"arn:aws:s3:::$bucket\",\"arn:aws:s3:::$bucket/*\"]}]}"
}

# without ACTION: all others.
without() {
	# shellcheck disable=SC2046,SC2086 # lists of words
	allow $(printf '%s\n' $all | grep -vx "$1")
}

# bad OUT: what is not ok, by topic.
bad() {
	sed -n 's/^\(warning\|failure\)  *\([a-z ]*\): .*/\1 \2/p' "$1" |
		tr '\n' ' '
}

# finds PERMISSION WANT: what the doctor finds if it is missing.
finds() {
	without "$1"
	gives 3 as_reader mldv doctor >out
	cat out
	[ "$(bad out)" = "$2" ] || { echo "without $1: '$(bad out)'"; return 1; }
	has "; grant s3:$1 on .arn:aws:s3:::$bucket" out
}

ready() {
	new_bucket "$@"
	project
	mldv remote add origin "s3://$bucket/p"
}

check 'with all permissions nothing is wrong, and nothing is left there' '
	ready
	# shellcheck disable=SC2086 # a list of words
	allow $all
	gives 3 as_reader mldv doctor >out
	cat out
	[ "$(bad out)" = "warning versioning " ]
	has "^ok       conditional put: honoured$" out
	s3 GET "/$bucket?versions" | hasnt "<Key>" -
'

check 'each permission that is missing is named, and only it' '
	ready
	finds ListBucket "warning versioning failure list "
	finds PutObject "warning versioning failure put "
	finds DeleteObject "warning versioning warning delete warning probe "
	finds GetBucketVersioning "warning versioning "
	finds GetLifecycleConfiguration "warning versioning warning lifecycle "
	echo x >x
	mldv add x
	mldv push
	finds GetObject "warning versioning failure head failure get "
'

check 'in a bucket with versions, old ones must be allowed to go' '
	ready versioned
	# Ceph 16 ignores conditions where there are versions.
	finds DeleteObjectVersion "warning conditional put warning delete "
	finds ListBucketVersions "warning conditional put warning delete "
'

check 'what the doctor may not remove hinders no first push' '
	ready
	without DeleteObject
	gives 3 as_reader mldv doctor >out
	has "^warning  probe: .s3://$bucket/p/doctor/probe. was left there" out
	s3 GET "/$bucket/p/doctor/probe" | has mldv -
	echo x >x
	mldv add x
	mldv push
'

check 'rules that would remove or archive the data are failures' '
	ready versioned
	rules="<LifecycleConfiguration $ns><Rule><ID>sweep</ID><Filter><Prefix>p/packs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>30</Days></Expiration></Rule><Rule><ID>off</ID><Filter><Prefix></Prefix></Filter><Status>Disabled</Status><Expiration><Days>3</Days></Expiration></Rule><Rule><ID>other</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>4</Days></Expiration></Rule><Rule><ID>hasty</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>"
	s3 PUT "/$bucket?lifecycle" "content-md5:$(printf %s "$rules" | openssl md5 -binary | base64)" "=$rules"
	gives 3 mldv doctor >out
	cat out
	[ "$(bad out | wc -w)" -eq 7 ]
	has "^failure  lifecycle: rule .sweep. (prefix .p/packs/.) removes data after a while; take it away, or keep it from .p/.$" out
	has "^warning  lifecycle: rule .hasty. .*removes old versions" out
'

check 'a rule that archives is a failure' '
	project
	fake_s3
	mldv remote create origin s3://fresh/p
	rules="<LifecycleConfiguration $ns><Rule><ID>cold</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition><Transition><Days>90</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition></Rule></LifecycleConfiguration>"
	s3 PUT "/fresh?lifecycle" "content-md5:$(printf %s "$rules" | openssl md5 -binary | base64)" "=$rules"
	gives 3 mldv doctor >out
	cat out
	has "^failure  lifecycle: rule .cold. (prefix ..) archives data, which then cannot be fetched" out
'

check 'a bucket that is not there, and a wrong secret' '
	project
	mldv remote add origin "s3://$(basename "$scratch" | tr "A-Z." "a-z-")-none/p"
	gives 3 mldv doctor >out
	has "^failure  bucket: there is no bucket .*; run .mldv remote create origin.$" out
	export AWS_SECRET_ACCESS_KEY=wrong
	ready || :
	gives 3 mldv doctor >out
	cat out
	has "^failure  credentials: .*SignatureDoesNotMatch.*; check the secret key$" out
	hasnt "^failure  list" out
'

finish
