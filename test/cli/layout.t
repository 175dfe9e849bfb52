#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The directories of a data science project, and what its rules make of them.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

unset GITHUB_BASE_REF GITHUB_REF_NAME

check 'the directories are made, kept by Git, with their rules' '
	git init -q p
	cd p
	mldv init --layout datascience
	git commit -qm start
	[ -z "$(git status --porcelain)" ]
	git ls-files | grep -e "\.gitkeep$" >../kept
	printf "%s/.gitkeep\n" data/external data/interim data/processed \
		data/raw features logs models notebooks reports scripts utils |
		same - ../kept
	has "^immutable = data/raw" mldv.ini
	has "^# .*mldv-config(5)" mldv.ini
	mldv status >out
	hasnt rules out
	cp mldv.ini before
	mldv init --layout datascience >out
	has "is there already" out
	same before mldv.ini
'

check 'the rules hold' '
	git init -q
	mldv init --layout datascience
	mldv remote add origin "$PWD/r"
	mkdir r data/raw/cifar_20261102
	echo 1 >data/raw/cifar_20261102/1
	mldv add data/raw/cifar_20261102 2>err
	[ ! -s err ]
	cat >>mldv.ini <<-"END"

		[stage scale]
		cmd = cp data/raw/cifar_20261102/1 data/processed/cifar_20261102_scaled
		deps = data/raw/cifar_20261102
		outs = data/processed/cifar_20261102_scaled

		[stage train]
		cmd = cp data/processed/cifar_20261102_scaled models/m
		deps = data/processed/cifar_20261102_scaled
		outs = models/m
	END
	mldv repro
	git add -A
	git commit -qm one
	mldv push
	GITHUB_REF_NAME=develop mldv verify
	echo 2 >models/by-hand
	mldv add models/by-hand
	git commit -qm two
	mldv push
	GITHUB_REF_NAME=develop gives 3 mldv verify
	GITHUB_REF_NAME=topic mldv verify
'

# The tree that Cookiecutter Data Science makes, with its .gitignore.
cookiecutter() {
	git init -q p
	cd p || return
	mkdir -p data/external data/interim data/processed data/raw docs \
		models notebooks references reports/figures src/features
	for dir in data/* docs models notebooks references reports \
		reports/figures; do
		: >"$dir/.gitkeep"
	done
	echo "# code" >src/features/build_features.py
	printf "# Data\n/data/\n\n*.log\n.env\n__pycache__/\n" >.gitignore
	echo "# project" >README.md
	git add -A
	git add -f data
	git commit -qm cookiecutter
}

check 'a Cookiecutter Data Science tree is taken as it is' '
	cookiecutter
	git ls-files -s >../before
	mldv init --layout datascience
	git commit -qm mldv
	git ls-files -s | grep -v -e "	\.git[ai]" -e "	mldv.ini$" >../after
	grep -v "	\.gitignore" ../before | while IFS= read -r line; do
		grep -qxF "$line" ../after || { echo "lost $line"; exit 1; }
	done
	head -n 6 .gitignore >../head
	printf "# Data\n/data/\n\n*.log\n.env\n__pycache__/\n" | same - ../head
	[ -z "$(git status --porcelain)" ]
	mkdir data/raw/a_20261102
	echo 1 >data/raw/a_20261102/1
	echo 1 >data/raw/stray
	mldv add data/raw/a_20261102
	git status --porcelain | grep -v stray >../out
	printf "A  data/raw/.gitignore\nA  data/raw/a_20261102.mldv\n" | same - ../out
	cp .gitignore ../before
	mldv init --layout datascience
	same ../before .gitignore
'

check 'rules and files that there are stay' '
	git init -q
	mldv init
	printf "\n[rules]\nmade = out\n" >>mldv.ini
	mkdir -p notebooks
	echo x >notebooks/x
	cp mldv.ini before
	mldv init --layout datascience
	same before mldv.ini
	[ ! -e notebooks/.gitkeep ]
	[ -e models/.gitkeep ]
'

check 'there is no other layout' '
	git init -q
	fails 2 mldv init --layout kedro
	has "there is datascience" stderr
'

check 'what somebody vouched for can be refused' '
	project
	mkdir r
	mldv remote add origin "$PWD/r"
	cat >>mldv.ini <<-"END"

		[rules]
		asserted = refuse
		enforce = main

		[stage train]
		cmd = echo 1 >m
		outs = m
	END
	mldv repro
	sed -i "/^key /a asserted trained by hand" mldv.lock
	git add -A
	git commit -qm one
	mldv push
	gives 3 mldv verify >out
	has "stage train: was not run: somebody vouched for its outputs: trained by hand" out
	mldv status >out
	has "^asserted" out
	sed -i "s/= refuse/= warn/" mldv.ini
	git commit -qam two
	mldv verify >out
	has "warning: stage train: was not run" out
'

finish
