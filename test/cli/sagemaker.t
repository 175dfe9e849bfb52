#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Stages as training jobs of SageMaker: the double of test/tool/fakesagemaker.py
# runs them, and AWS's own models, of botocore, say what may be asked.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

check 'a stage is trained there, and its outs are fetched' '
	training
	mldv repro >out
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(cat models/curve.csv)" = 1,0.5 ]
	has "^acc=1.5$" out
	has "submitted job .mldv-train-[0-9a-f]*-1.: https://" out
	has "s billed, 0.0000 USD, acc 1.5$" out
	cat .git/mldv/store/runs/*/* >record
	has "^job mldv-train-[0-9a-f]*-1$" record
	has "^cost 0.0000 USD$" record
	has "^about console https://us-east-1.console.aws.amazon.com/sagemaker/home?region=us-east-1#/jobs/mldv-train-" record
	has "^about instance 1 x ml.m5.large$" record
	has "^about trained [0-9]* s$" record
	has "^metric 1.5 acc$" record
	mldv how models/model.txt >how
	has "^  console  *https://us-east-1" how
	has "^  billed  *[0-9]* s$" how
	has "^  metrics  *acc = 1.5$" how
	mldv runs >runs
	has "acc = 1.5" runs
	mldv runs --json | python3 -c "import json, sys
[run] = json.load(sys.stdin)
assert run[\"about\"][\"instance\"] == \"1 x ml.m5.large\", run
assert run[\"metrics\"] == [{\"name\": \"acc\", \"value\": \"1.5\"}], run"
	mldv repro -n
	created >job
	has "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3.0-cpu-py311" job
	has "\"lr\": \"0.5\"" job
	has "\"sagemaker_program\": .*src/train.py" job
'

check 'what was sent once is not sent again, and code is always the same' '
	training
	mldv repro
	sed -i "s/^train.lr = .*/train.lr = 1.5/" mldv.ini
	: >"$requests"
	mldv repro >out
	[ "$(cat models/model.txt)" = 4.5 ]
	hasnt "sending .data/raw" out
	grep "\"op\": \"PutObject\"" "$requests" >puts || :
	[ "$(grep -c "export/source/" puts)" -ge 1 ]
	hasnt "export/[0-9a-f]*/" puts
'

check 'an image of one'\''s own runs a command' '
	training
	sed -i "s/^entry_point.*/cmd = cat \$SM_CHANNEL_TRAINING\/a src\/train.py | head -n 1 >\$SM_MODEL_DIR\/model.txt; test -n \"\$MLDV_KEY\" \&\& echo 3 >\$SM_OUTPUT_DATA_DIR\/curve.csv/
		s/^sagemaker.framework.*/sagemaker.image = 123456789012.dkr.ecr.us-east-1.amazonaws.com\/own@sha256:$(printf %064d 0)/" mldv.ini
	mldv repro
	[ "$(cat models/model.txt)" = 1 ]
	[ "$(cat models/curve.csv)" = 3 ]
	has "^image 123456789012.*@sha256:" mldv.lock
	created >job
	has "\"ContainerEntrypoint\"" job
'

check 'a tag is resolved once, and the lock keeps what it meant' '
	one=sha256:$(printf %064d 1)
	two=sha256:$(printf %064d 2)
	training "\"images\": {\"own:v1\": \"$one\"}"
	own=123456789012.dkr.ecr.us-east-1.amazonaws.com/own
	sed -i "s|^sagemaker.framework.*|sagemaker.image = $own:v1|" mldv.ini
	mldv repro
	asked BatchGetImage 1
	has "^image $own:v1@$one$" mldv.lock
	created >job
	has "\"TrainingImage\": \"$own@$one\"" job
	# The tag moves, and the result is what it was.
	fake images "{\"own:v1\": \"$two\"}"
	mldv repro -n
	mldv repro
	asked BatchGetImage 1
	[ "$(jobs_started)" = 1 ]
	git add -A
	git commit -qm trained
	mldv push
	mldv verify
	mldv repro -f
	has "^image $own:v1@$two$" mldv.lock
	[ "$(jobs_started)" = 2 ]
	sed -i "s|own:v1|own:v2|" mldv.ini
	fails 1 mldv repro
	has "there is no image .$own:v2.: Requested image not found" stderr
'

check 'the same training runs here, and neither result is the other'\''s' '
	training
	mldv repro --on local-process
	[ "$(jobs_started)" = 0 ]
	[ "$(cat models/model.txt)" = 1.5 ]
	has "^image none$" mldv.lock
	gives 3 mldv repro -n
	mldv repro
	[ "$(jobs_started)" = 1 ]
	has "^image pytorch 2.3 py311$" mldv.lock
	mldv repro --on local-process >out
	has "^took the outputs of train from an earlier run" out
	fails 2 mldv repro --on moon
	sed -i "s/ml.m5.large/local-process/" mldv.ini
	fails 2 mldv repro --on sagemaker
'

