#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The examples are tests: each checks its own steps and figures.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

for demo in "$top"/examples/*/demo.sh; do
	example=$(basename "$(dirname "$demo")")
	check "the example '$example' does what it says" '
		REMOTE= sh "$demo" project
	'
done

s3='the examples do with a bucket what they do with a directory'
if "$top/test/tool/rgw.sh" have; then
	check "$s3" '
		for demo in "$top"/examples/*/demo.sh; do
			REMOTE=s3 sh "$demo" "$(basename "$(dirname "$demo")")"
		done
	'
else
	skip "$s3" 'radosgw is missing'
fi

finish
