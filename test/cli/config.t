#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'a setting goes into mldv.ini, is staged, and everything else stays' '
	project
	cat >>mldv.ini <<-END

	; a remark
	[store]
	link   =   copy     

	[params]
	lr = 0.1
	END
	cp mldv.ini before
	mldv config rules.watch "data, out" >out
	has "staged: mldv.ini" out
	[ "$(mldv config rules.watch)" = "data, out" ]
	diff before mldv.ini >changes || :
	hasnt "^<" changes
	mldv config store.link reflink
	has "^link   =   reflink" mldv.ini
	mldv config --unset rules.watch
	mldv config --unset store.link
	hasnt "^link" mldv.ini
'

check 'this clone'\''s settings lie over the project'\''s, these over the user'\''s' '
	project
	mldv config --user store.link copy
	[ "$(mldv config store.link)" = copy ]
	mldv config store.link reflink
	[ "$(mldv config store.link)" = reflink ]
	mldv config --local store.link hardlink
	[ "$(mldv config store.link)" = hardlink ]
	mldv config -l >out
	has "store.link.*hardlink" out
	has "store.link.*reflink" out
	mldv config --unset --local store.link
	[ "$(mldv config store.link)" = reflink ]
	mldv config --unset --user store.link
'

check 'a setting that is not set has its default' '
	project
	[ "$(mldv config git.stage)" = yes ]
'

check 'an unknown setting is refused, and the nearest named' '
	project
	cp mldv.ini before
	fails 2 mldv config store.lnk copy
	has "store.link" stderr
	fails 2 mldv config store.link nonsense
	fails 2 mldv config git.stage maybe
	same before mldv.ini
'

check 'taking away what is not set is answered with no' '
	project
	fails 3 mldv config --unset store.link
'

check 'an unknown key in mldv.ini is an error with line and nearest name' '
	project
	printf "[store]\nlnik = copy\n" >>mldv.ini
	line=$(grep -n lnik mldv.ini | cut -d: -f1)
	fails 2 mldv status
	has "mldv.ini:$line: .*link" stderr
	mkdir sub; cd sub
	fails 2 mldv status
	has "\.\./mldv.ini:$line: " stderr
'

check '--json is JSON' '
	project
	mldv config --json -l >out
	python3 -c "import json; json.load(open(\"out\"))"
'

finish
