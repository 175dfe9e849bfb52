#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# make install: what is installed works from there, and goes away again.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The program that is tested is the one installed; nothing is compiled here.
# What the make above was told is not for this one, least of all its jobs.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
build=$(basename "$(dirname "$MLDV")")
root=$scratch/root
as_built() {
	cc=gcc
	case $build in
	*-clang) cc=clang ;;
	esac
	make -s -C "$top" -o "build/$build/mldv" BUILD="${build%-clang}" \
		CC="$cc" PREFIX=/usr "$@"
}

check 'installing succeeds' '
	as_built install DESTDIR="$root"
	[ -x "$root/usr/bin/mldv" ]
'

check 'the installed program runs' '
	"$root/usr/bin/mldv" version >out
	has "^mldv [0-9]*\.[0-9]*\.[0-9]*" out
'

check 'every manual page is installed, in its section' '
	for page in "$top"/man/*.[1-8]; do
		cmp "$page" "$root/usr/share/man/man${page##*.}/${page##*/}"
	done
	[ -e "$root/usr/share/man/man1/mldv.1" ]
'

check 'the completions are where the shells look' '
	share=$root/usr/share
	cmp "$top/contrib/completion/mldv.bash" \
		"$share/bash-completion/completions/mldv"
	cmp "$top/contrib/completion/_mldv" "$share/zsh/site-functions/_mldv"
	cmp "$top/contrib/completion/mldv.fish" \
		"$share/fish/vendor_completions.d/mldv.fish"
'

check 'the completions are those of this program' '
	for shell in bash:mldv.bash zsh:_mldv fish:mldv.fish; do
		mldv completion "${shell%:*}" >out
		same "$top/contrib/completion/${shell#*:}" out
	done
'

check 'what is installed can be read by all and written by its owner' '
	find "$root" ! -type d ! -perm 644 ! -perm 755 >out
	same /dev/null out
'

check 'uninstalling leaves nothing' '
	as_built uninstall DESTDIR="$root"
	find "$root" ! -type d >out
	same /dev/null out
	[ ! -e "$root/usr/share/mldv" ]
'

finish
