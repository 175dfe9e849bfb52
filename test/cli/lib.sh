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

# project [DIRECTORY]: a new Git repository with mldv in it, without a commit.
project() {
	git init -q "${1:-.}"
	(cd "${1:-.}" && mldv init >/dev/null)
}
