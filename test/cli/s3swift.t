#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A second make of service, OpenStack Swift, so that what one of them takes is
# not what S3 is held to be. Where it differs from Ceph's gateway (s3rgw.t):
#
#     It refuses a body that does not have the checksum it came with; Ceph 16
#     does not look at it.
#     It names the region that it is in, if asked for another one, and mldv
#     signs anew; Ceph does not care.
#     It answers 501 to a conditional PUT before 2.36; from then on 412, but
#     of some that race more than one may win. mldv asks first, and takes
#     either: what may be there twice has the same bytes.
#     It has no sessions (STS) and no policies.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_swift 'a second real service'

# Its pages have 20 keys, and it is slow.
# shellcheck disable=SC2034 # used in s3cases.sh
s3_port=$SWIFT_PORT items=10 others=41 pushers='1 2 3'
# shellcheck source=test/cli/s3cases.sh
. "$(dirname "$0")/s3cases.sh"

# old: from here on the version that has no conditional PUT.
old() {
	export AWS_ENDPOINT_URL_S3="http://127.0.0.1:$SWIFT_OLD_PORT"
}

check 'a region that it is not in is put right' '
	new_bucket
	ready
	AWS_REGION=eu-north-1 mldv push
	mldv verify
	comes_back d
	mldv doctor >out || cat out
	has "^ok *conditional put: honoured" out
'

check 'a body that does not have its checksum is refused' '
	new_bucket
	gives 1 s3 PUT "/$bucket/key" "x-amz-checksum-sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" =x
	has "400 BadDigest" stderr
	gives 1 s3 GET "/$bucket/key"
'

check 'without conditional PUTs mldv asks first, and the doctor says so' '
	old
	new_bucket
	ready
	gives 1 s3 PUT "/$bucket/key" "If-None-Match:*" =x
	has "501 NotImplemented" stderr
	mldv push
	mldv verify
	comes_back d
	mldv push >out
	has "up to date" out
	echo more >d/more
	mldv add d
	git commit -qam more
	mldv push
	comes_back d
	mldv doctor >out || cat out
	has "^warning *conditional put: the service has none, so mldv asks first" out
	has "do not let two machines begin the same remote at once" out
'

check 'without conditional PUTs, too, many push at once' '
	old
	new_bucket
	ready
	mldv push
	cd ..
	for i in $pushers; do
		cp -a p p$i
		(cd p$i && item i$i && item same) >said
	done
	for i in $pushers; do
		(cd p$i && mldv push >out 2>&1 || { cat out; echo $i >>../failed; }) &
	done
	wait
	[ ! -e failed ]
	for i in $pushers; do
		cd p$i
		git add -A
		git commit -qm $i
		comes_back d i$i same
		cd ..
	done
'

finish
