#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# How something was made, up to the raw data.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# chain: raw data that came by mail, a stage that reads it, one that reads that.
chain() {
	git init -q --bare server.git
	project p
	cd p
	git remote add origin ../server.git
	mkdir -p data/raw
	echo raw >data/raw/a.txt
	mldv add -q --note 'received from the client by mail' data/raw
	git add -A
	git commit -qm 'Raw data'
	echo 'cp data/raw/a.txt data/clean.txt' >clean.sh
	cat >>mldv.ini <<-'END'
		[params]
		lr = 0.1
		[stage clean]
		cmd =
		  sh clean.sh
		  true
		deps =
		  clean.sh
		  data/raw
		outs = data/clean.txt
		[stage train]
		cmd =
		  cp data/clean.txt model.txt
		  echo '{"acc": 0.9}' >m.json
		  echo ${params.lr} >>model.txt
		params = lr
		deps = data/clean.txt
		outs =
		  model.txt
		  m.json  kind=metrics
	END
	git add -A
	git commit -qm Pipeline
	mldv repro -q
	git add -A
	git commit -qm 'First model'
}

# shared: and all of it is on a remote that the clone c knows.
shared() {
	chain
	mldv remote add team ../storage
	git commit -qam Remote
	mldv push -q
	git push -q origin main
	cd ..
	git clone -q server.git c
}

check 'each step tells of its run, the result first' '
	chain
	mldv how model.txt >out
	[ "$(head -n 1 out | cut -d, -f1)" = m.json ]
	has "^model.txt, 8 bytes, [0-9a-f]\{10\}$" out
	has "^  made by    stage train, 20.*, in [0-9.]* s$" out
	has "^  parameters lr = 0.1$" out
	has "^  read       data/clean.txt  made by clean, " out
	has "^  metrics    acc = 0.9$" out
	has "^  who        A <a@example.org>$" out
	has "^  code       commit $(git rev-parse HEAD~1 | cut -c1-10) on main$" out
	has "^  recorded   commit $(git rev-parse HEAD | cut -c1-10), .*: First model$" out
	has "^  command    sh clean.sh$" out
	has "^             true$" out
	has "clean.sh  code, " out
	has "data/raw  data, " out
	grep -n "made by  *stage train\|made by  *stage clean\|^data/raw" out | cut -d: -f1 >lines
	sort -n lines | same - lines
'

check 'raw data has its note, and the commit that added it' '
	chain
	mldv how data/raw >out
	has "^data/raw, 1 file, 4 bytes, " out
	has "^  note       received from the client by mail$" out
	has "^  added      commit $(git rev-parse HEAD~2 | cut -c1-10), .*: Raw data$" out
	[ "$(grep -c "^[^ ]" out)" -eq 1 ]
	mldv how data/raw/a.txt | same - out
'

check 'a renamed directory is followed to where it was added' '
	chain
	mldv mv -q data/raw data/original
	git add -A
	git commit -qm Renamed
	mldv how data/original >out
	has "^  added      commit $(git rev-parse HEAD~3 | cut -c1-10), .*: Raw data$" out
	has "^  named then data/raw$" out
	has "^  note  *received" out
'

check 'a clone without data knows it from the records on the remote' '
	shared
	cd c
	mldv how model.txt >out 2>stderr
	has "^(model.txt is not here; .mldv pull model.txt. gets it)$" out
	has "^  made by    stage clean, 20" out
	has "^  metrics    acc = 0.9$" out
	has "^  note       received" out
	[ ! -s stderr ]
	! [ -e .git/mldv/store/packs ]
'

check 'what no record tells is said, and the command comes from mldv.ini' '
	shared
	rm -rf storage/runs
	cd c
	mldv how model.txt >out
	has "^  made by    stage train$" out
	has "is not known: no record of it is here or on the remote" out
	has "^  command    cp data/clean.txt model.txt$" out
	has "^  parameters lr = 0.1$" out
	rm -rf ../storage
	mldv how model.txt >out 2>stderr
	has "^mldv: warning: what only the remote knows of runs is left out" stderr
	[ "$(wc -l <stderr)" -eq 1 ]
