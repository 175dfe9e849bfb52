#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh [DIRECTORY]: a team's project from its first commit to a merge to
# master: images are collected, preprocessed, learned from on SageMaker,
# evaluated in a notebook under four conditions, published, and Slack is told.
#
# The bucket is one of Ceph's gateway on this machine (test/tool/rgw.sh).
# SageMaker, CloudWatch Logs and Slack are the doubles of test/tool: SageMaker's
# really runs the training code, on the data in that bucket. All else is real:
# Git, papermill, numpy, the images. 'make example' installs what is needed.
#
# DIRECTORY must not exist or be empty; it is left as it is at the end. Without
# it, a temporary one is used and removed. Every step is checked.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
rgw=$source/test/tool/rgw.sh
"$rgw" have || {
	echo "run.sh: run 'make example', which installs a service" >&2
	exit 1
}
[ -n "${MLDV_RGW:-}" ] || exec "$rgw" run sh "$0" "$@"
venv=$(sh "$here/setup.sh")
# shellcheck source=examples/steps.sh
. "$here/../steps.sh"
with_rgw
AWS_EC2_METADATA_DISABLED=true
export AWS_EC2_METADATA_DISABLED
PATH=$venv/bin:$PATH
export PATH
unset MLDV_PAPERMILL GITHUB_SERVER_URL GITHUB_REPOSITORY GITHUB_RUN_ID \
	GITHUB_BASE_REF GITHUB_REF_NAME SLACK_USER_ID
# Every request to SageMaker is held against AWS's own description.
models=$(echo "$venv"/lib/python3*/site-packages/botocore/data)

# serve PORT-FILE COMMAND...: in the background until the end.
servers=
serve() {
	port=$1
	shift
	"$@" >"$port" &
	servers="$servers $!"
	while [ ! -s "$port" ]; do
		kill -0 $! || fail "'$*' does not run"
		sleep 0.05
	done
}

cat >"$top/double.json" <<END
{"users": {"$RGW_OWNER": {"secret": "$RGW_OWNER_SECRET"}},
 "services": {"models": "$models",
  "s3": {"endpoint": "$AWS_ENDPOINT_URL_S3", "key": "$RGW_OWNER",
         "secret": "$RGW_OWNER_SECRET"}, "grace": 60}}
END
requests=$top/requests
serve "$top/port.sagemaker" python3 -B "$source/test/tool/fakes3.py" \
	--config "$top/double.json" --log "$requests"
AWS_ENDPOINT_URL_SAGEMAKER=http://127.0.0.1:$(cat "$top/port.sagemaker")
AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=$AWS_ENDPOINT_URL_SAGEMAKER
export AWS_ENDPOINT_URL_SAGEMAKER AWS_ENDPOINT_URL_CLOUDWATCH_LOGS
told=$top/told
: >"$told"
serve "$top/port.slack" python3 -B "$source/test/tool/fakeslack.py" "$told"
MLDV_SLACK_WEBHOOK=http://127.0.0.1:$(cat "$top/port.slack")/services/T0/B0/x
export MLDV_SLACK_WEBHOOK

# jobs COUNT: so many training jobs were started until now.
jobs() {
	got=$(grep -c '"op": "CreateTrainingJob".*"status": 200' "$requests") || :
	[ "$got" -eq "$1" ] || fail "$got training jobs instead of $1"
	printf '    (checked: %s training jobs until now)\n' "$1"
}

# says PATTERN FILE
says() {
	grep -q -e "$1" "$2" || fail "'$1' is not in '$2'"
}

# change NAME VALUE: of a parameter.
change() {
	printf '$ sed -i "s/^%s .*/%s = %s/" mldv.ini\n' "$1" "$1" "$2"
	sed -i "s/^$1 .*/$1 = $2/" mldv.ini
}

began=$(date +%s)

say 'A project with the directories of a team, and its rules.'
run git init -q --bare -b master "$top/server.git"
run git clone -q "$top/server.git" "$top/project"
cd "$top/project"
git symbolic-ref HEAD refs/heads/master
run mldv init --layout datascience
run mldv remote create origin "s3://example-$$/images"
cp -r "$here/project/scripts" "$here/project/notebooks" .
cp "$here/requirements.txt" .
printf '$ cat pipeline.ini >>mldv.ini\n'
cat "$here/project/pipeline.ini" >>mldv.ini
run git add -A
run git commit -q -m 'A pipeline that has not run'

