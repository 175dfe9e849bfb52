#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checks what the compiler and clang-tidy do not: that includes point downward,
# that each library has one home, that only the command line prints, that one
# place renames files, that fallible functions are CHECKED, and that some
# functions and words are not used. Says file:line: what, and fails.
set -eu
cd "$(dirname "$0")/.."
status=0

report() {
	echo "$1: $2"
	status=1
}

# By name: file names say what a file is about.
for file in $(find src include test contrib examples bench -type f 2>/dev/null |
	grep -v '/corpus/' | sort); do
	case ${file##*/} in
	*util* | *helper* | *manager*)
		report "$file" "a file is named after what it is about" ;;
	esac
	case $file in
	*.t) [ -x "$file" ] || report "$file" "a test is executable" ;;
	esac
	case $file in
	*.[ch] | *.sh | *.t)
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
			report "$file:1" "no SPDX line" ;;
	esac
done

files=$(find include src -name '*.[ch]' | sort)
[ -n "$files" ] || exit "$status"

# shellcheck disable=SC2086 # a list of files
awk '
BEGIN {
	n = split("base format store aws remote project runner pipeline command", order, " ")
	for (i = 1; i <= n; i++)
		height[order[i]] = i
	height["git"] = height["net"] = height["store"]	# siblings

	home["git2.h"] = "src/git/"
	home["openssl/"] = "src/format/oid.c src/aws/sign.c"
	home["expat.h"] = "src/aws/xml.c"
	home["zstd"] = "src/store/frame.c"
	home["ini.h"] = "src/format/ini.c"
	home["jansson.h"] = "src/format/json.c"
	home["yaml.h"] = "src/format/yaml.c"
	home["utf8proc.h"] = "src/base/utf8.c"
	home["archive"] = "src/store/tarball.c"
	home["curl/"] = "src/net/"

	# Who may name files: base/tempfile.c, durably; place.c, a tree it has built.
	renames = "^src/(base/tempfile|project/place(_write)?)\\.c$"
}
FNR == 1 {
	comment = 0
	statement = ""
}
function report(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text
	bad = 1
}
function calls(names) {
	return code ~ ("(^|[^a-zA-Z_0-9.>])(" names ") ?\\(")
}
# The line without comments and without what is inside strings.
function strip(line,	at, end) {
	gsub(/\\./, "", line)
	gsub(/"[^"]*"/, "\"\"", line)
	if (comment) {
		end = index(line, "*/")
		if (!end)
			return ""
		line = substr(line, end + 2)
		comment = 0
	}
	while ((at = index(line, "/*")) > 0) {
		end = index(substr(line, at + 2), "*/")
		if (!end) {
			comment = 1
			return substr(line, 1, at - 1)
		}
		line = substr(line, 1, at - 1) " " substr(line, at + 2 + end + 1)
	}
	return line
}
function check_include(	at, to, from, dest) {
	split(FILENAME, at, "/")
	split($2, to, "[\"/]")
	from = at[2]
	dest = to[2]
	if (at[1] == "include") {
		if (dest != "mldv" && dest != "base")
			report("a public header sees only mldv/ and base/")
		return
	}
	if (!(dest in height) && dest != "mldv")
		report(dest " is no floor")
	if (at[3] == "") {	# src/main.c
		if (dest != "command" && dest != "mldv")
			report("main must not include " dest)
		return
	}
	if (!(from in height))
		report(from " is no floor")
	if (dest == "mldv" || dest == from)
		return
	if (height[dest] >= height[from])
		report(from " must not include " dest)
	else if (from == "command" && dest != "base")
		report("a command sees only mldv/, base/ and command/")
}
function is_home(places,	i, n, place) {
	n = split(places, place, " ")
	for (i = 1; i <= n; i++)
		if (index(FILENAME, place[i]) == 1)
			return 1
	return 0
}
function check_home(	header, name) {
	header = substr($2, 2, length($2) - 2)
	for (name in home)
		if (index(header, name) == 1 && !is_home(home[name]))
			report(header " belongs in " home[name])
}
# A prototype whose last parameter is the error is one that can fail.
function check_prototype() {
	if (code ~ /^#/)
		return
	statement = statement " " code
	if (code !~ /[;{}]/)
		return
	if (statement ~ /struct mldv_error \*err\) *;/ &&
	    statement !~ /CHECKED|\(\*|^ *(static |inline |extern )*void /)
		report("a function that can fail is CHECKED")
	statement = ""
}
/^#include "/ {
	check_include()
	next
}
/^#include </ {
	check_home()
	next
}
{
	code = strip($0)
	if (FILENAME ~ /\.h$/)
		check_prototype()
}
calls("printf|vprintf|puts|putchar|perror") ||
    code ~ /(^|[^a-zA-Z_0-9.>])(stderr|stdout)($|[^a-zA-Z_0-9])/ {
	if (FILENAME !~ /^src\/(command\/|main\.c|base\/mem\.c)/)
		report("only command/ and main.c print")
}
calls("v?sprintf|strcpy|strcat|strtok|ato[ilf]|atoll|system|popen|mktemp") ||
    calls("gets|alloca|tmpnam|tempnam") {
	report("banned function")
}
# State hides in a local just as well as in a global.
/^\t+static / && FILENAME ~ /\.c$/ && code !~ /const/ {
	report("a function keeps no state")
}
calls("rename|renameat|renameat2|link|linkat") {
	if (FILENAME !~ renames)
		report("only base/tempfile.c names files")
}
calls("malloc|calloc|realloc|reallocarray|strdup|strndup|v?asprintf") {
	if (FILENAME !~ /^src\/base\//)
		report("memory comes from base/mem.h")
}
END { exit bad }
' $files || status=1
exit "$status"
