#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Tuning jobs: what is tried where, and what is kept of it.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

# tuned [COMMAND...]: besides what training makes, and the command adds to the
# stage, a section [tune search].
tuned() {
	training && "$@"
	cat >>mldv.ini <<-'END'

		[tune search]
		stage = train
		objective = maximize acc
		strategy = random
		max_jobs = 4
		parallel = 2
		range.train.lr = 0.5 .. 2.0 log
	END
}

check 'each training is a run of a variant, and the best is shown' '
	tuned
	mldv tune search >out
	has "submitted tuning job .mldv-search-[0-9a-f]*-1.$" out
	[ "$(grep -c "^ *train@tune00[1-4] " out)" = 3 ]
	has "^best *train@tune004 *Completed *acc = 6.0 .*train.lr = 2.0" out
	has "^ *train@tune001 *Completed *acc = 1.5 .*train.lr = 0.5" out
	mldv runs train >runs
	[ "$(grep -c "train@tune00" runs)" = 4 ]
	has "train@tune004.*train.lr = 2.0, acc = 6" runs
	mldv find "acc>5" >found
	has "train@tune004" found
	hasnt "train@tune001" found
	# Neither the work tree nor the lock has it.
	[ ! -e models/model.txt ]
	[ ! -e mldv.lock ]
	mldv repro -S train.lr=2.0
	[ "$(cat models/model.txt)" = 6 ]
'

check 'the records say what of the code was not committed' '
	tuned
	git add -A
	git commit -qm code
	echo "# not committed" >>src/train.py
	mldv tune search >out
	has "^best *train@tune004" out
	mldv runs train --json | python3 -c "import json, sys
runs = json.load(sys.stdin)
assert len(runs) == 4 and all(run[\"dirty\"] for run in runs), runs"
'

check 'who says it again joins the job, and starts no other' '
	tuned
	mldv tune search >out
	mldv tune search >out
	has "joined tuning job" out
	has "^best *train@tune004" out
	asked CreateHyperParameterTuningJob 1
	mldv tune search --json | python3 -c "import json, sys
[_, _, _, last] = json.load(sys.stdin)
assert last[\"best\"] and last[\"value\"] == \"6.0\", last"
	sed -i "s/^max_jobs.*/max_jobs = 3/" mldv.ini
	mldv tune search >out
	asked CreateHyperParameterTuningJob 2
	has "^best *train@tune003" out
'

check 'after Ctrl-C and after a kill it goes on, and is joined' '
	tuned held
	for signal in INT KILL; do
		env --default-signal=INT mldv tune search >out$signal 2>err &
		pid=$!
		until_line "ed tuning job" out$signal
		kill -$signal "$pid"
		status=0
		wait "$pid" || status=$?
		case $signal in
		INT) [ "$status" = 130 ]
			has "goes on, and costs: .mldv tune search. joins" out$signal ;;
		KILL) [ "$status" = 137 ] ;;
		esac
	done
	touch go
	mldv tune search >out
	has "^best *train@tune004" out
	asked CreateHyperParameterTuningJob 1
'

check 'all kinds of ranges reach the service, as its model wants it' '
	tuned
	sed -i "s/^train.lr = .*/&\\ntrain.depth = 3\\ntrain.kind = a/; s/^params = .*/params = train.*/" mldv.ini
	sed -i "s/parser.parse_args()/parser.parse_known_args()[0]/" src/train.py
	cat >>mldv.ini <<-END
		range.train.depth = 1 .. 5
		range.train.kind = a | b
	END
	mldv tune search >out
	has "^best *train@tune004 .*train.lr = 2.0, train.depth = 5, train.kind = b" out
	grep "CreateHyperParameterTuningJob" "$requests" >job
	for text in "IntegerParameterRanges" "Logarithmic" "CategoricalParameterRanges" \
		"StaticHyperParameters" "Strategy[^A-Za-z]*Random"; do
		has "$text" job
	done
'

check 'sections that are none are refused before anything is sent' '
	tuned
	cp mldv.ini good.ini
	for line in "stage = other" "objective = improve acc" \
		"objective = maximize loss" "strategy = luck" "max_jobs = 0" \
		"parallel = many" "range.train.lr = 2 .. 1" \
		"range.train.lr = a" "range.train.lr = 1 .. 2 square" \
		"range.other = 1 .. 2" "colour = red"; do
		grep -v "^${line%% *} = " good.ini >mldv.ini
		grep -q "^.tune search" mldv.ini
		echo "$line" >>mldv.ini
		fails 2 mldv tune search
	done
	cp good.ini mldv.ini
	fails 2 mldv tune other
	has "there is no .tune other." stderr
	sed -i "s/^entry_point.*/&\\nsagemaker.max_cost = 1 USD/" mldv.ini
	fails 2 mldv tune search
	has "could cost 11.04 USD" stderr
	asked CreateHyperParameterTuningJob 0
'

finish
