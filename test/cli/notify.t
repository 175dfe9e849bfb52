#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What Slack is told, and that a run does not mind whether it hears.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

unset MLDV_SLACK_WEBHOOK SLACK_USER_ID GITHUB_SERVER_URL GITHUB_REPOSITORY \
	GITHUB_RUN_ID

# slack [ANSWER...]: from here on there is a webhook, a secret; what it was
# told is in ../told.
slack() {
	: >../told
	python3 -B "$top/test/tool/fakeslack.py" "$PWD/../told" "$@" >../port &
	slack=$!
	trap 'kill $slack 2>/dev/null || :' EXIT
	while [ ! -s ../port ]; do
		kill -0 "$slack" || return
		sleep 0.02
	done
	MLDV_SLACK_WEBHOOK=http://127.0.0.1:$(cat ../port)/services/T0/B0/canary
	export MLDV_SLACK_WEBHOOK
}

# p, a project that wants to be told of everything; two stages.
start() {
	project p
	cd p || return
	cat >>mldv.ini <<-"END"

		[notify slack]
		min = 0s

		[params]
		n = 0

		[stage train]
		cmd = echo "{\"accuracy\": 0.93, \"n\": ${params.n}}" >metrics.json
		outs = metrics.json  kind=metrics

		[stage eval]
		cmd = cp metrics.json report
		deps = metrics.json
		outs = report
	END
}

check 'a test arrives' '
	start
	fails 2 mldv notify test
	has "there is no webhook" stderr
	slack
	mldv notify test
	has "^p: this is a test" ../told
	[ "$(grep -c "^--$" ../told)" = 1 ]
'

check 'stages and the whole are told of, with metrics and links' '
	start
	slack
	GITHUB_SERVER_URL=https://github.com GITHUB_REPOSITORY=a/b GITHUB_RUN_ID=7 mldv repro
	has "^p: stage \*train\* done after 0 s$" ../told
	has "^accuracy = 0.93$" ../told
	has "^p: stage \*eval\* done" ../told
	has "^p: repro of 2 stages done after [0-9]* s$" ../told
	has "^https://github.com/a/b/actions/runs/7$" ../told
	[ "$(grep -c "^--$" ../told)" = 3 ]
	: >../told
	mldv repro
	[ ! -s ../told ]
'

check 'so is what failed, and nothing in it means anything to Slack' '
	start
	sed -i "s/^cmd = cp.*/cmd = echo >\&2 \"<!channel> \& so\"; exit 7/" mldv.ini
	slack
	gives 1 mldv repro
	has "^p: stage \*eval\* failed" ../told
	has "^p: repro of 2 stages failed" ../told
	hasnt "<" ../told
'

check 'the owner is named, and nobody else can be' '
	start
	mldv config notify.slack.mention @owner
	slack
	SLACK_USER_ID=U024BE7LH mldv notify test
	has "^<@U024BE7LH> p: " ../told
	mldv config --local notify.slack.id W0123
	mldv notify test
	has "^<@W0123> p: " ../told
	: >../told
	SLACK_USER_ID="U1> <!channel" mldv notify test
	has "^p: " ../told
	mldv config notify.slack.mention "<!here> & all"
	mldv notify test
	has "^&lt;!here&gt; &amp; all p: " ../told
'

check 'what took no time is not told of' '
	start
	sed -i "/^min = 0s/d" mldv.ini
	slack
	mldv repro
	[ ! -s ../told ]
	mldv config notify.slack.min soon
	sed -i "s/^n = 0/n = 1/" mldv.ini
	mldv repro 2>err
	has "warning: .notify.slack.min. cannot be .soon." err
'

check 'the webhook is a secret' '
	start
	cp mldv.ini ../ini
	sed -i "s/^min = 0s/&\nwebhook = https:\/\/hooks.slack.com\/services\/T0/" mldv.ini
	fails 2 mldv status
	has "does not belong in a file that is committed" stderr
	cp ../ini mldv.ini
	MLDV_SLACK_WEBHOOK=http://example.org/canary fails 2 mldv notify test
	hasnt canary stderr
	slack 403 action_prohibited
	fails 1 mldv notify test
	has "the webhook answered 403 action_prohibited" stderr
	hasnt canary stderr
'

check 'a run does not fail because nobody hears of it' '
	start
	slack 500 error
	mldv repro 2>err
	[ "$(grep -c "cannot tell Slack" err)" = 1 ]
	kill "$slack"
	sed -i "s/^n = 0/n = 1/" mldv.ini
	mldv repro 2>err
	[ "$(grep -c "cannot be reached" err)" = 1 ]
	hasnt canary err
	[ -s report ]
'

check 'nor does it wait long for somebody who says nothing' '
	start
	slack hang
	mldv repro 2>err
	[ "$(grep -c "did not answer within 5 seconds" err)" = 1 ]
'

finish
