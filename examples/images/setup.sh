#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes build/example, a virtual environment with what the example is built on
# (requirements.txt), and the real training toolkit of SageMaker's images with
# what that needs on one host; prints its path. Needs PyPI, once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && pwd)/build
venv=$build/example
mkdir -p "$build"
exec 8>"$build/example.lock"
flock 8
if ! cmp -s "$here/requirements.txt" "$venv/done"; then
	echo "installing from PyPI into $venv" >&2
	rm -rf "$venv"
	python3 -m venv "$venv"
	pip() {
		"$venv/bin/pip" -q --disable-pip-version-check install "$@" >&2
	}
	pip -r "$here/requirements.txt" botocore \
		six retrying psutil boto3 paramiko inotify_simple
	pip --no-deps sagemaker-training
	cp "$here/requirements.txt" "$venv/done"
fi
echo "$venv"
