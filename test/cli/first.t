#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first five minutes, as the README shows them.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

check 'from init to repro, and on in a clone' '
	git init -q cifar
	cd cifar
	mkdir -p data/raw/cifar10
	for i in $(seq 1 600); do echo "image $i" >data/raw/cifar10/$i.png; done
	cat >train.py <<-END
	import os, sys
	os.makedirs("models", exist_ok=True)
	images = len(os.listdir("data/raw/cifar10"))
	open("models/model.pt", "w").write(f"{images} {sys.argv[2]}\n")
	END
	git add train.py

	mldv init >out
	has "^wrote mldv.ini .gitattributes; staged$" out

	mldv add data/raw/cifar10 >out
	has "^data/raw/cifar10: 600 files, 5.89 kB" out
	has "^staged: data/raw/.gitignore data/raw/cifar10.mldv$" out

	mkdir ../team
	mldv remote add origin "$PWD/../team/cifar10"
	git commit -qm "raw data"
	mldv push

	mldv new stage train -d data/raw/cifar10 -d train.py \
		-o models/model.pt -p lr=0.1 -- \
		python3 train.py --lr "\${params.lr}"
	mldv repro >out
	has "train" out
	has "^wrote mldv.lock .*; staged" out
	[ "$(cat models/model.pt)" = "600 0.1" ]
	git add mldv.ini
	git commit -qm model
	mldv push

	cd ..
	git clone -q cifar clone
	cd clone
	mldv pull
	[ "$(cat models/model.pt)" = "600 0.1" ]
	mldv repro
	[ "$(cat models/model.pt)" = "600 0.1" ]
	mldv status --exit-code
	[ -z "$(git status --porcelain)" ]
'

finish
