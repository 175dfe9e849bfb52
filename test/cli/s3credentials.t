#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Who asks S3: from each place where there may be keys, mldv pushes with them.
# The fake looks at every signature and every token; the gateway says what a
# role may.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_s3 'credentials'

canary='canary-5d1f0c3a'

# ready [CONFIG]: a fake with a bucket, a project that has something to push,
# and no keys yet. AWS's files are in $HOME.
ready() {
	cat >fake.json <<-END
		{"users": {"KEY": {"secret": "$canary"}},
		"buckets": {"bucket": {}}, "web_token": "$canary-web",
		"roles": {"arn:aws:iam::1:role/r": {"external_id": "outside"},
			"arn:aws:iam::1:role/brief": {"lifetime": 4},
			"arn:aws:iam::1:role/w": {"web": true}},
		"container": {"token": "$canary-container"},
		"instance": {"role": "machine", "region": "us-east-1"},
		"sso": {"account": "1", "role": "r", "tokens": ["$canary-sso"]}}
	END
	fake_s3 "$@"
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	rm -rf "$HOME/.aws"
	mkdir -p "$HOME/.aws"
	project p
	cd p || return 1
	mkdir d
	echo one >d/one
	mldv remote add origin s3://bucket/prefix
	mldv add d
}

# pushes: with keys that were given for some time.
pushes() {
	mldv push >out 2>&1 || {
		cat out
		return 1
	}
	has '"op": "PutObject".*"user": "ASIA' "$requests"
	hasnt "$canary" out
	hasnt "$canary" -r .git mldv.ini
}

keys() {
	printf '[%s]\naws_access_key_id = KEY\naws_secret_access_key = %s\n' \
		"$1" "$canary"
}

check 'keys of the environment, and of the credentials file' '
	ready
	AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=$canary mldv push
	has "\"op\": \"PutObject\".*\"user\": \"KEY\"" "$requests"
	keys other >"$HOME/.aws/credentials"
	echo two >d/two && mldv add d
	fails 2 mldv push
	has "no AWS credentials: looked at .*AWS_ACCESS_KEY_ID.*profile .default.*aws/config. (not there)" stderr
	hasnt "$canary" stderr
	AWS_PROFILE=other mldv push
	mldv config remote.origin.profile none
	fails 2 mldv push
	has "there is no profile .none. in " stderr
'

check 'a role, with an external id' '
	ready
	{ keys "profile base"
	printf "%s\n" "[profile r]" "role_arn = arn:aws:iam::1:role/r" \
		"source_profile = base" "external_id = outside"
	} >"$HOME/.aws/config"
	mldv config remote.origin.profile r
	pushes
	asked STS 1
'

check 'a web identity' '
	ready
	echo $canary-web >../token
	export AWS_WEB_IDENTITY_TOKEN_FILE=../token AWS_ROLE_ARN=arn:aws:iam::1:role/w
	pushes
'

check 'a command' '
	ready
	printf "%s\n" "[default]" "credential_process = sh ../keys.sh" \
		>"$HOME/.aws/config"
	echo "echo $canary-noise >&2
		echo \"{\\\"Version\\\": 1, \\\"AccessKeyId\\\": \\\"KEY\\\", \\\"SecretAccessKey\\\": \\\"$canary\\\"}\"" >../keys.sh
	mldv push >out 2>&1
	hasnt "$canary" out
	has "\"op\": \"PutObject\".*\"user\": \"KEY\"" "$requests"
'

check 'single sign-on' '
	ready
	printf "%s\n" "[default]" "sso_session = s" "sso_account_id = 1" \
		"sso_role_name = r" "[sso-session s]" "sso_start_url = x" \
		"sso_region = us-east-1" >"$HOME/.aws/config"
	fails 1 mldv push
	has "run .aws sso login --profile default.$" stderr
	mkdir -p "$HOME/.aws/sso/cache"
	echo "{\"accessToken\": \"$canary-sso\", \"expiresAt\": \"2096-10-02T07:06:40Z\"}" \
		>"$HOME/.aws/sso/cache/$(printf s | sha1sum | cut -c1-40).json"
	pushes
'

check 'a container, and an instance' '
	ready
	export AWS_CONTAINER_CREDENTIALS_FULL_URI=$fake/container \
		AWS_CONTAINER_AUTHORIZATION_TOKEN=$canary-container
	pushes
	unset AWS_CONTAINER_CREDENTIALS_FULL_URI
	echo two >d/two && mldv add d
	export AWS_EC2_METADATA_DISABLED=false \
		AWS_EC2_METADATA_SERVICE_ENDPOINT=$fake
	pushes
	asked InstanceToken 1
'

check 'a session that ends in mid-push is renewed' '
	ready --delay 0.3
	{ keys "profile base"
	printf "%s\n" "[default]" "role_arn = arn:aws:iam::1:role/brief" \
		"source_profile = base"
	} >"$HOME/.aws/config"
	echo "{\"fault\": \"expired\", \"op\": \"PutObject\", \"skip\": 1}" |
		fake faults
	pushes
	[ "$(asked STS)" -ge 2 ]
	mldv push >again
	has "up to date" again
'

check 'the gateway gives a role, and takes its token' '
	new_bucket
	new_role "r-$count-$$"
	rm -rf "$HOME/.aws" && mkdir "$HOME/.aws"
	printf "%s\n" "[profile owner]" "aws_access_key_id = $RGW_OWNER" \
		"aws_secret_access_key = $RGW_OWNER_SECRET" \
		"[profile r]" "role_arn = $role" "source_profile = owner" \
		>"$HOME/.aws/config"
	project p && cd p
	mkdir d && echo one >d/one
	mldv remote add origin "s3://$bucket/prefix"
	mldv config remote.origin.profile r
	mldv add d
	mldv push
	s3 GET "/$bucket?list-type=2&prefix=prefix/manifests" >list
	has "<Key>" list
'

finish
