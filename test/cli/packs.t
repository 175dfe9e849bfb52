#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Packs that versions of mldv wrote are read by zstd and tar alone.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# unpacks FILE: into the working directory, every entry named by its bytes.
unpacks() {
	zstd -dcq "$1" | tar -xf -
	[ "$(find . -type f | wc -l)" -gt 0 ]
	[ -z "$(find . -type f ! -perm 0444)" ]
	[ -z "$(find . -type f -newermt 1970-01-02)" ]
	for object in *; do
		case $object in
		*.chunks) ;;
		*) echo "$object  $object" | sha256sum -c --quiet - ;;
		esac
	done
}

for pack in "$top"/test/fixtures/pack/*.tar.zst \
	"$top"/test/fixtures/store/packs/*/*.tar.zst; do
	check "zstd and tar read ${pack#"$top"/test/fixtures/}" '
		unpacks "$pack"
	'
done

check 'a pack is named by its bytes' '
	for pack in "$top"/test/fixtures/store/packs/*/*; do
		id=$(basename "$pack" .tar.zst)
		echo "$id  $pack" | sha256sum -c --quiet -
	done
'

finish
