#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a run record tells of the conditions of a run.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# one: a stage that runs a tracked script, in a commit.
one() {
	project .
	echo 'echo "{\"acc\": 0.9, \"n\": 3, \"s\": \"x\"}" >m.json' >run.sh
	cat >>mldv.ini <<-'END'
		[stage a]
		cmd =
		  sh run.sh
		  true
		deps = run.sh
		outs = m.json  kind=metrics  git=yes
	END
	git add -A
	git commit -qm 1
}

# record: that of the stage's key in mldv.lock, into ./record.
record() {
	key=$(sed -n 's/^key //p' mldv.lock)
	cat .git/mldv/store/runs/??/"$key" >record
}

# object OID: its bytes, out of whichever pack has it.
object() {
	for pack in .git/mldv/store/packs/*/*.zst; do
		zstd -dc "$pack" | tar -xO "$1" 2>/dev/null && return 0
	done
	return 1
}

check 'the code, who ran it, and the numbers it wrote' '
	one
	mldv repro
	record
	has "^command sh run.sh.ntrue$" record
	has "^commit $(git rev-parse HEAD)$" record
	has "^branch main$" record
	has "^who A <a@example.org>$" record
	has "^metrics m.json$" record
	has "^metric 0.9 acc$" record
	has "^metric 3 n$" record
	hasnt "^metric .* s$" record
	hasnt "^dirty" record
'

check 'what Git and mldv were told of after the commit is no change of code' '
	one
	mldv repro
	echo "# more" >>run.sh
	git commit -qm 2 -- run.sh
	mldv repro
	record
	has "^commit $(git rev-parse HEAD)$" record
	hasnt "^dirty" record
'

check 'a change that was not committed is kept, as a diff' '
	one
	echo "# more" >>run.sh
	mldv repro
	record
	oid=$(sed -n "s/^dirty [0-9]* //p" record)
	object "$oid" >diff
	has "^+# more$" diff
	[ "$(sed -n "s/^dirty \([0-9]*\) .*/\1/p" record)" -eq "$(wc -c <diff)" ]
	[ "$(sha256sum <diff)" = "$oid  -" ]
	git stash -q -- run.sh
	git apply diff
	has "^# more$" run.sh
'

check 'so is a dep that Git does not know' '
	one
	echo more >extra.txt
	sed -i "s/^deps = .*/deps = run.sh, extra.txt/" mldv.ini
	git commit -qam 2
	mldv repro
	record
	object "$(sed -n "s/^dirty [0-9]* //p" record)" >diff
	has "^+more$" diff
	hasnt "^+.*run.sh" diff
'

check 'garbage collection keeps the diff with the record' '
	one
	echo "# more" >>run.sh
	mldv repro
	git commit -qam 2
	record
	oid=$(sed -n "s/^dirty [0-9]* //p" record)
	touch -d "1 year ago" .git/mldv/store/runs/*/* .git/mldv/store/packs/*/*
	mldv gc --delete
	object "$oid" >diff
	has "^+# more$" diff
'

check 'without a commit there is none, and on no branch no branch' '
	one
	git checkout -q --detach
	mldv repro
	record
	hasnt "^branch" record
	has "^commit " record
	rm -rf .git m.json mldv.lock
	git init -q .
	sed -i "s/^  true/  true x/" mldv.ini
	mldv repro
	record
	has "^branch main$" record
	hasnt "^commit\|^dirty" record
'

check 'the version of Python that the command calls' '
	one
	sed -i "s/^  true/  python3 -c pass/" mldv.ini
	git commit -qam 2
	mldv repro
	record
	has "^interpreter $(python3 -V)$" record
'

check 'metrics that cannot be read are warned of, and the run stands' '
	one
	echo "echo nan >m.json" >run.sh
	mldv repro 2>stderr
	has "no metrics of .m.json.: .*not JSON" stderr
	record
	hasnt "^metric" record
	has "^made f .* m.json$" record
'

finish
