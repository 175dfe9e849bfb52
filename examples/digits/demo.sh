#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh [DIRECTORY]: a small project from its first command to a colleague's
# clone, on 1,797 images of handwritten digits.  Needs mldv ($MLDV, else the one
# on the PATH), git and python3; no network.  DIRECTORY must not exist or be
# empty; it is left as it is at the end.  Without it, a temporary one is used and
# removed.
#
# With REMOTE=s3 the data goes to a bucket of a service on this machine, which
# test/tool/rgw.sh starts and stops; otherwise to a directory.
#
# Every step is checked.  What ran is not taken from what mldv says: a python3
# that comes first on the PATH notes each script it is given.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
remote=${REMOTE:-directory}
rgw=$here/../../test/tool/rgw.sh
case $remote in
directory) ;;
s3)
	"$rgw" have || {
		echo "demo.sh: run 'make demo REMOTE=s3', which installs a service" >&2
		exit 1
	}
	[ -n "${MLDV_RGW:-}" ] || exec "$rgw" run sh "$0" "$@"
	;;
*)
	echo "demo.sh: REMOTE is 'directory' or 's3', not '$remote'" >&2
	exit 2
	;;
esac
python=$(python3 -c 'import sys; print(sys.executable)')
# shellcheck source=examples/steps.sh
. "$here/../steps.sh"

# Where the data goes: 'mldv remote' $how team "$url".
how=add url=$top/storage
if [ "$remote" = s3 ]; then
	with_rgw
	how=create url=s3://demo-$$/digits
fi

# The scripts that ran since the last call of 'ran'.
trace=$top/ran
mkdir "$top/bin"
cat >"$top/bin/python3" <<END
#!/bin/sh
# mldv asks for the version, for its record of the run.
[ "\$1" = -V ] || echo "\$1" >>'$trace'
exec '$python' "\$@"
END
chmod +x "$top/bin/python3"
PATH=$top/bin:$PATH
export PATH

# ran [SCRIPT...]: just these scripts ran, in this order.
ran() {
	touch "$trace"
	got=$(tr '\n' ' ' <"$trace") want="${*:+$* }"
	rm "$trace"
	[ "$got" = "$want" ] || fail "ran '$got' instead of '$want'"
	printf '    (checked: %s)\n' "${*:-nothing ran}"
}

# metric NAME: its value in reports/metrics.json.
metric() {
	sed -n 's/^ *"'"$1"'": \([0-9.]*\),*$/\1/p' reports/metrics.json
}

# again LR: the independent computation; its line is left in $again.
again() {
	again=$("$python" "$here/check.py" --lr "$1" --epochs 5 \
		--test-percent 25 data/raw/digits.csv.gz models/digits.json \
		reports/metrics.json reports/confusion.csv)
	[ "$again" = "accuracy $(metric accuracy) baseline $(metric baseline)" ] ||
		fail "the independent computation says '$again'"
	printf '    (checked: computed independently, %s)\n' "$again"
}

larger() {
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > b) }' ||
		fail "$1 is not larger than $2"
}

learning_rate() {
	printf '$ sed -i "s/^lr .*/lr = %s/" mldv.ini\n' "$1"
	sed -i "s/^lr .*/lr = $1/" mldv.ini
}

began=$(date +%s)

say 'A project: three scripts in Git.'
mkdir "$top/project"
cd "$top/project"
cp "$here/images.py" "$here/prepare.py" "$here/train.py" \
	"$here/evaluate.py" .
run git init -q -b main
git add .
run git commit -q -m 'Scripts'
run mldv init
staged mldv.ini .gitattributes

say 'The raw data: in the store, Git has a pointer.'
mkdir -p data/raw
cp "$here/digits.csv.gz" data/raw
run mldv add data/raw
staged data/raw.mldv data/.gitignore
git check-ignore -q data/raw/digits.csv.gz || fail 'Git does not ignore the data'
run mldv remote $how team "$url"
run git commit -q -m 'Raw data'
run mldv push

say 'The pipeline: two stages written by hand, one by a command.'
printf '$ cat pipeline.ini >>mldv.ini\n'
cat "$here/pipeline.ini" >>mldv.ini
# shellcheck disable=SC2016 # mldv puts the values in
run mldv new stage train -d data/processed/train -d train.py -d images.py \
	-o models/digits.json -p lr -p epochs -- \
	python3 train.py --lr '${params.lr}' --epochs '${params.epochs}' \
	data/processed/train models/digits.json
