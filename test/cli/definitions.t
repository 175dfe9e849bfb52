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
	[ -e m-0.01.json ]
	[ ! -e m-0.1.json ]
	rm m-0.01.json
	mldv repro "*@0.1"
	[ -e m-0.1.json ]
	[ ! -e m-0.01.json ]
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

check 'a stage for another machine is refused while nothing is shared' '
	project .
	stages <<-END
		[stage s]
		run = batch
		cmd = echo 1 >o
		outs = o
	END
	mldv status
	fails 2 mldv repro
	grep -q "stage .s.: there is no default remote; run .mldv remote add" stderr
'

check 'a variable from outside counts, and so does that it is not set' '
	project .
	stages <<-END
		[stage s]
		env = COLOUR
		cmd = echo "\${COLOUR:-none}" >o
		outs = o
	END
	sed -i "s/\\\${COLOUR/\$\${COLOUR/" mldv.ini
	unset COLOUR
	mldv repro
	[ "$(cat o)" = none ]
	state s fresh
	COLOUR=red; export COLOUR
	mldv repro -n >out || :
	grep -q "env COLOUR unset -> red" out
	mldv repro
	[ "$(cat o)" = red ]
	git add -A; git commit -qm 1
	# Whoever verifies has another environment, and no say in it.
	mldv remote add r "$PWD/../remote"
	mldv push
	git commit -qam 2
	unset COLOUR
	mldv verify
'

check 'what a probe prints is in the key; one that fails is an error' '
	project .
	echo 1 >version
	stages <<-END
		[stage s]
		probe = cat version
		cmd = echo 1 >o
		outs = o
		[stage t]
		probe = cat version
		cmd = echo 2 >p
		outs = p
	END
	mldv repro
	state s fresh
	echo 2 >version
	mldv repro -n >out || :
	grep -q "s .*probe cat version changed" out
	# Whoever only looks runs no command of a project.
	mldv status >out
	hasnt "probe" out
	rm version
	fails 1 mldv repro
	grep -q "stage .[st].: probe .cat version.: it ended with status 1" stderr
'

check 'a value in a JSON file is a parameter' '
	project .
	printf "%s" "{\"train\": {\"lr\": 0.1, \"x\": [1]}, \"a.b\": \"t\"}" >c.json
	stages <<-END
		[stage s]
		params = c.json:train.lr, c.json:a.b
		cmd = cat c.json >o
		outs = o
	END
	mldv repro
	printf "%s" "{\"train\": {\"lr\": 1e-1}, \"a.b\": \"t\"}" >c.json
	state s fresh
	printf "%s" "{\"train\": {\"lr\": 0.2}, \"a.b\": \"t\"}" >c.json
	mldv repro -n >out || :
	grep -q "param c.json:train.lr 0.1 -> 0.2" out
	printf "%s" "{\"train\": {\"rl\": 0.2}, \"a.b\": \"t\"}" >c.json
	fails 2 mldv repro
	grep -q "mldv.ini:.*: .c.json.: it has no .train.lr" stderr
	echo "{" >c.json
	fails 2 mldv repro
	rm c.json
	fails 2 mldv repro
	grep -q "c.json. has parameters, but does not exist" stderr
'

check 'a value in a file that changes while the stage runs is noticed' '
	project .
	echo "{\"a\": 1, \"b\": 1}" >c.json
	stages <<-END
		[stage s]
		params = c.json:a
		cmd = cat c.json >o; echo "{\"a\": 2, \"b\": 1}" >c.json
		outs = o
		[stage t]
		params = c.json:a
		cmd = cat c.json >p; echo "{\"a\": 1, \"b\": 2}" >c.json
		outs = p
	END
	fails 1 mldv repro s
	grep -q "parameter .c.json:a. changed while stage .s. ran" stderr
	[ ! -e o ]
	echo "{\"a\": 1, \"b\": 1}" >c.json
	mldv repro t
'

check 'a file that a stage makes has no parameters before it ran' '
	project .
	stages <<-END
		[stage s]
		cmd = echo "{}" >c.json
		outs = c.json
		[stage t]
		params = c.json:x
		cmd = x
	END
	echo "{\"x\": 1}" >c.json
	fails 2 mldv repro
	grep -q "is made by stage .s. (line .*); write it into deps" stderr
'

# program: has parameters of every type, and a stage that shows them.
program() {
	project .
	stages <<-'END'
		[params]
		train.lr = 1e-5
		train.steps = 100
		train.big = 1e20
		train.opt = adam
		flag = true
		no = "no"
		when = 12:30:45
		list = [1, 0.5, yes]
		text = "say \"hi\" \\ é 😀"
		[stage s]
		params = *
		params.write = conf/params.yaml
		cmd = cp conf/params.yaml a.json; cp $MLDV_PARAMS b.json
		outs = a.json, b.json
	END
}