say 'On branch develop: all of it, four notebooks at a time.'
run git checkout -q -b develop
must 3 mldv repro -n
run mldv repro -j 4
says 'submitted job .mldv-train-' "$top/out"
says 'val_acc=' "$top/out"
jobs 1
[ "$(find data/raw/digits_20261124 -name '*.pgm' | wc -l)" -eq 1797 ] ||
	fail 'not all images were collected'
for condition in clean dark noise shift; do
	says '"accuracy"' "reports/metrics/$condition.json"
	says '"output_type"' "reports/evaluate/evaluate@$condition.ipynb"
done
cp models/classifier.npz "$top/model.sagemaker"
run cat reports/summary.md
python3 "$here/check.py" . >"$top/again" || fail 'the table is not true'
printf '    (checked: computed independently)\n'

say 'Slack was told, with figures and costs.'
says 'stage \*train\* done' "$told"
says 'repro of 8 stages done' "$told"
sed 's/^/    /' "$told" | tail -n 5

say 'A commit, which does not leave without its data.'
run git add -A
run git commit -q -m 'First model'
run git push -q origin master develop
run mldv publish
s3() {
	python3 -B "$source/test/tool/s3req.py" "$@"
}
s3 GET "/example-$$?list-type=2&prefix=images/reports/evaluate/latest/" |
	grep -o '<Key>[^<]*' | sed 's/<Key>/    /' >"$top/published"
cat "$top/published"
[ "$(grep -c 'latest/develop/evaluate@.*ipynb' "$top/published")" -eq 4 ] ||
	fail 'not all four notebooks are published'

say 'CI looks at develop: from the commit and the bucket alone.'
run git clone -q -b develop "$top/server.git" "$top/ci"
cd "$top/ci"
GITHUB_REF_NAME=develop run mldv verify --format github
[ ! -e data/raw/digits_20261124 ] || fail 'that fetched data'
run mldv repro
says 'up to date' "$top/out"
jobs 1
clean

say 'So it may be merged, and master holds as well.'
cd "$top/project"
run git checkout -q master
run git merge -q --no-ff -m 'First model' develop
GITHUB_REF_NAME=master run mldv verify
run git push -q origin master

say 'A change that was committed, but not run, is found.'
run git checkout -q develop
change train.epochs 40
run git commit -q -a -m 'Learn longer' --no-verify
GITHUB_REF_NAME=develop must 3 mldv verify --format github
says '^::error file=.*train' "$top/out"

say 'Run: only what depends on it. SageMaker takes the spot instance away.'
python3 - "$AWS_ENDPOINT_URL_SAGEMAKER/_fake/jobs" <<'END'
import sys, urllib.request
urllib.request.urlopen(sys.argv[1], b'[{"fault": "interrupt"}]')
END
run mldv repro -j 4
jobs 2
run git add -A
run git commit -q -m 'A model that has learned longer'
run git push -q origin develop
GITHUB_REF_NAME=develop run mldv verify
run mldv metrics diff master develop --md
run git checkout -q master
run git merge -q --no-ff -m 'A better model' develop
run git push -q origin master

say "A colleague's clone: how was this made?"
run git clone -q "$top/server.git" "$top/colleague"
cd "$top/colleague"
run mldv how reports/metrics/noise.json
says 'scripts/collect.py' "$top/out"
run mldv pull
run mldv repro
says 'up to date' "$top/out"
jobs 2

say 'The same training without SageMaker: another key, the same model.'
cp models/classifier.npz "$top/model.longer"
run mldv repro --on local-process train
jobs 2
cmp models/classifier.npz "$top/model.longer" || fail 'it is another model'
says '^image none$' mldv.lock
printf '    (checked: the same, byte for byte)\n'
run git reset -q --hard
run mldv checkout
clean
change train.epochs 10
run mldv repro -j 4
says 'from an earlier run' "$top/out"
grep -q '^ran ' "$top/out" && fail 'something was run'
jobs 2
cmp models/classifier.npz "$top/model.sagemaker" || fail 'it is another model'
printf '    (checked: the first model again, and nothing was run)\n'

finished=yes
printf '\nDone in %s seconds.\n' $(($(date +%s) - began))
