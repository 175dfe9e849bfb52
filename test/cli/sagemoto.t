#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is asked of SageMaker, as moto reads it: another's idea of the service,
# asked by AWS's own client. moto trains nothing; the archives that a job would
# have left are put there in its place. It forgets the environment and has
# metrics of its own, so those are not looked at.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"
need_moto 'training jobs as moto reads them'

# moto_server: from here to the end of the case moto is all of AWS.
moto_server() {
	"$moto/bin/python3" -c 'import sys, time
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print("http://127.0.0.1:%d" % port, flush=True)
sys.stdin.read()' <end >address 2>moto.log &
	while [ ! -s address ]; do
		kill -0 $! || return 1
		sleep 0.05
	done
}

# asks CODE: with boto3 as AWS, job as the description of the one job.
asks() {
	"$moto/bin/python3" -c 'import boto3, io, json, sys, tarfile
sage, s3, logs = map(boto3.client, ("sagemaker", "s3", "logs"))
names = [job["TrainingJobName"] for job in
         sage.list_training_jobs()["TrainingJobSummaries"]]
job = sage.describe_training_job(TrainingJobName=names[0]) if names else {}
def is_(value, wanted):
    assert value == wanted, (value, wanted)
'"$1"
}

check 'the request is what another reader of the service makes of it' '
	training
	mkfifo end
	sleep 60 >end &
	moto_server
	AWS_ENDPOINT_URL=$(cat address)
	export AWS_ENDPOINT_URL AWS_DEFAULT_REGION=us-east-1
	unset AWS_ENDPOINT_URL_S3
	asks "s3.create_bucket(Bucket=\"bucket\")"
	sed -i "s|s3://b/|s3://bucket/|" mldv.ini
	cat >>mldv.ini <<-END
		timeout = 2h
		sagemaker.spot = yes
		sagemaker.checkpoints = yes
		sagemaker.subnets = subnet-0123456789abcdef0
		sagemaker.security_groups = sg-1
		sagemaker.tag.team = vision
	END
	fails 1 mldv repro
	has "did not make .model.txt. in its model directory" stderr
	asks "
name = job[\"TrainingJobName\"]
assert name.startswith(\"mldv-train-\"), name
is_(job[\"RoleArn\"], \"arn:aws:iam::123456789012:role/mldv-train\")
is_(job[\"AlgorithmSpecification\"][\"TrainingImage\"], \"763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3.0-cpu-py311\")
is_(job[\"AlgorithmSpecification\"][\"TrainingInputMode\"], \"File\")
hyper = job[\"HyperParameters\"]
is_(hyper[\"lr\"], \"0.5\")
is_(json.loads(hyper[\"sagemaker_program\"]), \"src/train.py\")
[channel] = job[\"InputDataConfig\"]
is_(channel[\"ChannelName\"], \"training\")
source = channel[\"DataSource\"][\"S3DataSource\"]
is_(source[\"S3DataType\"], \"S3Prefix\")
bucket, prefix = source[\"S3Uri\"][5:].split(\"/\", 1)
found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)[\"Contents\"]
is_({o[\"Key\"][len(prefix):]: s3.get_object(Bucket=bucket, Key=o[\"Key\"])[\"Body\"].read() for o in found}, {\"a\": b\"1\\n\", \"sub/b\": b\"2\\n\"})
bucket, key = json.loads(hyper[\"sagemaker_submit_directory\"])[5:].split(\"/\", 1)
data = s3.get_object(Bucket=bucket, Key=key)[\"Body\"].read()
assert \"src/train.py\" in tarfile.open(fileobj=io.BytesIO(data)).getnames()
is_(job[\"ResourceConfig\"], {\"InstanceType\": \"ml.m5.large\", \"InstanceCount\": 1, \"VolumeSizeInGB\": 30})
is_(job[\"StoppingCondition\"], {\"MaxRuntimeInSeconds\": 7200, \"MaxWaitTimeInSeconds\": 14400})
assert job[\"EnableManagedSpotTraining\"]
assert job[\"CheckpointConfig\"][\"S3Uri\"].startswith(\"s3://bucket/team/checkpoints/\")
is_(job[\"VpcConfig\"], {\"SecurityGroupIds\": [\"sg-1\"], \"Subnets\": [\"subnet-0123456789abcdef0\"]})
tags = {t[\"Key\"]: t[\"Value\"] for t in sage.list_tags(ResourceArn=job[\"TrainingJobArn\"])[\"Tags\"]}
is_((tags[\"mldv:stage\"], tags[\"team\"]), (\"train\", \"vision\"))
is_(name, \"mldv-train-%s-1\" % tags[\"mldv:key\"][:16])

# What the job would have left, and said.
bucket, key = job[\"ModelArtifacts\"][\"S3ModelArtifacts\"][5:].split(\"/\", 1)
def put(archive, name, text):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=\"w:gz\") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    s3.put_object(Bucket=bucket, Key=key.replace(\"model.tar.gz\", archive), Body=out.getvalue())
put(\"model.tar.gz\", \"model.txt\", b\"1.5\\n\")
put(\"output.tar.gz\", \"curve.csv\", b\"1,0.5\\n\")
group, stream = \"/aws/sagemaker/TrainingJobs\", name + \"/algo-1-1\"
logs.create_log_group(logGroupName=group)
logs.create_log_stream(logGroupName=group, logStreamName=stream)
import time
logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{\"timestamp\": int(time.time() * 1000), \"message\": \"acc=1.5\"}])
"
	mldv jobs list >list
	has "^train  *Completed" list
	mldv jobs logs train >out
	has "^acc=1.5$" out
	mldv repro >out
	has "joined job" out
	has "^acc=1.5$" out
	[ "$(cat models/model.txt)" = 1.5 ]
	[ "$(cat models/curve.csv)" = 1,0.5 ]
	asks "is_(len(names), 1)"
'

finish
