#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stages with run = batch, and mldv run-stage.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/batch.sh
. "$(dirname "$0")/batch.sh"

check 'a stage runs elsewhere, and its result comes back' '
	batch_up
	batch_project
	mldv repro >said 2>&1
	train_is
	has "\"n\": 3" metrics.json
	begun 1
	has "^in /.*/mldv-stage\." said
	mldv repro >again 2>&1
	has "up to date" again
	jobs_begun 1
	mldv repro --check >said 2>&1
	has "stage .train. runs elsewhere, so it is not checked" said
	hasnt "train is reproducible" said
	mldv how out >how
	has "mldv-train-" how
	git add -A
	git commit -qm two
	mldv push >/dev/null
	mldv verify
'

check 'where it runs is not in the key' '
	batch_up
	batch_project
	mldv repro >said 2>&1
	sed -i "/^run = batch/d; /^batch\./d" mldv.ini
	mldv repro >said 2>&1
	has "up to date" said
'

check 'what is not committed goes along, and is in the record' '
	batch_up
	batch_project
	echo "echo more >>out/all" >>work.sh
	echo "echo new >>out/all" >new.sh
	echo ". ./new.sh" >>work.sh
	git add new.sh
	mldv repro >said 2>&1
	has "^more" out/all
	has "^new" out/all
	git status --short >status
	has "^ M work.sh" status
	has "^A  new.sh" status
	mldv how out >how
	has "$(git rev-parse --short=7 HEAD)" how
'

check 'a command that fails does so there, and may be tried again' '
	batch_up
	batch_project
	echo "exit 5" >>work.sh
	gives 1 mldv repro >said
	has "stage .train. failed: stage .train. failed with status 5" stderr
	[ ! -e out ]
	has FAILED "$spool/1.state"
	sed -i "\$d" work.sh
	echo "# " >>work.sh
	mldv repro >said 2>&1
	train_is
	jobs_begun 2
'

check 'the same that failed once is started again when asked for' '
	batch_up
	batch_project
	echo "[ -e /nonexistent/x ] || exit 4" >>work.sh
	gives 1 mldv repro >said
	gives 1 mldv repro >said
	begun 2
	jobs_begun 2
'

check 'run-stage has the status of the command, and runs no key but its own' '
	batch_up
	batch_project
	: >"$spool/held"
	echo "exit 5" >>work.sh
	repro_apart
	until_is begun 1
	key=$(basename "$(ls ../r/ci/parcels)")
	(cd "$spool" && gives 5 mldv run-stage -r "$scratch/$count/r" "$key" >out5 && has "with status 5" stderr)
	(cd "$spool" && MLDV_REMOTE=$scratch/$count/r gives 5 mldv run-stage "$key" >out5)
	(cd "$spool" && fails 2 mldv run-stage "$key")
	(cd "$spool" && fails 2 mldv run-stage -r "$scratch/$count/r" abc)
	(cd "$spool" && fails 5 mldv run-stage -r "$scratch/$count/r" "$(printf %064d 1)")
	python3 - "../r/ci/parcels/$key" <<-END
		import json, sys
		doc = json.load(open(sys.argv[1]))
		doc["overrides"] = ["n=4"]
		open(sys.argv[1], "w").write(json.dumps(doc))
	END
	(cd "$spool" && fails 1 mldv run-stage -r "$scratch/$count/r" "$key" >out1 && has "another key.*param n 3 -> 4" stderr)
	rm "$spool/held"
	wait "$repro" || :
	has "another key.*param n 3 -> 4" said
'

