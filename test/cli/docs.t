#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is written about the commands is what they are.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Every command's first word, from 'mldv help'.
listed() {
	mldv help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p' | sort -u
}

# The options that a command's -h or a page describes, one a line, as
# "-r --remote" or "--note", in their order; each once, of several commands.
in_help() {
	mldv "$1" -h | sed -n 's/^  \(-[A-Za-z]\), \(--[a-z-]*\).*/\1 \2/p
		s/^      \(--[a-z-]*\).*/\1/p' | awk '!seen[$0]++'
}
in_page() {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh [^O]/p' "$top/man/$1.1" |
		sed -n 's/^\.It Fl \([A-Za-z]\)[^-]* Fl -\([a-z-]*\).*/-\1 --\2/p
			s/^\.It Fl -\([a-z-]*\).*/--\1/p'
}

check 'help lists the daily commands first' '
	mldv help | sed -n "/^Every day/,/^$/p" | sed -n "s/^  \([a-z]*\).*/\1/p" |
		tr "\n" " " >out
	[ "$(cat out)" = "add repro status push pull how " ]
'

check 'every source of a command is listed by help or hidden' '
	mldv help >help
	sed -n "s/^    \.name = \"\(.*\)\",/\1/p" "$top"/src/command/*.c |
		grep -v "^completion$\|^run-job$\|^run-container$\|^run-elsewhere$" >names
	[ "$(wc -l <names)" -ge 20 ]
	while read -r name; do
		has "^  $name  *[a-z]" help
	done <names
'

check 'every command has a page, and every page a command' '
	listed >commands
	ls "$top/man" | sed -n "s/^mldv-\(.*\)\.1$/\1/p" | sort >pages
	same commands pages
'

check 'the overview names every page' '
	[ -n "$(listed)" ]
	for name in $(listed); do
		has "^\.It Xr mldv-$name 1$" "$top/man/mldv.1"
	done
'

check 'the options of -h are those of the page, in the same order' '
	for name in $(listed); do
		in_help "$name" >help
		in_page "mldv-$name" >page
		same help page || { echo "of mldv $name"; exit 1; }
	done
	in_help add >help
	[ -s help ]
'

check 'every option of a page is in its synopsis' '
	for name in $(listed); do
		sed -n "/^\.Sh SYNOPSIS/,/^\.Sh D/s/Fl \([A-Za-z-][a-z-]*\)/\n-\1\n/gp" \
			"$top/man/mldv-$name.1" >synopsis
		in_page "mldv-$name" | while read -r option other; do
			grep -qx -e "$option" ${other:+-e "$other"} synopsis || {
				echo "no $option in the synopsis of mldv $name"
				exit 1
			}
		done
	done
'

check 'the options that stand before the command are in the overview' '
	mldv help | sed -n "s/^  \(-[A-Za-z]\), \(--[a-z-]*\).*/\1 \2/p
		s/^      \(--[a-z-]*\).*/\1/p" >help
	in_page mldv >page
	[ "$(wc -l <help)" -eq 5 ]
	same help page
'

check 'the pages have the sections in one order' '
	for page in "$top"/man/mldv-*.1; do
		sed -n "s/^\.Sh //p" "$page" | grep -vx ENVIRONMENT |
			tr "\n" " " >out
		[ "$(cat out)" = "NAME SYNOPSIS DESCRIPTION OPTIONS FILES EXIT STATUS EXAMPLES SEE ALSO " ] ||
			{ echo "$page: $(cat out)"; exit 1; }
		! grep -q "^\.Sh ENVIRONMENT" "$page" ||
			sed -n "s/^\.Sh //p" "$page" | tr "\n" " " |
			grep -q " OPTIONS ENVIRONMENT FILES " || exit 1
	done
'

check 'the pages name only pages that there are' '
	sed -n "s/^\.Xr \(mldv[a-z-]*\) \([0-9]\).*/\1.\2/p
		s/^\.It Xr \(mldv[a-z-]*\) \([0-9]\).*/\1.\2/p" \
		"$top"/man/*.[0-9] | sort -u >named
	while read -r page; do
		[ -e "$top/man/$page" ] || { echo "no $page"; exit 1; }
	done <named
'

check 'the summary of a command is that of its page' '
	[ -n "$(listed)" ]
	for name in $(listed | grep -v -e "^remote$" -e "^metrics$" -e "^jobs$"); do
		mldv "$name" -h | sed -n 3p | tr -d , >help
		sed -n "s/^\.Nd //p" "$top/man/mldv-$name.1" | tr -d , >page
		same help page || { echo "of mldv $name"; exit 1; }
	done
'

check 'the completions are those that the program writes' '
	for shell in bash:mldv.bash zsh:_mldv fish:mldv.fish; do
		mldv completion "${shell%:*}" >out
		same "$top/contrib/completion/${shell#*:}" out
	done
'

# completes WORDS...: what bash makes of the last, one a line, sorted.
completes() {
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mldv
		printf "%s\n" "${COMPREPLY[@]}"' bash \
		"$top/contrib/completion/mldv.bash" "$@" | sort
}

check 'bash completes commands, second words and options' '
	completes mldv re >out
	printf "%s\n" remote repro | same - out
	completes mldv -C dir -q remote de >out
	echo default | same - out
	completes mldv push --dr >out
	echo --dry-run | same - out
	completes mldv remote add --lo >out
	echo --local | same - out
	completes mldv add x >out
	echo | same - out
'

finish
