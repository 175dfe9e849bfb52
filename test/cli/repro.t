#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# Stages say "ran NAME" by themselves: a line in $trace.
trace=$scratch/trace
export trace

# begin: a project without stages.
begin() {
	rm -f "$trace"
	project .
}

# ran [NAME...]: just these stages ran, in this order, since the last time.
ran() {
	touch "$trace"
	got=$(tr '\n' ' ' <"$trace") want="${*:+$* }"
	rm -f "$trace"
	[ "$got" = "$want" ] || {
		echo "ran '$got' instead of '$want'"
		return 1
	}
}

# stages: more of mldv.ini, from standard input.
stages() {
	cat >>mldv.ini
}

# chain: a source, and three stages one below the other.
chain() {
	begin
	echo 1 >source
	git add source
	stages <<-'END'
		[params]
		n = 1
		[stage a]
		cmd = echo a >>$trace; cat source >a.out; echo ${params.n} >>a.out
		deps = source
		params = n
		outs = a.out
		[stage b]
		cmd = echo b >>$trace; head -n 1 a.out >b.out
		deps = a.out
		outs = b.out
		[stage c]
		cmd = echo c >>$trace; echo c >c.out; cat b.out >>c.out
		deps = b.out
		outs = c.out
	END
}

# state NAME WORD: what repro -n says of a stage.
state() {
	mldv repro -n >states 2>/dev/null || :
	grep -q "^$2 *$1\( \|$\)" states || {
		echo "'$1' is not $2"
		cat states
		return 1
	}
}

check 'stages run in the order of what they read, once' '
	chain
	mldv repro
	ran a b c
	printf "c\n1\n" >expected
	same expected c.out
	mldv repro
	ran
'

check 'what was made is recorded, ignored by Git, and staged' '
	chain
	mldv repro
	git diff --cached --name-only >names
	has "^mldv.lock$" names
	has "^.gitignore$" names
	has "^/a.out$" .gitignore
	git add mldv.ini
	hasnt "\.out" names
	git status --porcelain >left
	hasnt "\.out" left
'

check 'a dry run says why, writes nothing, and gives 3' '
	chain
	cp -r . ../before
	gives 3 mldv repro -n >out
	has "^stale *a *no record" out
	has "^unknown *b *depends on stage a" out
	[ "$(wc -l <stderr)" -eq 1 ]
	rm out stderr
	diff -r --exclude=index --exclude=state --exclude=locks . ../before
	ran
	mldv repro
	mldv repro -n
'

check 'a changed input, parameter or command runs a stage, and is the reason' '
	chain
	mldv repro
	ran a b c
	echo 2 >source
	gives 3 mldv repro -n >out
	has "dep source changed" out
	echo 1 >source
	mldv repro -n
	sed -i "s/^n = 1/n = 0.5/" mldv.ini
	gives 3 mldv repro -n >out
	has "param n int 1 -> float 0.5\|param n 1 -> 0.5" out
	sed -i "s/^n = 0.5/n = 1/; s/cat b.out/cat <b.out/" mldv.ini
	gives 3 mldv repro -n >out
	has "^stale *c *cmd changed" out
	mldv repro
	ran c
'

check 'what came out the same runs nothing below it' '
	chain
	mldv repro
	ran a b c
	sed -i "s/^n = 1/n = 2/" mldv.ini
	mldv repro
	ran a b
	[ "$(tail -n 1 a.out)" = 2 ]
'

check 'spelling, comments, order and descriptions do not count' '
	chain
	sed -i "s/^n = 1/n = 0.1/" mldv.ini
	mldv repro
	ran a b c
	sed -i "s/^n = 0.1/# a remark\nn   =   0.1/; s/^\[stage a\]/&\ndesc = words/" mldv.ini
	mldv repro -n
	touch -d 2001-01-01 source a.out
	mldv repro -n
	cp source copy
	mv copy source
	mldv repro
	ran
'

check 'an earlier result comes back without a run, and the lock to the byte' '
	chain
	mldv repro
	cp mldv.lock first
	cp a.out first.out
	mldv repro -S n=2
	ran a b c a b
	[ "$(tail -n 1 a.out)" = 2 ]
	mldv repro
	ran
	same first mldv.lock
	same first.out a.out
'

check 'a parameter that is not there cannot be set' '
	chain
	fails 2 mldv repro -S m=2
	ran
'

check 'outputs that are gone or changed come back from the store' '
	chain
	mldv repro
	ran a b c
	rm a.out b.out
	echo mine >c.out
	state a restore
	state c restore
	mldv repro 2>stderr
	ran
	[ "$(tail -n 1 c.out)" = 1 ]
	[ "$(head -n 1 a.out)" = 1 ]
	kept=$(sed -n "s/.* kept as .\(.*\).$/\1/p" stderr)
	[ "$(cat "$kept")" = mine ]
