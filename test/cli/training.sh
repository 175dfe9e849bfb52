# SPDX-License-Identifier: Apache-2.0
#
# What the tests of training jobs share; sourced after lib.sh.
# shellcheck shell=sh disable=SC2154 # lib.sh sets these

need_botocore 'training on SageMaker'
models=$(echo "$botocore"/lib/python3*/site-packages/botocore/data)

# need_moto 'what is tried': a double of AWS by others, from PyPI, for
# "$moto/bin/python3".
need_moto() {
	moto=$top/build/moto
	mkdir -p "$top/build"
	(
		flock 8
		[ ! -e "$moto/done" ] || exit 0
		rm -rf "$moto"
		echo "# installing moto from PyPI into $moto"
		python3 -m venv "$moto" &&
			"$moto/bin/pip" -q --disable-pip-version-check \
				install 'moto[server]>=5.2' &&
			: >"$moto/done"
	) 8>"$top/build/moto.lock" || {
		skip "$1" 'moto cannot be had from PyPI'
		finish
	}
}

# training [SERVICES [FAKE]]: the fake, its options, and a project with a
# bucket, data/raw, src/train.py, and a stage train of it.
training() {
	echo "{\"buckets\": {\"b\": {}}, \"services\": {\"models\": \"$models\", \"step\": 0.01${1:+, $1}}${2:+, $2}}" >fake.json
	fake_s3
	mkdir p
	cd p || return 1
	project .
	mldv remote add origin s3://b/team
	mkdir -p data/raw/sub src
	echo 1 >data/raw/a
	echo 2 >data/raw/sub/b
	mldv add -q data/raw
	cat >src/train.py <<-'END'
		import argparse, os
		parser = argparse.ArgumentParser()
		parser.add_argument('--lr', type=float)
		lr = parser.parse_args().lr
		data = os.environ['SM_CHANNEL_TRAINING']
		with open(data + '/a') as a, open(data + '/sub/b') as b:
		    total = int(a.read()) + int(b.read())
		exec(os.environ.get('MORE', ''))
		print('acc=%g' % (total * lr))
		with open(os.environ['SM_MODEL_DIR'] + '/model.txt', 'w') as file:
		    file.write('%g\n' % (total * lr))
		with open(os.environ['SM_OUTPUT_DATA_DIR'] + '/curve.csv', 'w') as file:
		    file.write('1,%g\n' % lr)
	END
	cat >>mldv.ini <<-'END'

		[params]
		train.lr = 0.5

		[stage train]
		run = sagemaker
		entry_point = src/train.py
		deps =
		  data/raw
		  src
		params = train.lr
		outs =
		  models/model.txt  from=model.tar.gz:model.txt
		  models/curve.csv  from=output.tar.gz:curve.csv
		sagemaker.role = arn:aws:iam::123456789012:role/mldv-train
		sagemaker.framework = pytorch 2.3 py311
		sagemaker.instance_type = ml.m5.large
		sagemaker.metric.acc = acc=([0-9.]+)
	END
}

# created: the arguments of the last job.
created() {
	python3 - "$requests" <<-'END'
		import json, sys
		for line in open(sys.argv[1]):
		    entry = json.loads(line)
		    if entry['op'] == 'CreateTrainingJob':
		        last = entry['body']
		print(json.dumps(json.loads(last), indent=1))
	END
}

# more CODE: what the script does besides, in the middle of it.
more() {
	printf 'sagemaker.env.MORE = %s\n' "$1" >>mldv.ini
}

# held: the script waits until there is a file go beside the project.
held() {
	more "exec(\"import time\nwhile not os.path.exists(\047$PWD/go\047): time.sleep(0.02)\")"
}

# until_line PATTERN FILE: waits until a line matches.
until_line() {
	until_is has "$1" "$2"
}

# jobs_started: how many there were.
jobs_started() {
	python3 - "$requests" <<-'END'
		import json, sys
		entries = [json.loads(line) for line in open(sys.argv[1])]
		print(sum(entry['op'] == 'CreateTrainingJob' and
		          entry.get('status') == 200 for entry in entries))
	END
}
