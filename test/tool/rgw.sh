#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A real S3 for the tests: Ceph's RADOS Gateway from Debian's packages, with
# the monitor and the one disk that it needs.
#
#   rgw.sh run|up|have       see keep.sh; its directory is in MLDV_RGW
#   rgw.sh admin ARGUMENT... radosgw-admin, on the one that runs there
#
# The settings: RGW_PORT, RGW_OWNER and RGW_OWNER_SECRET (makes buckets, may
# assume roles), RGW_READER and RGW_READER_SECRET (may do what a bucket's
# policy allows it).
set -eu

# The disk is stopped after what uses it.
server=rgw variable=MLDV_RGW daemons='rgw osd mon'
what_it_is='the gateway'
# shellcheck source=test/tool/keep.sh
. "$(dirname "$0")/keep.sh"

have() {
	for program in monmaptool ceph ceph-mon ceph-osd radosgw radosgw-admin; do
		command -v "$program" >/dev/null || return 1
	done
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
		bluestore_block_size = 17179869184
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
		rgw_gc_obj_min_wait = 30
		rgw_gc_processor_period = 30
		rgw_gc_processor_max_time = 30
		rgw_s3_auth_use_sts = true
		rgw_sts_key = 0123456789abcdef
		rgw_sts_min_session_duration = 1
		rgw_s3_auth_order = local, sts
	END
}

new_user() {
	timeout 90 radosgw-admin -n client.rgw user create --uid="$1" \
		--display-name="$1" --access-key="$2" --secret-key="$3" \
		--caps="$4" >>"$dir/log/users.out" 2>&1
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
	daemon mon ceph-mon -f -i a
	timeout 60 ceph osd new "$osd_id" || return 1
	wait $making || return 1
	daemon osd ceph-osd -f -i 0
	# The first call also makes the pools.
	new_user owner OWNERKEY0000000000000 owner-secret-0123456789 \
		'users=*;roles=*;buckets=*;user-policy=*' || return 1
	daemon rgw radosgw -f -n client.rgw
	new_user reader READERKEY000000000000 reader-secret-0123456789 '' ||
		return 1
	answers "$port" rgw || return 1
	cat >"$dir/settings.new" <<-END
		RGW_PORT=$port
		RGW_OWNER=OWNERKEY0000000000000
		RGW_OWNER_SECRET=owner-secret-0123456789
		RGW_READER=READERKEY000000000000
		RGW_READER_SECRET=reader-secret-0123456789
	END
	mv "$dir/settings.new" "$dir/settings"
}

case ${1:-} in
admin)
	shift
	CEPH_CONF=$dir/ceph.conf radosgw-admin -n client.rgw "$@"
	;;
*) keep_main "$@" ;;
esac
