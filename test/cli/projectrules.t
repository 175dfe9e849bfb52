#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What [rules] of mldv.ini expects: warnings here, findings where they are
# enforced.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

unset GITHUB_BASE_REF GITHUB_REF_NAME

# start LINE...: p, a project with a remote r and these rules, on main.
start() {
	mkdir r
	project p
	cd p || return
	mldv remote add origin "$PWD/../r"
	printf '%s\n' '' '[rules]' "$@" >>mldv.ini
	git add -A
	git commit -qm rules
}

# raw NAME: an item of three files below data/raw.
raw() {
	mkdir -p "data/raw/$1"
	for i in 1 2 3; do echo "$1 $i" >"data/raw/$1/$i"; done
	mldv add "data/raw/$1"
}

commit() {
	git add -A
	git commit -qm "$1"
	mldv push
}

# finds PATTERN...: verify finds just these lines, one each, on main.
finds() {
	gives 3 mldv verify --branch main >out
	[ "$(wc -l <out)" = $# ] || { cat out; return 1; }
	for pattern; do
		has "$pattern" out || return
	done
}

check 'raw data may gain files' '
	start "immutable = data/raw"
	raw a
	commit one
	echo 4 >data/raw/a/4
	mldv add data/raw/a
	raw b
	commit two
	mldv verify
'

check 'but neither lose nor change one without a reason' '
	start "immutable = data/raw" "enforce = main"
	raw a
	commit one
	rm data/raw/a/2
	echo other >data/raw/a/3
	cp data/raw/a.mldv ../before
	fails 3 mldv add data/raw/a
	has "data/raw/a/[23].* is in a directory that .rules. calls immutable" stderr
	has "1 file is gone and 1 file is another" stderr
	same ../before data/raw/a.mldv
	gives 2 mldv add --force data/raw/a
	mldv add --force --note "2 was broken" data/raw/a
	commit two
	mldv verify
'

check 'a file that was never committed may go' '
	start "immutable = data/raw"
	raw a
	rm data/raw/a/2
	mldv add data/raw/a
	commit one
	echo 4 >data/raw/a/4
	mldv add data/raw/a
	rm data/raw/a/4
	mldv add data/raw/a
'

check 'an item of one file is not to change either' '
	start "immutable = data/raw"
	mkdir -p data/raw
	echo 1 >data/raw/a.csv
	mldv add data/raw/a.csv
	git commit -qm one
	echo 2 >data/raw/a.csv
	fails 3 mldv add data/raw/a.csv
	has "1 file is another, .data/raw/a.csv." stderr
'

check 'nor may files go from it as a part of an item' '
	start "immutable = data/raw"
	mkdir -p data/raw data/other
	echo 1 >data/raw/a
	echo 1 >data/other/a
	mldv add data
	git commit -qm one
	echo 2 >data/other/a
	mldv add data
	echo 2 >data/raw/a
	fails 3 mldv add data
	has "1 file is another, .data/raw/a." stderr
'

check 'verify finds what went in spite of that' '
	start "immutable = data/raw" "enforce = main"
	raw a
	raw b
	commit one
	cp mldv.ini ../ini
	sed -i /immutable/d mldv.ini
	rm data/raw/a/1
	mldv add data/raw/a
	mldv rm data/raw/b
	cp ../ini mldv.ini
	commit two
	finds "^data/raw/a.mldv: item data/raw/a: may only gain files, but 1 file is gone, .data/raw/a/1." \
		"item data/raw/b: is gone, although .data/raw. may only gain files"
	rm -rf ../v
	git clone -q . ../v
	cd ../v
	finds "item data/raw/a: may only" "item data/raw/b: is gone"
	mldv verify --branch topic >out
	has "^data/raw/a.mldv: warning: item data/raw/a" out
'

check 'a clone that has only one commit cannot tell, and says so' '
	start "immutable = data/raw" "enforce = main"
	raw a
	commit one
	git clone -q --depth 1 "file://$PWD" ../v
	cd ../v
	finds "^mldv.ini:[0-9]*: item mldv.ini: cannot be told, for this clone has no commit before"
	git fetch -q --deepen 1
	mldv verify
'

check 'an item may be renamed' '
	start "immutable = data/raw" "enforce = main"
	raw a
	commit one
	mldv mv data/raw/a data/raw/b
	commit two
	mldv verify
'

check 'what is made is made by stages' '
	start "made = models reports" "enforce = main"
	mkdir models reports
	echo 1 >models/hand
	echo text >reports/note.md
	echo text >reports/README.md
	mldv add models/hand 2>err
	has "warning: .models/hand. lies in .models., where everything is made by a stage" err
	cat >>mldv.ini <<-"END"

		[stage train]
		cmd = echo 1 >models/m; echo 2 >reports/r
		outs =
		  models/m
		  reports/r  git=yes
	END
	mldv repro
	commit one
	finds "^models/hand.mldv: item models/hand: lies in .models." \
		"^reports/note.md: item reports/note.md: lies in .reports."
	mldv status >out
	has "^rules:" out
	has "made  *models/hand  *lies in" out
'

check 'and from what is raw' '
	start "made = models" "from = data/raw data/external" "enforce = main"
	raw a
	mkdir -p data/side models
	echo x >data/side/x
	mldv add data/side
	cat >>mldv.ini <<-"END"

		[stage clean]
		cmd = cp data/raw/a/1 clean
		deps = data/raw/a
		outs = clean

		[stage good]
		cmd = cp clean models/good
		deps = clean
		outs = models/good

		[stage stray]
		cmd = cat data/side/x clean >models/stray
		deps = data/side, clean
		outs = models/stray

		[stage nothing]
		cmd = echo 1 >models/nothing
		outs = models/nothing
	END
	mldv repro
	commit one
	finds "stage stray: is made from .data/side., which neither lies in data/raw or data/external" \
		"stage nothing: makes .models/nothing. from nothing that lies in data/raw or"
'

check 'names are like their pattern' '
	start "name data/raw = *_[0-9]{8}" "enforce = main"
	mkdir -p data/raw
	for i in a_20261102.tar.gz b_20261102 c_2026 .gitkeep README.md; do
		echo "$i" >data/raw/$i
	done
	mldv add data/raw/a_20261102.tar.gz data/raw/b_20261102
	mldv add data/raw/c_2026 2>err
	has "warning: .data/raw/c_2026. is not named like .\*_\[0-9\]{8}." err
	commit one
	finds "^data/raw/c_2026.mldv: item data/raw/c_2026: is not named like"
'

check 'also in a directory that is one item, in a clone without data' '
	start "name data/raw = *_[0-9]{8}" "enforce = main"
	mkdir -p data/raw
	echo 1 >data/raw/a_20261102
	echo 1 >data/raw/b
	mldv add data/raw 2>err
	has "warning: .data/raw/b. is not named" err
	hasnt "a_2026" err
	commit one
	git clone -q . ../v
	cd ../v
	finds "item data/raw/b: is not named"
'

check 'and after what they are made from' '
	start "name data/processed = \${raw}_*" "from = data/raw" "enforce = main"
	raw a_20261102
	raw b_20261102
	cat >>mldv.ini <<-"END"

		[stage one]
		cmd = mkdir -p data/processed; cp data/raw/a_20261102/1 data/processed/a_20261102_norm.csv
		deps = data/raw/a_20261102
		outs = data/processed/a_20261102_norm.csv

		[stage two]
		cmd = cp data/raw/a_20261102/1 data/processed/b_20261102_norm.csv
		deps = data/raw/a_20261102
		outs = data/processed/b_20261102_norm.csv

		[stage three]
		cmd = cat data/raw/*/1 >data/processed/b_20261102_all
		deps = data/raw/a_20261102, data/raw/b_20261102
		outs = data/processed/b_20261102_all
	END
	mldv repro one two three
	commit one
	finds "item data/processed/b_20261102_norm.csv: is not named like .\${raw}_\*., after what it is made from in raw"
'

check 'what is large does not go into Git, nor a notebook with outputs' '
	start "git.max_size = 1K" "enforce = main"
	head -c 1025 /dev/zero >large
	head -c 1024 /dev/zero >small
	cat >run.ipynb <<-"END"
		{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": [], "execution_count": 3, "source": []}]}
	END
	cat >clear.ipynb <<-"END"
		{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": [], "execution_count": null, "source": []}]}
	END
	git add -A
	mldv status >out
	has "git.max_size  *large  *is 1.03 kB" out
	has "git.max_size  *run.ipynb  *is a notebook with the outputs of 1 cell," out
	hasnt "small\|clear.ipynb" out
	git commit -qm one 2>err
	has "^mldv: .large. is 1.0. kB, too large for Git itself" err
	finds "^large: item large: is 1" "^run.ipynb: item run.ipynb: is a notebook"
	mldv status >out
	hasnt rules: out
'

check 'the hook can refuse such a commit' '
	start "git.max_size = 1K" "[hooks]" "commit = block"
	head -c 1025 /dev/zero >large
	git add large
	gives 1 git commit -m one
	has "too large for Git itself" stderr
	git rm -q --cached large
	echo x >x
	git add x
	git commit -qm two
'

check 'a pull request is judged by where it is to go' '
	start "made = models" "enforce = main release-*"
	git checkout -qb topic
	mkdir models
	echo 1 >models/m
	mldv add models/m
	commit one
	mldv verify --format github >out
	has "^::warning file=models/m.mldv,title=mldv verify::item models/m" out
	GITHUB_BASE_REF=release-1 GITHUB_REF_NAME=7/merge gives 3 mldv verify --format github >out
	has "^::error file=models/m.mldv" out
	GITHUB_BASE_REF= GITHUB_REF_NAME=main gives 3 mldv verify
	GITHUB_REF_NAME=topic mldv verify --format junit >out
	hasnt failure\ m out
	git checkout -q main
	mldv verify
	git merge -q topic
	gives 3 mldv verify --format json >out
	has "\"rule\": *\"made\"" out
'

check 'without a way to the remote the rest is checked' '
	start "made = models" "enforce = main"
	raw a
	commit one
	git clone -q . ../v
	mv ../r ../gone
	cd ../v
	gives 1 mldv verify
	mldv verify --no-remote >out 2>&1
	has "the remote was not asked" out
'

check 'rules that cannot be kept are refused' '
	start
	cp mldv.ini ../ini
	while IFS="|" read -r line said; do
		{ cat ../ini; echo "$line"; } >mldv.ini
		fails 2 mldv status
		has "$said" stderr
	done <<-"END"
		name data/raw = [a|no pattern of names: .]. is missing
		name data/raw = {3}|nothing stands before
		name data/raw = ${rew}_*|.${rew}. is none of the directories
		name ../x = *|is no directory below the root
		git.max_size = many|is no size
		asserted = yes|only warn
		immutable = /data|is no directory below the root
		imutable = data|did you mean .immutable.
	END
	cp ../ini mldv.ini
	printf "[rules]\nmade = x\n" >.git/mldv/config
	fails 2 mldv status
	has "belongs in mldv.ini" stderr
'

finish
