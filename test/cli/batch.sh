# SPDX-License-Identifier: Apache-2.0
#
# A batch system in a page of shell: a spool with a file a job, and a loop
# that runs what comes. Sourced after lib.sh.
#
#   $spool/<n>.job     what is to be run
#   $spool/<n>.state   PENDING, RUNNING, COMPLETED, FAILED, CANCELLED
#   $spool/held        while it is there, no job is begun
# shellcheck shell=sh

# run_jobs: the loop. Each job is the leader of a group, whose id is in .pid.
run_jobs() {
	while [ -d "$spool" ]; do
		for job in "$spool"/*.job; do
			[ ! -e "$job" ] || [ -e "$spool/held" ] ||
				run_one "${job%.job}" "$job"
		done
		sleep 0.05
	done
}

run_one() {
	mv "$2" "$1.begun" || return 0
	echo RUNNING >"$1.state"
	(
		status=0
		setsid -w sh -c 'echo $$ >"$1.pid"; cd / && exec sh "$1.begun"' \
			sh "$1" >"$(cat "$1.log")" 2>&1 </dev/null || status=$?
		[ "$(cat "$1.state")" != RUNNING ] || {
			[ $status -eq 0 ] && echo COMPLETED || echo FAILED
		} >"$1.now"
		[ ! -e "$1.now" ] || mv "$1.now" "$1.state"
	) &
}

# batch_up: the system is there until the case ends. $spool/submit, poll and
# cancel are its commands.
batch_up() {
	spool=$PWD/spool
	mkdir "$spool"
	cat >"$spool/submit" <<-'END'
		#!/bin/sh
		# submit LOG COMMAND
		spool=$(dirname "$0")
		[ ! -e "$spool/broken" ] || { echo no >&2; exit 7; }
		exec 9>"$spool/lock"
		flock 9
		n=$(($(cat "$spool/count" 2>/dev/null || echo 0) + 1))
		echo $n >"$spool/count"
		echo "$1" >"$spool/$n.log"
		echo PENDING >"$spool/$n.state"
		echo "$2" >"$spool/$n.new"
		mv "$spool/$n.new" "$spool/$n.job"
		echo "Submitted batch job $n"
		while [ -e "$spool/hang" ]; do sleep 0.1; done
	END
	cat >"$spool/poll" <<-'END'
		#!/bin/sh
		spool=$(dirname "$0")
		[ ! -e "$spool/lost" ] || { echo 'invalid job id' >&2; exit 1; }
		cat "$spool/$1.state"
	END
	cat >"$spool/cancel" <<-'END'
		#!/bin/sh
		spool=$(dirname "$0")
		echo CANCELLED >"$spool/$1.state"
		rm -f "$spool/$1.job"
		[ ! -e "$spool/$1.pid" ] || kill -TERM "-$(cat "$spool/$1.pid")"
	END
	chmod +x "$spool/submit" "$spool/poll" "$spool/cancel"
	run_jobs &
	trap 'rm -rf "$spool"; wait' EXIT
}

# jobs_begun COUNT: just so many jobs were ever submitted.
jobs_begun() {
	[ "$(cat "$spool/count" 2>/dev/null || echo 0)" -eq "$1" ] || {
		echo "$(cat "$spool/count") jobs, not $1"
		return 1
	}
}

# batch_project: a project p with the remote r and a stage of three inputs: an
# item, what another stage makes, and a script that Git has.
batch_project() {
	mkdir r
	project p
	cd p || return
	mldv remote add origin "$PWD/../r"
	mkdir -p data/raw
	echo one >data/raw/a
	echo two >data/raw/b
	mldv add data/raw >/dev/null
	printf 'cat data/raw/* prep >out/all\necho "{\\"n\\": $1}" >metrics.json\n' >work.sh
	cat >>mldv.ini <<-END

		[params]
		n = 3

		[stage prep]
		cmd = sed s/o/0/ data/raw/a >prep
		deps = data/raw
		outs = prep

		[stage train]
		run = batch
		cmd = mkdir -p out; echo "in \$(pwd)"; sh work.sh \${params.n}
		deps = work.sh, data/raw, prep
		outs =
		  out
		  metrics.json  kind=metrics  git=yes
		params = n
		batch.submit = $spool/submit {log} {run}
		batch.poll = $spool/poll {id}
		batch.cancel = $spool/cancel {id}
		batch.patience = 2s
	END
	git add -A
	git commit -qm one
}

# begun N: the N-th job was handed over, and who did it knows its number.
begun() {
	has "started job .mldv-train-[0-9a-f]*-$1." said
}

# repro_apart: a repro in the background, its id in $repro.
repro_apart() {
	env --default-signal=INT mldv repro >said 2>&1 &
	repro=$!
}

# train_is: out is what train makes.
train_is() {
	printf 'one\ntwo\n0ne\n' >expected
	same expected out/all
}
