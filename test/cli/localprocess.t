#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A training job as a process here, by the rules of the training toolkit of
# AWS's images; the toolkit itself, from PyPI, is the judge.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# need_toolkit 'what is tried': the training toolkit of AWS's framework images,
# from PyPI, as "$toolkit/bin/train". What it imports on one host is installed
# with it, and not the rest, which is large.
need_toolkit() {
	toolkit=$top/build/toolkit
	mkdir -p "$top/build"
	(
		flock 8
		[ ! -e "$toolkit/done" ] || exit 0
		rm -rf "$toolkit"
		echo "# installing sagemaker-training from PyPI into $toolkit"
		python3 -m venv "$toolkit" &&
			"$toolkit/bin/pip" -q --disable-pip-version-check \
				install --no-deps sagemaker-training &&
			"$toolkit/bin/pip" -q --disable-pip-version-check \
				install six retrying psutil boto3 paramiko \
				inotify_simple numpy 2>/dev/null &&
			: >"$toolkit/done"
	) 8>"$top/build/toolkit.lock" || {
		skip "$1" 'sagemaker-training cannot be had from PyPI'
		finish
	}
}

# training: a project with data/raw, src/train.py and a stage train of it.
training() {
	project .
	mkdir -p data/raw src
	echo 1 >data/raw/a
	mldv add data/raw
	cat >src/train.py <<-'END'
		import json, os, sys
		names = [name for name in os.environ
		         if name.startswith('SM_') and name != 'SM_STUDIO_LOCAL_MODE'
		         or name in ('SAGEMAKER_JOB_NAME', 'SAGEMAKER_REGION')]
		base = os.environ['SAGEMAKER_BASE_DIR']
		found = {'arguments': sys.argv, 'directory': os.getcwd(),
		         'variables': {name: os.environ[name] for name in names},
		         'files': {}}
		for root, _, files in os.walk(base, followlinks=True):
		    for name in files:
		        path = os.path.join(root, name)
		        if '__pycache__' not in path:
		            with open(path) as file:
		                found['files'][os.path.relpath(path, base)] = file.read()
		text = json.dumps(found, indent=1, sort_keys=True)
		with open(os.environ['SM_MODEL_DIR'] + '/found.json', 'w') as file:
		    file.write(text.replace(base, '/opt/ml') + '\n')
		os.makedirs(os.environ['SM_OUTPUT_DATA_DIR'] + '/curves')
		with open(os.environ['SM_OUTPUT_DATA_DIR'] + '/curves/a.csv', 'w') as file:
		    file.write('x\n')
	END
	cat >>mldv.ini <<-'END'

		[params]
		train.lr = 1e-3
		train.decay = 0.00001
		train.large = 1e16
		train.one = 1.0
		train.name = its "é"
		train.flag = true
		train.layers = [1, 2.5, "x"]
		e = 3

		[stage train]
		run = sagemaker
		entry_point = src/train.py
		deps =
		  data/raw
		  src
		params = train.*, e
		outs =
		  models/found.json  from=model.tar.gz:found.json
		  models/curves  from=output.tar.gz:curves
		sagemaker.instance_type = local-process
		sagemaker.hyper.pair = {"b": 2, "a": "x"}
		sagemaker.hyper.none = null
	END
}

# json EXPRESSION: of models/found.json, which is d.
json() {
	python3 -c 'import json, sys
with open("models/found.json") as file:
    d = json.load(file)
print(eval(sys.argv[1]))' "$1"
}

