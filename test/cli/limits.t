#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What is as large, as many, as deep or as long as can be: it works, or is
# refused with a sentence. MLDV_LONG=1 makes the counts what the title says.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# bounded COMMAND...: should it not refuse, it fills no disk or memory, and
# ends. Its status is left in $got, what it says in ./said.
bounded() {
	got=0
	# shellcheck disable=SC3045 # dash has these
	(ulimit -f 400000 && ulimit -v 3000000 && timeout 120 "$@") >said 2>&1 || got=$?
	cut -c1-300 said
	[ "$got" -lt 124 ]
}

# deep DIRECTORY COUNT: so many directories in one another, a file in the last.
deep() {
	python3 - "$1" "$2" <<-'END'
	import os, sys
	os.mkdir(sys.argv[1])
	fd = os.open(sys.argv[1], os.O_RDONLY)
	for i in range(int(sys.argv[2])):
	    os.mkdir("a", dir_fd=fd)
	    below = os.open("a", os.O_RDONLY, dir_fd=fd)
	    os.close(fd)
	    fd = below
	os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=fd))
	END
}

# noise SIZE: bytes that do not compress, other ones for each size.
noise() {
	openssl enc -aes-256-ctr -nosalt -K "$(printf %064x "$1")" \
		-iv 00000000000000000000000000000000 </dev/zero 2>/dev/null |
		head -c "$1"
}

# through: item d goes to a remote and comes back in a clone as it was. The
# project is p, and it has no commit yet.
through() {
	mldv remote add origin "$PWD/../r"
	git commit -qm d
	mldv push
	mldv status --exit-code
	(cd .. && git clone -q p q && cd q && mldv pull && mldv fsck &&
		mldv status --exit-code) || return 1
	same d ../q/d
}

check 'directories 100,000 deep are refused' '
	project
	deep d 100000
	bounded mldv add d
	[ "$got" -eq 1 ]
	has "^mldv: .d. is more than 1024 directories deep" said
	[ "$(wc -l <said)" -eq 1 ]
	[ ! -e d.mldv ]
	# Over what is an item, too, and where it goes away.
	mv d deep; mkdir d; echo 1 >d/x; mldv add d
	mv d/x y; mv deep d/deep; mv y d/x
	for command in status diff "add d" "rm --force d" "checkout --force d"; do
		bounded mldv $command
		[ ! -s said ] || [ "$(wc -c <said)" -lt 4000 ]
	done
'

check 'directories 1,024 deep work, and one more is refused' '
	project p; cd p
	deep d 1023
	mldv add d
	mldv remote add origin "$PWD/../r"
	git commit -qm d
	mldv push
	mldv status --exit-code
	(cd .. && git clone -q p q && cd q && mldv pull && mldv fsck)
	same d.mldv ../q/d.mldv
	deep e 1024
	bounded mldv add e
	[ "$got" -eq 1 ]
	has "more than 1024 directories deep" said
'

check 'a tree on a remote that is 100,000 deep is refused' '
	mkdir r
	project p; cd p
	mldv remote add origin "$PWD/../r"
	python3 -B - "$top/test/cli" ../r "$(sed -n "s/^id = //p" mldv.ini)" \
		>d.mldv <<-END
	import sys
	sys.path.insert(0, sys.argv[1])
	import craft
	remote = craft.Remote(sys.argv[2], sys.argv[3])
	content = craft.Pack()
	content.add(craft.HELLO)
	remote.pack(content)
	text = craft.tree([craft.file(b"x")])
	below = None
	for first in range(0, 100000, 40000):
	    pack = craft.Pack()
	    parts = []
	    at = 0
	    for i in range(first, min(first + 40000, 100000)):
	        name = craft.oid(text)
	        plain = craft.tar(name.encode(), len(text)) + text
	        packed = craft.frame(plain + bytes(-len(text) % 512))
	        pack.record(name, at, len(packed), len(text), 512)
	        parts.append(packed)
	        at += len(packed)
	        top = name
	        text = craft.tree([("d", 6, 1, name, b"a")])
	    pack.body = b"".join(parts)
	    remote.pack(pack, "trees")
	item = ("dir", top, 6, 1)
	remote.manifest(item)
	sys.stdout.write(craft.pointer(item))
	END
	git add d.mldv
	for command in "pull" "fetch" "status" "ls" "ls --remote d" "fsck" \
		"checkout" "diff HEAD" "du" "pull d/a/a" "cat d/a/a/x" \
		"gc" "push"; do
		echo "$command:"
		bounded mldv $command
		[ ! -s said ] || [ "$(wc -c <said)" -lt 4000 ]
		[ ! -e d ]
	done
	bounded mldv pull
	[ "$got" -eq 4 ]
	has "^mldv: .*1024" said
'

many=20000
[ -z "${MLDV_LONG:-}" ] || many=1000000
check "$many names in one directory, and one of them changes" '
	project p; cd p
	mkdir d
	python3 - $many <<-END
	import sys
	for i in range(int(sys.argv[1])):
	    open("d/%07d" % i, "w").write("%d" % i)
	END
	mldv add d
	through
	echo changed >d/0012345
	mldv status --exit-code >out && exit 1
	has "1 changed" out
	mldv add d
	git commit -qm changed
	mldv push >out
	# The file, the page that it is in, and the tree of pages.
	has "3 objects" out
	cd ../q; git pull -q; mldv pull
	cmp ../p/d/0012345 d/0012345
	mldv fsck
'

