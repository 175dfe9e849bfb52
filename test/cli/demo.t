#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The examples are tests: each checks its own steps and figures.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

for demo in "$top"/examples/*/demo.sh; do
	example=$(basename "$(dirname "$demo")")
	check "the example '$example' does what it says" '
		sh "$demo" project
	'
done

finish
