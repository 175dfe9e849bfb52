#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Moving data takes as much memory as src/remote/budget.h says, however much
# the data is: the most that was resident at once is what counts, program and
# libraries included.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if grep -q __asan_init "$MLDV" || grep -q __tsan_init "$MLDV"; then
	skip 'memory of transfers' 'a sanitizer takes memory of its own'
	finish
fi

# within MIB COMMAND...: it succeeds, and never had more than that.
within() {
	python3 - "$@" <<-'END'
		import os, sys
		pid = os.fork()
		if pid == 0:
		    os.execvp(sys.argv[2], sys.argv[2:])
		status, usage = os.wait4(pid, 0)[1:]
		most = usage.ru_maxrss // 1024
		print('%s: %d MiB' % (' '.join(sys.argv[2:]), most))
		sys.exit(status != 0 or most > int(sys.argv[1]))
	END
}

# noise BYTES: of which none can be left out or compressed.
noise() {
	openssl enc -aes-256-ctr -nosalt -K 01 -iv 02 </dev/zero 2>/dev/null |
		head -c "$1"
}

check 'a large file, with holes, is added, pushed and pulled in little memory' '
	project p
	cd p
	noise 200000000 >large
	truncate -s 600000000 large
	within 64 mldv add large
	mldv remote add origin ../r
	git add -A
	git commit -qm large
	within 128 mldv push
	git clone -q . ../c
	cd ../c
	within 128 mldv pull
	cmp large ../p/large
'

check 'many small files are pushed and pulled in little memory' '
	project p
	cd p
	mkdir d
	noise 160000000 | split -a 3 -b 250000 - d/
	within 128 mldv add d
	mldv remote add origin ../r
	git add -A
	git commit -qm small
	within 128 mldv push
	git clone -q . ../c
	cd ../c
	within 128 mldv pull
	diff -r d ../p/d
'

finish