check 'a program finds its parameters as JSON, and as YAML the same' '
	program
	mldv repro
	cmp a.json b.json
	git check-ignore -q conf/params.yaml
	python3 - <<-END
		import json, yaml
		a = json.load(open("a.json"))
		b = yaml.safe_load(open("a.json"))
		assert a == b, (a, b)
		assert a["train"] == {"lr": 1e-5, "steps": 100, "big": 1e20,
		                      "opt": "adam"}, a
		assert type(b["train"]["lr"]) is float
		assert type(b["train"]["big"]) is float
		assert a["flag"] is True and a["no"] == "no"
		assert b["when"] == "12:30:45"
		assert b["list"] == [1, 0.5, "yes"]
		assert a["text"] == b["text"] == "say \"hi\" \\\\ é 😀", a["text"]
	END
'

check 'mldv env prints what a stage would find, and writes the parameters' '
	program
	stages <<-"END"
		env = A=1, B=it is "$HOME" and '\''quotes'\''
	END
	mldv env s >out
	[ ! -e a.json ]
	[ -e conf/params.yaml ]
	(
		eval "$(cat out)"
		[ "$A" = 1 ]
		[ "$MLDV_STAGE" = s ]
		[ "$MLDV_ROOT" = "$PWD" ]
		[ "$B" = "it is \"\$HOME\" and '\''quotes'\''" ]
		cmp "$MLDV_PARAMS" conf/params.yaml
		python3 -c "import json, os; json.load(open(os.environ[\"MLDV_PARAMS\"]))"
	)
	mldv env --json s | python3 -c "import json, sys; assert json.load(sys.stdin)[\"A\"] == \"1\""
	mldv env -S train.steps=7 s >out
	grep -q "\"steps\": 7" conf/params.yaml
	fails 2 mldv env t
'

check 'what Git tracks is not overwritten with parameters' '
	program
	mkdir conf
	echo mine >conf/params.yaml
	git add conf/params.yaml
	fails 2 mldv repro
	grep -q "is tracked by Git, but params.write makes it" stderr
	[ "$(cat conf/params.yaml)" = mine ]
'

check 'a clean environment has what the table says, and nothing else' '
	project .
	stages <<-"END"
		[stage s]
		environment = clean
		env = MINE=1, LANG=C
		env.pass = PASSED
		cmd = env | sort >o; : >"$TMPDIR/x"; echo "$TMPDIR" >t
		outs = o, t
		[stage u]
		cmd = env | sort >p
		outs = p
	END
	git commit -qm 1
	OTHER=2 PASSED=3 HTTPS_PROXY=http://p/ AWS_PROFILE=me mldv repro
	sed "s/=.*//" o >names
	# What the shell sets itself.
	sed -i "/^_$/d; /^PWD$/d; /^OLDPWD$/d; /^SHLVL$/d" names
	sort >want <<-END
		HTTPS_PROXY
		HOME
		LANG
		LC_ALL
		MINE
		MLDV_PARAMS
		MLDV_ROOT
		MLDV_STAGE
		PASSED
		PATH
		PYTHONHASHSEED
		PYTHONUNBUFFERED
		SOURCE_DATE_EPOCH
		TMPDIR
		TZ
	END
	for name in LOGNAME SHELL TERM USER XDG_RUNTIME_DIR VIRTUAL_ENV \
		CONDA_PREFIX LD_LIBRARY_PATH no_proxy NO_PROXY http_proxy \
		https_proxy HTTP_PROXY all_proxy ALL_PROXY; do
		eval "[ -z \"\${$name+x}\" ]" || echo "$name" >>want
	done
	sort -o want want
	same want names
	grep -q "^LANG=C$" o && grep -q "^LC_ALL=C.UTF-8$" o
	grep -q "^SOURCE_DATE_EPOCH=978307200$" o
	grep -q "^OTHER=2$" p && grep -q "^AWS_PROFILE=me$" p
	# Its own directory is gone with it.
	[ ! -e "$(cat t)" ]
'

# refused LINE SENTENCE: what mldv.ini says, from standard input, is refused.
refused() {
	cat >given.txt
	project .
	before=$(wc -l <mldv.ini)
	cat given.txt >>mldv.ini
	fails 2 mldv repro || return 1
	grep -q "mldv.ini:$((before + $1)): $2" stderr || {
		cat stderr
		return 1
	}
}

check 'rule 1: what is not known, or is there twice, is refused' '
	refused 1 "unknown section .stages x.; did you mean .stage." <<-END
		[stages x]
	END