check 'a script gets its data, arguments and variables, and gives its outs' '
	training
	mldv repro
	json "\"|\".join(d[\"arguments\"])" >got
	cat >want <<-"END"
		src/train.py|--decay|1e-05|-e|3|--flag|True|--large|1e+16|--layers|[1, 2.5, "x"]|--lr|0.001|--name|its "é"|--none|null|--one|1.0|--pair|a=x,b=2
	END
	tr "\047" "\"" <got >got2
	same want got2
	[ "$(json "d[\"directory\"]")" = /opt/ml/code ]
	[ "$(json "d[\"files\"][\"input/data/training/a\"]")" = 1 ]
	[ "$(json "d[\"variables\"][\"SM_HP_LAYERS\"]")" = "[1,2.5,\"x\"]" ]
	[ "$(cat models/curves/a.csv)" = x ]
	mldv repro -n
'

check 'its key says that there was no image' '
	training
	mldv repro
	has "^image none$" mldv.lock
	has "^channel training data/raw$" mldv.lock
	has "^hyper lr 0.001$" mldv.lock
	sed -i "s/^train.lr = .*/train.lr = 0.01/" mldv.ini
	gives 3 mldv repro -n
'

check 'only what is declared is there' '
	training
	echo x >other
	mldv repro
	[ "$(json "[n for n in d[\"files\"] if n.endswith(\".py\") or n == \"other\"]")" = "['\''code/src/train.py'\'']" ]
'

check 'a command runs in the directory of the code' '
	training
	sed -i "s/^entry_point.*/cmd = cat src\/train.py | head -n 1 >\$SM_MODEL_DIR\/found.json; mkdir \$SM_OUTPUT_DATA_DIR\/curves; echo \$MLDV_PARAMS/" mldv.ini
	mldv repro >out
	has "code/mldv-params.json" out
	sed -i "s/^cmd = .*/cmd = cp \$MLDV_PARAMS \$SM_MODEL_DIR\/found.json; mkdir \$SM_OUTPUT_DATA_DIR\/curves/" mldv.ini
	mldv repro
	[ "$(json "d[\"train\"][\"lr\"]")" = 0.001 ]
	sed -i "s/^cmd = .*/cmd = cat src\/train.py | head -n 1 >\$SM_MODEL_DIR\/found.json; mkdir \$SM_OUTPUT_DATA_DIR\/curves/" mldv.ini
	mldv repro
	same models/found.json - <<-END
		import json, os, sys
	END
'

check 'what a script says of its failure is shown, and the outs are as before' '
	training
	mldv repro
	cp models/found.json before
	cat >src/train.py <<-"END"
		import os, sys
		with open(os.environ["SM_OUTPUT_DIR"] + "/failure", "w") as file:
		    file.write("loss is\nnan")
		sys.exit(3)
	END
	fails 1 mldv repro >out
	has "stage .train. failed: loss is nan" stderr
	same before models/found.json
'

check 'an output that is not made is an error that says where it is to be' '
	training
	sed -i "s/:curves$/:bends/" mldv.ini
	fails 1 mldv repro >out
	has "did not make .bends. in .SM_OUTPUT_DATA_DIR" stderr
'

check 'two parameters for one argument are refused, unless one is named anew' '
	training
	sed -i "s/^e = 3/other.lr = 2/; s/^params = .*/params = train.*, other.*/" mldv.ini
	fails 2 mldv repro
	has "mldv.ini:[0-9]*: stage .train.: two parameters end in .lr." stderr
	echo "sagemaker.hyper.lr = \${params.other.lr}" >>mldv.ini
	mldv repro
	[ "$(json "d[\"variables\"][\"SM_HP_LR\"]")" = 2 ]
'

check 'a file that is made goes to one place' '
	training
	sed -i "s/from=output.tar.gz:curves/from=model.tar.gz/" mldv.ini
	fails 2 mldv repro
	has "come from the same files" stderr
'

check 'channels have names, and one name each' '
	training
	mkdir data/more
	echo 2 >data/more/b
	mldv add data/more
	sed -i "s/^  data\/raw$/  data\/raw\n  data\/more/" mldv.ini
	fails 2 mldv repro
	has "are both channel .training." stderr
	sed -i "s/^  data\/more$/  data\/more  channel=more/" mldv.ini
	mldv repro
	[ "$(json "d[\"variables\"][\"SM_CHANNELS\"]")" = "[\"more\",\"training\"]" ]
	[ "$(json "d[\"files\"][\"input/data/more/b\"]")" = 2 ]
'

need_toolkit 'the toolkit itself'

check 'the toolkit gives the same arguments, variables and files' '
	training
	# The directory, as the toolkit finds it.
	sed -i "s/^import json, os, sys$/import json, os, shutil, sys/" src/train.py
	cat >>src/train.py <<-"END"
		if "KEEP" in os.environ:
		    shutil.copytree(base, os.environ["KEEP"], ignore=lambda d, names: [
		        n for n in names if n in ("found.json", "curves", "__pycache__")])
	END
	KEEP=$PWD/ml mldv repro
	mv models/found.json ours.json
	for name in hyperparameters inputdataconfig resourceconfig; do
		sed -i "s#\"/[^\"]*/ml/code#\"$PWD/ml/code#" "ml/input/config/$name.json"
	done
	SAGEMAKER_BASE_DIR=$PWD/ml SM_STUDIO_LOCAL_MODE=true \
		PATH=$toolkit/bin:$PATH "$toolkit/bin/train" >log 2>&1 || {
		cat log
		false
	}
	same ml/model/found.json ours.json
	same ml/output/data/curves models/curves
'

finish
