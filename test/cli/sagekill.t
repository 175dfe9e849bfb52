#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A training job whose submitter is killed at any step of submitting, waiting
# and fetching: who says 'mldv repro' again joins it, no second one is started,
# and nothing is left that is only half there.
#
# A step is a request that the double gets: it kills who sends it before it is
# carried out, or after, and never answers. Between two requests files change
# only in this clone, as with any stage: reprocrash.t kills there.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

# steps: one line for each step of what the double was asked since the log was
# emptied: the fault that kills there. Polls are told apart by their number,
# of which the first two are enough: the others are like the second.
steps() {
	python3 - "$requests" <<-'END'
		import json, os, re, sys
		seen = {}
		for line in open(sys.argv[1]):
		    entry = json.loads(line)
		    rule = {'fault': 'kill', 'pid': os.path.abspath('pid'),
		            'op': entry['op']}
		    if entry['key']:
		        rule['key'] = re.sub('/[0-9a-f]{2}/', '/*/', re.sub(
		            '[0-9a-f]{16,}', '*', entry['key']))
		    name = json.dumps(rule)
		    seen[name] = seen.get(name, 0) + 1
		    rule['skip'] = seen[name] - 1
		    most = 2 if entry['op'] == 'DescribeTrainingJob' else 1
		    if seen[name] <= most:
		        print(json.dumps(rule))
		    changes = entry['op'].startswith(('Put', 'Create', 'Post'))
		    if changes and seen[name] <= most:
		        print(json.dumps(dict(rule, done=True)))
	END
}

# another N: data and a parameter that no job has had.
another() {
	echo "$1" >data/raw/a
	mldv add -q data/raw
	sed -i "s/^train.lr = .*/train.lr = $1.5/" mldv.ini
}

# wanted N: what is to come of that.
wanted() {
	awk "BEGIN { printf \"%g\\n\", ($1 + 2) * $1.5 }"
}

# whole A B: what lies there is of this job or of the last one, or nothing.
whole() {
	[ ! -e models/model.txt ] || [ "$(cat models/model.txt)" = "$1" ] ||
		[ "$(cat models/model.txt)" = "$2" ]
}

# survived N BEFORE: the killed one is made good by the same command.
survived() {
	whole "$2" "$(wanted "$1")" && mldv repro >again 2>&1 &&
		[ "$(cat models/model.txt)" = "$(wanted "$1")" ] &&
		[ "$(cat models/curve.csv)" = "1,$1.5" ] &&
		[ "$(jobs_started)" = 1 ] && mldv repro -n >nothing &&
		mldv fsck >checked && clean
}

clean() {
	find . -name ".mldv-tmp.*" -o -path "./.git/mldv/journal/*/*" >left
	[ ! -s left ] || {
		cat left
		return 1
	}
}

# killed COMMAND...: runs what is to be killed.
killed() {
	got=0
	sh -c 'echo $$ >pid; exec "$@"' sh "$@" >said 2>&1 || got=$?
	[ "$got" = 137 ]
}

# lane K OF: kills at every OF-th step from the Kth on.
lane() {
	mkdir "lane$1"
	cd "lane$1" || return 1
	training >made && mldv repro >said && : >"$requests" && another 11 &&
		mldv repro >said && steps >all || return 1
	# It must be all of it: data, code, the job, its logs, what it made.
	for op in CreateTrainingJob GetLogEvents GetObject PutObject; do
		has "\"$op\"" all || return 1
	done
	awk "NR % $2 == $1 - 1" all >rules
	n=11 bad=0
	while read -r rule; do
		before=$(wanted "$n")
		n=$((n + 1))
		another "$n"
		: >"$requests"
		echo "$rule" | fake faults
		if killed mldv repro; then
			echo | fake faults
			survived "$n" "$before" && continue
		fi
		echo "not after $rule:"
		cat said again
		bad=$((bad + 1))
	done <rules
	[ "$n" -ge 14 ] && [ "$bad" = 0 ]
}

check 'killed at any request, a job is joined, and comes to its end' '
	for k in 1 2 3 4; do
		(lane $k 4) >lane$k.out 2>&1 &
		eval "lane$k=$!"
	done
	bad=0
	for k in 1 2 3 4; do
		eval "wait \$lane$k" || {
			cat lane$k.out
			bad=1
		}
	done
	[ $bad = 0 ]
'

finish
