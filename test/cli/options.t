#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The command line itself: options, arguments, help, exit statuses, output.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'a command that does not exist is a usage error with the nearest name' '
	fails 2 mldv stauts
	has "did you mean .status.?" stderr
	fails 2 mldv frobnicate
	has "run .mldv help." stderr
	fails 2 mldv remote ad
	has "did you mean .remote add.?" stderr
'

check 'no command at all is a usage error' '
	fails 2 mldv
	fails 2 mldv -q
'

check 'an option that does not exist is a usage error with the nearest name' '
	fails 2 mldv push --dry-ran
	has "unknown option .--dry-ran.; did you mean .--dry-run.?" stderr
	fails 2 mldv push --frobnicate
	has "run .mldv push -h." stderr
	fails 2 mldv push -x
	has "unknown option .-x." stderr
	fails 2 mldv -x status
'

check 'an option without its value, or with one too many, is a usage error' '
	fails 2 mldv push --remote
	has "option .--remote. needs a value" stderr
	fails 2 mldv push -r
	fails 2 mldv push --dry-run=yes
	has "takes no value" stderr
	fails 2 mldv fsck --budget=soon
	has "not a number of seconds" stderr
	fails 2 mldv fsck --budget -1
'

check 'the number of arguments is checked, and the usage shown' '
	fails 2 mldv add
	has "usage: mldv add \[--note TEXT\] \[-f\] PATH" stderr
	fails 2 mldv mv a
	fails 2 mldv mv a b c
	fails 2 mldv init here
'

check 'a family of commands wants a second word' '
	fails 2 mldv remote
	has "add create list default remove" stderr
	mldv remote -h >out
	has "^usage: mldv remote add" out
	has "^usage: mldv remote list" out
'

check '-h works outside of a repository, anywhere among the arguments' '
	mldv add -h >out
	has "^usage: mldv add" out
	mldv add nosuch --note x --help >again
	same out again
	mldv -h >out
	mldv help >again
	same out again
'

check 'help of a command falls back to -h where there is no man' '
	mldv add -h >expected
	mkdir bin
	ln -s "$(command -v mldv)" bin/mldv
	PATH=$PWD/bin MANPATH=/nonexistent mldv help add >out
	same expected out
	PATH=$PWD/bin mldv help new stage >out
	has "^usage: mldv new stage" out
	fails 2 mldv help frobnicate
'

check 'the version is printed' '
	mldv version >out
	mldv --version >again
	same out again
	has "^mldv [0-9][0-9]*\.[0-9]*\.[0-9]*$" out
'

check 'values follow letters and names in every usual way' '
	project
	mldv remote add one /tmp/one
	mldv remote add two /tmp/two
	for option in "-r two" "-rtwo" "-nrtwo" "-nr two" "--remote two" \
		"--remote=two"; do
		# shellcheck disable=SC2086 # two words
		mldv push $option -h >out
		has "^usage: mldv push" out
	done
	mldv new stage s -p a --param=b -pc -- true 2>stderr || :
	has "\[params\]\|param" stderr
'

check 'what follows two dashes is no option' '
	project
	echo x >-q
	mldv add -- -q >out
	has "^staged: .*-q\.mldv" out
	[ -e ./-q.mldv ]
'

check '-C works elsewhere, and says so if it cannot' '
	project sub
	mkdir sub/data
	echo x >sub/data/f
	mldv -C sub add data/f >out
	[ -e sub/data/f.mldv ]
	has "data/f\.mldv" out
	fails 1 mldv -C nosuch status
	has "cannot work in .nosuch.: No such file" stderr
'

check '-q says nothing of what was done, before and after the command' '
	project
	echo x >a
	echo x >b
	mldv -q add a >out 2>&1
	mldv add -q b >>out 2>&1
	same /dev/null out
	mldv -q remote add origin "$PWD/r"
	mldv -q remote list >out
	has "^origin" out
'

check 'paths and messages are relative to where the user is' '
	project
	mkdir -p d/e
	echo x >d/f
	cd d/e
	mldv add ../f >out
	has "^\.\./f: 1 file" out
	has "^staged: .*\.\./f\.mldv" out
'

check 'a full standard output is an error' '
	project
	fails 1 mldv version >/dev/full
	has "cannot write to standard output" stderr
	fails 1 mldv help >/dev/full
'

check 'outside of a repository the message names the way in' '
	fails 1 mldv status
	has "git init" stderr
	git init -q
	fails 1 mldv status
	has "mldv init" stderr
'

check 'names that are not UTF-8 are shown as bytes, and exactly in JSON' '
	project
	name=$(printf "\203\217 \"x\"")
	echo x >"$name"
	mldv add "$name" >out
	has "^.x83.x8f \"x\": 1 file" out
	mldv status --json >out
	perl -MJSON::PP -e "
		local \$/; my \$t = <>;
		\$t =~ /udc83.udc8f .\"x.\"/ or die;
		\$t =~ s/.udc../?/g; decode_json(\$t)" out
'

check 'names in other scripts are shown as they are, in columns of cells' '
	project
	echo x >"表"
	echo x >ab
	mldv add "表" ab >out
	has "^表: 1 file" out
	mldv status >out
	has "^here only  表  1 file" out
	has "^here only  ab  1 file" out
'

check 'the JSON of every list can be read' '
	project
	mldv remote add origin "$PWD/r"
	echo x >a
	mldv add a
	git commit -qm 1
	echo y >a
	for list in "status" "status -a" "diff" "remote list" \
		"config --list" "metrics show" "fsck"; do
		# shellcheck disable=SC2086 # several words
		mldv $list --json >out
		perl -MJSON::PP -e "local \$/; decode_json(<>)" out ||
			{ echo "of $list:"; cat out; exit 1; }
	done
'

check 'config gets, sets, takes away and lists' '
	project
	[ "$(mldv config git.stage)" = yes ]
	mldv config git.stage no
	[ "$(mldv config get git.stage)" = no ]
	has "^\[git\]" mldv.ini
	mldv config --local git.stage yes
	[ "$(mldv config git.stage)" = yes ]
	mldv config --list >out
	has "^local  *git\.stage  *yes" out
	has "^project  *git\.stage  *no" out
	mldv config --unset --local git.stage
	mldv config --unset git.stage
	[ "$(mldv config git.stage)" = yes ]
	fails 3 mldv config --unset git.stage
	fails 2 mldv config git.stag no
	fails 2 mldv config nosuch.name
	fails 3 mldv config store.dir
	fails 2 mldv config --user --local git.stage no
'

check 'new stage quotes the words of a command and keeps a line as it is' '
	project
	mldv new stage a -o x -- python t.py --n 3 "two words" "a;b" >out
	has "^wrote mldv\.ini; staged" out
	has "^cmd = python t\.py --n 3 .two words. .a;b.$" mldv.ini
	mldv new stage b -o y -- "sort <x | uniq >y"
	has "^cmd = sort <x | uniq >y$" mldv.ini
	fails 2 mldv new stage c true
	fails 2 mldv new stage c --
	fails 2 mldv new stage -- true
'

finish
