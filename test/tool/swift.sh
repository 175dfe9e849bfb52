#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A second real S3 for the tests, of another make: OpenStack Swift from PyPI,
# one node, with its S3 API in front of it twice, as of two versions. The newer
# one has conditional PUTs, the older one (2.35) answers 501 to them; both
# refuse bytes that do not have the checksum that they came with.
#
#   swift.sh run|up|have    see keep.sh; its directory is in MLDV_SWIFT
#   swift.sh install        what it is made of, from PyPI into build/swift
#
# The settings: SWIFT_PORT, SWIFT_OLD_PORT, SWIFT_KEY and SWIFT_SECRET. Listings
# come in pages of 20, so that few objects have several.
set -eu

server=swift variable=MLDV_SWIFT
daemons='proxy old object container account'
what_it_is='Swift'
# shellcheck source=test/tool/keep.sh
. "$(dirname "$0")/keep.sh"

venv=$(cd "$(dirname "$me")/../.." && pwd)/build/swift

have() {
	[ -e "$venv/done" ]
}

# The older one shares the libraries of the newer.
install() {
	mkdir -p "$(dirname "$venv")"
	(
		flock 8
		! have || exit 0
		rm -rf "$venv"
		echo "# installing Swift from PyPI into $venv"
		python3 -m venv "$venv" &&
			"$venv/bin/pip" -q --disable-pip-version-check \
				install 'swift==2.38.*' &&
			"$venv/bin/pip" -q --disable-pip-version-check \
				install --no-deps --target "$venv/old" \
				'swift==2.35.*' &&
			: >"$venv/done"
	) 8>"$venv.lock"
}

# default PORT: what all of its servers have in common.
default() {
	cat <<-END
		[DEFAULT]
		bind_ip = 127.0.0.1
		bind_port = $1
		workers = 0
		user = $(id -un)
		swift_dir = $dir
		devices = $dir/disks
		mount_check = false
		disable_fallocate = true
		fallocate_reserve = 0
		log_level = CRITICAL
	END
}

storage() { # NAME PORT
	default "$2"
	cat <<-END
		[pipeline:main]
		pipeline = $1-server
		[app:$1-server]
		use = egg:swift#$1
	END
}

proxy() { # PORT [cache]
	default "$1"
	filters='catch_errors gatekeeper healthcheck listing_formats bulk symlink'
	cat <<-END
		[pipeline:main]
		pipeline = catch_errors gatekeeper healthcheck ${2:-} listing_formats s3api tempauth bulk slo versioned_writes symlink proxy-server
		[app:proxy-server]
		use = egg:swift#proxy
		account_autocreate = true
		[filter:cache]
		use = egg:swift#memcache
		memcache_servers = 127.0.0.1:1
		[filter:s3api]
		use = egg:swift#s3api
		location = us-east-1
		storage_domain = localhost
		max_bucket_listing = 20
		[filter:tempauth]
		use = egg:swift#tempauth
		user_test_tester = testing .admin
		[filter:slo]
		use = egg:swift#slo
		[filter:versioned_writes]
		use = egg:swift#versioned_writes
		allow_versioned_writes = true
		allow_object_versioning = true
	END
	for filter in $filters; do
		printf '[filter:%s]\nuse = egg:swift#%s\n' "$filter" "$filter"
	done
}

# One disk, of which one copy is enough.
rings() {
	"$venv/bin/python3" -B - "$dir" "$@" <<-'END'
		import sys
		from swift.common.ring import RingBuilder
		for name, port in zip(('object', 'container', 'account'), sys.argv[2:]):
		    ring = RingBuilder(4, 1, 0)
		    ring.add_dev({
		        'id': 0, 'region': 1, 'zone': 1, 'ip': '127.0.0.1',
		        'port': int(port), 'replication_ip': '127.0.0.1',
		        'replication_port': int(port), 'device': 'd1', 'weight': 1.0,
		        'meta': ''})
		    ring.rebalance()
		    ring.get_ring().save('%s/%s.ring.gz' % (sys.argv[1], name))
	END
}

# The older one does not look into the directory that its settings name.
swift() { # NAME MODULE
	daemon "$1" "$venv/bin/python3" -B -c 'import sys
from swift.common.utils import set_swift_dir
set_swift_dir(sys.argv.pop(1))
from swift.'"$2"'.server import main
sys.exit(main())' "$dir" "$dir/$1.conf"
}

serve() {
	# shellcheck disable=SC2046 # five numbers
	set -- $(free_ports 5)
	rm -rf "$dir/disks" "$dir/run" "$dir/log"
	mkdir -p "$dir/disks/d1" "$dir/run" "$dir/log"
	printf '%s\n' '[swift-hash]' 'swift_hash_path_prefix = p' \
		'swift_hash_path_suffix = s' '[storage-policy:0]' 'name = p0' \
		'default = yes' >"$dir/swift.conf"
	rings "$1" "$2" "$3" || return 1
	storage object "$1" >"$dir/object.conf"
	storage container "$2" >"$dir/container.conf"
	storage account "$3" >"$dir/account.conf"
	proxy "$4" >"$dir/proxy.conf"
	# It insists on a cache, and does without an answer from it.
	proxy "$5" cache >"$dir/old.conf"
	swift object obj
	swift container container
	swift account account
	swift proxy proxy
	(
		export PYTHONPATH="$venv/old"
		swift old proxy
	)
	answers "$1" object && answers "$2" container &&
		answers "$3" account && answers "$4" proxy &&
		answers "$5" old || return 1
	cat >"$dir/settings.new" <<-END
		SWIFT_PORT=$4
		SWIFT_OLD_PORT=$5
		SWIFT_KEY=test:tester
		SWIFT_SECRET=testing
	END
	mv "$dir/settings.new" "$dir/settings"
}

case ${1:-} in
install) install ;;
*) keep_main "$@" ;;
esac
