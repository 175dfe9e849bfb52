#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Slurm as Debian packages it, on one node, on loopback, below one directory.
#
#   slurm.sh have          is it installed?
#   slurm.sh up DIRECTORY  starts it there, and prints the variable that makes
#                          its commands find it
#   slurm.sh down DIRECTORY
set -eu

port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# start NAME COMMAND...: in the background, its id in NAME.pid.
start() {
	name=$1
	shift
	setsid "$@" >"$dir/$name.out" 2>&1 </dev/null &
	echo $! >"$dir/$name.pid"
}

case ${1:-} in
have)
	PATH=$PATH:/usr/sbin
	[ "$(id -u)" -eq 0 ] && command -v slurmctld >/dev/null &&
		command -v slurmd >/dev/null &&
		command -v munged >/dev/null && command -v sbatch >/dev/null
	;;
up)
	dir=$2 PATH=$PATH:/usr/sbin
	mkdir -p "$dir/munge" "$dir/state" "$dir/spool"
	chmod 755 "$dir" "$dir/munge"
	head -c 1024 /dev/urandom >"$dir/munge/key"
	chmod 400 "$dir/munge/key"
	start munge munged -F --force --socket="$dir/munge/socket" \
		--key-file="$dir/munge/key" --pid-file="$dir/munge/pid" \
		--log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
	cat >"$dir/slurm.conf" <<-END
		ClusterName=test
		SlurmctldHost=$(hostname -s)(127.0.0.1)
		SlurmctldPort=$(port)
		SlurmdPort=$(port)
		SlurmUser=root
		AuthType=auth/munge
		AuthInfo=socket=$dir/munge/socket
		CredType=cred/munge
		StateSaveLocation=$dir/state
		SlurmdSpoolDir=$dir/spool
		SlurmctldPidFile=$dir/slurmctld.own
		SlurmdPidFile=$dir/slurmd.own
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		MpiDefault=none
		ReturnToService=2
		SchedulerParameters=sched_interval=1,batch_sched_delay=0
		NodeName=n1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 CPUs=1
		PartitionName=main Nodes=n1 Default=YES MaxTime=INFINITE State=UP
	END
	SLURM_CONF=$dir/slurm.conf
	export SLURM_CONF
	while [ ! -S "$dir/munge/socket" ]; do
		kill -0 "$(cat "$dir/munge.pid")"
		sleep 0.1
	done
	start slurmctld slurmctld -D -i
	start slurmd slurmd -D -N n1
	until sinfo -h -o %t 2>/dev/null | grep -q idle; do
		kill -0 "$(cat "$dir/slurmctld.pid")"
		kill -0 "$(cat "$dir/slurmd.pid")"
		sleep 0.1
	done
	echo "SLURM_CONF=$dir/slurm.conf"
	;;
down)
	dir=$2
	for name in slurmd slurmctld munge; do
		[ ! -s "$dir/$name.pid" ] ||
			kill "$(cat "$dir/$name.pid")" 2>/dev/null || :
	done
	for name in slurmd slurmctld munge; do
		while [ -s "$dir/$name.pid" ] &&
			kill -0 "$(cat "$dir/$name.pid")" 2>/dev/null; do
			sleep 0.1
		done
	done
	;;
*)
	echo "usage: slurm.sh have | up DIRECTORY | down DIRECTORY" >&2
	exit 2
	;;
esac
