#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Metrics and parameters of revisions, side by side.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# twice: a stage whose metrics follow a parameter, run and committed twice.
twice() {
	git init -q --bare server.git
	project p
	cd p
	git remote add origin ../server.git
	mldv remote add team ../storage
	cat >>mldv.ini <<-'END'
		[params]
		n = 1
		name = a|b
		[stage a]
		cmd = echo '{"acc": 0.9${params.n}, "runs": 3, "by": "x,${params.n}"}' >m.json
		params = n
		outs = m.json  kind=metrics
	END
	mldv repro -q
	git add -A
	git commit -qm One
	sed -i 's/^n = 1/n = 2/' mldv.ini
	mldv repro -q
	git commit -qam Two
}

check 'what differs between revisions is listed with its change' '
	twice
	mldv metrics diff HEAD~1 HEAD >out
	has "^m.json  acc  0.91  0.92  +0.01$" out
	has "^m.json  by   x,1   x,2$" out
	[ "$(wc -l <out)" -eq 2 ]
	mldv metrics diff HEAD~1 >two
	same out two
	mldv metrics diff >out
	[ ! -s out ]
	mldv params diff HEAD~1 >out
	has "^n  1  2  +1$" out
	[ "$(wc -l <out)" -eq 1 ]
'

check 'a tolerance leaves out what is about the same' '
	twice
	mldv metrics diff --tol 0.05 HEAD~1 >out
	hasnt "acc" out
	has "by" out
	fails 2 mldv metrics diff --tol x
	fails 2 mldv metrics diff --md --csv
	fails 1 mldv metrics diff nosuch
'

check 'as Markdown, CSV and JSON' '
	twice
	mldv metrics diff --md HEAD~1 >out
	has "^| m.json | acc | 0.91 | 0.92 | +0.01 |$" out
	has "^|---|---|---|---|---|$" out
	mldv metrics diff --csv HEAD~1 >out
	has "^file,name,before,after,change$" out
	has "^m.json,by,\"x,1\",\"x,2\",$" out
	mldv params diff --csv HEAD~1 >out
	has "^n,1,2,+1$" out
	sed -i "s/^name = .*/name = c|d/" mldv.ini
	mldv params diff --md >out
	has "^| name | a.|b | c.|d |  |$" out
	mldv metrics diff --json HEAD~1 >out
	python3 -c "
import json
rows = {r[\"name\"]: r for r in json.load(open(\"out\"))}
assert rows[\"acc\"][\"before\"] == 0.91 and rows[\"acc\"][\"after\"] == 0.92
"
'

check 'without the data they come from the records of runs' '
	twice
	mldv push -q
	git push -q origin main
	cd ..
	git clone -q server.git c
	cd c
	mldv metrics show HEAD >out
	has "^m.json  acc *0.92$" out
	! [ -e m.json ]
'

check 'metrics that somebody vouches for are said to be that' '
	twice
	echo "{\"acc\": 1}" >m.json
	mldv accept -q a --why "counted by hand"
	mldv metrics show >out 2>stderr
	has "acc *1$" out
	has "the metrics of stage .a. are asserted: counted by hand" stderr
'

finish