'

check 'what lay there and is in no store is kept when a stage runs over it' '
	chain
	echo "made by hand" >b.out
	mldv repro 2>stderr
	[ "$(cat b.out)" = 1 ]
	kept=$(sed -n "s/.*it is kept as .\(.*\).$/\1/p" stderr)
	[ "$(cat "$kept")" = "made by hand" ]
	sed -i "s/^n = 1/n = 2/" mldv.ini
	mldv repro 2>stderr
	hasnt "kept" stderr
	[ "$(find .git/mldv/failed -type f | wc -l)" -eq 1 ]
'

check 'a stage whose outputs are nowhere runs again' '
	chain
	mldv repro
	ran a b c
	rm -rf a.out b.out c.out .git/mldv/store
	mldv repro
	ran a b c
'

check 'only the targets and what is above them run' '
	chain
	mldv repro b
	ran a b
	mldv repro c.out
	ran c
	fails 2 mldv repro nosuch
	has "nosuch" stderr
'

check 'the default target is that of mldv.ini' '
	chain
	printf "[pipeline]\ndefault = a\n" >>mldv.ini
	mldv repro
	ran a
'

check 'targets may be named from a subdirectory' '
	chain
	sed -i "s/c\.out/sub\/c.out/" mldv.ini
	mkdir sub
	cd sub
	mldv repro c.out
	ran a b c
	[ -f c.out ]
'

check 'with -f the targets run, and only they' '
	chain
	mldv repro
	ran a b c
	mldv repro -f b
	ran b
	mldv repro -f
	ran a b c
'

check 'the old outputs are back after a failure, and nothing is recorded' '
	chain
	mldv repro
	ran a b c
	cp mldv.lock first
	sed -i "s/head -n 1 a.out >b.out/echo half >b.out; echo no luck; exit 7/" mldv.ini
	gives 1 mldv repro >out
	has "no luck" out
	grep -q "stage .b. failed with status 7" stderr
	ran b
	[ "$(cat b.out)" = 1 ]
	same first mldv.lock
	failed=$(sed -n "s/.* is in .\(.*\).$/\1/p" stderr)
	[ "$(cat "$failed/outputs/b.out")" = half ]
	has "no luck" "$failed/log"
	[ -z "$(find . -name ".mldv-tmp*")" ]
'

check 'a failure undoes nothing of the stages before it' '
	chain
	mldv repro
	sed -i "s/^n = 1/n = 2/; s/head -n 1 a.out/false/" mldv.ini
	gives 1 mldv repro
	[ "$(tail -n 1 a.out)" = 2 ]
	grep -q "param int n 2" mldv.lock
	git diff --quiet -- mldv.lock
	ran a b c a b
	gives 1 mldv repro
	ran b
'

check 'what stands below a failed stage is not run' '
	chain
	sed -i "s/head -n 1 a.out/false/" mldv.ini
	gives 1 mldv repro >out
	ran a b
	has "did not run c" out
'

check 'the first failing command of several lines ends the stage' '
	begin
	printf "[stage a]\ncmd =\n  false\n  echo made >a.out\nouts = a.out\n" |
		stages
	gives 1 mldv repro
	[ ! -e a.out ]
'

check 'a stage that does not make its output fails' '
	chain
	sed -i "s/>b.out/>other/" mldv.ini
	gives 1 mldv repro
	grep -q "did not make its output .b.out." stderr
'

check 'a stage that changes what it reads is not recorded' '
	chain
	mldv repro
	cp mldv.lock first
	sed -i "s/^cmd = echo b >>.trace;/cmd = echo x >>source; echo x >>a.out;/" mldv.ini
	gives 1 mldv repro
	grep -q ".a.out. changed while stage .b. ran" stderr
	same first mldv.lock
	[ "$(cat b.out)" = 1 ]
'

check 'an input that is edited during the run is named' '
	begin
	mkdir code
	echo 1 >code/one.py
	echo 2 >code/two.py
	stages <<-"END"
		[stage a]
		cmd = touch started; while [ ! -e go ]; do sleep 0.05; done; echo a >a.out
		deps = code
		outs = a.out
	END
	mldv repro 2>stderr &
	pid=$!
	while [ ! -e started ]; do sleep 0.05; done
	echo 3 >code/two.py
	touch go
	wait $pid && exit 1
	grep -q "code/two.py. changed while stage .a. ran" stderr
	[ ! -e mldv.lock ]
	[ ! -e a.out ]
	mldv repro
	[ "$(cat a.out)" = a ]
