#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Whatever a service or the network does: a push or a pull ends right, or it
# ends with one sentence, and the next one ends right.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# ready: a fake, a project whose item has small files and a chunked one, and a
# clone of it, which has nothing yet.
ready() {
	echo '{"buckets": {"bucket": {}}}' >fake.json
	fake_s3
	here=$PWD
	project p
	cd p || return 1
	mkdir -p d/e
	for i in 1 2 3 4 5; do
		echo "file $i" >"d/e/$i"
	done
	openssl enc -aes-256-ctr -nosalt -K 01 -iv 02 </dev/zero 2>/dev/null |
		head -c 5000000 >d/large
	mldv remote add origin s3://bucket/0
	mldv add d
	git add -A
	git commit -qm first
	git clone -q . ../c
	cd ..
}

# ends STATUS...: what just ran gave one of them; if not 0, with one line.
ends() {
	if [ "$got" -ne 0 ]; then
		if [ "$(wc -l <stderr)" -ne 1 ] || ! grep -q '^mldv: ' stderr; then
			echo "not one sentence:"
			cat stderr
			return 1
		fi
	fi
	for want; do
		[ "$got" -ne "$want" ] || return 0
	done
	echo "status $got, not $*"
	cat stderr
	return 1
}

# run COMMAND...: the status in $got, what it said in ./stderr.
run() {
	got=0
	timeout 120 "$@" 2>stderr >stdout || got=$?
}

# push_at PREFIX RULE STATUS...: the first push to it meets the fault and ends
# so, the next one ends well, and then everything is there.
push_at() {
	(
		prefix=$1 rule=$2
		shift 2
		cd "$here/p" || exit 1
		mldv config remote.origin.url "s3://bucket/$prefix" >/dev/null 2>&1
		echo "$rule" | fake faults
		run mldv push
		ends "$@" || exit 1
		echo | fake faults
		run mldv push
		ends 0 || exit 1
		pull_at "$prefix" '' 0
	) || {
		echo "push, with $2"
		return 1
	}
}

# pull_at PREFIX RULE STATUS...: the same, from nothing.
pull_at() {
	(
		prefix=$1 rule=$2
		shift 2
		cd "$here/c" || exit 1
		rm -rf .git/mldv/store .git/mldv/state d
		mldv config --local remote.origin.url "s3://bucket/$prefix" \
			>/dev/null 2>&1
		echo "$rule" | fake faults
		run mldv pull
		ends "$@" || exit 1
		[ "$got" -ne 0 ] || same "$here/p/d" d || exit 1
		echo | fake faults
		run mldv pull
		ends 0 && same "$here/p/d" d
	) || {
		echo "pull, with $2"
		return 1
	}
}

check 'a push gets over what passes' '
	ready
	n=0
	for fault in slowdown throttle badgateway drop; do
		for op in PutObject HeadObject; do
			n=$((n + 1))
			push_at $n "{\"fault\": \"$fault\", \"op\": \"$op\", \"skip\": $((n % 2))}" 0
		done
	done
	push_at t "{\"fault\": \"timeout\", \"op\": \"PutObject\", \"times\": 2}" 0
'

check 'a pull gets over what passes' '
	ready
	(cd p && mldv push)
	for fault in slowdown badgateway drop reset truncate; do
		for skip in 0 2; do
			pull_at 0 "{\"fault\": \"$fault\", \"op\": \"GetObject\", \"skip\": $skip, \"after\": 100}" 0
		done
	done
'

check 'what was cut anywhere, or is not what was asked for, is noticed' '
	ready
	(cd p && mldv push)
	for fault in wrong short more whole elsewhere garbage; do
		for skip in 0 3; do
			pull_at 0 "{\"fault\": \"$fault\", \"op\": \"GetObject\", \"skip\": $skip}" 0 1 4
		done
	done
	pull_at 0 "{\"fault\": \"wrong\", \"op\": \"GetObject\", \"skip\": 2, \"times\": 0}" 1 4
'

check 'a push whose answers are lost is done all the same' '
	ready
	for skip in 0 3; do
		push_at i$skip "{\"fault\": \"internal\", \"op\": \"PutObject\", \"skip\": $skip, \"done\": true}" 0
		push_at r$skip "{\"fault\": \"reset_request\", \"op\": \"PutObject\", \"skip\": $skip, \"after\": 10}" 0
		push_at e$skip "{\"fault\": \"slowdown\", \"op\": \"PutObject\", \"skip\": $skip, \"early\": true}" 0
	done
'

check 'a push says what will not pass, and goes on where it was' '
	ready
	for skip in 0 3; do
		push_at d$skip "{\"fault\": \"denied\", \"op\": \"PutObject\", \"skip\": $skip, \"times\": 0}" 1
		push_at u$skip "{\"fault\": \"unsupported\", \"op\": \"PutObject\", \"skip\": $skip, \"times\": 0}" 1
	done
	push_at i "{\"fault\": \"internal\", \"op\": \"PutObject\", \"skip\": 2, \"times\": 0}" 1
'

check 'names that are taken, and conflicts, are looked into' '
	ready
	for skip in 0 1 2 3 4; do
		push_at t$skip "{\"fault\": \"taken\", \"op\": \"PutObject\", \"skip\": $skip}" 0
	done
	for skip in 0 3; do
		push_at c$skip "{\"fault\": \"conflict\", \"op\": \"PutObject\", \"skip\": $skip, \"times\": 2}" 0
		push_at u$skip "{\"fault\": \"unsupported\", \"op\": \"PutObject\", \"skip\": $skip}" 0
	done
'

check 'an error with status 200 is an error' '
	ready
	(cd p && mldv push)
	for skip in 0 1 2; do
		pull_at 0 "{\"fault\": \"ok_error\", \"op\": \"GetObject\", \"skip\": $skip, \"times\": 0}" 1 4
	done
'

check 'a clock that is wrong is corrected' '
	ready
	for offset in 4000 -4000; do
		: >"$requests"
		fake clock "{\"offset\": $offset}"
		push_at k$offset "" 0
		has RequestTimeTooSkewed "$requests"
	done
'

check 'a service that sends nothing, or hardly anything, is not waited for' '
	ready
	(cd p && mldv push)
	pull_at 0 "{\"fault\": \"slow\", \"op\": \"GetObject\", \"rate\": 4000000}" 0
	pull_at 0 "{\"fault\": \"delay\", \"op\": \"GetObject\", \"seconds\": 2}" 0
	pull_at 0 "{\"fault\": \"stall\", \"op\": \"GetObject\", \"skip\": 1, \"after\": 50, \"for\": 300}" 0
'

finish
