#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Stages that run a notebook, with the real papermill: what it does not say is
# seen anyway, and what it would mangle arrives as it is.
#
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_papermill 'notebooks as stages'
q="'"

# stage NAME [LINE...]: one more stage that runs n/NAME.ipynb.
stage() {
	name=$1
	shift
	printf '\n[stage %s]\nrun = notebook\nnotebook = n/%s.ipynb\n' \
		"$name" "$name"
	[ $# -eq 0 ] || printf '%s\n' "$@"
}

check 'what would go wrong without a word is refused before anything starts' '
	project
	printf "\n[params]\nlr = 0.1\na.n = 1\nb.n = 2\n" >>mldv.ini
	{
		stage untagged "params = lr"
		stage twice "params = lr"
		stage misspelt "params = lr"
		stage left "params = lr"
		stage kernelless
		stage old
		stage none
	} >>mldv.ini
	printf "%%%%\nlr = 1\n" | notebook n/untagged.ipynb
	printf "%%%% parameters\nlr = 1\n%%%% parameters\nlr = 2\n" |
		notebook n/twice.ipynb
	printf "%%%% parameters\nLR = 1\nn = 2\n" | notebook n/misspelt.ipynb
	printf "%%%% parameters\nlr = 1\n%%%% injected-parameters\nlr = 2\n" |
		notebook n/left.ipynb
	printf "%%%%\n1\n" | notebook n/none.ipynb
	echo "{\"nbformat\": 4, \"metadata\": {}, \"cells\": []}" \
		>n/kernelless.ipynb
	echo "{\"nbformat\": 3, \"worksheets\": []}" >n/old.ipynb
	fails 1 mldv repro untagged
	has "no cell tagged .parameters., so its own values would" stderr
	fails 1 mldv repro twice
	has "2 cells tagged .parameters." stderr
	fails 1 mldv repro misspelt
	has "does not assign .lr.*it has: LR, n" stderr
	fails 1 mldv repro left
	has "tagged .injected-parameters.*delete that cell" stderr
	fails 1 mldv repro kernelless
	has "add .kernel = python3. to the stage" stderr
	fails 1 mldv repro old
	has "old format 3" stderr
	MLDV_PAPERMILL=/nonexistent fails 1 mldv repro none
	has "run .pip install papermill ipykernel." stderr
	sed -i "s/^notebook = n\/none.ipynb/&\nkernel = nosuch/" mldv.ini
	gives 1 mldv repro none >out.txt
	cat stderr >>out.txt
	has "papermill failed with status 1 on notebook .n/none.ipynb., before its first cell ran" out.txt
	[ ! -e mldv.lock ]
	[ ! -e reports/none/none.ipynb ]
	stage both "params = *.n" >>mldv.ini
	fails 2 mldv repro both
	has ".a.n. and .b.n. would both be .n." stderr
'

check 'values and paths arrive as they are, in the notebook s own directory' '
	project
	cat >>mldv.ini <<E

[params]
train.tiny  = 1e-05
train.huge  = -2.5e300
train.whole = 3
code        = 0123
nan         = nan
inf         = inf
time        = 12:30:45
text        = Grüße, 世界 😀
braces      = {x} {{y}} \${params.text}
quoted      = "1"
slash       = a\\b "c"
yes         = true
no          = no
list        = [1, 1e-9, "a, b", true]
sep         = "a	b"

[stage all]
run      = notebook
notebook = n/sub/all.ipynb
deps     = data/in.txt
params   = train.*, code, nan, inf, time, text, braces, slash, yes, no, list, sep
inject   =
  given  = \${params.quoted}
  path   = data/in.txt
  answer = 42
outs     =
  out/values
E
	mkdir data
	echo input >data/in.txt
	notebook n/sub/all.ipynb <<E
%% markdown
# A title
%% parameters
tiny = huge = 0.5
whole = 0
code = nan = inf = time = text = braces = ""
quoted: str = ""
slash = yes = no = list = sep = None
given = ""
path = "../../data/in.txt"
answer = 0
%%
import os
values = [(k, globals()[k]) for k in """tiny huge whole code nan inf time text
    braces slash yes no list sep given path answer""".split()]
with open("../../out/values", "w") as f:
    for k, v in values:
        print(k, repr(v), file=f)
    print(os.getcwd().endswith("n/sub"), open(path).read().strip(), file=f)
%%

E
	mldv repro
	cat >expected <<E
tiny 1e-05
huge -2.5e+300
whole 3
code ${q}0123$q
nan ${q}nan$q
inf ${q}inf$q
time ${q}12:30:45$q
text ${q}Grüße, 世界 😀$q
braces ${q}{x} {{y}} \${params.text}$q
slash ${q}a\\\\b "c"$q
yes True
no ${q}no$q
list [1, 1e-09, ${q}a, b$q, True]
sep ${q}a\\tb$q
given ${q}1$q
path ${q}../../data/in.txt$q
answer 42
True input
E
	same expected out/values
	# The executed notebook is there, though nobody declared it.
	has "\"execution_count\": 3" reports/all/all.ipynb
	[ "$(git check-ignore reports/all/all.ipynb)" ]

	# Running and saving it in Jupyter changes nothing; a cell does.
	python3 - <<E
import json
n = json.load(open("n/sub/all.ipynb"))
n["cells"][1].update(execution_count=7, outputs=[
	{"output_type": "stream", "name": "stdout", "text": ["x"]}])
n["metadata"]["language_info"] = {"name": "python", "version": "3.99"}
json.dump(n, open("n/sub/all.ipynb", "w"))
E
	mldv repro -n
	sed -i "s/A title/Another title/" n/sub/all.ipynb
	gives 3 mldv repro -n >out.txt
	has "all.*notebook n/sub/all.ipynb changed" out.txt
'

# failing NAME CODE: a stage, and its notebook, which writes out/NAME and then,
# if n is not 1, does what the code says.
failing() {
	stage "$1" "params = n" "outs = out/$1" >>mldv.ini
	notebook "n/$1.ipynb" <<E
%% parameters
n = 0
%% markdown
Not a cell of code.
%%
import os, sys
with open("../out/$1", "w") as f:
    print(n, file=f)
if n != 1:
    $2
%%
print("here")
E
}

# gone PID: there is no such process, or nobody has asked yet how it ended.
gone() {
	[ ! -e "/proc/$1" ] || has '^State:.*Z' "/proc/$1/status"
}

check 'every way to fail is seen, and nothing of it is recorded' '
	project
	printf "\n[params]\nn = 1\n" >>mldv.ini
	failing raises "raise ValueError(\"not\\\\nthis\")"
	failing exits "sys.exit(3)"
	failing leaves "sys.exit(0)"
	failing dies "os.kill(os.getpid(), 9)"
	mldv repro -j 2 >out.txt 2>&1
	cp mldv.lock before.lock
	sed -i "s/^n = 1/n = 2/" mldv.ini
	gives 1 mldv repro -k -j 2 >out.txt
	cat stderr >>out.txt
	has "notebook .n/raises.ipynb. failed in cell 2: ValueError: not" out.txt
	has "notebook .n/exits.ipynb. failed in cell 2: SystemExit: 3" out.txt
	has "notebook .n/leaves.ipynb. stopped in cell 2 by sys.exit(0); mldv decides when to run, delete this cell" out.txt
	has "the kernel of notebook .n/dies.ipynb. died in cell 2" out.txt
	same before.lock mldv.lock
	for name in raises exits leaves dies; do
		echo 1 | same - out/$name
		has "here" reports/$name/$name.ipynb
		set -- reports/$name/failed/"$name"_*.ipynb
		[ $# -eq 1 ]
		has "Not a cell" "$1"
		has "reports/$name/failed/${name}_" out.txt
		[ "$(git check-ignore "$1")" ]
	done
	git status --porcelain --untracked-files=all >out.txt
	hasnt failed out.txt
	gives 3 mldv repro -n >out.txt
	has "raises.*param n 1 -> 2" out.txt
'

check 'sys.exit(0) is success where that is allowed and all outputs are new' '
	project
	printf "\n[params]\nn = 1\n" >>mldv.ini
	for name in early late; do
		stage $name "params = n" "outs = out/$name" \
			"allow_early_exit = yes"
	done >>mldv.ini
	notebook n/early.ipynb <<E
%% parameters
n = 0
%%
import sys
with open("../out/early", "w") as f:
    print(n, file=f)
sys.exit()
%%
1 / 0
E
	# It ends because of what an earlier run left, which is no output of this.
	notebook n/late.ipynb <<E
%% parameters
n = 0
%%
import os, sys
if os.path.exists("../seen"):
    sys.exit(0)
open("../seen", "w").close()
with open("../out/late", "w") as f:
    print(n, file=f)
E
	mldv repro -j 2
	sed -i "s/^n = 1/n = 2/" mldv.ini
	gives 1 mldv repro -k -j 2 >out.txt
	cat stderr >>out.txt
	has "stage .late. did not make its output .out/late." out.txt
	echo 2 | same - out/early
	echo 1 | same - out/late
'

check 'of failed runs three are kept; what a kernel leaves is ended' '
	project
	stage fails >>mldv.ini
	stage slow "timeout = 8s" >>mldv.ini
	stage works "outs = out" >>mldv.ini
	printf "%%%%\n1 / 0\n" | notebook n/fails.ipynb
	notebook n/slow.ipynb <<E
%%
import os, time
with open("../slow.pid", "w") as f:
    print(os.getpid(), file=f)
%%
time.sleep(1000)
E
	notebook n/works.ipynb <<E
%%
import subprocess
p = subprocess.Popen(["sleep", "1000"], start_new_session=True)
with open("../out", "w") as f:
    print(p.pid, file=f)
E
	mkdir -p reports/fails/failed
	for time in 20260101000000 20260102000000 20260103000000; do
		: >reports/fails/failed/fails_$time.ipynb
		: >reports/fails/failed/other_$time.ipynb
	done
	gives 1 mldv repro -k -j 3 >out.txt
	cat stderr >>out.txt
	has "stage .slow. ran longer than 8s" out.txt
	ls reports/fails/failed >list
	[ "$(grep -c "^fails_" list)" -eq 3 ]
	[ "$(grep -c "^other_" list)" -eq 3 ]
	hasnt fails_20260101000000 list
	gone "$(cat out)"
	# On a slow machine it did not come so far.
	if [ -e slow.pid ]; then
		gone "$(cat slow.pid)"
		has "reports/slow/failed/slow_[0-9]*.ipynb" out.txt
	fi
'

check 'an executed notebook that shows the same makes nothing else stale' '
	project
	stage shows >>mldv.ini
	cat >>mldv.ini <<E

[stage count]
cmd  = wc -l <reports/shows/shows.ipynb >lines; echo x >>ran
deps = reports/shows/shows.ipynb
outs = lines
E
	notebook n/shows.ipynb <<E
%%
import os
print(object())
open("../text").read()
E
	echo a >text
	mldv repro
	cp reports/shows/shows.ipynb old
	mldv repro -f shows
	gives 1 cmp -s old reports/shows/shows.ipynb
	mldv repro
	[ "$(wc -l <ran)" -eq 1 ]
	echo b >text
	mldv repro -f shows
	mldv repro
	[ "$(wc -l <ran)" -eq 2 ]
	has "^nb [0-9a-f]* reports/shows/shows.ipynb" mldv.lock
	git add -A
	git commit -qm all
	mldv verify --no-remote
'

check 'one notebook evaluates under four conditions at once' '
	project
	mkdir data
	echo "3 1 2" >data/a
	echo "6 5 4" >data/b
	cat >>mldv.ini <<E

[stage eval]
run         = notebook
notebook    = n/eval.ipynb
matrix.set  = a, b
matrix.rate = 0.5, 1e-05
deps        = data/\${matrix.set}
inject      =
  path      = data/\${matrix.set}
  result    = out/\${matrix.set}-\${matrix.rate}.json
outs        = out/\${matrix.set}-\${matrix.rate}.json  kind=metrics
E
	notebook n/eval.ipynb <<E
%% parameters
path = "../data/a"
result = "result.json"
rate = 1.0
%%
import json
numbers = [int(w) for w in open(path).read().split()]
with open(result, "w") as f:
    json.dump({"sum": sum(numbers), "rate": rate}, f)
E
	mldv repro -j 4
	cat out/*.json >all
	printf "{\"sum\": 6, \"rate\": 0.5}{\"sum\": 6, \"rate\": 1e-05}" >expected
	printf "{\"sum\": 15, \"rate\": 0.5}{\"sum\": 15, \"rate\": 1e-05}" >>expected
	same expected all
	set -- reports/eval/eval@*.ipynb
	[ $# -eq 4 ]
	mldv repro -n
'

check 'an interrupt ends the kernel, too' '
	project
	stage waits >>mldv.ini
	notebook n/waits.ipynb <<E
%%
import os, time
with open("../pid.new", "w") as f:
    print(os.getpid(), file=f)
os.rename("../pid.new", "../pid")
time.sleep(1000)
E
	mldv repro 2>stderr &
	until [ -e pid ]; do
		kill -0 $! || return 1
		sleep 0.1
	done
	kill -TERM $!
	got=0
	wait $! || got=$?
	[ $got -eq 143 ]
	gone "$(cat pid)"
	[ ! -e mldv.lock ]
'

check 'a new notebook works alike under Jupyter and under mldv' '
	project
	mkdir data
	echo 3 >data/in.txt
	mldv new notebook sums -d data/in.txt -o out/sum -p factor=1e-05 \
		-p name=Zoë -p "list=[true, 1]" --desc "Sums up"
	python3 - <<E
import json
n = json.load(open("notebooks/sums.ipynb"))
n["cells"][-1]["source"] += ["\n", "import os\n",
	"os.makedirs(os.path.dirname(sum_path), exist_ok=True)\n",
	"x = int(open(in_path).read()) * factor\n",
	"print(x, name, list, file=open(sum_path, \"w\"))"]
json.dump(n, open("notebooks/sums.ipynb", "w"))
E
	"$papermill/bin/jupyter" execute --inplace notebooks/sums.ipynb
	echo "3.0000000000000004e-05 Zoë [True, 1]" >expected
	same expected out/sum
	rm out/sum
	mldv repro
	same expected out/sum
	"$papermill/bin/jupyter" execute --inplace notebooks/sums.ipynb
	mldv repro -n
	# One that is there is not written again.
	cp notebooks/sums.ipynb before
	fails 2 mldv new notebook sums
	mldv new notebook sums -f
	same before notebooks/sums.ipynb
'

finish