check 'what was trained is verified from the commit alone' '
	training
	mldv repro
	git add -A
	git commit -qm trained
	mldv push
	mldv verify
	git clone -q . ../c
	cd ../c
	mldv verify
	sed -i "s/^sagemaker.framework.*/sagemaker.framework = pytorch 2.4/" mldv.ini
	git commit -qam "another image"
	gives 3 mldv verify >found
	has "image" found
	sed -i "s/^sagemaker.instance_type.*/sagemaker.instance_type = ml.m5.xlarge/
		s/pytorch 2.4/pytorch 2.3 py311/" mldv.ini
	git commit -qam "another instance, which is no other result"
	mldv verify
'

check 'what could cost too much is not started' '
	training
	echo "sagemaker.max_cost = 0.05 USD" >>mldv.ini
	fails 2 mldv repro
	has "could cost 2.76 USD, which is more than" stderr
	echo "timeout = 20m" >>mldv.ini
	mldv repro
	# Tokyo has prices of its own, and not all are known.
	cp mldv.ini good.ini
	sed -i "s/ml.m5.large/ml.g6.xlarge/; s/^timeout.*/timeout = 1h/" mldv.ini
	mldv config --local remote.origin.region ap-northeast-1
	gives 2 mldv repro -f
	has "could cost 1.63 USD.* at 1.6340 USD an hour" stderr
	sed -i "s/ml.g6.xlarge/ml.m5.large/" mldv.ini
	gives 2 mldv repro -f
	has "the price of ml.m5.large in ap-northeast-1 is not in the table" stderr
	mldv config --local --unset remote.origin.region
	cp good.ini mldv.ini
	sed -i "s/ml.m5.large/ml.p5.48xlarge/; s/^train.lr = .*/train.lr = 1/" mldv.ini
	fails 2 mldv repro
	has "add .sagemaker.price = PRICE USD" stderr
	[ "$(jobs_started)" = 1 ]
	echo "sagemaker.price = 0.10" >>mldv.ini
	mldv repro
'

check 'settings that are none are refused before anything is sent' '
	training
	cp mldv.ini good.ini
	for line in "sagemaker.instance_tpye = x" "sagemaker.volume_gb = many" \
		"sagemaker.spot = maybe" "sagemaker.max_wait = 1h" \
		"sagemaker.subnets = subnet-1" "sagemaker.framework = pytorch 1.0" \
		"sagemaker.max_cost = much" "sagemaker.role = me"; do
		grep -v "^${line%% *} " good.ini >mldv.ini
		echo "$line" >>mldv.ini
		fails 2 mldv repro
	done
	has "that is no ARN" stderr
	grep -v "sagemaker.role" good.ini >mldv.ini
	fails 2 mldv repro
	has "set .sagemaker.role. or MLDV_SAGEMAKER_ROLE" stderr
	[ "$(jobs_started)" = 0 ]
	MLDV_SAGEMAKER_ROLE=arn:aws:iam::123456789012:role/r mldv repro
'

check 'all that can be set reaches the service, as its model wants it' '
	training
	cat >>mldv.ini <<-END
		timeout = 2h
		env = ONE=1
		sagemaker.instance_count = 1
		sagemaker.volume_gb = 50
		sagemaker.spot = yes
		sagemaker.max_wait = 3h
		sagemaker.checkpoints = yes
		sagemaker.subnets = subnet-0123456789abcdef0, subnet-1
		sagemaker.security_groups = sg-1
		sagemaker.kms_key = arn:aws:kms:us-east-1:123456789012:key/k
		sagemaker.isolated = yes
		sagemaker.tag.team = vision
		sagemaker.env.TWO = 2
		sagemaker.hyper.model = resnet
	END
	sed -i "s/parser.parse_args()/parser.parse_known_args()[0]/" src/train.py
	mldv repro
	created >job
	for text in "\"VolumeSizeInGB\": 50" "\"MaxWaitTimeInSeconds\": 10800" \
		"\"LocalPath\"" "\"subnet-1\"" "\"KmsKeyId\"" "\"ONE\": \"1\"" \
		"\"EnableNetworkIsolation\": true" "\"TWO\": \"2\"" "\"team\"" \
		"\"mldv:owner\"" "\"model\": \"..resnet"; do
		has "$text" job
	done
'

check 'an instance, or a container, of AWS gives its own role to its jobs' '
	training "" "\"instance\": {\"role\": \"r\"}"
	sed -i "/^sagemaker.role/d" mldv.ini
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_EC2_METADATA_DISABLED=false \
		AWS_EC2_METADATA_SERVICE_ENDPOINT="$fake"
	mldv repro
	created >job
	has "\"RoleArn\": \"arn:aws:iam::123456789012:role/instance\"" job
	export AWS_CONTAINER_CREDENTIALS_FULL_URI="$fake/container"
	sed -i "s/^train.lr = .*/train.lr = 1.5/" mldv.ini
	mldv repro
	created >job
	has "\"RoleArn\": \"arn:aws:iam::123456789012:role/container\"" job
'

finish
