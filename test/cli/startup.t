#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a command does not need, it does not open.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# opens FILE COMMAND...: does the command open a file of this name?
opens() {
	file=$1
	shift
	strace -f -qq -e trace=openat -o trace "$@" >/dev/null 2>&1 || :
	grep -q "$file" trace
}

check 'version looks at no repository, and sets up no cryptography' '
	git init -q .
	! opens "openssl.cnf\|ca-certificates\|\.git/config" mldv version
'

check 'status of what did not change hashes nothing and trusts nobody' '
	git init -q .
	mldv init
	echo data >data
	mldv add data
	sleep 3
	mldv status
	! opens "openssl.cnf\|ca-certificates" mldv status
'

check 'certificates are read when HTTPS asks for them' '
	! ldd "$MLDV" | grep -q mbedtls ||
		opens ca-certificates mldv get https://127.0.0.1:1/x y
'

finish
