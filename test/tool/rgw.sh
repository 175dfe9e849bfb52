#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A real S3 for the tests: Ceph's RADOS Gateway from Debian's packages, with
# the monitor and the one disk that it needs, below one directory and on
# loopback only. Started by whoever needs it first, shared by all tests of a
# run, gone when the run is.
#
#   rgw.sh run COMMAND...    runs it with MLDV_RGW=DIR; ends with its status
#                            once all that was started for it has stopped
#   rgw.sh up                starts it in $MLDV_RGW unless it runs there, and
#                            prints the file of settings to source
#   rgw.sh admin ARGUMENT... radosgw-admin, on the one in $MLDV_RGW
#   rgw.sh have              is it installed?
#
# The settings: RGW_PORT, RGW_OWNER and RGW_OWNER_SECRET (makes buckets, may
# assume roles), RGW_READER and RGW_READER_SECRET (may do what a bucket's
# policy allows it).
#
# Who runs 'run' holds a lock on DIR/lease. A keeper, in a session of its own,
# waits for that lock, so the servers stop and the directory goes however the
# run ends, kill -9 included.
set -eu

me=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")

fail() {
	echo "rgw: $*" >&2
	exit 1
}

have() {
	for program in monmaptool ceph ceph-mon ceph-osd radosgw radosgw-admin; do
		command -v "$program" >/dev/null || return 1
	done
}

# Ports that nobody listens on, below those the kernel gives to clients.
free_ports() {
	python3 - "$1" <<-'END'
		import random, socket, sys
		found = []
		while len(found) < int(sys.argv[1]):
		    port = random.randrange(10000, 32000)
		    try:
		        with socket.socket() as s:
		            s.bind(('127.0.0.1', port))
		    except OSError:
		        continue
		    found.append(port)
		print(*found)
	END
}

# Durable, replicated and self-healing is what Ceph wants to be; here it is
# one disk, kept for minutes. Without 'crc' the gateway asks its monitor for a
# secure connection, which it cannot have without keys, and waits for ever.
configuration() {
	cat <<-END
		[global]
		fsid = $fsid
		mon_initial_members = a
		mon_host = [v2:127.0.0.1:$mon_port]
		public_addr = 127.0.0.1
		cluster_addr = 127.0.0.1
		auth_cluster_required = none
		auth_service_required = none
		auth_client_required = none
		ms_bind_msgr1 = false
		ms_bind_port_min = $osd_port
		ms_bind_port_max = $((osd_port + 60))
		ms_mon_client_mode = crc
		run_dir = $dir/run
		crash_dir = $dir/run
		admin_socket =
		keyring = $dir/keyring
		log_file = $dir/log/\$name.log
		osd_pool_default_size = 1
		osd_pool_default_min_size = 1
		osd_pool_default_pg_num = 1
		osd_pool_default_pg_autoscale_mode = off
		osd_crush_chooseleaf_type = 0
		mon_allow_pool_size_one = true
		mon_max_pg_per_osd = 1000
		mon_data_avail_crit = 0
		mon_data_avail_warn = 1
		mon_warn_on_pool_no_redundancy = false
		[mon]
		mon_data = $dir/mon
		mon_cluster_log_file = $dir/log/cluster.log
		paxos_propose_interval = 0.05
		paxos_min_wait = 0.01
		mon_tick_interval = 1
		[osd]
		osd_data = $dir/osd
		osd_objectstore = bluestore
		bluestore_block_size = 10737418240
		bluestore_block_create = true
		osd_memory_target = 939524096
		osd_max_object_name_len = 2048
		debug_osd = 0/0
		debug_bluestore = 0/0
		debug_bluefs = 0/0
		debug_rocksdb = 0/0
		[client.rgw]
		rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
		rgw_thread_pool_size = 64
		rgw_rados_pool_pg_num_min = 1
		rgw_dns_name = localhost
		rgw_data = $dir/run
		rgw_s3_auth_use_sts = true
		rgw_sts_key = 0123456789abcdef
		rgw_sts_min_session_duration = 1
		rgw_s3_auth_order = local, sts
	END
}

# daemon NAME COMMAND...: in the background, its process id in run/NAME.pid.
daemon() {
	name=$1
	shift
	"$@" -f </dev/null >>"$dir/log/$name.out" 2>&1 &
	echo $! >"$dir/run/$name.pid"
}

