#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stages with run = batch on a real Slurm.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/batch.sh
. "$(dirname "$0")/batch.sh"

if ! "$top/test/tool/slurm.sh" have; then
	skip 'stages run on Slurm' 'slurmctld, slurmd, slurm-client or munge is missing, or this is not root'
	finish
fi
trap '"$top/test/tool/slurm.sh" down "$scratch/slurm"; chmod -R u+rwX "$scratch"; rm -rf "$scratch"' EXIT
settings=$("$top/test/tool/slurm.sh" up "$scratch/slurm") || {
	cat "$scratch"/slurm/*.out >&2
	echo 'Bail out! no Slurm'
	exit 1
}
export "${settings?}"

# slurm_project: the project of batch.sh, with Slurm's commands.
slurm_project() {
	spool=none
	batch_project || return
	sed -i '/^batch\./d' mldv.ini
	cat >>mldv.ini <<-'END'
		cpus = 1
		timeout = 10m
		batch.submit = sbatch --parsable -J {name} -c {cpus} -t {minutes} -o {log} --wrap {run}
		batch.poll = squeue -h -t all -o %T -j {id}
		batch.cancel = scancel {id}
		batch.patience = 60s
	END
	git commit -qam slurm
}

check 'a stage runs on Slurm, and its result comes back' '
	slurm_project
	mldv repro >said 2>&1
	train_is
	begun 1
	has "^in /.*/mldv-stage\." said
	mldv repro >again 2>&1
	has "up to date" again
'

check 'a command that fails does so there, with its status' '
	slurm_project
	echo "exit 5" >>work.sh
	gives 1 mldv repro >said
	has "failed with status 5" stderr
'

check 'a job is left, looked at and ended, and the next one is another' '
	slurm_project
	echo "echo working; sleep 100" >>work.sh
	repro_apart
	until_is has "^working" said
	kill -INT "$repro"
	wait "$repro" && exit 1
	has "detached; job" said
	mldv jobs list >jobs
	has "^train  *RUNNING  *mldv-train-" jobs
	mldv jobs stop train >stopped
	gives 3 mldv jobs attach train >attached
	sed -i "s/; sleep 100//" work.sh
	mldv repro >said 2>&1
	has "^working" said
'

finish
