# SPDX-License-Identifier: Apache-2.0
#
# Command-line tests: plain sh, TAP out. A test script sources this file,
# calls check once per case, and ends with finish.
#
#   check 'what must hold' 'shell code, run in its own empty directory'
#
# The code runs in a subshell under set -e, so its first failing command
# fails the case; the commands' output is shown only then. A pipeline fails
# only by its last command, and what stands before && or || or in an if
# cannot fail a case.
#
# $HOME is a fresh directory with a Git configuration of its own, $top is the
# source tree, $scratch is removed at the end.
# shellcheck shell=sh

set -u
: "${MLDV:?path of the program under test}"
case $MLDV in
/*) ;;
*) MLDV=$PWD/$MLDV ;;
esac
top=$(cd "$(dirname "$0")/../.." && pwd)
: "${MLDV_TOOLS:=$(dirname "$MLDV")/test/tool}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/mldv-test.XXXXXX")
# A test may leave directories that cannot be written to.
trap 'chmod -R u+rwX "$scratch" 2>/dev/null; rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Nothing of who runs the tests, or of the Git hook they may run in.
for name in $(env | sed -n 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p'); do
	unset "$name"
done
unset XDG_CONFIG_HOME XDG_CACHE_HOME GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE \
	GIT_COMMON_DIR GIT_CONFIG_GLOBAL GIT_CONFIG_COUNT GIT_PREFIX CDPATH
umask 022
PATH=$(dirname "$MLDV"):$PATH
LC_ALL=C TZ=UTC0 HOME=$scratch/home TERM=dumb
GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org
GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
GIT_AUTHOR_DATE='2001-01-01 00:00:00 +0000'
GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
AWS_EC2_METADATA_DISABLED=true no_proxy=127.0.0.1,localhost
export AWS_EC2_METADATA_DISABLED no_proxy
export MLDV PATH LC_ALL TZ HOME TERM GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT \
	GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE \
	GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL GIT_COMMITTER_DATE
mkdir "$HOME"
# In the file and not in the environment, because libgit2 reads only that.
printf '[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[core]\n\tfsync = none\n[advice]\n\tdetachedHead = false\n' \
	>"$HOME/.gitconfig"

count=0 failed=0

check() {
	count=$((count + 1))
	mkdir "$scratch/$count"
	(
		set -e
		cd "$scratch/$count"
		eval "$2"
	) >"$scratch/out" 2>&1 </dev/null
	# shellcheck disable=SC2181 # in an if, set -e would be off
	if [ $? -eq 0 ]; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		# Where prove lets it through.
		{
			echo "$(basename "$0"), case $count, $1:"
			cat "$scratch/out"
		} | sed 's/^/# /' >&2
	fi
	# Data sets add up; a failed case's are worth a look only while it runs.
	chmod -R u+rwX "$scratch/$count" 2>/dev/null
	rm -rf "${scratch:?}/$count"
}

# skip 'what must hold' 'why it cannot be tried here': MLDV_NO_SKIP, which
# .ci/run sets, makes it a failure.
skip() {
	count=$((count + 1))
	if [ -z "${MLDV_NO_SKIP:-}" ]; then
		echo "ok $count - $1 # skip $2"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		echo "# not tried: $2"
	fi
}

finish() {
	echo "1..$count"
	exit "$((failed > 0))"
}

# gives STATUS COMMAND...: the command ends with just that status. What it
# says on standard error is left in ./stderr.
gives() {
	want=$1
	shift
	got=0
	"$@" 2>stderr || got=$?
	[ "$got" -eq "$want" ] || {
		echo "status $got, not $want: $*"
		cat stderr
		return 1
	}
}

# fails STATUS COMMAND...: it gives that status, and says one line on standard
# error that starts with "mldv: " (left in ./stderr).
fails() {
	gives "$@" || return 1
	if [ "$(wc -l <stderr)" -ne 1 ] || ! grep -q '^mldv: ' stderr; then
		echo "not one line that starts with 'mldv: ':"
		cat stderr
		return 1
	fi
}

# same EXPECTED ACTUAL: two files, or directories, are alike; shows how not.
same() {
	diff -ru --no-dereference "$1" "$2"
}

# has PATTERN FILE: a line of the file matches; shows the file if none does.
has() {
	grep -q -e "$1" "$2" || {
		echo "no line matches '$1':"
		cat "$2"
		return 1
	}
}

# hasnt PATTERN FILE: no line matches. (After '!' set -e would not see it.)
hasnt() {
	grep -e "$1" "$2" || return 0
	return 1
}

# until_is COMMAND...: waits until it succeeds, for two minutes at most.
until_is() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 2400 ] || {
			echo "it never came to this: $*"
			"$@"
			return 1
		}
		sleep 0.05
	done
}

# project [DIRECTORY]: a new Git repository with mldv in it, without a commit.
project() {
	git init -q "${1:-.}"
	(cd "${1:-.}" && mldv init >/dev/null)
}

# need_s3 'what this script is about': from here on there is a real S3 (see
# test/tool/rgw.sh), and AWS's variables name it and the user who owns what the
# tests make in it. Where it is not installed, the script ends here.
need_s3() {
	if ! "$top/test/tool/rgw.sh" have; then
		skip "$1" 'radosgw, ceph-mon, ceph-osd and ceph-common are missing'
		finish
	fi
	[ -n "${MLDV_RGW:-}" ] || exec "$top/test/tool/rgw.sh" run sh "$0"
	settings=$("$top/test/tool/rgw.sh" up) || {
		echo 'Bail out! no S3'
		exit 1
	}
	# shellcheck source=/dev/null
	. "$settings"
	AWS_ENDPOINT_URL_S3=http://127.0.0.1:$RGW_PORT
	AWS_ENDPOINT_URL_STS=$AWS_ENDPOINT_URL_S3
	AWS_ACCESS_KEY_ID=$RGW_OWNER AWS_SECRET_ACCESS_KEY=$RGW_OWNER_SECRET
	AWS_REGION=us-east-1
	export AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_STS AWS_ACCESS_KEY_ID \
		AWS_SECRET_ACCESS_KEY AWS_REGION
}

# need_swift 'what this script is about': the same with another make of server,
# OpenStack Swift from PyPI; see test/tool/swift.sh.
need_swift() {
	"$top/test/tool/swift.sh" install || {
		skip "$1" 'Swift cannot be had from PyPI'
		finish
	}
	[ -n "${MLDV_SWIFT:-}" ] ||
		exec "$top/test/tool/swift.sh" run sh "$0"
	settings=$("$top/test/tool/swift.sh" up) || {
		echo 'Bail out! no Swift'
		exit 1
	}
	# shellcheck source=/dev/null
	. "$settings"
	AWS_ENDPOINT_URL_S3=http://127.0.0.1:$SWIFT_PORT
	AWS_ACCESS_KEY_ID=$SWIFT_KEY AWS_SECRET_ACCESS_KEY=$SWIFT_SECRET
	AWS_REGION=us-east-1
	export AWS_ENDPOINT_URL_S3 AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY \
		AWS_REGION
}

# s3 METHOD /BUCKET[/KEY][?QUERY] [HEADER:VALUE...] [@FILE | =BODY]: one
# request with the credentials and to the endpoint that the environment names.
s3() {
	python3 -B "$top/test/tool/s3req.py" "$@"
}

# as_reader COMMAND...: as the user who may only what a bucket's policy says.
as_reader() {
	AWS_ACCESS_KEY_ID=$RGW_READER AWS_SECRET_ACCESS_KEY=$RGW_READER_SECRET \
		"$@"
}

# new_bucket [versioned]: an empty one of this test's own, its name in $bucket.
new_bucket() {
	bucket=$(basename "$scratch" | tr 'A-Z.' 'a-z-')-$count
	s3 PUT "/$bucket"
	[ "${1:-}" != versioned ] || s3 PUT "/$bucket?versioning" \
		'=<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
}

# new_role NAME: one that the owner may assume; its ARN in $role.
new_role() {
	role=arn:aws:iam:::role/$1
	"$top/test/tool/rgw.sh" admin role create --role-name "$1" \
		--assume-role-policy-doc '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/owner"]},"Action":["sts:AssumeRole"]}]}' >role.out
	"$top/test/tool/rgw.sh" admin role policy put --role-name "$1" \
		--policy-name all \
		--policy-doc '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}]}' >>role.out
}

# fake_s3 [OPTION...]: from here to the end of the case there is a fake S3
# (see test/tool/fakes3.py), and AWS's variables name it and its user KEY. It
# reads ./fake.json and ./faults if they are there, and writes ./requests,
# whose absolute name is in $requests.
fake_s3() {
	requests=$PWD/requests
	[ ! -e fake.json ] || set -- "$@" --config fake.json
	[ ! -e faults ] || set -- "$@" --faults faults
	python3 -B "$top/test/tool/fakes3.py" --log "$requests" "$@" >port &
	while [ ! -s port ]; do
		kill -0 $! || return 1
		sleep 0.02
	done
	fake=http://127.0.0.1:$(cat port)
	AWS_ENDPOINT_URL=$fake AWS_ENDPOINT_URL_S3=$fake AWS_REGION=us-east-1
	AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET
	export AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_REGION \
		AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	unset AWS_ENDPOINT_URL_STS
}

# fake WHAT [JSON]: changes the fake while it runs; faults are read from
# standard input.
fake() {
	python3 -c 'import sys, urllib.request as u
body = sys.argv[2] if len(sys.argv) > 2 else sys.stdin.read()
u.build_opener(u.ProxyHandler({})).open(sys.argv[1], body.encode())' \
		"$fake/_fake/$1" ${2+"$2"}
}

# asked OPERATION [COUNT]: how often the fake was asked for it; with a count,
# whether it was just so often.
asked() {
	asked=$(grep -c "\"op\": \"$1\"" "$requests") || :
	[ $# -eq 1 ] || [ "$asked" -eq "$2" ] || {
		echo "$1 was asked for $asked times, not $2"
		return 1
	}
	[ $# -eq 2 ] || echo "$asked"
}

# need_botocore 'what is tried': AWS's own client, from PyPI, for
# "$botocore/bin/python3".
need_botocore() {
	botocore=$top/build/botocore
	mkdir -p "$top/build"
	(
		flock 8
		[ ! -e "$botocore/done" ] || exit 0
		rm -rf "$botocore"
		echo "# installing botocore from PyPI into $botocore"
		python3 -m venv "$botocore" &&
			"$botocore/bin/pip" -q --disable-pip-version-check \
				install 'botocore>=1.36' &&
			: >"$botocore/done"
	) 8>"$top/build/botocore.lock" || {
		skip "$1" 'botocore cannot be had from PyPI'
		finish
	}
}

# need_papermill 'what is tried': papermill with a Python kernel, from PyPI, as
# mldv finds it; beside it lie boto3 and the command aws.
need_papermill() {
	papermill=$top/build/papermill
	mkdir -p "$top/build"
	(
		flock 8
		[ ! -e "$papermill/done" ] || exit 0
		rm -rf "$papermill"
		echo "# installing papermill from PyPI into $papermill"
		python3 -m venv "$papermill" &&
			"$papermill/bin/pip" -q --disable-pip-version-check \
				install 'papermill>=2.6' ipykernel boto3 awscli &&
			: >"$papermill/done"
	) 8>"$top/build/papermill.lock" || {
		skip "$1" 'papermill cannot be had from PyPI'
		finish
	}
	export MLDV_PAPERMILL="$papermill/bin/papermill"
}

# notebook FILE: a notebook with a Python kernel of the code that is read from
# standard input. A line "%% TAG..." begins a code cell, and "%% markdown" a
# cell of text.
notebook() {
	mkdir -p "$(dirname "$1")"
	python3 -c 'import json, sys
cells = []
for line in sys.stdin:
	if line.startswith("%%"):
		tags = line.split()[1:]
		text = "markdown" in tags
		cell = {"cell_type": "markdown" if text else "code", "source": [],
			"metadata": {} if text or not tags else {"tags": tags}}
		if not text:
			cell.update(execution_count=None, outputs=[])
		cells.append(cell)
	else:
		cells[-1]["source"].append(line)
for cell in cells:
	if cell["source"]:
		cell["source"][-1] = cell["source"][-1].rstrip("\n")
json.dump({"nbformat": 4, "nbformat_minor": 4, "cells": cells, "metadata": {
	"kernelspec": {"name": "python3", "language": "python",
		"display_name": "Python 3"}}}, open(sys.argv[1], "w"), indent=1)
' "$1"
}
