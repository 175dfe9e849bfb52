#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Plain copies of data, models and reports, and what a viewer of notebooks
# makes of them.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# p, a project with a remote r, an item data/raw/a and two stages.
start() {
	[ $# -gt 0 ] || { mkdir r; set -- "$PWD/r"; }
	project p
	cd p || return
	mldv remote add origin "$1"
	mkdir -p data/raw/a/deep
	for i in 1 2 3; do echo "$i" >"data/raw/a/$i.csv"; done
	echo "{}" >data/raw/a/deep/x.json
	mldv add data/raw/a
	cat >>mldv.ini <<-"END"

		[params]
		lr = 0.1

		[stage train]
		cmd = mkdir -p models; echo ${params.lr} >models/m.txt; echo x >models/kept
		outs =
		  models/m.txt
		  models/kept  git=yes
		publish = yes

		[stage other]
		cmd = echo 1 >other
		outs = other
	END
	mldv repro
	git add -A
	git commit -qm one
	mldv push
}

# The files that were published, sorted; not what the remote keeps itself.
published() {
	(cd "${1:-../r}" && find . -type f | sed "s,^\./,," |
		grep -v -e "^format$" -e "^README.txt$" -e "^packs/" \
			-e "^manifests/" -e "^runs/" -e "^\.mldv/" | sort)
}

check 'the outputs of stages that say so are plain files' '
	start
	mldv publish >out
	has "^models/m.txt: 1 file" out
	published >out
	printf "models/kept\nmodels/m.txt\n" | same - out
	same models/m.txt ../r/models/m.txt
	mldv publish >out
	has "^everything is published$" out
'

check 'so is what is named, with all that is in it' '
	start
	mldv publish -n data >out
	has "^data/raw/a: 4 files" out
	has "^would publish 4 files" out
	[ -z "$(published)" ]
	mldv publish data
	same data/raw/a ../r/data/raw/a
	git clone -q . ../v
	cd ../v
	mldv publish data models >out
	has "^models/m.txt" out
	hasnt "^data" out
	fails 1 mldv publish nosuch
'

check 'only what has changed is written, and what is gone goes' '
	start
	mldv publish data
	touch -d 2001-01-01 ../r/data/raw/a/*
	echo 4 >data/raw/a/2.csv
	rm data/raw/a/3.csv
	mldv add data/raw/a
	mldv publish --json data >out
	has "\"files\": *1" out
	has "\"removed\": *1" out
	same data/raw/a ../r/data/raw/a
	[ -z "$(find ../r/data/raw/a/1.csv -newermt 2001-01-02)" ]
	mldv publish data >out
	has "everything is published" out
	mldv fsck --remote origin
	mldv push
'

check 'a clone without the data fetches just what it publishes' '
	start
	git clone -q . ../v
	cd ../v
	mldv publish data
	same ../p/data/raw/a ../r/data/raw/a
'

check 'what is not there as it was made is not published' '
	start
	echo y >models/kept
	fails 3 mldv publish
	has "models/kept. is not what stage .train. made; run .mldv repro." stderr
'

check 'nothing goes where no remote is, or over what it keeps there' '
	project
	mkdir r packs
	echo x >packs/x
	mldv remote add origin "$PWD/r"
	mldv add packs/x
	fails 2 mldv publish packs
	has "run .mldv push. first" stderr
	mldv push
	fails 2 mldv publish packs
	has "a remote has that name for itself" stderr
	mldv config publish.url "$PWD/plain"
	fails 2 mldv publish packs
	mldv config publish.timezone Nowhere/Land
	fails 2 mldv publish
	has "no time zone .Nowhere/Land." stderr
'

check 'objects of a bucket have their types, and large ones parts' '
	fake_s3
	s3 PUT /bucket
	start s3://bucket/cifar
	head -c 70000000 /dev/zero >data/raw/big.bin
	cp data/raw/big.bin ../big
	printf "<p>" >data/raw/page.html
	mldv add data/raw/big.bin data/raw/page.html
	mldv push
	: >"$requests"
	mldv publish data
	asked CreateMultipartUpload 1
	asked UploadPart 2
	asked CompleteMultipartUpload 1
	mldv config publish.url s3://bucket
	mldv publish data/raw/page.html
	s3 GET /bucket/cifar/data/raw/big.bin >got
	cmp got ../big
	for pair in cifar/data/raw/a/1.csv:text/csv cifar/data/raw/a/deep/x.json:application/json \
		data/raw/page.html:text/html cifar/data/raw/big.bin:application/octet-stream; do
		s3 -i HEAD "/bucket/${pair%%:*}" >head
		has "^content-type: ${pair#*:}" head
	done
	: >"$requests"
	mldv publish data/raw/page.html
	asked PutObject 0
'

# notebooks STAGE...: each writes the executed notebook eval, as a run with
# the parameter n left it.
notebooks() {
	mkdir r
	project p
	cd p || return
	mldv remote add origin "$PWD/../r"
	printf "\n[params]\nn = 0\n" >>mldv.ini
	for stage; do
		cat >>mldv.ini <<-END

			[stage $stage]
			cmd = echo "{\"n\": \${params.n}}" >made/$stage/eval.ipynb
			outs = made/$stage/eval.ipynb  kind=notebook
			publish = yes
		END
		mkdir -p "made/$stage"
	done
	mldv -q repro
	git add -A
	git commit -qm one
	mldv -q push
}

check 'an executed notebook lies under the time of its run, and as the latest' '
	notebooks eval small
	mldv publish
	published >out
	[ "$(wc -l <out)" = 4 ]
	has "^reports/eval/20[0-9][0-9]-[01][0-9]/eval_20[0-9]\{12\}_main.ipynb$" out
	has "^reports/eval/20[0-9][0-9]-[01][0-9]/eval@small_20[0-9]\{12\}_main.ipynb$" out
	same made/eval/eval.ipynb ../r/reports/eval/latest/main/eval.ipynb
	same made/small/eval.ipynb "$(echo ../r/reports/eval/20*/eval@small*)"
	find ../r -printf "%p %T@\n" | sort >before
	mldv publish >out
	has "everything is published" out
	find ../r -printf "%p %T@\n" | sort | same before -
