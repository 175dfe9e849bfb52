#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Outputs that somebody vouches for.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# trained: a stage that was run, and committed; $ran counts its runs.
trained() {
	git init -q --bare server.git
	project p
	cd p
	git remote add origin ../server.git
	echo "echo run >>../ran; cp data.txt model.txt; echo '{\"n\": 1}' >m.json" >train.sh
	echo data >data.txt
	cat >>mldv.ini <<-'END'
		[stage train]
		cmd = sh train.sh
		deps = train.sh, data.txt
		outs =
		  model.txt
		  m.json  kind=metrics
		[stage test]
		cmd = wc -c <model.txt >size.txt
		deps = model.txt
		outs = size.txt
	END
	mldv remote add team ../storage
	mldv repro -q
	git add -A
	git commit -qm One
}

check 'a change without consequence is accepted, and nothing runs' '
	trained
	key=$(sed -n "/^stage train/,/^key/s/^key //p" mldv.lock)
	echo "# comment" >>train.sh
	mldv accept train --why "only a comment" >out
	has "^accepted: the outputs of train are those of its last run$" out
	has "^accepted $key only a comment$" mldv.lock
	mldv repro >out
	[ "$(wc -l <../ran)" -eq 1 ]
	mldv status >out
	has "accepted *train *only a comment$" out
	hasnt "stale" out
	mldv repro -n
	git diff --cached --name-only >staged
	has "^mldv.lock$" staged
'

check 'a second one keeps the key of the run, and taking it back ends it' '
	trained
	cp train.sh saved
	key=$(sed -n "/^stage train/,/^key/s/^key //p" mldv.lock)
	echo "# comment" >>train.sh
	mldv accept -q train --why "only a comment"
	echo "# another" >>train.sh
	mldv accept -q train --why "only comments"
	has "^accepted $key only comments$" mldv.lock
	cp saved train.sh
	mldv accept -q train --why "taken back"
	hasnt "^accepted" mldv.lock
	mldv repro -n
'

check 'outputs that were made by hand are asserted, and stored' '
	trained
	echo better >model.txt
	mldv accept train --why "trained for days in a notebook" >out
	has "^asserted: the outputs of train were made by hand$" out
	has "^asserted trained for days in a notebook$" mldv.lock
	mldv repro -q
	[ "$(wc -l <../ran)" -eq 1 ]
	[ "$(cat size.txt)" -eq 7 ]
	rm model.txt
	mldv checkout -q model.txt
	has "^better$" model.txt
	mldv how model.txt >out
	has "^  asserted   somebody made this, not the command: trained for days" out
	mldv why train >out
	has "its outputs are asserted: trained for days" out
	mldv repro -q -f train
	hasnt "^asserted" mldv.lock
'

check 'a stage that never ran can be asserted' '
	trained
	git rm -q --cached mldv.lock
	rm -rf mldv.lock .git/mldv/store/runs
	mldv accept -q train --why "by hand"
	has "^asserted by hand$" mldv.lock
'

check 'verify takes it for good, says so, and finds the run' '
	trained
	echo "# comment" >>train.sh
	mldv accept -q train --why "only a comment"
	git commit -qam Comment
	mldv push -q
	mldv verify >out
	has "train.*accepted: only a comment" out
	echo better >model.txt
	mldv accept -q train --why "by hand"
	mldv repro -q
	git commit -qam Asserted
	mldv push -q
	mldv verify >out
	has "train.*by hand, and asserted: by hand" out
	printf "[rules]\nasserted = refuse\nenforce = main\n" >>mldv.ini
	git commit -qam Rules
	gives 3 mldv verify >out
	has "train.*by hand" out
'

check 'there must be a reason, a stage that is known, and something to accept' '
	trained
	fails 2 mldv accept train
	fails 2 mldv accept train --why ""
	fails 2 mldv accept nosuch --why x
	fails 3 mldv accept train --why x
	has "is fresh: there is nothing to accept" stderr
	rm model.txt
	fails 1 mldv accept train --why x
	echo "# comment" >>train.sh
	cp mldv.lock before
	fails 1 mldv accept test --why x
	same before mldv.lock
'

finish
