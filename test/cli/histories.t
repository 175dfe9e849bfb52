#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A short slice of what 'make check-long' does for ten minutes: histories that
# three clones make, killed now and then, compared with a plain copy.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

for seed in 1 2; do
	check "a random history is as a plain copy would be, seed $seed" '
		if ! SEED=$seed STEPS=40 HISTORIES=1 MLDV_TOOLS=$MLDV_TOOLS \
			python3 -B "$top/test/long/histories.py" >out 2>&1; then
			cat out
			exit 1
		fi
		has "^ok .* 1 histories" out
	'
done
finish
