#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The graph of the stages, in four notations.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# graph: two stages read raw.txt, a third reads what both make.
graph() {
	project .
	cat >>mldv.ini <<-'END'
		[stage join]
		desc = both in one
		cmd = x
		deps =
		  left.txt
		  right.txt
		outs = all.txt
		[stage left]
		cmd = x
		deps = raw.txt
		outs = left.txt
		[stage right]
		cmd = x
		deps =
		  raw.txt
		  a "b" <c>.txt
		outs = right.txt
	END
}

check 'the list has every stage once, those above first' '
	graph
	mldv dag >out
	cut -d" " -f1 out | tr "\n" " " >order
	[ "$(cat order)" = "left right join " ]
	has "^left  *<-  *raw.txt  *->  *left.txt$" out
	has "^join  *<-  *left, right  *->  *all.txt$" out
'

check 'a target leaves out what it does not need' '
	graph
	mldv dag left.txt >out
	[ "$(wc -l <out)" -eq 1 ]
	has "^left " out
	mldv dag right >out
	[ "$(cut -d" " -f1 out)" = right ]
	fails 2 mldv dag nosuch
'

check 'for Graphviz each stage is a box and each source a note' '
	graph
	mldv dag --dot >out
	[ "$(head -n 1 out)" = "digraph pipeline {" ]
	[ "$(tail -n 1 out)" = "}" ]
	has "\"stage:left\" \[label=\"left\", shape=box\];" out
	has "\"stage:left\" -> \"stage:join\";" out
	has "\"file:raw.txt\" -> \"stage:left\";" out
	has "label=\"a .\"b.\" <c>.txt\", shape=note" out
	[ "$(grep -c "label=\"raw.txt\"" out)" -eq 1 ]
	! command -v dot >/dev/null || dot -Tsvg out >/dev/null
'

check 'for Mermaid names are quoted in its own way' '
	graph
	mldv dag --mermaid >out
	[ "$(head -n 1 out)" = "flowchart TD" ]
	has "n0\[\"left\"\]$" out
	has "(\[\"raw.txt\"\]) --> n0$" out
	has "a #34;b#34; #60;c#62;.txt" out
	has "^	n0 --> n[0-9]*$" out
'

check 'JSON lists what stands above and what is made' '
	graph
	mldv dag --json >out
	python3 -c "
import json
stages = {s[\"name\"]: s for s in json.load(open(\"out\"))}
assert stages[\"join\"][\"after\"] == [\"left\", \"right\"]
assert stages[\"join\"][\"desc\"] == \"both in one\"
assert stages[\"join\"][\"sources\"] == []
assert \"raw.txt\" in stages[\"left\"][\"sources\"]
assert stages[\"left\"][\"outs\"] == [\"left.txt\"]
"
'

check 'only one notation can be had, and no stage is no line' '
	graph
	fails 2 mldv dag --dot --json
	git checkout -q . 2>/dev/null || true
	sed -i "/^\[stage/,\$d" mldv.ini
	mldv dag >out
	[ ! -s out ]
'

finish
