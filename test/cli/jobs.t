#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Jobs that outlive who started them: joined, listed, followed, stopped.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

check 'two people who start the same training have one job' '
	training
	more "exec(\"import time\nwhile not os.path.exists(\047$PWD/go\047): time.sleep(0.02)\")"
	git add -A
	git commit -qm stage
	mldv push
	git clone -q . ../q
	(cd ../q && mldv pull)
	mldv repro >out 2>&1 &
	first=$!
	(cd ../q && exec mldv repro >../q.out 2>&1) &
	second=$!
	until_line "Training" out
	until_line "Training" ../q.out
	touch go
	wait "$first"
	wait "$second"
	[ "$(jobs_started)" = 1 ]
	cat out ../q.out >both
	[ "$(grep -c "submitted job" both)" = 1 ]
	[ "$(grep -c "joined job" both)" = 1 ]
	same models ../q/models
'

check 'after a kill, the job is joined, and its result taken' '
	training
	more "exec(\"import time\nwhile not os.path.exists(\047$PWD/go\047): time.sleep(0.02)\")"
	mldv repro >out 2>&1 &
	pid=$!
	until_line "Training" out
	kill -9 "$pid"
	wait "$pid" || :
	touch go
	mldv repro >out2
	has "joined job" out2
	[ "$(jobs_started)" = 1 ]
	[ "$(cat models/model.txt)" = 1.5 ]
'

check 'Ctrl-C leaves the job alone and says so; it is listed, and stopped' '
	training
	more "exec(\"import time; print(\047begun\047, flush=True); time.sleep(60)\")"
	env --default-signal=INT mldv repro >out 2>err &
	pid=$!
	until_line "^begun$" out
	kill -INT "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" = 130 ]
	has "detached; job .mldv-train-[0-9a-f]*-1. goes on, and costs" out
	mldv jobs list >list
	has "^train  *Training  *mldv-train-" list
	mldv jobs logs train >logs
	has "^begun$" logs
	mldv jobs stop train
	fails 3 mldv jobs attach train >attached
	has "Stopped" stderr
	has "^begun$" attached
	mldv jobs list --json | python3 -c "import json, sys
[job] = json.load(sys.stdin)
assert job[\"state\"] == \"Stopped\", job
assert job[\"console\"].endswith(job[\"name\"]), job
assert job[\"instance\"] == \"ml.m5.large\" and job[\"billed\"] > 0, job"
	fails 3 mldv jobs stop train
	fails 1 mldv jobs logs other
'

check 'a job is listed though its submitter was killed before the answer' '
	training
	echo "{\"fault\": \"kill\", \"pid\": \"$PWD/pid\", \"op\": \"CreateTrainingJob\", \"done\": true}" |
		fake faults
	gives 137 sh -c "echo \$\$ >pid; exec mldv repro" >out
	[ "$(jobs_started)" = 1 ]
	mldv jobs list >list
	has "^train  *[A-Z][a-z]*  *mldv-train-" list
	# One that AWS refused is none.
	sed -i "s/^train.lr = .*/train.lr = 1.5/" mldv.ini
	echo "{\"fault\": \"denied\", \"op\": \"CreateTrainingJob\"}" | fake faults
	gives 1 mldv repro >out
	has "AccessDenied" stderr
	[ "$(mldv jobs list | wc -l)" = 1 ]
'

finish