'

check 'no process of a stage writes on after it has ended' '
	begin
	stages <<-"END"
		[stage a]
		cmd = echo 1 >a.out; (sleep 0.5; echo 2 >a.out) &
		outs = a.out
	END
	mldv repro
	[ "$(cat a.out)" = 2 ]
	mldv repro -n
'

check 'Ctrl-C ends the stage, puts the outputs back, and gives 130' '
	chain
	mldv repro
	sed -i "s/head -n 1 a.out >b.out/echo half >b.out; touch started; sleep 60/" mldv.ini
	env --default-signal=INT mldv repro 2>stderr &
	pid=$!
	while [ ! -e started ]; do sleep 0.05; done
	kill -INT $pid
	status=0
	wait $pid || status=$?
	[ $status -eq 130 ]
	[ "$(cat b.out)" = 1 ]
	[ "$(mldv repro -n 2>/dev/null | grep -c "^stale *b")" -eq 1 ]
	sed -i "s/echo half >b.out; touch started; sleep 60/head -n 1 a.out >b.out/" mldv.ini
	mldv repro
'

check 'after a kill the next repro puts everything right' '
	chain
	mldv repro
	ran a b c
	sed -i "s/head -n 1 a.out >b.out/echo half >b.out; echo \$\$ >pid; exec sleep 60/" mldv.ini
	mldv repro 2>stderr &
	pid=$!
	while [ ! -s pid ]; do sleep 0.05; done
	kill -9 $pid
	wait $pid && exit 1
	[ "$(cat b.out)" = half ]
	sed -i "s/echo half >b.out; echo \$\$ >pid; exec sleep 60/head -n 1 a.out >b.out/" mldv.ini
	rm -f "$trace"
	mldv repro 2>stderr
	grep -q "stage .b. was cut short" stderr
	ran
	[ "$(cat b.out)" = 1 ]
	[ -z "$(find . -name ".mldv-tmp*")" ]
	mldv fsck
'

check 'a stage that outlives its repro is waited for' '
	chain
	mldv repro
	sed -i "s/head -n 1 a.out >b.out/(echo \$\$ >pid; sleep 2; echo late >b.out); true/" mldv.ini
	mldv repro 2>stderr &
	pid=$!
	while [ ! -s pid ]; do sleep 0.05; done
	kill -9 $pid
	wait $pid && exit 1
	sed -i "s/(echo \$\$ >pid; sleep 2; echo late >b.out); true/head -n 1 a.out >b.out/" mldv.ini
	mldv repro 2>stderr
	grep -q "waiting for what is left of stage .b." stderr
	[ "$(cat b.out)" = 1 ]
	sleep 1
	mldv repro -n
'

check 'of two repros at once the second finds what the first one did' '
	begin
	stages <<-"END"
		[stage a]
		cmd = echo a >>$trace; touch started; sleep 1; echo a >a.out
		outs = a.out
	END
	mldv repro &
	pid=$!
	while [ ! -e started ]; do sleep 0.05; done
	mldv repro 2>stderr
	grep -q "waiting for" stderr
	wait $pid
	ran a
	[ "$(cat a.out)" = a ]
'

check 'a dry run does not wait for a repro' '
	begin
	stages <<-"END"
		[stage a]
		cmd = touch started; while [ ! -e go ]; do sleep 0.05; done; echo a >a.out
		outs = a.out
	END
	mldv repro &
	pid=$!
	while [ ! -e started ]; do sleep 0.05; done
	gives 3 mldv repro -n
	touch go
	wait $pid
	mldv repro -n
'

check 'a stage cannot run mldv repro on its own work tree' '
	begin
	printf "[stage a]\ncmd = mldv repro; echo a >a.out\nouts = a.out\n" |
		stages
	gives 1 mldv repro >out
	has "from within stage .a." out
'

check 'a stage without inputs is cached like any other' '
	begin
	stages <<-"END"
		[params]
		n = 1
		[stage a]
		cmd = echo a >>$trace; echo ${params.n} >a.out
		params = n
		outs = a.out
	END
	mldv repro
	mldv repro -S n=2
	mldv repro
	ran a a
	[ "$(cat a.out)" = 1 ]
'

check 'always and frozen do what they say' '
	chain
	sed -i "s/^\[stage a\]/&\nalways = yes/" mldv.ini
	mldv repro
	mldv repro
	ran a b c a
	sed -i "s/^always = yes/frozen = yes/" mldv.ini
	echo 5 >source
	mldv repro
	ran
	echo mine >a.out
	gives 1 mldv repro
	grep -q "stage .a. is frozen, but its output a.out is changed" stderr
	rm a.out
	mldv repro
	[ "$(head -n 1 a.out)" = 1 ]
	ran
