#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# contrib/import-dvc, with the real DVC: from build/dvc, which this installs
# from PyPI if it can.

# With the settings of who runs the tests, before lib.sh takes them away.
venv=$(cd "$(dirname "$0")/../.." && pwd)/build/dvc
if [ ! -x "$venv/bin/dvc" ]; then
	echo "# installing DVC from PyPI into $venv"
	rm -rf "$venv"
	if ! { python3 -m venv "$venv" && "$venv/bin/pip" -q \
		--disable-pip-version-check install 'dvc>=3,<4'; } >/dev/null 2>&1
	then
		rm -rf "$venv"
	fi
fi

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -x "$venv/bin/dvc" ]; then
	skip 'a project of DVC is taken over' 'PyPI cannot be reached'
	finish
fi
PATH=$PATH:$venv/bin
DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR=$scratch/dvc
DVC_GLOBAL_CONFIG_DIR=$scratch/dvc DVC_SYSTEM_CONFIG_DIR=$scratch/dvc
export PATH DVC_NO_ANALYTICS DVC_SITE_CACHE_DIR DVC_GLOBAL_CONFIG_DIR \
	DVC_SYSTEM_CONFIG_DIR
import=$top/contrib/import-dvc

# A project of DVC with a directory, a file, and a remote.
start() {
	git init -q p
	cd p
	dvc init -q
	mkdir -p data/raw/sub other
	echo 1 >data/raw/a
	echo 2 >data/raw/sub/b
	: >data/raw/empty
	printf 'x\r\ny\r\n' >other/table.csv
	dvc add -q data/raw other/table.csv
	dvc remote add -q -d store "$PWD/../store"
	dvc push -q
	git add .
	git commit -qm dvc
}

# After the import all is as it was, and kept by mldv.
imported() {
	printf '1\n' | same - data/raw/a
	printf '2\n' | same - data/raw/sub/b
	[ -f data/raw/empty ]
	printf 'x\r\ny\r\n' | same - other/table.csv
	[ -e data/raw.mldv ]
	[ -e other/table.csv.mldv ]
	mldv status --all >out
	has "^clean *data/raw *3 files" out
	has "^clean *other/table.csv *1 file" out
	[ "$(grep -c raw data/.gitignore)" -eq 1 ]
	[ -z "$(find . -name "*.import-dvc")" ]
}

check 'data in the work tree becomes items' '
	start
	"$import" >out
	has "^item data/raw$" out
	has "git rm -r --cached data/raw.dvc other/table.csv.dvc .dvc" out
	imported
	git commit -qm mldv
	rm -r data/raw
	mldv checkout
	imported
'

check 'data comes from the cache, and from a remote that is a directory' '
	start
	rm -r data/raw other/table.csv
	"$import"
	imported
	cd ..
	git clone -q p c
	cd c
	"$import"
	imported
'

check 'links into the cache become files' '
	start
	for type in symlink hardlink; do
		dvc config cache.type "$type"
		dvc checkout -q --relink
		[ -L data/raw/a ] || [ "$type" = hardlink ]
		"$import" -n
		"$import"
		[ ! -L data/raw/a ]
		[ "$(stat -c %h data/raw/a)" -eq 1 ]
		imported
	done
'

check 'what cannot be had is said, and the rest imported' '
	start
	rm -r data/raw .dvc/cache ../store
	gives 1 "$import" >out
	has "data/raw.dvc: .*dvc fetch" stderr
	has "1 things were not taken over" stderr
	[ ! -e data/raw.mldv ]
	[ -e other/table.csv.mldv ]
'

check 'what was changed, or is damaged, is not imported' '
	start
	echo changed >data/raw/a
	gives 1 "$import" >out
	has "data/raw/a. is not what DVC tracks" stderr
	[ ! -e data/raw.mldv ]
	echo 1 >data/raw/a
	echo new >data/raw/new
	gives 1 "$import" >out
	has "data/raw/new. is not what DVC tracks" stderr
	rm -r data/raw
	find .dvc/cache -name "*ab0db90d72e28ad0ba1e22ee510510" -exec chmod u+w {} + \
		-exec sh -c "echo damage >\"\$1\"" sh {} \;
	gives 1 "$import" >out
	has "is damaged" stderr
	[ ! -e data/raw.mldv ]
'

check 'with -n nothing is done' '
	start
	git status --short >before
	rm -r data/raw
	"$import" -n >out
	has "^item data/raw$" out
	[ ! -e mldv.ini ]
	[ ! -e data/raw ]
	[ ! -e data/raw.mldv ]
'

check 'what was imported says from where' '
	start
	cd ..
	git init -q q
	cd q
	dvc init -q
	dvc import -q ../p data/raw
	git add .
	git commit -qm 1
	"$import"
	has "^note from data/raw of ../p [0-9a-f]*" raw.mldv
'

