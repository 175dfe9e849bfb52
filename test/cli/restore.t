#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Data outlives the tool: whole items come back from a remote, with the
# commands that README.md, mldv-format(5) and the remote's own README.txt
# print, and with the page of sh below for what they say in words.
# shellcheck source=test/cli/world.sh
. "$(dirname "$0")/world.sh"

# All that may be used.
tools=$scratch/tools
mkdir "$tools"
for tool in sh zstd tar sha256sum grep sed mkdir cat cp chmod ln; do
	ln -s "$(command -v $tool)" "$tools"
done

# without COMMAND...: with these tools alone, and with nothing of mldv's
without() (
	PATH=$tools
	export PATH
	"$@"
)

# The commands of README.md: $remote and $oid to ./objects
sed -n '/^### Restoring without mldv/,/^## /s/^    //p' "$top/README.md" \
	>"$scratch/readme.sh"

# unpack REMOTE OID
unpack() (
	remote=$1 oid=$2
	export remote oid
	sh -eu "$scratch/readme.sh"
)

# join DIGITS: an object in pieces becomes one.
join() {
	sed 1d "objects/$1.chunks" | while read -r _ chunk; do
		cat "objects/$chunk" || exit 1
	done >"objects/$1" && echo "$1  objects/$1" | sha256sum -c --quiet -
}

