#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a batch system does to stages with run = batch, and what happens to who
# waits.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/batch.sh
. "$(dirname "$0")/batch.sh"

check 'a system that takes no job is a failure that names it' '
	batch_up
	batch_project
	: >"$spool/broken"
	gives 1 mldv repro >said
	has ".batch.submit. ended with status 7" stderr
	rm "$spool/broken"
	mldv repro >said 2>&1
	train_is
'

check 'a job that vanishes is given up, and tried again if that is wanted' '
	batch_up
	batch_project
	: >"$spool/held"
	sed -i "s/2s/1s/" mldv.ini
	: >"$spool/lost"
	gives 1 mldv repro >said
	has "vanished" stderr
	rm "$spool/lost" "$spool/1.job" "$spool/held"
	mldv repro >said 2>&1
	begun 2
	train_is
'

check 'a job that vanishes is started once more for each of its retries' '
	batch_up
	batch_project
	: >"$spool/held"
	: >"$spool/lost"
	sed -i "s/2s/1s\\nretries = 1/" mldv.ini
	gives 1 mldv repro >said
	has "trying again (1 of 1)" said
	jobs_begun 2
'

check 'what a job left counts, although nobody knows the job any more' '
	batch_up
	batch_project
	sed -i "s/2s/60s/" mldv.ini
	: >"$spool/lost"
	mldv repro >said 2>&1
	train_is
	jobs_begun 1
'

check 'a job that is killed is a failure with the word of the system' '
	batch_up
	batch_project
	echo "sleep 100" >>work.sh
	repro_apart
	until_is begun 1
	until_is has "^in /" said
	kill -9 "-$(cat "$spool/1.pid")"
	wait "$repro" && exit 1
	has "failed: job .* ended: FAILED" said
'

check 'who was killed between start and result finds his job again' '
	batch_up
	batch_project
	: >"$spool/held"
	repro_apart
	until_is begun 1
	until_is test -e ".git/mldv/jobs/$(sed -n "s/.*started job .\([^ ]*\). as.*/\1/p" said)"
	kill -9 "$repro"
	wait "$repro" || :
	mv said said1
	repro_apart
	until_is has "joined job" said
	rm "$spool/held"
	wait "$repro"
	train_is
	jobs_begun 1
'

check 'who was killed when the system had just answered finds his job again' '
	batch_up
	batch_project
	: >"$spool/held"
	: >"$spool/hang"
	repro_apart
	until_is grep -rq Submitted .git/mldv/joblogs
	kill -9 "$repro"
	wait "$repro" || :
	rm "$spool/hang"
	mv said said1
	repro_apart
	until_is has "joined job" said
	rm "$spool/held"
	wait "$repro"
	train_is
	jobs_begun 1
'

check 'two who start the same at once have one job' '
	batch_up
	batch_project
	mldv push >/dev/null
	git clone -q . ../q
	git -C ../q remote remove origin
	: >"$spool/held"
	repro_apart
	(cd ../q && exec mldv repro >said 2>&1) &
	other=$!
	until_is grep -q "mldv: job .*: PENDING" said
	until_is grep -q "mldv: job .*: PENDING" ../q/said
	rm "$spool/held"
	wait "$repro"
	wait "$other"
	train_is
	same out ../q/out
	jobs_begun 1
	cat said ../q/said | grep -c "joined job" >joined
	has "^1$" joined
'

check 'Ctrl-C lets go of the job, and jobs shows, follows and stops it' '
	batch_up
	batch_project
	echo "echo working; sleep 100" >>work.sh
	repro_apart
	until_is has "^working" said
	kill -INT "$repro"
	wait "$repro" && exit 1
	has "detached; job" said
	mldv jobs list >jobs
	has "^train  *RUNNING  *mldv-train-" jobs
	mldv jobs logs train >logs
	has "^working" logs
	mldv jobs stop train >stopped
	has "stopping job" stopped
	until_is has CANCELLED "$spool/1.state"
	gives 3 mldv jobs attach train >attached
	gives 3 mldv jobs stop train >stopped
	repro_apart
	until_is begun 2
	until_is has "mldv: job .*-2.: [PR]" said
	mldv jobs stop train >stopped
	wait "$repro" && exit 1
	has "CANCELLED\|interrupted" said
'

finish
