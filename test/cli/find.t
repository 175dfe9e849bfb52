#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Who made or used a file, which runs there were, and with which results.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# models: raw data, a stage that trains and one that evaluates; two runs.
models() {
	git init -q --bare server.git
	project p
	cd p
	mkdir -p data/raw/deep
	echo one >data/raw/a.txt
	echo two >data/raw/deep/b.txt
	mldv add -q data/raw
	cat >>mldv.ini <<-'END'
		[params]
		lr = 0.1
		[stage train]
		cmd = cat data/raw/a.txt >model.txt; echo ${params.lr} >>model.txt
		params = lr
		deps = data/raw
		outs = model.txt
		[stage test]
		cmd = echo "{\"test\": {\"acc\": 0$(tail -n 1 model.txt | tail -c 3)}}" >m.json
		deps = model.txt
		outs = m.json  kind=metrics
	END
	mldv repro -q
	git add -A
	git commit -qm One
	cp model.txt ../mail.bin
	sed -i 's/^lr = .*/lr = 0.5/' mldv.ini
	mldv repro -q
	git commit -qam Two
}

check 'a file that came by mail is found where it was made and read' '
	models
	mldv find ../mail.bin >out
	has "^made by train as model.txt (key " out
	has "^read by test as model.txt (key " out
	has "^  commit $(git rev-parse HEAD~1 | cut -c1-10), .*: One$" out
	has "^  on main$" out
	hasnt "Two" out
	has "^[0-9a-f]* lies in the store$" out
	mldv find model.txt >out
	has ": Two$" out
	has "^  on main, and here$" out
	has "lies here as model.txt, in the store$" out
'

check 'an oid, or the first digits of one, does as well' '
	models
	oid=$(sha256sum ../mail.bin | cut -c1-64)
	mldv find ../mail.bin >one
	mldv find "$oid" >two
	same one two
	mldv find "$(echo "$oid" | cut -c1-12)" >two
	same one two
	fails 3 mldv find 0123456789abcdef
	fails 1 mldv find nosuch
'

check 'what was made on a branch is found after the branch is gone' '
	models
	git checkout -qb topic
	sed -i "s/^lr = .*/lr = 0.7/" mldv.ini
	mldv repro -q
	git commit -qam Topic
	cp model.txt ../topic.bin
	git checkout -q main
	git branch -qD topic
	rm -rf .git/mldv/store/runs
	mldv find ../topic.bin >out
	has "^made by train as model.txt" out
	has ": Topic$" out
	has "^  on no branch any more; .git branch NAME [0-9a-f]*. makes one$" out
	git reflog expire --expire=now --all
	mldv find ../topic.bin >out
	has ": Topic$" out
	git prune --expire=now
	fails 3 mldv find ../topic.bin
'

check 'a run that was never committed is known by its record' '
	models
	sed -i "s/^lr = .*/lr = 0.9/" mldv.ini
	mldv repro -q
	cp model.txt ../lost.bin
	git reset -q --hard
	mldv checkout -q
	mldv find ../lost.bin >out
	has "^made by train" out
	has "^  in no commit; a run here tells of it$" out
'

check 'a file in a directory of data is found inside of it' '
	models
	cp data/raw/deep/b.txt ../b.bin
	mldv find ../b.bin >out
	has "^added in data/raw as deep/b.txt$" out
	has ": One$" out
	has "lies here as data/raw/deep/b.txt, in the store$" out
	[ "$(grep -c "^added" out)" -eq 1 ]
	mldv find data/raw >out
	has "^added as data/raw$" out
	has "^read by train as data/raw" out
'

check 'where it lies on a remote is said' '
	models
	mldv remote add team ../storage
	git commit -qam Remote
	mldv find model.txt >out
	has "in the store$" out
	mldv push -q
	mldv find model.txt >out
	has "lies here as model.txt, in the store, on remote team$" out
	git remote add origin ../server.git
	git push -q origin main
	cd ..
	git clone -q server.git c
	cd c
	mldv find ../p/model.txt >out
	has "lies not in the store, on remote team$" out
	mldv find "lr=0.5" >out
	has "train" out
	mldv runs >out
	has "^20.* train .* lr = 0.5$" out
	[ "$(wc -l <out)" -eq 2 ]
'

check 'code that mldv does not keep is found where it was read' '
	models
	echo x >code.txt
	sed -i "s|^deps = data/raw|deps = data/raw, code.txt|" mldv.ini
	mldv repro -q
	git add -A
	git commit -qm Three
	mldv find code.txt >out
	has "^read by train as code.txt" out
	has "lies here as code.txt, and mldv keeps no copy of it$" out
'

check 'conditions choose runs by metrics, and by parameters above them' '
	models
	mldv find "acc>0.3" >out
	[ "$(wc -l <out)" -eq 1 ]
	has " test .* test.acc = 0.5$" out
	mldv find "acc>=0.1" "lr=0.1" >out
	[ "$(wc -l <out)" -eq 1 ]
	has "test.acc = 0.1$" out
	mldv find "lr!=0.1" >out
	has " train .* lr = 0.5$" out
	mldv find "lr<0.3" --json >out
	python3 -c "
import json
run, = json.load(open(\"out\"))
assert run[\"stage\"] == \"train\" and run[\"params\"][0][\"value\"] == \"0.1\"
assert len(run[\"recorded_in\"]) == 40
"
	fails 3 mldv find "acc>0.9"
	fails 2 mldv find model.txt m.json
	fails 2 mldv find "acc>0.1" "nothing"
'

check 'runs are listed, the newest first, of one stage or the newest only' '
	models
	mldv runs >out
	[ "$(wc -l <out)" -eq 4 ]
	mldv runs train >out
	[ "$(wc -l <out)" -eq 2 ]
	has " lr = 0.1$" out
	mldv runs -n 1 >out
	[ "$(wc -l <out)" -eq 1 ]
	fails 2 mldv runs -n 0
	mldv runs nosuch >out
	[ ! -s out ]
	mldv runs --json >out
	python3 -c "
import json
runs = json.load(open(\"out\"))
assert len(runs) == 4 and all(r[\"who\"] == \"A <a@example.org>\" for r in runs)
assert [r[\"started\"] for r in runs] == sorted((r[\"started\"] for r in runs), reverse=True)
"
'

check 'JSON has every place' '
	models
	mldv find --json ../mail.bin >out
	python3 -c "
import json
found = json.load(open(\"out\"))
assert {f[\"as\"] for f in found[\"found\"]} == {\"made\", \"read\"}
assert all(f[\"branch\"] == \"main\" for f in found[\"found\"])
assert found[\"store\"] and found[\"path\"] is None
"
'

finish