'

check 'a revision after an @ is asked' '
	chain
	sed -i "s/^lr = .*/lr = 0.2/" mldv.ini
	mldv repro -q
	git commit -qam Second
	mldv how model.txt@HEAD~1 >out
	has "^  parameters lr = 0.1$" out
	mldv how model.txt >out
	has "^  parameters lr = 0.2$" out
	fails 1 mldv how model.txt@nosuch
'

check 'code that was edited, run and then committed is that of the commit' '
	chain
	echo "# more" >>clean.sh
	mldv repro -q
	mldv how data/clean.txt >out
	has "^  code       commit $(git rev-parse HEAD | cut -c1-10) on main, with changes that were not committed$" out
	has "^  recorded   not committed yet$" out
	mldv how --diff data/clean.txt >out
	has "^    +# more$" out
	git commit -qam Comment
	mldv how data/clean.txt >out
	has "^  code       commit $(git rev-parse HEAD | cut -c1-10) (committed after it was run upon commit $(git rev-parse HEAD~1 | cut -c1-10) on main)$" out
'

check 'code that was changed again before the commit is not taken for it' '
	chain
	echo "# more" >>clean.sh
	mldv repro -q
	echo "# and more" >>clean.sh
	git commit -qam Comment
	mldv how data/clean.txt >out
	has "with changes that were not committed$" out
'

check 'an input of an earlier run is found in the history' '
	chain
	echo more >>data/raw/a.txt
	mldv add -q --note "by mail again" data/raw
	mldv repro -q clean
	git add -A
	git commit -qm "More data"
	mldv how model.txt >out
	has "^data/clean.txt, 4 bytes, .* (an earlier version)$" out
	has "^data/raw, 1 file, 4 bytes, .* (an earlier version)$" out
	has "^  note       received from the client by mail$" out
	hasnt "by mail again" out
'

check 'what was changed since is said, and what is none of ours' '
	chain
	echo x >>model.txt
	mldv how model.txt >out
	has "^(model.txt was changed since: " out
	fails 1 mldv how clean.sh
	has "is a file of Git" stderr
	fails 1 mldv how nosuch
	has "is neither an item nor an output" stderr
	fails 2 mldv how
'

check 'a directory, a stage and the path from a subdirectory are understood' '
	chain
	mldv how train >one
	mldv how model.txt >two
	same one two
	mldv how data >out
	has "^data/clean.txt, " out
	has "^data/raw, " out
	cd data
	mldv how clean.txt >out
	has "^clean.txt, 4 bytes" out
	has "^  read  *../clean.sh " out
'

check 'JSON and the graph have the same steps' '
	chain
	mldv how --json model.txt >out
	python3 -c "
import json
how = json.load(open(\"out\"))
assert how[\"path\"] == \"model.txt\" and how[\"here\"] == \"yes\"
train, clean, raw = how[\"steps\"]
assert train[\"stage\"] == \"train\" and train[\"recorded\"]
assert train[\"inputs\"][0][\"step\"] == clean[\"step\"] == 2
assert {v[\"name\"]: v[\"value\"] for v in train[\"values\"]} == {\"lr\": \"0.1\"}
assert train[\"metrics\"][0][\"value\"] == \"0.9\"
assert raw[\"stage\"] is None and raw[\"note\"].startswith(\"received\")
assert raw[\"added_in\"][\"subject\"] == \"Raw data\"
"
	mldv how --dot model.txt >out
	has "s2 -> s1 .label=\"data/clean.txt\"" out
	has "s3 -> s2 " out
	has "s3 .shape=cylinder, label=\"data/raw\"" out
	fails 2 mldv how --dot --json model.txt
'

finish
