#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The workflows of contrib/github: their commands, as they stand there, in
# clones such as GitHub's runners have.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

unset GITHUB_BASE_REF GITHUB_REF_NAME GITHUB_SERVER_URL MLDV_SLACK_WEBHOOK

# A bundle, as far as its layout goes, and a gh that keeps what it is told.
mkdir -p "$scratch/b/mldv-x/bin" "$scratch/gh"
cp "$MLDV" "$scratch/b/mldv-x/bin/mldv"
tar -C "$scratch/b" -cf - mldv-x | zstd -q -o "$scratch/mldv.tar.zst"
cat >"$scratch/gh/gh" <<END
#!/bin/sh
case "\$*" in *--edit-last*) exit 1 ;; esac
echo "\$@" >>"$scratch/commented"
while [ "\$1" != --body-file ]; do shift; done
cat "\$2" >>"$scratch/commented"
END
chmod +x "$scratch/gh/gh"
PATH=$scratch/gh:$PATH

# hub: g, what GitHub has, with the branch develop; p, where people work; r,
# the remote.
hub() {
	mkdir r
	git init -q --bare -b develop g
	project p
	cd p || return
	git checkout -qb develop
	mldv remote add origin "$PWD/../r"
	mkdir -p data/raw
	echo 1 >data/raw/a
	mldv add data/raw
	cat >>mldv.ini <<-"END"

		[rules]
		made = models
		enforce = develop

		[params]
		lr = 0.1

		[stage train]
		cmd = echo "{\"accuracy\": ${params.lr}}" >metrics.json; cp data/raw/a report.txt
		deps = data/raw
		outs =
		  metrics.json  kind=metrics
		  report.txt
		publish = yes
	END
	mldv repro
	git add -A
	git commit -qm one
	git remote add origin "$PWD/../g"
	git push -q origin develop
}

# workflow NAME [VALUE...]: runs it in the clone that is the current directory.
workflow() {
	name=$1
	shift
	python3 -B "$top/test/tool/workflow.py" "$top/contrib/github/$name.yml" \
		"vars.MLDV_URL=file://$scratch/mldv.tar.zst" \
		"vars.MLDV_SHA256=$(sha256sum "$scratch/mldv.tar.zst" | cut -d" " -f1)" \
		vars.AWS_REGION= vars.MLDV_READER= vars.MLDV_WRITER= \
		secrets.MLDV_SLACK_WEBHOOK= github.token=t \
		github.event.pull_request.number=7 \
		"github.event.pull_request.head.repo.full_name != github.repository=${fork:-false}" \
		"inputs.commit-lock || vars.MLDV_COMMIT_LOCK=${commit_lock:-}" "$@"
}

# merge BRANCH: a clone as a runner has it of a pull request to develop.
merge() {
	cd "$scratch/$count" || return
	rm -rf v
	git clone -q -b develop g v
	cd v || return
	git merge -q --no-ff -m merge "origin/$1"
	git checkout -q --detach
	GITHUB_BASE_REF=develop GITHUB_REF_NAME=7/merge
	export GITHUB_BASE_REF GITHUB_REF_NAME
}

check 'a pull request that is whole is let through, and commented on' '
	hub
	git checkout -qb topic
	sed -i "s/^lr = .*/lr = 0.2/" mldv.ini
	mldv repro
	git commit -qam two
	git push -q origin topic
	merge topic
	rm -f "$scratch/commented"
	SUMMARY=$PWD/../summary workflow check
	has "^pr comment 7 --body-file" "$scratch/commented"
	has "^### Metrics" "$scratch/commented"
	has "^### What made it" "$scratch/commented"
	has "^| stage | started | took | cost | job | code | of it |" "$scratch/commented"
	has "^| train | .* | lr = 0.2, accuracy = 0.2 |" "$scratch/commented"
	has "^### Metrics" ../summary
'

check 'one that is not is marked where it is not' '
	hub
	git checkout -qb topic
	sed -i "s/^lr = .*/lr = 0.2/" mldv.ini
	mkdir models
	echo 1 >models/m
	mldv add models/m
	git commit -qam two
	git push -q origin topic
	merge topic
	gives 3 workflow check >out
	has "^::error file=mldv.ini,line=[0-9]*,title=mldv verify::stage train: param lr" out
	has "^::error file=models/m.mldv,title=mldv verify::item models/m" out
'

check 'from a fork the remote is not asked, and that is said' '
	hub
	git checkout -qb topic
	echo x >x
	git add x
	git commit -qm two
	git push -q origin topic
	mv ../r ../gone
	merge topic
	rm -f "$scratch/commented"
	fork=true
	workflow check >out
	has "the remote was not asked" out
	[ ! -e "$scratch/commented" ]
	fork=false
	gives 1 workflow check
'

# runner: the clone that a push to develop is run in.
runner() {
	cd "$scratch/$count" || return
	rm -rf v
	git clone -q -b develop g v
	cd v || return
	GITHUB_REF_NAME=develop
	export GITHUB_REF_NAME
}

check 'a push to develop that is locked runs nothing, and publishes' '
	hub
	runner
	workflow run >../out
	hasnt "^running" ../out
	has 1 ../r/report.txt
	[ -z "$(git status --porcelain)" ]
'

check 'what is stale is run, and its result is there for whoever locks it' '
	hub
	sed -i "s/^lr = .*/lr = 0.2/" mldv.ini
	git commit -qam "not run"
	git push -q --no-verify origin develop
	git rev-parse develop >before
	runner
	gives 3 workflow run >out
	has "^running train" out
	tail -n 1 out >last
	echo "mldv repro && git commit mldv.lock" | same - last
	git -C ../g rev-parse develop | same ../p/before -
	has "0.2" ../r/metrics.json
	cd ../p
	mldv repro >out
	hasnt "^running" out
	git commit -qm locked mldv.lock
	git push -q origin develop
	runner
	workflow run
'

check 'a bot can commit it' '
	hub
	sed -i "s/^lr = .*/lr = 0.2/" mldv.ini
	git commit -qam "not run"
	git push -q --no-verify origin develop
	runner
	commit_lock=true
	workflow run
	git -C ../g log -1 --format=%s develop >../who
	echo "Lock what mldv repro has made" | same - ../who
	runner
	commit_lock=
	workflow run >out
	hasnt "^running" out
	mldv verify
'

check 'a bundle that is another one is refused' '
	hub
	runner
	gives 1 workflow run vars.MLDV_SHA256=0000000000000000000000000000000000000000000000000000000000000000
'

finish
