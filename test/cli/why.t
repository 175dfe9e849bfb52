#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Why a stage is stale, and what led to that; and the graph of the stages.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# chain: data is made from raw and a parameter, model from data and code,
# report from model.
chain() {
	project .
	echo raw >raw.txt
	echo 'cp data.txt "$1"' >train.sh
	cat >>mldv.ini <<-'END'
		[params]
		seed = 1
		lr = 0.1
		[stage prepare]
		desc = clean the data
		cmd = sed "s/raw/${params.seed}/" raw.txt >data.txt
		params = seed
		deps = raw.txt
		outs = data.txt
		[stage train]
		cmd = sh train.sh model.txt && echo ${params.lr} >>model.txt
		params = lr
		deps =
		  data.txt
		  train.sh
		outs = model.txt
		[stage report]
		cmd = wc -l <model.txt >report.txt
		deps = model.txt
		outs = report.txt
	END
	mldv repro
	git add -A
	git commit -qm 1
}

check 'nothing differs of a fresh stage' '
	chain
	mldv why train >out
	has "^train is fresh$" out
	has "nothing that it depends on differs from its last run" out
	[ "$(wc -l <out)" -eq 2 ]
'

check 'every difference is told, not only the first' '
	chain
	sed -i "s/^lr = .*/lr = 0.05/; s/^cmd = sh train.sh/cmd = sh  train.sh/" mldv.ini
	echo "# comment" >>train.sh
	mldv why train >out
	has "^train is stale: param lr 0.1 -> 0.05$" out
	has "^  3 differences from its last run (key [0-9a-f]* -> [0-9a-f]*):$" out
	has "^    param lr 0.1 -> 0.05$" out
	has "^    the command changed$" out
	has "^    dep train.sh [0-9a-f]* -> [0-9a-f]*$" out
	[ "$(wc -l <out)" -eq 5 ]
'

check 'a stage that waits for another is explained by that' '
	chain
	sed -i "s/^seed = .*/seed = 2/" mldv.ini
	mldv why report >out
	has "^report is unknown: depends on stage train$" out
	has "^  train, which makes model.txt, is unknown: depends on stage prepare$" out
	has "^    prepare, which makes data.txt, is stale: param seed 1 -> 2$" out
	has "^        param seed 1 -> 2$" out
	mldv repro -n >plan || true
	has "stale *prepare" plan
'

check 'an input that changed is followed to what changed above it' '
	chain
	sed -i "s/^seed = .*/seed = 2/" mldv.ini
	mldv repro prepare
	mldv why train >out
	has "^train is stale: dep data.txt changed$" out
	has "^    dep data.txt [0-9a-f]* -> [0-9a-f]*, made by prepare$" out
	has "^  prepare, which makes data.txt, is fresh$" out
	has "^    2 differences from an earlier commit (key" out
	has "^      param seed 1 -> 2$" out
	hasnt "raw.txt" out
'

check 'a revision can be compared with' '
	chain
	sed -i "s/^seed = .*/seed = 2/" mldv.ini
	mldv repro
	git commit -qam 2
	mldv why report >out
	has "^report is fresh$" out
	mldv why --vs HEAD~1 train >out
	has "^    dep data.txt .*, made by prepare$" out
	has "^  prepare, which makes data.txt, is fresh$" out
	has "^    2 differences from HEAD~1 (" out
	fails 1 mldv why --vs nosuch train
'

check 'parameters, deps and outputs that come and go are named' '
	chain
	sed -i "s/^params = lr/params = seed/; s/^\(  \)train.sh/  raw.txt/" mldv.ini
	sed -i "s/{params.lr}/{params.seed}/" mldv.ini
	mldv why train >out
	has "^    param lr is not there any more: was 0.1$" out
	has "^    param seed is new: 1$" out
	has "^    dep train.sh is not there any more: was [0-9a-f]*$" out
	has "^    dep raw.txt is new: [0-9a-f]*$" out
'

check 'the type of a parameter is told where only that differs' '
	chain
	sed -i "s/^seed = .*/seed = \"1\"/" mldv.ini
	mldv why prepare >out
	has "^    param seed 1 (int) -> 1 (text)$" out
'

check 'an output stands for its stage, and a stage that never ran is said' '
	chain
	rm mldv.lock
	mldv why model.txt >out
	has "^train is .*: no record$\|^train is unknown" out
	has "there is no record of it in mldv.lock" out
	fails 2 mldv why nosuch
	fails 2 mldv why raw.txt
'

check 'JSON says the same' '
	chain
	sed -i "s/^lr = .*/lr = 0.05/" mldv.ini
	mldv why --json report >out
	python3 -c "
import json
report, train = json.load(open(\"out\"))
assert report[\"stage\"] == \"report\" and report[\"depth\"] == 0
assert train[\"makes\"] == \"model.txt\" and train[\"state\"] == \"stale\"
assert len(train[\"key_before\"]) == 64 != train[\"key_now\"]
d = {(x[\"what\"], x[\"name\"]): x for x in train[\"differences\"]}
assert d[\"param\", \"lr\"][\"before\"] == \"0.1\"
assert d[\"param\", \"lr\"][\"now\"] == \"0.05\"
"
'

finish
