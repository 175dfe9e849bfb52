#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is done for each of many stages is little: what they made is made
# durable together, and nothing is done to all of them for each one.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# stages COUNT: a project with so many, each of which makes a file.
stages() {
	project .
	i=0
	while [ "$i" -lt "$1" ]; do
		echo "[stage s$i]"
		echo "cmd = echo $i >out/$i"
		echo "outs = out/$i"
		i=$((i + 1))
	done >>mldv.ini
	git add -A
	git commit -qm stages
}

# syncs MOST COMMAND...: how often it waits for the disk. What ends within a
# tenth of a second goes together, so it is more often if it takes long.
syncs() {
	most=$1
	shift
	began=$(date +%s%N)
	strace -c -e trace=fsync,fdatasync,syncfs -o ../calls "$@" >log 2>&1 || {
		cat log
		return 1
	}
	tenths=$((($(date +%s%N) - began) / 100000000))
	count=$(awk "\$NF == \"total\" { print \$(NF - 1) }" ../calls)
	echo "$count in $tenths tenths of a second"
	[ "$count" -le $((most + 10 * tenths)) ]
}

if strace -o /dev/null true 2>/dev/null; then
	check '300 stages that make something take few syncs' '
		stages 300
		syncs 60 mldv repro -j 2
		[ "$(cat out/* | wc -l)" -eq 300 ]
		mldv repro -n >log
		mldv fsck
	'
	check '300 stages that make nothing take few syncs' '
		stages 300
		sed -i "/^outs/d; s/>.*//" mldv.ini
		syncs 60 mldv repro -j 2
		mldv repro -n >log
	'
else
	skip 'what many stages take' 'strace cannot trace here'
fi

check 'what many small stages made is in few packs' '
	stages 100
	mldv repro -j 2 >log 2>&1
	packs=$(find .git/mldv/store/packs -name "*.tar.zst" | wc -l)
	rm -r out
	mldv repro >log 2>&1
	[ "$(cat out/* | wc -l)" -eq 100 ]
	[ "$packs" -lt 100 ]
'

check 'what cannot be recorded is as it was before' '
	stages 4
	mldv repro
	sed -i "s/echo /echo new /" mldv.ini
	"$MLDV_TOOLS"/inject sync 1+ EIO ../count mldv repro -j 2 >../log 2>&1 && exit 1
	has "Input/output error" ../log
	for i in 0 1 2 3; do
		[ "$(cat out/$i)" = "$i" ]
	done
	mldv repro -j 2
	for i in 0 1 2 3; do
		[ "$(cat out/$i)" = "new $i" ]
	done
	mldv fsck
'

check 'they need few open files' '
	project .
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo "[stage s$i]"
		echo "cmd = touch $i.1 $i.2 $i.3 $i.4 $i.5 $i.6 $i.7 $i.8"
		echo "outs = $i.1 $i.2 $i.3 $i.4 $i.5 $i.6 $i.7 $i.8" |
			sed "s/ \([0-9]\)/\n\t\1/g"
	done >>mldv.ini
	ulimit -n 128
	mldv repro -j 2
	mldv repro -n >log
'

check 'what took long is recorded before anything else begins' '
	project .
	cat >>mldv.ini <<-END
		[stage long]
		cmd = sleep 1.2; echo 1 >long
		outs = long
		[stage next]
		cmd = find .git/mldv/store/runs -type f >next
		deps = long
		outs = next
	END
	mldv repro
	[ "$(wc -l <next)" -eq 1 ]
'

check 'who needs the store for itself does not wait for a stage that runs' '
	project .
	cat >>mldv.ini <<-"END"
		[stage bad]
		cmd = true
		outs = bad
		[stage runs]
		cmd = for i in $(seq 600); do if [ -e go ]; then break; fi; sleep 0.1; done; echo 1 >runs
		outs = runs
	END
	mldv repro -k -j 2 >../log 2>&1 &
	repro=$!
	i=0
	while [ ! -d .git/mldv/failed/bad ] && [ "$i" -lt 200 ]; do
		i=$((i + 1))
		sleep 0.1
	done
	gives 0 timeout 30 mldv gc --delete >../gc || { touch go; exit 1; }
	touch go
	gives 1 wait "$repro"
	[ -e runs ]
'

finish
