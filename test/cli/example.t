#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The example of a team's project: one training script, wherever it runs, gives
# one model. With MLDV_LONG the whole example is gone through; it checks its own
# steps and figures.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

images=$top/examples/images
venv=$(sh "$images/setup.sh" 2>/dev/null) || {
	skip 'the example' 'numpy and scikit-learn cannot be had from PyPI'
	finish
}
PATH=$venv/bin:$PATH

# start: the example's project, with a bucket in the fake S3; its data is made.
start() {
	models=$(echo "$venv"/lib/python3*/site-packages/botocore/data)
	echo "{\"buckets\": {\"b\": {}}, \"services\": {\"models\": \"$models\", \"grace\": 60}}" >fake.json
	fake_s3
	mkdir p
	cd p || return
	git init -q
	mldv init --layout datascience
	mldv remote add origin s3://b/images
	cp -r "$images/project/scripts" "$images/project/notebooks" \
		"$images/requirements.txt" .
	cat "$images/project/pipeline.ini" >>mldv.ini
	git add -A
	git commit -qm start
	mldv repro preprocess
}

# model: what it is here; the processor has a say in the last digits.
model() {
	sha256sum <models/classifier.npz
}

# tree DIRECTORY: what the job that was submitted last finds as /opt/ml.
tree() {
	mkdir -p "$1/input/config" "$1/input/data" "$1/model" "$1/output/data"
	cp -r data/processed/digits_20261124_split/* "$1/input/data"
	python3 - "$requests" "$1/input/config" <<-'END'
		import json, sys
		for line in open(sys.argv[1]):
		    entry = json.loads(line)
		    if entry['op'] == 'CreateTrainingJob':
		        job = json.loads(entry['body'])
		def write(name, value):
		    with open('%s/%s.json' % (sys.argv[2], name), 'w') as file:
		        json.dump(value, file)
		write('hyperparameters', job['HyperParameters'])
		write('inputdataconfig', {
		    channel['ChannelName']: {'TrainingInputMode': 'File'}
		    for channel in job['InputDataConfig']})
		write('resourceconfig', {
		    'current_host': 'algo-1', 'hosts': ['algo-1'],
		    'network_interface_name': 'lo',
		    'current_instance_type': 'ml.m5.large',
		    'current_group_name': 'homogeneousCluster',
		    'instance_groups': [{
		        'instance_group_name': 'homogeneousCluster',
		        'instance_type': 'ml.m5.large', 'hosts': ['algo-1']}]})
	END
}

check 'one script, wherever it runs, gives one model' '
	start
	mldv repro --on local-process train
	model >../here
	has "^image none$" mldv.lock
	mldv repro train >out
	model >../sagemaker
	has "submitted job" out
	same ../here ../sagemaker
	fake jobs "[{\"fault\": \"interrupt\"}]"
	sed -i "s/^entry_point/salt = again\n&/" mldv.ini
	mldv repro train
	model >../interrupted
	same ../here ../interrupted
	# The real toolkit, with the code as the job finds it in the bucket.
	tree "$PWD/../ml"
	SAGEMAKER_BASE_DIR=$PWD/../ml SM_STUDIO_LOCAL_MODE=true \
		S3_ENDPOINT_URL=$fake "$venv/bin/train" >log 2>&1 || {
		cat log
		false
	}
	sha256sum <../ml/model/classifier.npz >../toolkit
	same ../here ../toolkit
	# On another machine, which has nothing but the bucket.
	cat >>mldv.ini <<-"END"

	[stage far]
	run = batch
	cmd =
	  mkdir -p far
	  export SM_MODEL_DIR=far SM_OUTPUT_DATA_DIR=far
	  export SM_CHANNEL_TRAIN=data/processed/digits_20261124_split/train
	  export SM_CHANNEL_TEST=data/processed/digits_20261124_split/test
	  python3 scripts/train.py --lr ${params.train.lr} --seed ${params.seed} \
	    --epochs ${params.train.epochs} --hidden ${params.train.hidden}
	deps = data/processed/digits_20261124_split, scripts
	outs = far
	batch.submit = cd / && sh -c {run} >{log} 2>&1; echo 1
	batch.poll = echo COMPLETED
	END
	git add -A
	git commit -qm far
	mldv repro far
	sha256sum <far/classifier.npz >../far
	same ../here ../far
	mv "$PWD" "$scratch/kept"
'

check 'what goes on from a checkpoint is what was never interrupted' '
	cd "$scratch/kept"
	split=$PWD/data/processed/digits_20261124_split
	mkdir -p ml/checkpoints ml/model ml/output/data
	for epochs in 4 10; do
		SAGEMAKER_BASE_DIR=$PWD/ml SM_MODEL_DIR=$PWD/ml/model \
			SM_OUTPUT_DATA_DIR=$PWD/ml/output/data \
			SM_CHANNEL_TRAIN=$split/train SM_CHANNEL_TEST=$split/test \
			python3 scripts/train.py --epochs $epochs --lr 0.05 \
			--hidden 128 --seed 1 >out
	done
	has "^going on after epoch 4" out
	cmp ml/model/classifier.npz models/classifier.npz
	cmp ml/output/data/history.csv models/history.csv
'

if [ -n "${MLDV_LONG:-}" ]; then
	need_s3 'the example as a whole'
	check 'the example as a whole does what it says' '
		sh "$images/run.sh" project
	'
fi

finish
