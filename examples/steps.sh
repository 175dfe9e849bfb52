# SPDX-License-Identifier: Apache-2.0
#
# What the examples share; sourced with their arguments, once MLDV, the service
# and all else that they need is known to be there.
#
#   DIRECTORY     where to work: must not exist or be empty; it is left as it is
#                 at the end. Without it, a temporary one is used and removed.
#
# $top is that directory, $here the example's, $script its name in messages.
# Nothing of who runs this, or of the Git hook it may run in, has an effect.
# shellcheck shell=sh
script=$(basename "$(dirname "$0")")/$(basename "$0")
if [ -n "${MLDV:-}" ]; then
	PATH=$(cd "$(dirname "$MLDV")" && pwd):$PATH
fi
if [ $# -gt 0 ]; then
	mkdir -p "$1"
	top=$(cd "$1" && pwd) own=no
	[ -z "$(ls -A "$top")" ] || {
		echo "$script: '$1' is not empty" >&2
		exit 2
	}
else
	top=$(mktemp -d) own=yes
fi

unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE XDG_CONFIG_HOME
HOME=$top/home
export HOME
mkdir "$HOME"
LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
GIT_AUTHOR_NAME=Demo GIT_AUTHOR_EMAIL=demo@example.org
GIT_COMMITTER_NAME=Demo GIT_COMMITTER_EMAIL=demo@example.org
export LC_ALL PYTHONDONTWRITEBYTECODE GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL \
	GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL

finished=no
ended() {
	# shellcheck disable=SC2086 # a list of processes
	[ -z "${servers:-}" ] || kill $servers 2>/dev/null || :
	if [ $own = yes ] && [ $finished = yes ]; then
		rm -rf "$top"
	elif [ $finished = no ]; then
		echo "$script: stopped; what there is lies in '$top'" >&2
	fi
}
trap ended EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# with_rgw: the service of test/tool/rgw.sh, as whoever owns buckets there.
with_rgw() {
	for name in $(env | sed -n 's/^\(AWS_[A-Z0-9_]*\)=.*/\1/p'); do
		unset "$name"
	done
	settings=$("${rgw:?}" up)
	# shellcheck source=/dev/null
	. "$settings"
	AWS_ENDPOINT_URL_S3=http://127.0.0.1:$RGW_PORT AWS_REGION=us-east-1
	AWS_ACCESS_KEY_ID=$RGW_OWNER AWS_SECRET_ACCESS_KEY=$RGW_OWNER_SECRET
	export AWS_ENDPOINT_URL_S3 AWS_REGION AWS_ACCESS_KEY_ID \
		AWS_SECRET_ACCESS_KEY
}

say() {
	printf '\n# %s\n' "$*"
}

fail() {
	echo "$script: $*" >&2
	exit 1
}

# must STATUS COMMAND...: shows the command and what it prints, and wants
# just that exit status.  What it printed is left in $top/out.
must() {
	want=$1
	shift
	line='$'
	for word; do
		case $word in
		*[!A-Za-z0-9_@%+=:,./-]* | '') word="'$word'" ;;
		esac
		line="$line $word"
	done
	printf '%s\n' "$line"
	got=0
	"$@" >"$top/out" 2>&1 || got=$?
	sed 's/^/    /' "$top/out"
	[ "$got" -eq "$want" ] || fail "status $got instead of $want"
}

run() {
	must 0 "$@"
}

staged() {
	for file; do
		git diff --cached --name-only | grep -qxF "$file" ||
			fail "'$file' is not staged"
	done
}

# clean: the work tree is as committed.
clean() {
	[ -z "$(git status --porcelain)" ] ||
		fail "the work tree is not as committed"
}
