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
	[ ! -e mldv.lock ] && [ ! -e reports/none/none.ipynb ]
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
	has "all.*n/sub/all.ipynb changed" out.txt
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
	mldv repro
	cat out/*.json >all
	printf "{\"sum\": 6, \"rate\": 0.5}{\"sum\": 6, \"rate\": 1e-05}" >expected
	printf "{\"sum\": 15, \"rate\": 0.5}{\"sum\": 15, \"rate\": 1e-05}" >>expected
	same expected all
	set -- reports/eval/eval@*.ipynb
	[ $# -eq 4 ]
	mldv repro -n
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
