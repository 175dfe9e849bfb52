#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What can go wrong with training jobs, and what is done about it.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

check 'throttling is waited out' '
	training
	fake faults <<-END
		{"fault": "throttle", "op": "DescribeTrainingJob", "times": 4}
		{"fault": "throttle", "op": "CreateTrainingJob", "times": 3}
		{"fault": "throttle", "op": "GetLogEvents", "times": 2}
		{"fault": "internal", "op": "DescribeLogStreams", "times": 2}
		{"fault": "drop", "op": "DescribeTrainingJob", "skip": 4, "times": 2}
	END
	mldv repro >out
	[ "$(cat models/model.txt)" = 1.5 ]
	has "^acc=1.5$" out
'

check 'an answer to the submission that is lost starts no second job' '
	training
	fake faults <<-END
		{"fault": "drop", "op": "CreateTrainingJob", "done": true}
	END
	mldv repro >out
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(grep -c "mldv-train-[0-9a-f]*-2" out)" = 0 ]
'

check 'a script that fails: its reason is shown, it is not repeated' '
	training
	echo "retries = 3" >>mldv.ini
	more "open(os.environ[\"SM_OUTPUT_DIR\"] + \"/failure\", \"w\").write(\"loss is nan\"); raise SystemExit(3)"
	fails 1 mldv repro >out
	has "stage .train. failed: AlgorithmError: loss is nan, exit code: 3" stderr
	[ "$(jobs_started)" = 1 ]
	[ ! -e models/model.txt ]
	# Who asks again, asks for another try.
	fails 1 mldv repro >out
	has "submitted job .mldv-train-[0-9a-f]*-2.:" out
'

check 'a lack of capacity is tried again, as often as retries says' '
	training "\"jobs\": [{\"fault\": \"capacity\"}, {\"fault\": \"internal\"}]"
	fails 1 mldv repro >out
	has "CapacityError" stderr
	echo "retries = 1" >>mldv.ini
	mldv repro >out
	has "InternalServerError.*trying again (1 of 1)$" out
	has "submitted job .mldv-train-[0-9a-f]*-3.:" out
	[ "$(cat models/model.txt)" = 1.5 ]
'

check 'spot is interrupted, starts again from its checkpoint, and saves' '
	training "\"jobs\": [{\"fault\": \"interrupt\"}]"
	more "exec(\"import time; c = os.environ[\047SAGEMAKER_BASE_DIR\047] + \047/checkpoints/c\047\nif not os.path.exists(c): open(c, \047w\047).close(); time.sleep(60)\nprint(\047resumed\047)\")"
	cat >>mldv.ini <<-END
		timeout = 1h
		sagemaker.spot = yes
		sagemaker.checkpoints = yes
	END
	mldv repro >out
	has "Interrupted$" out
	has "^resumed$" out
	has "s billed, " out
	[ "$(cat models/model.txt)" = 1.5 ]
	created >job
	has "\"MaxWaitTimeInSeconds\": 7200" job
'

check 'a job that runs too long is ended, and is no success' '
	training
	more "exec(\"import time; time.sleep(60)\")"
	echo "timeout = 1s" >>mldv.ini
	fails 1 mldv repro >out
	has "MaxRuntimeExceeded" stderr
	[ ! -e models/model.txt ]
'

check 'a page of logs that is lost is asked for again' '
	training "\"page\": 2"
	more "exec(\"for i in range(9): print(\047line %d\047 % i)\")"
	fake lose "{\"pages\": 2}"
	mldv repro >out
	[ "$(grep -c "^line [0-9]$" out)" = 9 ]
	has "^acc=1.5$" out
'

check 'a clock that moves by hours is not believed, nor does it end the job' '
	training
	held
	mldv repro >out 2>&1 &
	pid=$!
	until_line "Training" out
	fake clock "{\"offset\": 18000}"
	: >"$requests"
	until_line "DescribeTrainingJob.*\"status\": 200" "$requests"
	fake clock "{\"offset\": -40000}"
	: >"$requests"
	until_line "DescribeTrainingJob.*\"status\": 200" "$requests"
	touch go
	wait "$pid"
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(jobs_started)" = 0 ]
	# And what is begun with it.
	sed -i "s/^train.lr = .*/train.lr = 1.5/" mldv.ini
	mldv repro
	[ "$(cat models/model.txt)" = 4.5 ]
'

# keys KEY SECRET [TOKEN]: who asks from now on.
keys() {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	mkdir -p "$HOME/.aws"
	printf "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n${3:+aws_session_token = $3\n}" \
		"$1" "$2" >"$HOME/.aws/credentials.new"
	mv "$HOME/.aws/credentials.new" "$HOME/.aws/credentials"
}

users='"users": {"KEY": {"secret": "SECRET"}, "BRIEF": {"secret": "S", "token": "T", "expires": 9999999999}}'

check 'credentials that have expired are waited for, and the job goes on' '
	training "" "$users"
	keys BRIEF S T
	held
	mldv repro >out 2>&1 &
	pid=$!
	until_line "Training" out
	fake expire "{}"
	until_line "ExpiredToken.*get new credentials; the job goes on" out
	touch go
	keys KEY SECRET
	wait "$pid"
	has "answers again" out
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(jobs_started)" = 1 ]
'

check 'who comes back a day later with expired credentials is told so' '
	training "" "$users"
	keys BRIEF S T
	held
	mldv repro >out 2>&1 &
	pid=$!
	until_line "Training" out
	kill -9 "$pid"
	wait "$pid" || :
	touch go
	fake expire "{}"
	gives 1 mldv repro >out
	has "stage .train. failed: .*ExpiredToken.*get new credentials" stderr
	keys KEY SECRET
	fake clock "{\"offset\": 86400}"
	mldv repro >out
	has "joined job" out
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(jobs_started)" = 1 ]
'

check 'a submitter that is killed alone fails its stage, not its job' '
	training
	echo "{\"fault\": \"kill\", \"pid\": \"$PWD/child\", \"op\": \"GetObject\", \"key\": \"*/output.tar.gz\"}" | fake faults
	held
	mldv repro >out 2>stderr &
	pid=$!
	until_line "Training" out
	pgrep -P "$pid" >child
	touch go
	status=0
	wait "$pid" || status=$?
	[ "$status" = 1 ]
	has "stage .train. was killed by signal 9" stderr
	[ ! -e models/model.txt ]
	echo | fake faults
	mldv repro >out
	has "joined job" out
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(jobs_started)" = 1 ]
'

finish