'
check 'rule 1: a key with a typing error' '
	refused 3 "unknown key .oust. in .stage x.; did you mean .outs." <<-END
		[stage x]
		cmd = true
		oust = a
	END
'
check 'rule 1: a key, and a section, that are there twice' '
	refused 3 ".*cmd" <<-END
		[stage x]
		cmd = true
		cmd = false
	END
	rm -rf .git mldv.ini
	refused 3 ".*stage x" <<-END
		[stage x]
		cmd = true
		[stage x]
	END
'
check 'rule 1: a long label becomes eight digits' '
	project .
	stages <<-END
		[stage a-stage]
		matrix.v = this-is-a-long-value-of-more-than-forty-bytes
		cmd = echo 1 >o
		outs = o
	END
	mldv repro -n >out || :
	grep -q "a-stage@[0-9a-f]\{8\}  *no record" out
'
check 'rule 2: an indented key is an error' '
	refused 3 ".deps =. is indented" <<-END
		[stage x]
		cmd = true
		  deps = a
	END
'
check 'rule 3: remarks are whole lines, and a command may have others' '
	project .
	printf "%s\n" "[stage x]" "# a remark" "cmd =" "  echo a ; echo b >o" \
		"  # left out" "  \\# kept" "  echo c#d >>o" "outs = o" >>mldv.ini
	mldv repro
	printf "b\nc#d\n" >want
	same want o
'
check 'rule 4: lists are of one kind, options stand behind two spaces' '
	refused 3 "two plain spaces are needed before .kind=metrics" <<-END
		[stage x]
		cmd = true
		outs = a kind=metrics
	END
	rm -rf .git mldv.ini
	refused 4 ".*deps" <<-END
		[stage x]
		cmd = true
		deps = a
		  b
	END
	project p; cd p
	stages <<-END
		[stage x]
		cmd = echo 1 >o.csv
		outs = o.csv  kind=plot  title="a  title"  x=epoch
	END
	mldv repro
'
check 'rule 5: the lines of a command run in one shell' '
	project .
	printf "%s\n" "[stage x]" "cmd =" "  a=1" "  echo \$a \\" \
		"    2 >o" "  false" "  echo not reached" "outs = o" >>mldv.ini
	fails 1 mldv repro
	sed -i "/^  false/d" mldv.ini
	mldv repro
	[ "$(cat o)" = "1 2" ]
'
check 'rule 6: a number that is too large is an error, in quotes a text' '
	refused 2 "parameter .x.: the number 12e4567 is too large" <<-END
		[params]
		x = 12e4567
	END
	rm -rf .git mldv.ini
	project .
	stages <<-END
		[params]
		x = "12e4567"
		y = 0123
		[stage s]
		params = x, y
		cmd = cp \$MLDV_PARAMS o
		outs = o
	END
	mldv repro
	grep -q "\"12e4567\"" o
	grep -q "\"0123\"" o
'
check 'rule 7: what a shell may misread must be quoted' '
	refused 4 "a shell may misread the value of .\${params.x}." <<-"END"
		[params]
		x = a; rm -rf b
		[stage s]
		cmd = echo ${params.x}
	END
	rm -rf .git mldv.ini
	project .
	stages <<-"END"
		[params]
		x = a; false
		[stage s]
		cmd = echo ${params.x:q} $${HOME} $(echo 1) >o; a=1
		outs = o
	END
	mldv repro
	[ "$(cat o)" = "a; false $HOME 1" ]
'
check 'a value in a YAML file is a parameter, and only that value' '
	project .
	cat >params.yaml <<-"END"
		base: &base
		  lr: 1e-3
		  net: resnet
		train:
		  <<: *base
		  lr: 0.01	# wins
		other: 1
	END
	stages <<-"END"
		[stage s]
		cmd = echo 1 >o
		params = params.yaml:train.lr, params.yaml:train.net
		outs = o
	END
	mldv repro
	grep -q "params.yaml:train.lr" mldv.lock
	sed -i "s/other: 1/other: [1, 2]/; s/0.01/1.0e-2/; s/1e-3/2e-3/" params.yaml
	state s fresh
	sed -i "s/1.0e-2/0.02/" params.yaml
	state s stale
	grep -q "params.yaml:train.lr 0.01 -> 0.02" states
	mldv repro
	sed -i "s/resnet/yes/" params.yaml
	state s stale
	printf "a: *b\n" >params.yaml
	fails 2 mldv repro
	grep -q "params.yaml.: line 1: an alias has no anchor" stderr
'
check 'rule 9: what is included must be there' '
	refused 2 ".a.ini. is included, but does not exist" <<-END
		[include]
		files = a.ini
	END
'

finish