check 'a bundle of more bytes than mldv sends is not fetched' '
	batch_up
	batch_project
	: >"$spool/held"
	repro_apart
	until_is begun 1
	key=$(basename "$(ls ../r/ci/parcels)")
	truncate -s 1025M ../r/ci/source/*.bundle
	(cd "$spool" && gives 4 mldv run-stage -r "$scratch/$count/r" "$key" >out4 && has "has more than 1073741824 bytes" stderr)
	kill -9 "$repro"
	wait "$repro" || :
'

check 'a bundle or a parcel that was damaged on the remote runs nothing' '
	batch_up
	batch_project
	: >"$spool/held"
	repro_apart
	until_is begun 1
	kill -9 "$repro"
	wait "$repro" || :
	key=$(basename "$(ls ../r/ci/parcels)")
	bundle=$(ls ../r/ci/source/*.bundle)
	size=$(stat -c %s "$bundle")
	[ "$size" -gt 300 ]
	chmod u+w "$bundle" "../r/ci/parcels/$key"
	cp "$bundle" ../bundle
	cd "$spool"
	for at in 3 60 $((size / 2)) $((size - 5)); do
		python3 - ../bundle "../r/ci/source/$(basename "$bundle")" "$at" <<-"END"
			import sys
			data = bytearray(open(sys.argv[1], "rb").read())
			data[int(sys.argv[3])] ^= 1
			open(sys.argv[2], "wb").write(data)
		END
		mldv run-stage -r "$scratch/$count/r" "$key" >said 2>&1 && exit 1
		cat said
		hasnt "^in /" said
		hasnt "is done" said
	done
	cp ../bundle "../r/ci/source/$(basename "$bundle")"
	sed -i "s/\"oid\":\"../\"oid\":\"00/" "../r/ci/parcels/$key"
	mldv run-stage -r "$scratch/$count/r" "$key" >said 2>&1 && exit 1
	cat said
	hasnt "^in /" said
	hasnt "is done" said
'

check 'a result that is there is not made again, by whoever asks' '
	batch_up
	batch_project
	mldv repro >said 2>&1
	key=$(basename "$(ls ../r/ci/parcels)")
	mldv run-stage -r "$PWD/../r" "$key" >again
	has "has the result of stage .train. already" again
	git add -A
	git commit -qm two
	git reset -q --hard HEAD~1
	rm -rf .git/mldv/store/runs out metrics.json
	mldv repro train >said 2>&1
	train_is
	jobs_begun 1
'

check 'a parameter from the command line and a variable go along' '
	batch_up
	batch_project
	sed -i "s/^params = n/params = n\\nenv = WISH/" mldv.ini
	echo "echo \$WISH >>out/all" >>work.sh
	WISH="a b" mldv repro -S n=7 >said 2>&1
	has "^a b" out/all
	has "\"n\": 7" metrics.json
'

check 'a variable that is not set here is not set there, whatever the system sets' '
	batch_up
	batch_project
	sed -i "s/^params = n/params = n\\nenv = WISH/" mldv.ini
	sed -i "s,^batch.submit = .*,batch.submit = $spool/submit {log} \"WISH=x \"{run}," mldv.ini
	echo "echo \${WISH-none} >>out/all" >>work.sh
	mldv repro >said 2>&1
	has "^none" out/all
'

check 'all that a job prints is shown, lines without an end and many of them' '
	batch_up
	batch_project
	sed -i "s/^cmd = mkdir/cmd = seq 1 30000; head -c 100000 \/dev\/zero | tr \"\\\\0\" x; echo; echo last; mkdir/" mldv.ini
	mldv repro >said 2>&1
	has "^30000$" said
	has "^last$" said
	has "is done, and on the remote" said
	mldv jobs logs train >logs
	has "^last$" logs
'

check 'a part of an item is an input, too' '
	batch_up
	batch_project
	sed -i "s,^deps = work.sh.*,deps = work.sh\\, data/raw/a\\, prep," mldv.ini
	sed -i "s,data/raw/\\*,data/raw/a," work.sh
	sed -i "s,^cmd = mkdir -p out;,& ls data/raw;," mldv.ini
	mldv repro >said 2>&1
	printf "one\n0ne\n" >expected
	same expected out/all
	hasnt "^b$" said
'

check 'wrong settings are refused before anything is started' '
	batch_up
	batch_project
	cp mldv.ini good
	sed "s/{log}/{lgo}/" good >mldv.ini
	gives 2 mldv repro >said
	has "{lgo}" stderr
	sed "/batch.poll/d" good >mldv.ini
	gives 2 mldv repro >said
	has "needs .batch.submit. and .batch.poll." stderr
	sed "s/batch.cancel/batch.cancle/" good >mldv.ini
	gives 2 mldv repro >said
	has "there is no .batch.cancle." stderr
	jobs_begun 0
'

finish
