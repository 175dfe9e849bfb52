#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Training jobs in their image here: sagemaker.instance_type = local.

# shellcheck source=test/cli/containers.sh
. "$(dirname "$0")/containers.sh"
need_podman 'training jobs in containers'

# What an image with the training toolkit has: "train", which looks at /opt/ml.
make_image toolkit:1 'cat >"$image/bin/train" <<-"END"
	#!/bin/sh
	set -eu
	[ "$#" -eq 0 ]
	cd /opt/ml
	cat input/config/*.json
	echo
	ls -d input/data/*/* code/* model output/data | sort
	env | grep "^TRAINING_JOB_NAME\|^OWN\|^SM_" | sort
	if echo x 2>/dev/null >input/data/training/a; then exit 9; fi
	cat input/data/training/a code/src/train.py >model/model.txt
	echo curve >output/data/curve.csv
END
chmod +x "$image/bin/train"'

# training IMAGE: a project with data/raw, src/train.py and a stage of it.
training() {
	project .
	mkdir -p data/raw src
	echo 1 >data/raw/a
	echo 2 >data/one
	mldv add -q data/raw data/one
	echo code >src/train.py
	cat >>mldv.ini <<-END

		[params]
		train.lr = 0.5
		[stage train]
		run = sagemaker
		entry_point = src/train.py
		image = $1
		deps =
		  data/raw  channel=training
		  data/one  channel=single
		  src
		params = train.lr
		outs =
		  models/model.txt  from=model.tar.gz:model.txt
		  models/curve.csv  from=output.tar.gz:curve.csv
		sagemaker.instance_type = local
		sagemaker.env.OWN = value
		container.network = none
	END
}

check 'a job finds what SageMaker puts at /opt/ml' '
	training toolkit:1
	mldv repro >log
	printf "1\ncode\n" | cmp - models/model.txt
	[ "$(cat models/curve.csv)" = curve ]
	grep "^{\|/\|^OWN\|^TRAIN" log >seen
	has "\"lr\":\"0.5\"" seen
	has "\"sagemaker_program\":\"..src/train.py..\"" seen
	has "\"sagemaker_submit_directory\":\"..opt/ml/code..\"\|/opt/ml/code" seen
	has "\"current_instance_type\":\"local\"" seen
	for line in OWN=value TRAINING_JOB_NAME=mldv-local-train code/src \
		input/data/single/one input/data/training/a output/data; do
		grep -qx "$line" seen || { echo "no $line"; cat seen; exit 1; }
	done
	has "^image toolkit:1=sha256:[0-9a-f]*$" mldv.lock
	no_containers
	mldv repro >again
	has "up to date" again
'

check 'an image without the toolkit runs the command' '
	training tiny:1
	sed -i "s/^entry_point.*/cmd = echo \$(cat \$SM_CHANNEL_SINGLE\/one) \$TRAINING_JOB_NAME >\$SM_MODEL_DIR\/model.txt; pwd >\$SM_OUTPUT_DATA_DIR\/curve.csv/" mldv.ini
	mldv repro -q
	[ "$(cat models/model.txt)" = "2 mldv-local-train" ]
	[ "$(cat models/curve.csv)" = /opt/ml/code ]
'

check 'what the script says of its failure is told' '
	training toolkit:1
	make_image toolkit:2 "printf \"#!/bin/sh\necho bad data >/opt/ml/output/failure; exit 1\n\" >\$image/bin/train; chmod +x \$image/bin/train"
	sed -i "s/^image = .*/image = toolkit:2/" mldv.ini
	gives 1 mldv repro -q
	has "stage .train. failed: bad data" stderr
	no_containers
'

check '--on local does not change mldv.ini, and names a way without an engine' '
	training toolkit:1
	sed -i "s/^sagemaker.instance_type = .*/sagemaker.instance_type = ml.m5.large/" mldv.ini
	cp mldv.ini before
	mldv repro -q --on local
	cmp mldv.ini before
	[ -s models/model.txt ]
	gives 2 mldv repro -q --on nowhere
	has ".local. or .local-process., not on .nowhere." stderr
	gives 2 env MLDV_CONTAINER_ENGINE=/nowhere/docker mldv repro -q --on local --force
	has "cannot find ./nowhere/docker..*mldv repro --on local-process" stderr
'
finish
