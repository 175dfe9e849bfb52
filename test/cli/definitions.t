#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# What mldv.ini can say beyond a plain stage, and what of it is in the key.

# stages: more of mldv.ini, from standard input.
stages() {
	cat >>mldv.ini
}

# state NAME WORD: what repro -n says of a stage.
state() {
	mldv repro -n >states 2>/dev/null || :
	grep -q "^$2 *$1\( \|$\)" states || {
		echo "stage $1 is not $2:"
		cat states
		return 1
	}
}

# variants: two of one stage, and one that reads both.
variants() {
	project .
	stages <<-'END'
		[stage train]
		matrix.lr = 0.1, 0.01
		cmd = echo "{\"lr\": ${matrix.lr}}" >m-${matrix.lr}.json
		outs = m-${matrix.lr}.json  kind=metrics
		[stage all]
		deps = stage:train@*
		cmd = cat m-*.json >all.txt
		outs = all.txt
	END
}

check 'the variants of a stage run, and what depends on them after that' '
	variants
	mldv repro >out
	[ "$(wc -l <all.txt)" -eq 2 ]
	state train@0.1 fresh && state train@0.01 fresh && state all fresh
	mldv status >out
'

check 'another value runs just its own variant and what reads it' '
	variants
	mldv repro
	sed -i "s/= 0.1, 0.01/= 0.1, 0.2/" mldv.ini
	state train@0.1 fresh
	state train@0.2 stale
	mldv repro
	grep -q "0.2" all.txt
	grep -q "train@0.2" mldv.lock
	! grep -q "train@0.01" mldv.lock
'

check 'a variant, all of them, or those that fit a pattern are a target' '
	variants
	mldv repro train@0.01
	[ -e m-0.01.json ] && [ ! -e m-0.1.json ]
	rm m-0.01.json
	mldv repro "*@0.1"
	[ -e m-0.1.json ] && [ ! -e m-0.01.json ]
	mldv repro train
	[ -e m-0.01.json ]
	[ ! -e all.txt ]
	fails 2 mldv repro train@3
'

check 'metrics of variants are listed, and verify knows them' '
	variants
	mldv remote add r "$PWD/../remote"
	mldv repro
	git add -A; git commit -qm 1
	mldv push
	mldv metrics show >out
	cat out; grep -q "^m-0.01.json .*0.01" out
	mldv verify >out
	cat out
'

check 'values from a file: a line more is a variant more' '
	project .
	printf "a\nb\n" >values.txt
	stages <<-END
		[stage s]
		matrix.v = @values.txt
		cmd = echo \${matrix.v} >out-\${matrix.v}
		outs = out-\${matrix.v}
	END
	mldv repro
	echo c >>values.txt
	state s@a fresh && state s@c stale
	mldv repro
	[ -e out-c ]
	git add -A; git commit -qm 1
	# What an older commit says is read from that commit.
	git rm -q --cached values.txt; rm values.txt
	fails 2 mldv repro
	grep -q "values.txt., which does not exist" stderr
	mldv metrics show HEAD
'

check 'what a stage does not use is no part of its key' '
	project .
	stages <<-END
		[stage s]
		cmd = echo 1 >o
		outs = o
	END
	mldv repro
	stages <<-END
		timeout = 1h
		retries = 2
		cpus = 2
		publish = yes
		mutex = m
		env.pass = SOMETHING=1
	END
	state s fresh
	stages <<-END
		salt = 1
	END
	state s stale
'

check 'a file of envlock is an input of every stage' '
	project .
	echo a==1 >req.txt
	git add req.txt
	stages <<-END
		[pipeline]
		envlock = req.txt
		[stage s]
		cmd = echo 1 >o
		outs = o
	END
	mldv repro
	state s fresh
	echo a==2 >req.txt
	mldv repro -n >out || :
	grep -q "envlock req.txt changed" out
'

check 'a runner that is not there is refused when it would run' '
	project .
	stages <<-END
		[stage s]
		run = batch
		cmd = echo 1 >o
		outs = o
	END
	mldv status
	fails 2 mldv repro
	grep -q "cannot carry out .run = batch" stderr
'

finish
