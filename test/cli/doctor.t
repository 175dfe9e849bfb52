#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the doctor finds where there is no service to ask, or a fake one.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'without a remote it looks at this machine, and misses the remote' '
	project
	gives 3 mldv doctor >out
	cat out
	has "^ok       libraries: mldv [0-9.]*, libgit2 [0-9.]*, zstd [0-9.]*, OpenSSL [0-9.]*" out
	has "^ok       libcurl: libcurl/[0-9.]*" out
	has "^ok       libarchive: libarchive [0-9.]*" out
	has "^ok       work tree: .*copy" out
	has "^ok       hooks: installed$" out
	has "^warning  remote: there is none.*; run .mldv remote add NAME URL.$" out
	has "not all is as it should be: 0 failures, 1 warning$" stderr
	[ -z "$(find . -name ".mldv-tmp.*")" ]
'

check 'a directory remote, before and after the first push, is well' '
	project
	mldv remote add origin "$PWD/r"
	mldv doctor >out
	has "^ok       remote: there is nothing yet at .$PWD/r.; the first push begins it$" out
	hasnt "^[^o]" out
	[ ! -e r ]
	echo x >x
	mldv add x
	mldv push
	mldv doctor >out
	has "^ok       remote: .origin. at .$PWD/r. is an mldv remote$" out
'

check 'a directory that cannot be, and a damaged remote, are failures' '
	project
	mldv remote add origin "$PWD/no/such/r"
	gives 3 mldv doctor >out
	has "^failure  remote: there is no .$PWD/no/such/r., and it cannot be made.*; mount or make" out
	mkdir -p bad
	echo nonsense >bad/format
	mldv remote add bad "$PWD/bad"
	gives 3 mldv doctor bad >out
	has "^failure  remote: .format. of remote .bad. is damaged" out
'

check 'a remote that is not named in the settings is wrong usage' '
	project
	mldv remote add origin "$PWD/r"
	fails 2 mldv doctor orign >out
	has "did you mean .origin.?" stderr
	[ ! -s out ]
'

check 'missing hooks are a warning' '
	git init -q .
	mldv init --no-hooks
	mldv remote add origin "$PWD/r"
	gives 3 mldv doctor >out
	has "^warning  hooks: [0-9]* of them are not installed.*; run .mldv hooks install.$" out
'

check 'JSON has every finding with its way out' '
	project
	gives 3 mldv doctor --json >out
	python3 -c "import json, sys
found = {f[\"topic\"]: f for f in json.load(open(\"out\"))}
assert found[\"hooks\"][\"level\"] == \"ok\" and found[\"hooks\"][\"fix\"] is None
assert found[\"remote\"][\"level\"] == \"warning\", found
assert \"mldv remote add\" in found[\"remote\"][\"fix\"]"
'

# ready: a project whose remote is a bucket of the fake.
ready() {
	project
	[ -e fake.json ] || echo '{"buckets": {"b": {"versioned": true}}}' \
		>fake.json
	fake_s3
	mldv remote add origin s3://b/p
}

check 'a bucket as it should be has nothing but ok' '
	ready
	mldv doctor >out
	cat out
	has "^ok       credentials: from the environment$" out
	has "^ok       service: $fake, region .us-east-1.$" out
	has "^ok       clock: as that of the service$" out
	has "^ok       conditional put: honoured$" out
	has "^ok       versioning: on$" out
	hasnt "^[^o]" out
	hasnt SECRET out
'

check 'a clock that is wrong is said, in seconds and direction' '
	ready
	fake clock "{\"offset\": 400}"
	gives 3 mldv doctor >out
	has "^warning  clock: \(399\|40[0-9]\) seconds behind that of the service; set" out
	fake clock "{\"offset\": -7200}"
	gives 3 mldv doctor >out
	has "^warning  clock: 7[12][0-9][0-9] seconds ahead of that of the service, which is more than S3 allows" out
	has "^ok       get: allowed" out
'

check 'a service without conditions, and one that ignores them' '
	echo "{\"op\": \"PutObject\", \"fault\": \"unsupported\", \"skip\": 1}" >faults
	ready
	gives 3 mldv doctor >out
	has "^warning  conditional put: the service has none" out
'

check 'versions that are off are a warning, and remote create mends it' '
	echo "{\"buckets\": {\"b\": {}}}" >fake.json
	ready
	gives 3 mldv doctor >out
	has "^warning  versioning: off.*; run .mldv remote create origin.$" out
	has "^ok       delete: allowed (s3:DeleteObject)" out
	mldv remote create origin
	mldv doctor >out
	has "^ok       versioning: on$" out
'

check 'without credentials it says where it looked' '
	ready
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	gives 3 mldv doctor >out
	has "^failure  credentials: .*looked at the environment" out
'

check 'a service that cannot be reached is a failure' '
	ready
	mldv config remote.origin.endpoint http://127.0.0.1:1
	gives 3 mldv doctor >out
	has "^failure  service: cannot reach .127.0.0.1:1.: .*; check endpoint" out
'

check 'the password of an address is not shown' '
	project
	printf "\n[remote web]\nurl = http://me:sesame@127.0.0.1:1/x\n" >>mldv.ini
	gives 3 mldv doctor web >out
	cat stderr >>out
	has "^failure  remote: " out
	hasnt sesame out
'

check 'a role by the profile is named, its secret is not' '
	ready
	mkdir -p "$HOME/.aws"
	printf "[lab]\naws_access_key_id = KEY\naws_secret_access_key = SECRET\n" \
		>"$HOME/.aws/credentials"
	mldv config remote.origin.profile lab
	mldv doctor >out 2>&1
	has "^ok       credentials: from .*lab" out
	hasnt SECRET out
'

finish
