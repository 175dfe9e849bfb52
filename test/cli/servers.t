#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The servers that other tests take for S3 are what they are taken for.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_s3 'the gateway of the tests'

check 'the gateway keeps what it is given, under any key' '
	new_bucket
	for key in plain "a b+c=d%25,é" "x//y/../z"; do
		echo "$key" >body
		s3 PUT "/$bucket/$key" @body
		s3 GET "/$bucket/$key" >back
		same body back
	done
	s3 GET "/$bucket?list-type=2" >list
	[ "$(grep -o "<Key>" list | wc -l)" -eq 3 ]
'

check 'it refuses a wrong secret, a wrong hash and a taken name' '
	new_bucket
	s3 PUT "/$bucket/key" =one
	(AWS_SECRET_ACCESS_KEY=wrong && gives 1 s3 GET "/$bucket/key")
	has "403 SignatureDoesNotMatch" stderr
	gives 1 s3 PUT "/$bucket/key" "If-None-Match:*" =two
	has "412 PreconditionFailed" stderr
	gives 1 s3 PUT "/$bucket/new" "Content-MD5:1B2M2Y8AsgTpgAmY7PhCfg==" =x
	gives 1 s3 GET "/$bucket/new"
	has "404 NoSuchKey" stderr
	[ "$(s3 GET "/$bucket/key")" = one ]
'

check 'the reader may what the policy says' '
	new_bucket
	s3 PUT "/$bucket/key" =one
	gives 1 as_reader s3 GET "/$bucket/key"
	has "403 AccessDenied" stderr
	s3 PUT "/$bucket?policy" "={\"Version\":\"2012-10-17\",\"Statement\":[{
		\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"arn:aws:iam:::user/reader\"]},
		\"Action\":[\"s3:GetObject\"],\"Resource\":[\"arn:aws:s3:::$bucket/*\"]}]}"
	[ "$(as_reader s3 GET "/$bucket/key")" = one ]
	gives 1 as_reader s3 PUT "/$bucket/key" =two
	has "403 AccessDenied" stderr
	gives 1 as_reader s3 GET "/$bucket/missing"
	has "403 AccessDenied" stderr
'

check 'a versioned bucket keeps what was replaced' '
	new_bucket versioned
	s3 PUT "/$bucket/key" =one
	s3 -i PUT "/$bucket/key" =two >answer
	has "^x-amz-version-id: ." answer
	s3 GET "/$bucket?versions" >versions
	[ "$(grep -o "<Version>" versions | wc -l)" -eq 2 ]
'

check 'a second run of the tests has a gateway of its own, and leaves nothing' '
	unset MLDV_RGW
	printf "%s\n" "echo \$MLDV_RGW >where" \
		". \"\$(\"\$1\" up)\" && echo \$RGW_PORT >port" \
		"cat \$MLDV_RGW/run/*.pid >pids" "exit 7" >script
	gives 7 "$top/test/tool/rgw.sh" run sh script "$top/test/tool/rgw.sh"
	[ "$(cat port)" -ne "$RGW_PORT" ]
	[ ! -e "$(cat where)" ]
	for pid in $(cat pids); do [ ! -e "/proc/$pid" ]; done
'

check 'a run that is killed takes its gateway along' '
	unset MLDV_RGW
	printf "%s\n" ". \"\$(\"\$1\" up)\" && cat \$MLDV_RGW/run/*.pid >pids.new" \
		"echo \$MLDV_RGW >where; mv pids.new pids; sleep 60" >script
	"$top/test/tool/rgw.sh" run sh script "$top/test/tool/rgw.sh" &
	run=$!
	for i in $(seq 1200); do [ ! -e pids ] || break; sleep 0.1; done
	kill -9 $run
	for i in $(seq 300); do [ -e "$(cat where)" ] || break; sleep 0.1; done
	[ ! -e "$(cat where)" ]
	for pid in $(cat pids); do [ ! -e "/proc/$pid" ]; done
'

need_botocore 'the servers, by the eyes of AWS'\''s own client'

# looks_right BUCKET: AWS's own client sees S3 there.
looks_right() {
	"$botocore/bin/python3" -B "$top/test/tool/fakecheck.py" "$1"
}

check 'AWS'\''s own client takes the gateway for S3' '
	new_bucket
	new_role "r-$count-$$"
	ROLE=$role looks_right "$bucket"
'

check 'and the fake, with all that gives out credentials' '
	cat >fake.json <<-END
		{"users": {"KEY": {"secret": "SECRET"},
			"LESSER": {"secret": "SECRET2", "deny": ["s3:ListBucket"]}},
		"buckets": {"bucket": {}}, "web_token": "web-token",
		"roles": {"arn:aws:iam::1:role/r": {"external_id": "outside"},
			"arn:aws:iam::1:role/w": {"web": true}},
		"container": {"token": "container-token"},
		"instance": {"role": "role", "region": "us-east-1"},
		"sso": {"account": "1", "role": "r", "tokens": ["sso-token"],
			"refresh_token": "again"}}
	END
	fake_s3
	FAKE=$fake looks_right bucket
	asked ContainerCredentials 2
'

check 'each fault does what its name says, and nothing wrong is let in' '
	echo "{\"buckets\": {\"bucket\": {}}}" >fake.json
	fake_s3
	FAKE=$fake python3 -B "$top/test/tool/faultcheck.py"
	has "\"fault\": \"reset\"" requests
'

finish
