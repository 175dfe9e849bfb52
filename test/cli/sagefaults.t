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
	has "submitted job .mldv-train-[0-9a-f]*-2.$" out
'

check 'a lack of capacity is tried again, as often as retries says' '
	training "\"jobs\": [{\"fault\": \"capacity\"}, {\"fault\": \"internal\"}]"
	fails 1 mldv repro >out
	has "CapacityError" stderr
	echo "retries = 1" >>mldv.ini
	mldv repro >out
	has "InternalServerError.*trying again (1 of 1)$" out
	has "submitted job .mldv-train-[0-9a-f]*-3.$" out
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

finish