must 3 mldv repro -n
ran
run mldv repro
ran prepare.py train.py evaluate.py
staged mldv.lock reports/metrics.json
[ "$(find data/processed -name '*.pgm' | wc -l)" -eq 1797 ] ||
	fail 'not all images were prepared'
again 0.03
run git add mldv.ini
run git commit -q -m 'Pipeline'

say 'Everything is fresh: nothing runs.'
run mldv repro
ran
run mldv repro -n
ran
run mldv metrics show
cp "$top/out" "$top/table.1"
first=$(metric accuracy) first_again=$again
cp models/digits.json "$top/model.1"

say 'Another learning rate: the images need not be prepared again.'
learning_rate 0.005
must 3 mldv repro -n
ran
run mldv repro
ran train.py evaluate.py
again 0.005
run mldv metrics show
cp "$top/out" "$top/table.2"
second=$(metric accuracy) second_again=$again baseline=$(metric baseline)
cmp -s models/digits.json "$top/model.1" && fail 'the model is the same'
run git add mldv.ini
run git commit -q -m 'A smaller learning rate'

say 'A comment in a script: it runs, its images are the same, so no more does.'
printf '$ echo "# A remark." >>prepare.py\n'
echo '# A remark.' >>prepare.py
run mldv repro
ran prepare.py
run git commit -q -a -m 'A remark'

say 'The first rate again: both results are remembered, nothing runs.'
learning_rate 0.03
run mldv repro
ran
cmp models/digits.json "$top/model.1" || fail 'this is not the first model'
[ "$(metric accuracy)" = "$first" ] || fail 'these are not the first metrics'
learning_rate 0.005
run mldv repro
ran
[ "$(metric accuracy)" = "$second" ] || fail 'these are not the second metrics'
clean
run mldv push

say "A colleague's clone: Git brings the pointers, mldv the data."
cd "$top"
run git clone -q project colleague
cd colleague
[ ! -e data/raw ] || fail 'Git has the data'
run mldv pull
for path in data/raw data/processed models reports; do
	diff -r "$path" "../project/$path" || fail "'$path' differs"
done
run mldv status
run mldv repro -n
ran
run mldv repro
ran
again 0.005
clean

# said TEXT...: the last command printed each of these.
said() {
	for text; do
		grep -q -- "$text" "$top/out" || fail "nothing says '$text'"
	done
}

say 'Four questions. How was this data made?'
run mldv how data/processed
said 'stage prepare' 'data/raw' 'Raw data'
say 'How was this model made?'
run mldv how models/digits.json
said 'stage train' 'lr = 0.005' 'data/processed' 'Raw data'
say 'Under which conditions was it evaluated?'
run mldv how reports/metrics.json
said 'stage evaluate' 'evaluate.py' 'models/digits.json' "accuracy = $second"
say 'Where is that result? By its figures, or by a file that came by mail:'
run mldv find "accuracy=$second"
said evaluate
run mldv find "$top/model.1"
said train
run mldv runs --all
said train evaluate
say 'And is it what one gets when all is run again?'
run mldv repro --check
said 'train is reproducible' 'evaluate is reproducible'
ran prepare.py train.py evaluate.py
clean

if [ "$remote" = s3 ]; then
	say 'What is in the bucket.'
	# Ceph does not know all that S3 does, so not everything is ok.
	must 3 mldv doctor
	grep -q '^failure' "$top/out" && fail 'the doctor found a failure'
	"$python" "$here/../../test/tool/s3req.py" GET \
		"/demo-$$?list-type=2" >"$top/listing"
	grep -o '<Key>[^<]*' "$top/listing" | sed 's/<Key>/    /' >"$top/keys"
	cat "$top/keys"
	for kind in format README.txt packs/ manifests/ runs/; do
		grep -q "digits/$kind" "$top/keys" || fail "there is no '$kind'"
	done
fi

larger "$first" "$baseline"
larger "$second" "$first"
say 'mldv metrics show, learning rate 0.03:'
cat "$top/table.1"
say 'mldv metrics show, learning rate 0.005:'
cat "$top/table.2"
say 'Accuracy on 449 images that the model has not seen:'
row='%-24s %10s %26s\n'
# shellcheck disable=SC2059 # one format for every row
{
	printf "$row" '' 'mldv' 'computed independently'
	printf "$row" 'baseline (most common)' "$baseline" "${again##* }"
	printf "$row" 'learning rate 0.03' "$first" \
		"$(echo "$first_again" | cut -d ' ' -f 2)"
	printf "$row" 'learning rate 0.005' "$second" \
		"$(echo "$second_again" | cut -d ' ' -f 2)"
}
finished=yes
printf '\nDone in %s seconds.\n' $(($(date +%s) - began))