'

check 'an output in Git is staged, not ignored, and comes back as well' '
	begin
	stages <<-"END"
		[params]
		n = 1
		[stage a]
		cmd = echo a >>$trace; echo {\"n\": ${params.n}} >m.json
		params = n
		outs = m.json  kind=metrics  git=yes
	END
	mldv repro
	git diff --cached --name-only >names
	has "^m.json$" names
	[ ! -e .gitignore ]
	git commit -qm 1
	mldv repro -S n=2
	mldv repro
	ran a a
	has 1 m.json
	git diff --quiet HEAD -- m.json mldv.lock
'

check 'an output may become a directory, and one in Git stop being that' '
	begin
	printf "[stage a]\ncmd = echo 1 >a.out\nouts = a.out\n" | stages
	mldv repro
	sed -i "s/echo 1 >a.out/mkdir a.out; echo 1 >a.out\/x/" mldv.ini
	mldv repro
	[ "$(cat a.out/x)" = 1 ]
	sed -i "s/^outs = a.out/&  git=yes/; s/mkdir a.out; echo 1 >a.out.x/echo 2 >a.out/" mldv.ini
	mldv repro
	git ls-files >names
	has "^a.out$" names
	sed -i "s/^outs = .*/outs = a.out/" mldv.ini
	fails 2 mldv repro
	grep -q "is tracked by Git; run .git rm -r --cached a.out." stderr
	git rm -q --cached a.out
	mldv repro
	git check-ignore -q a.out
'

check 'an output that was added as data is refused' '
	begin
	echo 1 >a.out
	mldv add a.out
	printf "[stage a]\ncmd = echo 2 >a.out\nouts = a.out\n" | stages
	fails 2 mldv repro
	grep -q "mldv rm --keep a.out" stderr
	[ "$(cat a.out)" = 1 ]
'

check 'an input that does not exist is named before anything runs' '
	chain
	sed -i "s/^deps = b.out/deps = b.out, nosuch.py/" mldv.ini
	fails 1 mldv repro
	grep -q "mldv.ini:[0-9]*: dep .nosuch.py. of stage .c. does not exist" stderr
	ran
	gives 3 mldv repro -n
'

check 'a circle is named before anything runs' '
	chain
	sed -i "s/^deps = source/deps = source, c.out/" mldv.ini
	fails 2 mldv repro
	grep -q "stage .a. (line [0-9]*) needs .c. (line [0-9]*), which needs" stderr
	ran
'

check 'no stage at all is said, with the way out' '
	begin
	fails 2 mldv repro
	grep -q "mldv new stage" stderr
'

check 'data that is an item is brought for a stage that reads it' '
	begin
	mkdir -p data/raw
	echo 1 >data/raw/x
	echo 2 >data/raw/y
	mldv add data/raw
	stages <<-"END"
		[stage a]
		cmd = echo a >>$trace; cat data/raw/* >a.out
		deps = data/raw
		outs = a.out
		[stage b]
		cmd = echo b >>$trace; cat data/raw/x >b.out
		deps = data/raw/x
		outs = b.out
	END
	mldv repro
	ran a b
	rm -rf data/raw
	mldv repro
	ran
	[ ! -e data/raw ]
	mldv repro -f b
	ran b
	same data/raw/y - <<-END
		2
	END
'

check 'a clone without data knows that all is fresh if there is a remote' '
	chain
	mldv repro
	printf "[remote r]\nurl = %s\n" "$scratch/nowhere" | stages
	git add -A
	git commit -qm 1
	git clone -q . clone
	cd clone
	rm -f "$trace"
	mldv repro -n
	mldv repro
	ran
	[ ! -e a.out ]
'

check 'of a remote it fetches what a stage that runs reads, and no more' '
	chain
	mldv remote add r "$PWD/../remote"
	mldv repro
	git add -A
	git commit -qm 1
	mldv push
	git clone -q . clone
	cd clone
	ran a b c
	sed -i "s/echo c >c.out/echo d >c.out/" mldv.ini
	mldv repro
	ran c
	[ "$(head -n 1 c.out)" = d ]
	[ -e b.out ]
	[ ! -e a.out ]
	rm -rf ../../remote
'

check 'data that is neither here nor elsewhere gives 5' '
	begin
	echo 1 >data
	mldv add data
	printf "[stage a]\ncmd = cat data >a.out\ndeps = data\nouts = a.out\n" |
		stages
	rm -rf data .git/mldv/store
	gives 5 mldv repro
	grep -q "run .mldv pull." stderr
'

check 'part of an output is an input, and so is a directory above outputs' '
	begin
	stages <<-"END"
		[stage split]
		cmd = echo split >>$trace; mkdir d/s d/s/one d/s/two; echo 1 >d/s/one/x; date +%N >d/s/two/x
		outs = d/s
		[stage part]
		cmd = echo part >>$trace; cat d/s/one/x >part.out
		deps = d/s/one
		outs = part.out
		[stage all]
		cmd = echo all >>$trace; cat d/s/*/x >all.out
		deps = d
		outs = all.out
	END
	mldv repro
	ran split part all
	mldv repro
	ran
	mldv repro -f split
	mldv repro
	ran split all
	rm -rf d/s part.out
	mldv repro
	ran
	[ "$(cat part.out)" = 1 ]
'

check 'files that [add] ignore names do not count in an input' '
	begin
	mkdir code
	echo 1 >code/a.py
	stages <<-"END"
		[stage a]
		cmd = mkdir -p code/__pycache__; date +%N >code/__pycache__/a.pyc; echo a >>$trace; echo 1 >a.out
		deps = code
		outs = a.out
	END
	mldv repro
	mldv repro
	ran a
'

check 'the command sees its root, stage and working directory' '
	begin
	mkdir sub
	stages <<-"END"
		[stage a]
		cmd = echo "$MLDV_STAGE $PYTHONUNBUFFERED" >out; pwd >>out; echo "$MLDV_ROOT" >>out
		cwd = sub
		outs = sub/out
	END
	mldv repro
	printf "a 1\n%s/sub\n%s\n" "$(pwd -P)" "$(pwd -P)" >expected
	same expected sub/out
'

check 'another shell is used, and is a part of the key' '
	begin
	printf "[pipeline]\nshell = /bin/sh -u\n[stage a]\ncmd = false; echo 1 >a.out\nouts = a.out\n" |
		stages
	mldv repro
	[ "$(cat a.out)" = 1 ]
	sed -i "s/^shell = .*/shell = \/bin\/sh/" mldv.ini
	gives 3 mldv repro -n >out
	has "shell changed" out
'

check 'a stage that is gone leaves the lock, one with a new name runs nothing' '
	chain
	mldv repro
	ran a b c
	sed -i "s/^\[stage c\]/[stage renamed]/" mldv.ini
	mldv repro
	ran
	has "^stage renamed$" mldv.lock
	hasnt "^stage c$" mldv.lock
	git diff --quiet -- mldv.lock
'

check 'names that are hard to write are outputs as well' '
	begin
	stages <<-"END"
		[stage a]
		cmd = mkdir "out dir"; printf 1 >"out dir/a b;#"; ln -s nowhere "out dir/link"; mkdir "out dir/empty"; : >"out dir/zero"
		outs =
		  out dir
	END
	mldv repro
	cp -a "out dir" copy
	rm -rf "out dir"
	mldv repro
	same copy "out dir"
	git status --porcelain >left
	hasnt "out dir" left
'

check 'an executable output keeps its mode' '
	begin
	printf "[stage a]\ncmd = echo 1 >a.out; chmod +x a.out\nouts = a.out\n" |
		stages
	mldv repro
	rm a.out
	mldv repro
	[ -x a.out ]
'

check 'a hundred stages are planned at once' '
	begin
	i=0
	while [ $i -lt 100 ]; do
		printf "[stage s%d]\ncmd = true\ndeps = o%d\n" $i $i
		i=$((i + 1))
		printf "outs = o%d\n" $i
	done | stages
	echo 1 >o0
	gives 3 mldv repro -n >out
	[ "$(grep -c "^unknown" out)" -eq 99 ]
'

check 'what is busy in the index of Git does not stop repro' '
	chain
	touch .git/index.lock
	mldv repro a 2>stderr
	ran a
	has "git add" stderr
	rm .git/index.lock
	mldv repro a
	git diff --cached --name-only >names
	has "^mldv.lock$" names
'

check 'each work tree has its own journal and lock' '
	chain
	git add -A
	git commit -qm 1
	git worktree add -q ../other
	sed -i "s/head -n 1 a.out >b.out/touch started; while [ ! -e go ]; do sleep 0.05; done; echo 1 >b.out/" mldv.ini
	mldv repro &
	pid=$!
	while [ ! -e started ]; do sleep 0.05; done
	(cd ../other && mldv repro 2>../stderr)
	hasnt "waiting" ../stderr
	touch go
	wait $pid
	rm -rf ../other
'

finish
