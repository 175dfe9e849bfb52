#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Notebooks that were written to be run by hand, one with boto3 and one with
# the command aws, against a real S3: they stop if their output is in the
# bucket, download their input, upload their output and tell somebody. They run
# as they stand, but for what mldv knows better, and without those cells too.
#
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

need_s3 'notebooks that move their data themselves'
need_papermill 'notebooks that move their data themselves'

# As older servers of S3 want it.
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required
export AWS_DEFAULT_REGION=$AWS_REGION

# write_prepare [all]: a notebook that scales numbers; all: with the cells that
# move data.
write_prepare() {
	{
		cat <<E
%% parameters
bucket = "$bucket"
scale = 1
E
		[ "${1:-}" != all ] || cat <<E
%%
import boto3, botocore, os, sys
s3 = boto3.client("s3")
try:
    s3.head_object(Bucket=bucket, Key="data/processed/numbers.txt")
    print("the output exists already")
    sys.exit(0)
except botocore.exceptions.ClientError:
    pass
%%
if not os.path.exists("../data/raw/numbers.txt"):
    os.makedirs("../data/raw", exist_ok=True)
    s3.download_file(bucket, "data/raw/numbers.txt", "../data/raw/numbers.txt")
E
		cat <<E
%%
numbers = [int(line) * scale for line in open("../data/raw/numbers.txt")]
import os
os.makedirs("../data/processed", exist_ok=True)
with open("../data/processed/numbers.txt", "w") as f:
    print(*numbers, sep="\n", file=f)
E
		[ "${1:-}" != all ] || cat <<E
%%
s3.upload_file("../data/processed/numbers.txt", bucket,
    "data/processed/numbers.txt")
%%
with open("../notified", "a") as f:
    print("prepare is done", file=f)
E
	} | notebook notebooks/prepare.ipynb
}

# write_report [all]: the same for one that sums them up.
write_report() {
	{
		cat <<E
%% parameters
bucket = "$bucket"
unit = "mm"
E
		[ "${1:-}" != all ] || cat <<E
%%
import subprocess, sys
if subprocess.run(["aws", "s3", "ls", f"s3://{bucket}/reports/sum.txt"]).returncode == 0:
    sys.exit(0)
%%
!aws s3 cp s3://{bucket}/data/processed/numbers.txt ../data/processed/numbers.txt
E
		cat <<E
%%
total = sum(int(line) for line in open("../data/processed/numbers.txt"))
import os
os.makedirs("../reports", exist_ok=True)
with open("../reports/sum.txt", "w") as f:
    print(total, unit, file=f)
E
		[ "${1:-}" != all ] || cat <<E
%%
!aws s3 cp ../reports/sum.txt s3://{bucket}/reports/sum.txt
%%
with open("../notified", "a") as f:
    print("report is done", file=f)
E
	} | notebook notebooks/report.ipynb
}

stages() {
	cat >>mldv.ini <<E

[params]
scale = 1

[stage prepare]
run      = notebook
notebook = notebooks/prepare.ipynb
params   = scale
deps     = $1
outs     = data/processed/numbers.txt

[stage report]
run      = notebook
notebook = notebooks/report.ipynb
deps     = data/processed/numbers.txt
outs     = reports/sum.txt
E
}

check 'they run as they stand, fail where they skip, and are as good without' '
	new_bucket
	printf "1\n2\n3\n" >numbers
	s3 PUT "/$bucket/data/raw/numbers.txt" @numbers
	project first
	cd first
	write_prepare all
	write_report all
	stages notebooks/prepare.ipynb
	# The dep is downloaded by another, so the report gets it as a copy.
	sed -i "/^deps     = data\/processed/d" mldv.ini
	mldv repro prepare
	mldv repro report
	same ../numbers data/processed/numbers.txt
	echo "6 mm" | same - reports/sum.txt
	s3 GET "/$bucket/reports/sum.txt" | same reports/sum.txt -
	[ "$(wc -l <notified)" -eq 2 ]

	# What is in the bucket is of another parameter, and they do not see it.
	cp mldv.lock before.lock
	sed -i "s/^scale = 1/scale = 10/" mldv.ini
	gives 1 mldv repro prepare >out.txt
	cat stderr >>out.txt
	has "stopped in cell 2 by sys.exit(0); mldv decides when to run, delete this cell" out.txt
	same before.lock mldv.lock
	same ../numbers data/processed/numbers.txt
	sed -i "s/^params   = scale/&\nallow_early_exit = yes/" mldv.ini
	gives 1 mldv repro prepare >out.txt
	cat stderr >>out.txt
	has "did not make its output .data/processed/numbers.txt." out.txt
	same before.lock mldv.lock
	same ../numbers data/processed/numbers.txt
	cd ..

	project second
	cd second
	mkdir -p data/raw
	cp ../numbers data/raw/numbers.txt
	mldv add data/raw/numbers.txt
	write_prepare
	write_report
	stages data/raw/numbers.txt
	mldv repro
	same ../first/data/processed data/processed
	same ../first/reports/sum.txt reports/sum.txt
	[ ! -e notified ]
	sed -i "s/^scale = 1/scale = 10/" mldv.ini
	mldv repro
	echo "60 mm" | same - reports/sum.txt
'

finish
