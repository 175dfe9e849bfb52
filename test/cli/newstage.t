#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

check 'a stage is written as one would by hand, and staged' '
	project .
	cp mldv.ini before
	printf "[params]\nlr = 0.1\n" | tee -a before >>mldv.ini
	mldv new stage train -d data/raw -d train.py -o models/model.pt -p lr \
		-- python train.py --lr "\${params.lr}"
	cat before - >expected <<-"END"

		[stage train]
		cmd = python train.py --lr ${params.lr}
		deps =
		  data/raw
		  train.py
		params = lr
		outs = models/model.pt
	END
	same expected mldv.ini
	git diff --cached --name-only >names
	has "^mldv.ini$" names
	git diff --quiet -- mldv.ini
'

check 'what was written runs' '
	project .
	echo 1 >in
	mldv new stage a -d in -o out -m m.json --git-out m.json \
		-- "cat in >out; echo {} >m.json"
	has "^  m.json  kind=metrics  git=yes$" mldv.ini
	mldv repro
	[ "$(cat out)" = 1 ]
	git diff --cached --name-only >names
	has "^m.json$" names
'

check 'words that the shell would divide are quoted' '
	project .
	mldv new stage a -o out -- printf "%s|" "a b" "it'"'"'s" >/dev/null
	sed -i "s/^cmd = .*/& >out/" mldv.ini
	mldv repro
	[ "$(cat out)" = "a b|it'"'"'s|" ]
'

check 'comments, order, spacing and line ends of everything else stay' '
	project .
	printf "; first\n[params]\n\n  # indented\nn   =   1\n\n\n[remote r]\nurl=/x\n# last" >>mldv.ini
	cp mldv.ini before
	mldv new stage a -o out -- true
	head -c "$(wc -c <before)" mldv.ini >begin
	same before begin
	sed -i "s/$/\r/" mldv.ini
	cp mldv.ini before
	mldv new stage b -o out2 -- true
	head -c "$(wc -c <before)" mldv.ini >begin
	same before begin
	[ "$(grep -c "$(printf "\r")$" mldv.ini)" -eq "$(wc -l <mldv.ini)" ]
'

check 'a stage that is there is replaced only with -f, in its place' '
	project .
	mldv new stage a -d x -o out -- echo 1
	mldv new stage b -o out2 -- echo 2
	cp mldv.ini before
	fails 2 mldv new stage a -o out3 -- echo 3
	grep -q "mldv.ini:[0-9]*: stage .a. is there already" stderr
	same before mldv.ini
	mldv new stage -f a -o out3 -- echo 3
	sed "s/^cmd = echo 1/cmd = echo 3/; s/^outs = out$/outs = out3/; /^deps = x/d" before >expected
	same expected mldv.ini
'

check 'what repro would refuse is not written' '
	project .
	mldv new stage a -d in -o out -- true
	cp mldv.ini before
	fails 2 mldv new stage b -o out -- true
	grep -q "out" stderr
	fails 2 mldv new stage b -d out -o in -- true
	grep -q "circle" stderr
	fails 2 mldv new stage b -o out2 -p nosuch -- true
	grep -q "nosuch" stderr
	fails 2 mldv new stage b -o out2 -- echo "\${params.nosuch}"
	fails 2 mldv new stage b -o ../out2 -- true
	fails 2 mldv new stage "b c" -o out2 -- true
	fails 2 mldv new stage b
	same before mldv.ini
'

check 'a broken mldv.ini is not touched' '
	project .
	printf "[stage a]\nccmd = x\n" >>mldv.ini
	cp mldv.ini before
	gives 2 mldv new stage b -o out -- true
	same before mldv.ini
'

check 'paths are those of the directory one stands in' '
	project .
	mkdir sub
	echo 1 >sub/in
	cd sub
	mldv new stage a -d in -o ../out --cwd . -- "cat in >../out"
	has "^deps = sub/in$" ../mldv.ini
	has "^cwd = sub$" ../mldv.ini
	mldv repro
	[ "$(cat ../out)" = 1 ]
'

finish