'

check 'a run on another branch is another file, in the time that was asked for' '
	notebooks eval
	git checkout -qb topic/x
	mldv config publish.timezone Asia/Tokyo
	sed -i "s/^n = 0/n = 1/" mldv.ini
	mldv repro
	began=$(TZ=Asia/Tokyo date -d "@$(sed -n "s/^started //p" .git/mldv/store/runs/*/* | sort -n | tail -n 1)" +%Y%m%d%H%M%S)
	mldv publish
	published | grep -v latest >out
	[ "$(wc -l <out)" = 1 ]
	has "eval_${began}_topic-x.ipynb" out
	has 1 ../r/reports/eval/latest/topic-x/eval.ipynb
	git add -A
	git commit -qm two
	mldv push
	git clone -q . ../v
	cd ../v
	mldv publish >../out
	has "everything is published" ../out
'

# What commuter shows of a directory: the first page of one listing with a
# delimiter, 1,000 names and prefixes at most (nteract/commuter fb45198).
cat >"$scratch/commuter.py" <<'END'
import sys
keys = sys.stdin.read().split()
todo, seen = [sys.argv[1]], []
while todo:
    prefix = todo.pop()
    names = set()
    for key in keys:
        if key.startswith(prefix):
            inner = key[len(prefix):]
            names.add(prefix + (inner.split('/')[0] + '/' if '/' in inner else inner))
    for name in sorted(names)[:1000]:
        if name.endswith('/'):
            todo.append(name)
        elif name.endswith('ipynb'):
            seen.append(name)
print(len(seen))
END

check 'a viewer that shows 1,000 names of a folder shows all of 1,200 runs' '
	# shellcheck disable=SC2046 # many words
	notebooks $(seq -f s%g 40)
	mldv -q publish
	month=$(echo ../r/reports/eval/20*)
	for i in $(seq 840); do
		: >"$month/eval@${i}_20010101000000_main.ipynb"
	done
	sleep 1
	sed -i "s/^n = .*/n = 1/" mldv.ini
	mldv -q repro
	mldv -q publish
	[ "$(find "$month" -type f | wc -l)" = 900 ]
	[ "$(find "$month.2" -type f | wc -l)" = 20 ]
	for i in $(seq 280); do
		: >"$month.2/eval@${i}_20010101000000_topic.ipynb"
	done
	mldv publish >../said
	has "everything is published" ../said
	[ "$(published | grep -vc latest)" = 1200 ]
	[ "$(published | python3 "$scratch/commuter.py" reports/)" = 1240 ]
	for dir in ../r/reports/eval/*; do
		[ "$(find "$dir" -maxdepth 1 | wc -l)" -lt 1000 ]
	done
'

finish