alive() {
	[ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# As long as its block file is held by one, a second disk server would hang.
stop() {
	for name in rgw osd mon; do
		pid=$(cat "$dir/run/$name.pid" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null || continue
		patience=100
		while alive "$pid" && [ $patience -gt 0 ]; do
			sleep 0.1
			patience=$((patience - 1))
		done
		kill -9 "$pid" 2>/dev/null || :
	done
}

new_user() {
	timeout 90 radosgw-admin -n client.rgw user create --uid="$1" \
		--display-name="$1" --access-key="$2" --secret-key="$3" \
		--caps="$4" >>"$dir/log/users.out" 2>&1
}

answers() {
	python3 - "$port" "$(cat "$dir/run/rgw.pid")" <<-'END'
		import os, socket, sys, time
		for _ in range(900):
		    try:
		        socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()
		        sys.exit(0)
		    except OSError:
		        time.sleep(0.05)
		    if not os.path.exists('/proc/' + sys.argv[2]):
		        break
		sys.exit(1)
	END
}

serve() {
	# shellcheck disable=SC2046 # three numbers
	set -- $(free_ports 3)
	port=$1 mon_port=$2 osd_port=$3
	fsid=$(cat /proc/sys/kernel/random/uuid)
	osd_id=$(cat /proc/sys/kernel/random/uuid)
	rm -rf "$dir/mon" "$dir/osd" "$dir/run" "$dir/log"
	mkdir "$dir/mon" "$dir/osd" "$dir/run" "$dir/log"
	configuration >"$dir/ceph.conf"
	export CEPH_CONF="$dir/ceph.conf"
	monmaptool --create --clobber --fsid "$fsid" \
		--addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap" || return 1
	ceph-osd -i 0 --mkfs --osd-uuid "$osd_id" --monmap "$dir/monmap" \
		--no-mon-config >"$dir/log/mkfs.out" 2>&1 &
	making=$!
	ceph-mon --mkfs -i a --monmap "$dir/monmap" || return 1
	daemon mon ceph-mon -i a
	timeout 60 ceph osd new "$osd_id" || return 1
	wait $making || return 1
	daemon osd ceph-osd -i 0
	# The first call also makes the pools.
	new_user owner OWNERKEY0000000000000 owner-secret-0123456789 \
		'users=*;roles=*;buckets=*;user-policy=*' || return 1
	daemon rgw radosgw -n client.rgw
	new_user reader READERKEY000000000000 reader-secret-0123456789 '' ||
		return 1
	answers || return 1
	cat >"$dir/settings.new" <<-END
		RGW_PORT=$port
		RGW_OWNER=OWNERKEY0000000000000
		RGW_OWNER_SECRET=owner-secret-0123456789
		RGW_READER=READERKEY000000000000
		RGW_READER_SECRET=reader-secret-0123456789
	END
	mv "$dir/settings.new" "$dir/settings"
}

# In the background, the parent of the servers: makes them run, says so by
# the file settings or failed, and stops them when the lease has ended.
keep() {
	trap 'stop; rm -rf "$dir"' EXIT
	trap 'exit 1' HUP INT TERM
	tries=1
	# A port may have been taken between looking and listening.
	until serve >>"$dir/keeper.out" 2>&1; do
		stop
		tries=$((tries + 1))
		if [ $tries -gt 3 ]; then
			: >"$dir/failed"
			break
		fi
	done
	exec 8<"$dir/lease"
	flock -x 8
}

up() {
	[ -d "$dir" ] || fail "no directory '$dir'; call it through 'rgw.sh run'"
	(
		flock -x 7
		[ -e "$dir/started" ] || {
			: >"$dir/started"
			# None of the descriptors of a test, or its harness waits.
			setsid "$me" keep 7<&- 9<&- </dev/null >/dev/null 2>&1 &
		}
	) 7<"$dir/lease.start"
	patience=1200
	until [ -e "$dir/settings" ]; do
		patience=$((patience - 1))
		if [ -e "$dir/failed" ] || [ $patience -eq 0 ]; then
			tail -n 20 "$dir/keeper.out" "$dir"/log/*.out >&2 || :
			fail 'the gateway does not start'
		fi
		sleep 0.1
	done
	echo "$dir/settings"
}

run() {
	# On a real disk: it must allow direct access, which memory does not.
	dir=$(mktemp -d "${MLDV_RGW_DIR:-/var/tmp}/mldv-rgw.XXXXXX")
	: >"$dir/lease"
	: >"$dir/lease.start"
	exec 9<"$dir/lease"
	flock -s 9
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'finish_run' EXIT
	MLDV_RGW=$dir "$@" 9<&- || return
}

finish_run() {
	exec 9<&-
	[ -e "$dir/started" ] || {
		rm -rf "$dir"
		return
	}
	patience=300
	while [ -e "$dir" ] && [ $patience -gt 0 ]; do
		sleep 0.1
		patience=$((patience - 1))
	done
}

dir=${MLDV_RGW:-}
what=${1:-}
[ $# -eq 0 ] || shift
case $what in
have) have ;;
run) run "$@" ;;
up) up ;;
keep) keep ;;
admin) CEPH_CONF=$dir/ceph.conf radosgw-admin -n client.rgw "$@" ;;
*) fail "usage: rgw.sh run COMMAND... | up | admin ARGUMENT... | have" ;;
esac