# Stages of every kind that can be taken over.
stages() {
	start
	mkdir code
	cat >code/prepare.sh <<-'END'
	sort -r "$1"/a "$1"/sub/b | head -n "$2" >"$3"
	END
	cat >code/train.sh <<-'END'
	epochs=$(sed -n 's/^  epochs: //p' params.yaml)
	cat proc.txt >model.txt
	echo "epochs $epochs $1" >>model.txt
	echo "{\"acc\": 0.$epochs}" >metrics.json
	END
	cat >params.yaml <<-'END'
	lines: 2   # of each
	name: "0123"
	train:
	  epochs: 3
	sets: [one, two]
	END
	cat >dvc.yaml <<-'END'
	vars:
	  - extra: it's
	stages:
	  prepare:
	    desc: Sort it
	    cmd:
	      - sh code/prepare.sh data/raw ${lines} proc.txt
	      - test -s proc.txt
	    deps: [code/prepare.sh, data/raw]
	    outs:
	    - proc.txt
	  train:
	    cmd: >-
	      sh code/train.sh
	      "${extra} ${name}"
	    deps:
	    - code/train.sh
	    - proc.txt
	    params:
	    - train.epochs
	    outs:
	    - model.txt
	    metrics:
	    - metrics.json:
	        cache: false
	  split:
	    foreach: ${sets}
	    do:
	      cmd: echo ${item} >out.${item}
	      outs: ["out.${item}"]
	  grid:
	    matrix:
	      size: [1, 2]
	      kind: [a]
	    wdir: sub
	    cmd: printf "%s\n" ${item.size}-${item.kind} >${item.size}.txt
	    outs:
	    - ${item.size}.txt
	END
	mkdir sub
	git add .
	git commit -qm stages
}

check 'stages give what they gave' '
	stages
	dvc repro -q
	mkdir ../dvc
	cp proc.txt model.txt metrics.json out.one out.two sub/1.txt sub/2.txt ../dvc
	rm proc.txt model.txt metrics.json out.one out.two sub/1.txt sub/2.txt
	"$import" >out
	has "^stage prepare$" out
	has "^stage split.one$" out
	has "^stage grid.1-a$" out
	has "^lines = 2$" mldv.ini
	has "^name = \"0123\"$" mldv.ini
	has "params.lines" mldv.ini
	has "  metrics.json  kind=metrics  git=yes$" mldv.ini
	mldv repro
	for file in proc.txt model.txt metrics.json out.one out.two; do
		same "../dvc/$file" "$file"
	done
	same ../dvc/1.txt sub/1.txt
	same ../dvc/2.txt sub/2.txt
	mldv metrics show >out
	has "acc" out
	# The code reads the file, so a change of it counts.
	sed -i "s/epochs: 3/epochs: 4/" params.yaml
	gives 3 mldv repro -n >out
	has "^stale *train" out
	has "^fresh *prepare" out
'

check 'a second run changes nothing' '
	stages
	"$import"
	git commit -qm mldv
	"$import" >out 2>&1
	git status --short --untracked-files=no >out
	[ ! -s out ]
'

check 'what no stage of mldv can do is said' '
	start
	cat >dvc.yaml <<-END
	stages:
	  good:
	    cmd: echo >good
	    outs: [good]
	  keeps:
	    cmd: echo >>log
	    outs:
	    - log: {persist: true}
	  far:
	    cmd: echo
	    deps: [s3://bucket/x]
	  odd:
	    cmd: echo \${nothing}
	END
	git add .
	gives 1 "$import" >out
	has "stage keeps: .*persists" stderr
	has "stage far: .*not in the repository" stderr
	has "stage odd: .*stands for nothing" stderr
	has "^\[stage good\]$" mldv.ini
	hasnt "dvc.yaml" out
'

check 'YAML is read as by a whole reader of it' '
	cat >compare.py <<-"END"
	import importlib.machinery
	import importlib.util
	import sys
	from ruamel.yaml import YAML
	loader = importlib.machinery.SourceFileLoader("imp", sys.argv[1])
	spec = importlib.util.spec_from_loader("imp", loader)
	ours = importlib.util.module_from_spec(spec)
	sys.dont_write_bytecode = True
	loader.exec_module(ours)
	theirs = YAML(typ="safe", pure=True)
	texts = open(sys.argv[2]).read().split("\n=====\n")
	assert len(texts) > 10
	for text in texts:
	    want = theirs.load(text)
	    got = ours.Yaml(text, "text").document()
	    assert want == got, f"{text}\n{want}\n{got}"
	refused = ["a: &x 1", "a: [1", "a: \"x", "a:\n\t- b", "a: 1\na: 2",
	           "a: 1\n   b: 2", "<<: {a: 1}", "a: !!str 1", "a: *x", "a: b: c"]
	for text in refused:
	    try:
	        got = ours.Yaml(text, "text").document()
	    except ours.YamlError as error:
	        assert str(error).startswith("text:"), error
	        continue
	    raise AssertionError(f"{text} was read as {got}")
	END
	cat >texts <<-"END"
	a: 1
	b: [1, 2.5, true, null, "x y", {c: d, e: [f]}]
	c:
	- x
	- - y
	  - z
	- k: v
	  l: w
	-
	  m: n
	=====
	d: |
	  line 1
	    line 2

	  # no remark
	e: >-
	  folded
	  text

	  more
	f: plain text
	  goes on   # remark
	i:
	j: ~
	=====
	g: "double\n quoted
	  on \
	  more"
	h: "one\u00e9\x41"
	=====
	k: 1e-3
	l: .5
	m: 0x1F
	n: http://x/y#z
	o: a:b
	p: -1
	q: 1_0
	r: 12e
	=====
	- a
	- b:
	  - c
	  - d
	=====
	y:

	  z: {}
	  w: []
	# end
	=====
	# only
	=====
	"quoted key": v
	-x: y
	=====
	cmd: |+
	  a


	z: 1
	=====
	s: >
	  a
	  b

	  c
	t: end
	=====
	--- # begin
	a: b
	...
	=====
	l:
	  - "a: b"
	  - {x: 1,
	     y: 2}
	  - [a,
	    b]
	=====
	cmd: python a.py --x ${lr} --y ${train.n} && echo "a#b"
	END
	python3 -c "" && "$venv/bin/python3" compare.py "$import" texts
'

finish
