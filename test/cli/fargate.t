#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stages with run = fargate, on a double of ECS that really runs the task.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

# fargate [SERVICES [FAKE]]: the fake, its options, and a project with a stage
# for it.
fargate() {
	echo "{\"buckets\": {\"b\": {}}, \"services\": {\"models\": \"$models\", \"step\": 0.01${1:+, $1}}${2:+, $2}}" >fake.json
	fake_s3
	project p
	cd p || return
	mldv remote add origin s3://b/team
	mkdir -p data/raw
	echo one >data/raw/a
	mldv add -q data/raw
	echo 'cat data/raw/a >out; echo "working hard"' >work.sh
	cat >>mldv.ini <<-END

		[stage train]
		run = fargate
		cmd = sh work.sh
		deps = work.sh, data/raw
		outs = out
		fargate.cluster = mldv-vision
		fargate.task_definition = mldv-vision:3
		fargate.subnets = subnet-1, subnet-2
		fargate.security_groups = sg-1
		fargate.assign_public_ip = yes
		fargate.cpu = 1024
		fargate.memory = 2048
		fargate.mldv = $MLDV
		fargate.env.AWS_ENDPOINT_URL = $fake
		fargate.env.AWS_ACCESS_KEY_ID = KEY
		fargate.env.AWS_SECRET_ACCESS_KEY = SECRET
		fargate.env.AWS_REGION = us-east-1
		fargate.tag.team = vision
	END
	git add -A
	git commit -qm one
}

# task: the arguments of the last RunTask.
task() {
	python3 - "$requests" <<-'END'
		import json, sys
		for line in open(sys.argv[1]):
		    entry = json.loads(line)
		    if entry['op'] == 'RunTask':
		        last = entry['body']
		print(json.dumps(json.loads(last), indent=1))
	END
}

check 'a stage runs as a task, and its result comes back' '
	fargate
	mldv repro >said 2>&1
	same data/raw/a out
	has "working hard" said
	has "started job .mldv-train-[0-9a-f]*-1. as .arn:aws:ecs:" said
	has "cost [0-9.]* USD" said
	task >request
	has "\"launchType\": \"FARGATE\"" request
	has "\"assignPublicIp\": \"ENABLED\"" request
	has "\"run-stage\"" request
	has "\"vision\"" request
	has "\"clientToken\": \"[0-9a-f]*-1\"" request
	asked RunTask 1
	mldv runs --json >runs
	has "mldv-train-" runs
	mldv repro >said 2>&1
	has "up to date" said
'

check 'a command that fails is not tried again' '
	fargate
	echo "exit 6" >>work.sh
	sed -i "s/^outs = out/&\nretries = 2/" mldv.ini
	gives 1 mldv repro >said
	has "failed with status 6" stderr
	asked RunTask 1
'

check 'spot capacity that is taken back, or not there, is tried again' '
	fargate "\"jobs\": [{\"fault\": \"task\", \"stop_code\": \"SpotInterruption\", \"reason\": \"Your Spot Task was interrupted.\"}, {\"fault\": \"capacity\"}]"
	printf "retries = 2\nfargate.spot = yes\n" >>mldv.ini
	mldv repro >said 2>&1
	same data/raw/a out
	has "took its capacity back" said
	has "Capacity is unavailable" said
	has "trying again (2 of 2)" said
	asked RunTask 3
	task >request
	has "FARGATE_SPOT" request
	hasnt "launchType" request
'

check 'a task that cannot have its image says so, and is not tried again' '
	fargate "\"jobs\": [{\"fault\": \"task\", \"stop_code\": \"TaskFailedToStart\", \"reason\": \"CannotPullContainerError: not found\"}]"
	printf "retries = 2\n" >>mldv.ini
	gives 1 mldv repro >said
	has "its image cannot be fetched (TaskFailedToStart: CannotPullContainerError: not found)" stderr
	asked RunTask 1
'

check 'who was killed before the answer to RunTask finds the task again' '
	fargate
	echo "until [ -e $PWD/go ]; do sleep 0.05; done" >>work.sh
	echo "{\"fault\": \"kill\", \"pid\": \"$PWD/pid\", \"op\": \"RunTask\", \"done\": true}" |
		fake faults
	gives 137 sh -c "echo \$\$ >pid; exec mldv repro" >said
	mldv repro >said 2>&1 &
	repro=$!
	until_line "joined job\\|started job" said
	: >go
	wait "$repro"
	same data/raw/a out
	has "joined job .mldv-train-[0-9a-f]*-1." said
	grep -o "clientToken[^,]*" "$requests" | sort -u >tokens
	[ "$(wc -l <tokens)" = 1 ]
'

check 'a task is found again by whoever has another cluster in mldv.ini' '
	fargate
	echo "until [ -e $PWD/go ]; do sleep 0.05; done" >>work.sh
	mldv repro >said 2>&1 &
	repro=$!
	until_line "working hard" said
	kill -9 "$repro"
	wait "$repro" || :
	sed -i "s/^fargate.cluster.*/fargate.cluster = mldv-other/" mldv.ini
	mldv repro >said 2>&1 &
	repro=$!
	until_line "joined job\\|failed" said
	: >go
	wait "$repro"
	same data/raw/a out
	asked RunTask 1
'

check 'what a task left counts, although its cluster is gone' '
	fargate
	sed -i "s/^fargate.cluster.*/fargate.cluster = gone/" mldv.ini
	mldv repro >said 2>&1
	same data/raw/a out
	asked RunTask 1
'

check 'Ctrl-C lets go of the task, which jobs stops' '
	fargate
	echo "sleep 100" >>work.sh
	env --default-signal=INT mldv repro >said 2>&1 &
	repro=$!
	until_line "working hard" said
	kill -INT "$repro"
	wait "$repro" && exit 1
	has "detached; job" said
	mldv jobs list >jobs
	has "^train  *RUNNING  *mldv-train-" jobs
	mldv jobs stop train >said
	has "stopping job" said
	gives 3 mldv jobs attach train >said
	has "interrupted\\|somebody stopped it" stderr
'

check 'wrong settings are refused before anything is started' '
	fargate
	cp mldv.ini good
	sed "s/cpu = 1024/cpu = 1000/" good >mldv.ini
	gives 2 mldv repro >said
	has "Fargate has no task" stderr
	sed "/fargate.subnets/d" good >mldv.ini
	gives 2 mldv repro >said
	has "needs .fargate.cluster." stderr
	sed "s/fargate.spot/x/; s/fargate.cluster/fargate.clutser/" good >mldv.ini
	gives 2 mldv repro >said
	has "there is no .fargate.clutser." stderr
	asked RunTask 0
'

finish