# whole: every object is there and has the bytes that its name says.
whole() {
	for object in objects/*; do
		case $object in
		'objects/*') ;;
		*.chunks)
			object=${object%.chunks} object=${object#objects/}
			join "$object" || return 1
			;;
		*) echo "${object#objects/}  $object" ;;
		esac
	done >sums && { [ ! -s sums ] || sha256sum -c --quiet sums; }
}

# put LETTER SIZE OID PATH: one thing that is no directory
put() {
	case $1 in
	f | x)
		if [ "$2" = 0 ]; then : >"$4"; else cat "objects/$3" >"$4"; fi
		[ "$1" = f ] || chmod +x "$4"
		;;
	l)
		# $(...) takes off line feeds at the end.
		target=$(cat "objects/$3" && echo .)
		ln -s "${target%.}" "$4"
		;;
	esac
}

# walk TREE DIRECTORY: a line is letter, size, perhaps files, oid and name, in
# which there may be spaces anywhere. A page's entries are the directory's.
walk() (
	[ -d "$2" ] || mkdir "$2"
	{
		read -r magic && [ "$magic" = 'mldv-tree 1' ] || exit 1
		while IFS= read -r line; do
			letter=${line%% *} line=${line#* }
			size=${line%% *} line=${line#* }
			case $letter in d | p) line=${line#* } ;; esac
			oid=${line%% *} name=${line#* }
			case $name in
			*\\*) name=$(printf '%b.' "$name") name=${name%.} ;;
			esac
			case $letter in
			d) walk "$oid" "$2/$name" ;;
			p) walk "$oid" "$2" ;;
			*) put "$letter" "$size" "$oid" "$2/$name" ;;
			esac || exit 1
		done
	} <"objects/$1"
)

# restore REMOTE POINTER PATH: all of it
restore() {
	while read -r word value; do
		case $word in
		kind) kind=$value ;;
		size) size=$value ;;
		oid) oid=${value#sha256:} ;;
		esac
	done <"$2"
	unpack "$1" "$oid" && whole || return 1
	case $kind in
	dir) walk "$oid" "$3" ;;
	file) put f "$size" "$oid" "$3" ;;
	exec) put x "$size" "$oid" "$3" ;;
	link) put l "$size" "$oid" "$3" ;;
	esac
}

# The same files with the same bytes, executable or not, links, and empty
# directories.
equals() {
	same "$1" "$2" && [ "$(kinds "$1")" = "$(kinds "$2")" ]
}

kinds() {
	(cd "$1" && find . -type f -perm -u+x -printf 'x %p\n' -o \
		-printf '%y %p\n' | sort)
}

# A file at the limit of what is not cut, one above, one that is all alike,
# and names that a shell trips over.
make_data() {
	mkdir -p d/sub/deeper d/hollow 'd/ two  spaces ' d/-n
	noise 1 4194304 >d/limit
	noise 1 4194305 >d/above
	noise 2 9000000 >d/sub/deeper/big
	cat d/above d/above >d/sub/run
	chmod +x d/sub/run
	head -c 12000000 /dev/zero >d/zeros
	seq 2000000 >d/seq
	: >d/empty
	: >d/hollow.sh
	chmod +x d/hollow.sh
	printf 'no line feed' >d/short
	printf '#!/bin/sh\n' >d/sub/sc.sh
	chmod +x d/sub/sc.sh
	cp d/sub/sc.sh d/sub/twin
	echo 1 >'d/ two  spaces /  a  b '
	echo 2 >'d/-n/-e'
	echo 3 >'d/*'
	echo 4 >'d/back\slash\n'
	echo 5 >"d/line
feed
"
	echo 6 >"$(printf 'd/\377\001\t')"
	echo 7 >"d/\$(exit) 'q' \"q\""
	ln -s ../limit d/sub/link
	ln -s 'no where ' 'd/a link'
	ln -s "feed
" d/feed
	i=0
	while [ "$i" -lt 300 ]; do
		echo "$i" >"d/sub/$i"
		i=$((i + 1))
	done
}

check 'README.md shows the commands' '
	grep -q "zstd -dc .* tar" "$scratch/readme.sh"
	sh -n "$scratch/readme.sh"
'

check 'a directory with all kinds of files is restored, in both versions' '
	project p && mkdir r && cd p
	mldv remote add origin "$PWD/../r"
	make_data
	mldv add d && commit one && mldv push
	cp d.mldv ../one.mldv && cp -a d ../one
	mv d/sub/deeper/big big
	{ head -c 5000000 big; noise 7 100; tail -c +5000001 big; } \
		>d/sub/deeper/big
	rm d/zeros "d/*" && echo new >d/sub/new && chmod -x d/sub/twin
	mldv add d && commit two && mldv push
	cp d.mldv ../two.mldv && cp -a d ../two
	cd .. && rm -rf p
	for version in one two; do
		mkdir to-$version && cd to-$version
		without restore ../r ../$version.mldv d
		[ -n "$(ls objects/*.chunks)" ]
		equals ../$version d
		cd ..
	done
	if diff -rq --no-dereference one two; then exit 1; fi
'

check 'a directory so large that it has pages is restored' '
	project p && mkdir r && cd p
	mldv remote add origin "$PWD/../r"
	mkdir -p d/large
	(cd d/large && seq -f "%05g" 0 20000 | xargs touch)
	echo x >d/large/10000
	mldv add d && mldv push
	mkdir ../to && cd ../to
	without restore ../r ../p/d.mldv d
	grep -q "^p " objects/*
	equals ../p/d d
'

for kind in short empty above sub/run sub/link; do
	check "an item that is no directory is restored: $kind" '
		project p && mkdir r && cd p
		mldv remote add origin "$PWD/../r"
		make_data
		mkdir one && cp -a d/$kind one/item
		mldv add one/item && mldv push
		mkdir ../to ../to/one && cd ../to
		without restore ../r ../p/one/item.mldv one/item
		rm ../p/one/item.mldv ../p/one/.gitignore
		equals ../p/one one
	'
done

check 'a byte that is wrong on the remote is noticed' '
	project p && mkdir r && cd p
	mldv remote add origin "$PWD/../r"
	mkdir d && noise 3 20000 >d/a
	mldv add d && mldv push
	for pack in ../r/packs/*/*; do
		[ "$(wc -c <$pack)" -lt 20000 ] || break
	done
	[ "$(wc -c <$pack)" -ge 20000 ]
	chmod u+w $pack
	printf XXXX | dd of=$pack bs=1 seek=9000 conv=notrunc
	mkdir ../to && cd ../to
	if without restore ../r ../p/d.mldv d; then exit 1; fi
'

check "what the remote's README.txt says leads to every object" '
	project p && mkdir r && cd p
	mldv remote add origin "$PWD/../r"
	make_data
	mldv add d && mldv push
	step=$(sed -n "s/^2\. Unpack each: \(.*\) into one directory.*/\1/p" \
		../r/README.txt)
	[ -n "$step" ]
	oid=$(sed -n "s/^oid sha256://p" d.mldv)
	mkdir ../to ../to/objects && cd ../to/objects
	for manifest in ../../r/manifests/*/*/$oid.*; do
		sed -En "s/^(pack|trees) ([^ ]*) .*/\2/p" $manifest
	done >../ids
	while read -r id; do
		ab=${id%"${id#??}"}
		(echo "$id  ../../r/packs/$ab/$id.tar.zst" | sha256sum -c --quiet -)
		cp ../../r/packs/$ab/$id.tar.zst .
		without sh -euc "$(echo "$step" | sed "s/<id>/$id/")"
		rm $id.tar.zst
	done <../ids
	cd .. && without whole && without walk $oid d
	equals ../p/d d
'

# The lines of an example in mldv-format(5), as one would type them.
example() {
	sed -n "/^$1/,/^\.Ed/p" "$top/man/mldv-format.5" |
		sed -e '/^\./d' -e '1d' -e 's/\\e/\\/g' -e 's/\\&//g'
}

check 'the examples in mldv-format(5) work as they are printed' '
	project p && mkdir r && cd p
	mldv remote add origin "$PWD/../r"
	make_data
	mldv add d && mldv push
	cd .. && mkdir to && ln -s ../r to/r
	oid=$(sed -n "s/^oid sha256://p" p/d.mldv)
	ab=${oid%"${oid#??}"}
	example "Restore the directory" |
		sed -n "/mkdir/,/done/p" |
		sed -e "s/^\\$ //" -e "s,/tmp/,$PWD/to/,g" \
			-e "s,/9f/,/$ab/," >to/unpack.sh
	has "zstd -dc" to/unpack.sh
	(cd r && oid=$oid && export oid && without sh -eu ../to/unpack.sh)
	big=$(sha256sum <p/d/sub/deeper/big) && big=${big%% *}
	example "Join an object" | sed -n "s/^\\$ sed/sed/p; /^ *cat/p; /^ *done/p" \
		>to/join.sh
	has "chunks.*while" to/join.sh
	(cd to/objects && oid=$big && export oid && without sh -eu ../join.sh)
	cmp to/objects/model.pt p/d/sub/deeper/big
	rm to/objects/model.pt
	cd to && without whole && without walk $oid d
	equals ../p/d d
'
finish
