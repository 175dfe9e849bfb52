#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# measured: a stage with two metrics files, of which Git keeps one.
measured() {
	project .
	cat >>mldv.ini <<-'END'
		[params]
		n = 1
		[stage a]
		cmd =
		  echo '{"test": {"accuracy": 0.9${params.n}, "runs": [1, 2]}}' >kept.json
		  echo '{"loss": ${params.n}.5, "name": "x y"}' >stored.json
		params = n
		outs =
		  kept.json    kind=metrics  git=yes
		  stored.json  kind=metrics
	END
	mldv repro
}

# value FILE NAME VALUE [REVISION]
value() {
	mldv metrics show ${4:+"$4"} >table || return 1
	grep -q "^$1 *$2 *$3$" table || {
		echo "no '$1 $2 $3'"
		cat table
		return 1
	}
}

check 'metrics are the numbers of files with kind=metrics' '
	measured
	value kept.json test.accuracy 0.91
	value kept.json test.runs.length 2
	value stored.json loss 1.5
	value stored.json name "x y"
	[ "$(wc -l <table)" -eq 4 ]
'

check 'of a revision they come from Git and the store' '
	measured
	git add -A
	git commit -qm 1
	sed -i "s/^n = 1/n = 2/" mldv.ini
	mldv repro
	value kept.json test.accuracy 0.92
	value kept.json test.accuracy 0.91 HEAD
	value stored.json loss 1.5 HEAD
	rm kept.json stored.json
	value stored.json loss 1.5 HEAD
'

check 'what was not made yet is said' '
	project .
	printf "[stage a]\ncmd = x\nouts = m.json  kind=metrics\n" >>mldv.ini
	mldv metrics show >table 2>stderr
	[ ! -s table ]
	grep -q "no metrics in .m.json. yet" stderr
'

check 'a file that is not JSON is named' '
	project .
	printf "[stage a]\ncmd = echo x >m.json\nouts = m.json  kind=metrics\n" >>mldv.ini
	mldv repro
	fails 1 mldv metrics show
	grep -q "m.json" stderr
'

check 'an unknown revision is an error, a project without metrics is not' '
	project .
	mldv metrics show >table
	[ ! -s table ]
	fails 1 mldv metrics show nosuch
'

check 'as JSON, numbers are numbers' '
	measured
	mldv metrics show --json >out
	python3 -c "
import json
rows = json.load(open(\"out\"))
assert {r[\"name\"]: r[\"value\"] for r in rows} == {
    \"test.accuracy\": 0.91, \"test.runs.length\": 2, \"loss\": 1.5,
    \"name\": \"x y\"}, rows
"
'

finish
