#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016,SC2154 # the code of a case is expanded in it

# What one clone has computed, another one takes from the remote.
has_s3=
if "$top/test/tool/rgw.sh" have; then
	need_s3 'results shared through S3'
	has_s3=yes
fi
trace=$scratch/trace
export trace

# ran [NAME...]: just these stages ran since the last time.
ran() {
	touch "$trace"
	got=$(tr '\n' ' ' <"$trace")
	rm -f "$trace"
	[ "$got" = "${*:+$* }" ] || { echo "ran '$got', not '$*'"; return 1; }
}

# two_clones URL: p and q, of the same commit, in which nothing was run. In
# each, the same change is made, that nobody commits.
two_clones() {
	rm -f "$trace"
	project p
	(
		cd p && mldv remote add origin "$1" && cat >>mldv.ini <<-'END'

			[params]
			n = 1
			[stage a]
			cmd = echo a >>$trace; mkdir a.out; echo ${params.n} >a.out/x; echo more >a.out/y
			params = n
			outs = a.out
			[stage b]
			cmd = echo b >>$trace; sed 's/.*/{"n": &}/' a.out/x >b.json
			deps = a.out
			outs = b.json  kind=metrics
			[stage c]
			cmd = echo c >>$trace; cat a.out/y b.json >c.out
			deps = a.out, b.json
			outs = c.out
		END
		git add -A && git commit -qm first
	) || return 1
	git clone -q p q || return 1
	(cd p && mldv repro -j 1 && mldv push) || return 1
	ran a b c
}

share() {
	two_clones "$1" || return 1
	cd q || return 1
	mldv repro >log 2>&1 || { cat log; return 1; }
	ran || return 1
	has "took the outputs of a from" log && has "3 outputs, .* not here: .mldv pull." log || return 1
	[ ! -e a.out ] && [ ! -e c.out ] || return 1
	same ../p/mldv.lock mldv.lock && mldv repro -n || return 1
	# What was asked for comes, and no more.
	mldv repro c && ran && [ "$(cat c.out)" = "$(cat ../p/c.out)" ] || return 1
	[ ! -e a.out ] || return 1
	mldv pull && same ../p/a.out a.out && mldv fsck
}

check 'two clones and one directory share results' '
	share "$PWD/r"
'

check 'a stage that must run fetches what it reads, and nothing else' '
	two_clones "$PWD/r"
	cd q
	sed -i "s/cat a.out\/y b.json/cat b.json a.out\/y/" mldv.ini
	mldv repro
	ran c
	[ -e a.out/y ]
	has 1 c.out
'

check 'what the settings do not allow is not shared' '
	two_clones "$PWD/r"
	cd q
	mldv config remote.origin.runs off
	mldv repro -j 1
	ran a b c
	cd ..
	rm -rf q p r
	two_clones "$PWD/r"
	cd q
	mldv repro --no-run-cache -j 1
	ran a b c
	cd ..
	rm -rf q p r
	two_clones "$PWD/r"
	cd q
	mldv repro --no-pull -j 1
	ran a b c
'

check 'who only reads does not push what was run' '
	project p
	cd p
	mldv remote add origin "$PWD/../r"
	printf "[stage a]\ncmd = echo 1 >a.out\nouts = a.out\n" >>mldv.ini
	mldv config remote.origin.runs read
	mldv repro
	mldv push
	[ ! -e ../r/runs ]
	mldv config remote.origin.runs write
	mldv push
	[ "$(find ../r/runs -type f | wc -l)" -eq 1 ]
'

check 'a result of which something is missing there is none' '
	two_clones "$PWD/r"
	cd q
	rm -r ../r/manifests
	mldv repro -j 1 2>log
	ran a b c
'

check 'what another platform made is taken only if that is wanted' '
	two_clones "$PWD/r"
	find r/runs -type f -exec chmod u+w {} +
	find r/runs -type f -exec sed -i "s/^platform .*/platform Plan9 mips/" {} +
	cd q
	mldv repro -j 1
	ran a b c
	cd ..
	rm -rf q
	git clone -q p q
	cd q
	mldv config runs.trust any
	mldv repro -j 1
	ran
'

check 'what Git keeps is shared before it is committed, and so is the diff' '
	rm -f "$trace"
	project p
	(
		cd p && mldv remote add origin "$PWD/../r" && cat >>mldv.ini <<-"END"
			[stage m]
			cmd = echo m >>$trace; sh code.sh >m.json; : >empty
			deps = code.sh
			outs =
			  m.json  kind=metrics  git=yes
			  empty  git=yes
			[stage n]
			cmd = echo n >>$trace; cat m.json m.json >n.out
			deps = m.json
			outs = n.out
		END
		echo "echo {}" >code.sh
		git add -A && git commit -qm first
	)
	git clone -q p q
	for clone in p q; do
		printf "%s\n" "echo {\\\"x\\\": 1}" "# \\n\\ a" >$clone/code.sh
	done
	(cd p && mldv repro && mldv push)
	ran m n
	grep -q "^object " p/.git/mldv/store/runs/*/*
	cd q
	mldv repro >log
	ran
	has "took the outputs of m from" log
	same ../p/m.json m.json
	[ -e empty ]
	[ ! -s empty ]
	mldv how --diff m.json >diff
	has "+echo .*x" diff
	mldv fsck
	# A record with another text in it is none.
	cd ..
	git clone -q p s
	cp q/code.sh s
	for record in r/runs/*/*; do
		chmod u+w "$record"
		sed -i "s/^\(object [0-9a-f]* {\"x\": \)1/\12/" "$record"
	done
	cd s
	mldv repro 2>log
	has "encloses bytes that are another object" log
	ran m
'

check 'an output that lies there as it was committed was not edited' '
	rm -f "$trace"
	project p
	(
		cd p && mldv remote add origin "$PWD/../r" && cat >>mldv.ini <<-"END"
			[stage m]
			cmd = echo m >>$trace; cat code >m.json
			deps = code
			outs = m.json  kind=metrics  git=yes
		END
		for n in 1 2; do
			echo "{\"x\": $n}" >code
			mldv repro && git add -A && git commit -qm "$n" && mldv push || exit 1
		done
	)
	ran m m
	git clone -q p q
	cd q
	echo "{\"x\": 1}" >code
	mldv repro 2>log
	hasnt "changed by hand" log
	same code m.json
	ran
	# What somebody did change is kept.
	git checkout -q .
	echo mine >m.json
	echo "{\"x\": 1}" >code
	mldv repro 2>log
	has "changed by hand" log
	same code m.json
'

check 'that nothing was pushed yet, or nobody answers, stops nothing' '
	project p
	cd p
	mldv remote add origin "$PWD/../r"
	printf "[stage a]\ncmd = echo 1 >a.out\nouts = a.out\n" >>mldv.ini
	mldv repro
	[ -e a.out ]
'

if [ -n "$has_s3" ]; then
	check 'two clones and one bucket share results' '
		new_bucket
		share "s3://$bucket/x"
	'
else
	skip 'two clones and one bucket share results' 'there is no S3 here'
fi
finish