check 'a file of 700 GiB is refused at once, and why' '
	project
	mkdir d; echo x >d/a
	truncate -s 700G big d/z || exit 0
	for item in big d; do
		bounded mldv add $item
		[ "$got" -eq 1 ]
		has "^mldv: cannot store .*: it has 700 GiB.*chunks.*48 MiB; divide it" said
	done
	[ "$(wc -l <said)" -eq 1 ]
	[ -z "$(find .git/mldv/store -type f 2>/dev/null)" ]
	mldv status
	truncate -s 1M d/z
	mldv add d
'

items=400
[ -z "${MLDV_LONG:-}" ] || items=4000
check "$items items in one project" '
	project p; cd p
	seq 1 $items | split -l 1 -a 4 -d --additional-suffix=.txt - x
	mkdir items; mv x*.txt items/
	mldv remote add origin "$PWD/../r"
	find items -type f -exec mldv add {} + >out
	[ "$(git ls-files | grep -c "mldv$")" -eq $items ]
	git diff --quiet
	git commit -qm items
	mldv push
	mldv push
	mldv status --exit-code
	mldv fsck
	cd ..; git clone -q p q; cd q
	mldv pull
	mldv status --exit-code
	same ../p/items items
'

check 'names at every limit, in any bytes' '
	project p; cd p
	mkdir d
	python3 - <<-END
	import os, unicodedata
	os.chdir(b"d")
	names = [b"n" * 255, ("\u00e9" * 127).encode(), b"\xff\xfe", b"\x80" * 255,
	         b"dot.", b"dots...", b" ", b"space ", b"tab\t", b"line\nfeed",
	         b"\n", b"\\\\", b"\\\\n", b"a\\\\\nb", b"cr\r", b"-", b"CON", b"...",
	         b"readme", b"README", b"ReadMe", b"stra\xc3\x9fe", b"STRASSE",
	         unicodedata.normalize("NFC", "\u00e9").encode(),
	         unicodedata.normalize("NFD", "\u00e9").encode(),
	         "\uac00".encode(), "\u1100\u1161".encode(), b"\xed\xa0\x80",
	         b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\x01", b"\x7f", b"\xe2\x80\xae"]
	names += [b"l" * n for n in (99, 100, 101, 154, 155, 156, 254)]
	for i, name in enumerate(names):
	    with open(name, "wb") as out:
	        out.write(b"%d" % i)
	    os.makedirs(b"dirs/" + name + b"/" + name)
	    os.symlink(name, b"dirs/" + name + b"/link")
	END
	mldv add d
	through
	mldv diff HEAD >out 2>&1
	[ ! -s out ]
	mldv ls d >out
	[ "$(wc -l <out)" -ge 40 ]
	rm -r d; mldv checkout
	same d ../q/d
'

check 'paths of 4,095 bytes and more' '
	project p; cd p
	python3 - <<-END
	import os
	def make(top, length):
	    os.mkdir(top)
	    fd = os.open(top, os.O_RDONLY)
	    left = length - len(top)
	    while left > 256:
	        name = "n" * min(255, left - 3)
	        os.mkdir(name, dir_fd=fd)
	        below = os.open(name, os.O_RDONLY, dir_fd=fd)
	        os.close(fd)
	        fd = below
	        left -= len(name) + 1
	    name = "f" * (left - 1)
	    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=fd))
	make("d", 4095)
	make("e", 4096)
	make("f", 9000)
	END
	mldv add d
	mldv add e
	bounded mldv add f
	tail -c 300 said
	[ "$got" -eq 1 ]
	[ "$(wc -l <said)" -eq 1 ]
	has ": File name too long" said
	mldv remote add origin "$PWD/../r"
	git commit -qm d
	mldv push
	mldv status --exit-code
	cd ..; git clone -q p q; cd q
	mldv pull; mldv fsck; mldv status --exit-code
	rm -r d; mldv checkout d; mldv checkout --force
	cd ../p; mldv rm --force d e
'

check 'an item whose path has 4,095 bytes' '
	project p; cd p
	long=$(printf "%0200d" 0)
	path=$long
	while [ "$(printf %s "$path/$long" | wc -c)" -lt 3600 ]; do
		path=$path/$long
	done
	mkdir -p "$path"
	(cd "$path" && echo x >item && bounded mldv add item && [ "$got" -le 1 ])
	[ "$(wc -l <"$path/said")" -le 3 ]
	bounded mldv status
	bounded mldv push
'

check 'file sizes at each threshold of the format' '
	project p; cd p
	mkdir d
	for at in 0 511 1024 262144 1048576 4194304 8388608; do
		for size in $((at - 1)) $at $((at + 1)); do
			[ "$size" -lt 0 ] || noise $size >d/noise.$size
			[ "$size" -lt 0 ] || head -c $size /dev/zero >d/zero.$size
		done
	done
	# Packs end with the entry that brings them to 32 MiB.
	mkdir d/full
	for i in 1 2 3 4 5 6 7; do noise $((4194304 - 512 - i)) >d/full/$i; done
	noise 4194301 >d/full/8; noise 4194300 >d/full/9
	mldv add d
	[ "$(find .git/mldv/store/files -type f | wc -l)" -eq 8 ]
	through
	mldv fsck
	head -c 4194304 d/noise.4194305 >d/noise.4194305.cut
	cat d/noise.4194304 d/noise.1 >d/noise.4194304.more
	mldv add d; git commit -qm more; mldv push
	cd ../q; git pull -q; mldv pull
	same ../p/d d
'

finish
