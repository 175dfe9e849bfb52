#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The script that checks the rules finds what breaks them, and only that.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# put FILE: standard input, after an SPDX line, as a file of a small tree.
put() {
	mkdir -p "$(dirname "$1")" test
	cp "$top/test/rules.sh" test/
	{ echo '/* SPDX-License-Identifier: Apache-2.0 */'; cat; } >"$1"
}

# refused LINE: the rules are broken, and this is all that is said.
refused() {
	gives 1 sh test/rules.sh >out
	cat stderr
	echo "$1" >expected
	same expected out
}

# broken 'rule' FILE 'source line' 'what is said of line 2'
broken() {
	file=$2 line=$3 said=$4
	check "$1" '
		echo "$line" | put "$file"
		refused "$file:2: $said"
	'
}

check 'this source tree keeps the rules' '
	sh "$top/test/rules.sh"
'

check 'what is allowed is let through' '
	{
		echo "#include <git2.h>"
		echo "#include \"base/err.h\""
		echo "#include \"mldv/data.h\""
		echo "/* printf( and rename( are words here,"
		echo " * malloc( too */"
		echo "int x = f(\"system(\") + strftime() + child.stderr;"
	} | put src/git/repo.c
	{
		echo "CHECKED int repo_open(struct repo **out,"
		echo "    struct mldv_error *err);"
		echo "void repo_warn(struct mldv_error *err);"
	} | put src/git/repo.h
	echo "int x = printf(\"\");" | put src/command/add.c
	echo "int x = rename(a, b);" | put src/base/tempfile.c
	echo "#include \"command/command.h\"" | put src/main.c
	sh test/rules.sh
'

broken 'an include does not point up' src/base/a.c \
	'#include "format/oid.h"' 'base must not include format'
broken 'an include does not point sideways' src/store/a.c \
	'#include "git/repo.h"' 'store must not include git'
broken 'a command does not see the floors below' src/command/a.c \
	'#include "project/add.h"' 'a command sees only mldv/, base/ and command/'
broken 'main sees only the commands' src/main.c \
	'#include "base/err.h"' 'main must not include base'
broken 'a public header does not show the inside' include/mldv/a.h \
	'#include "store/store.h"' 'a public header sees only mldv/ and base/'
broken 'there are no other floors' src/base/a.c \
	'#include "misc/a.h"' 'misc is no floor'

broken 'libgit2 has one home' src/project/a.c \
	'#include <git2.h>' 'git2.h belongs in src/git/'
broken 'OpenSSL has two homes' src/format/a.c \
	'#include <openssl/evp.h>' \
	'openssl/evp.h belongs in src/format/oid.c src/aws/sign.c'
broken 'libcurl has one home' src/aws/a.c \
	'#include <curl/curl.h>' 'curl/curl.h belongs in src/net/'
broken 'expat has one home' src/aws/a.c \
	'#include <expat.h>' 'expat.h belongs in src/aws/xml.c'
broken 'the network does not know the store' src/net/a.c \
	'#include "store/store.h"' 'net must not include store'
broken 'zstd has one home' src/store/a.c \
	'#include <zstd.h>' 'zstd.h belongs in src/store/frame.c'
broken 'inih has one home' src/format/a.c \
	'#include <ini.h>' 'ini.h belongs in src/format/ini.c'
broken 'jansson has one home' src/command/a.c \
	'#include <jansson.h>' 'jansson.h belongs in src/format/json.c'
broken 'utf8proc has one home' src/command/a.c \
	'#include <utf8proc.h>' 'utf8proc.h belongs in src/base/utf8.c'
broken 'libarchive has one home' src/store/a.c \
	'#include <archive.h>' 'archive.h belongs in src/store/tarball.c'

broken 'a floor does not print' src/base/a.c \
	'	printf("x");' 'only command/ and main.c print'
broken 'a floor does not write to standard error' src/project/a.c \
	'	fputs("x", stderr);' 'only command/ and main.c print'
broken 'a function can be banned' src/base/a.c \
	'	x = strtok(a, b);' 'banned function'
broken 'no shell is started by the C library' src/pipeline/a.c \
	'	system(command);' 'banned function'
broken 'a function keeps no state' src/base/a.c \
	'	static int count;' 'a function keeps no state'
broken 'files are named in one place' src/store/a.c \
	'	if (renameat2(a, b, c, d, 0) < 0)' 'only base/tempfile.c names files'
broken 'memory is taken in one place' src/store/a.c \
	'	char *a = malloc(9);' 'memory comes from base/mem.h'
broken 'a function that can fail is checked' src/store/a.h \
	'int a_open(struct a **out, struct mldv_error *err);' \
	'a function that can fail is CHECKED'

check 'a file name says what it is about' '
	echo "int x;" | put src/base/path_util.c
	refused "src/base/path_util.c: a file is named after what it is about"
'

check 'a source file has a licence line' '
	echo "int x;" | put src/base/a.c
	echo "int x;" >src/base/a.c
	refused "src/base/a.c:1: no SPDX line"
'

check 'a test can be run' '
	echo "# nothing" | put test/cli/a.t
	refused "test/cli/a.t: a test is executable"
'

finish
