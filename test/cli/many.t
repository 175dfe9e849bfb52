#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A project of many small items: what is done for each of them is not done to
# all of them, and they share packs.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# items COUNT: as many small files in ten directories, and a few directories.
items() {
	i=0
	while [ "$i" -lt "$1" ]; do
		dir=data/$((i % 10))
		[ -d "$dir" ] || mkdir -p "$dir"
		echo "the item number $i" >"$dir/$i"
		i=$((i + 1))
	done
	mkdir -p data/dir/a data/dir/b/below
	echo a >data/dir/a/file
	echo b >data/dir/b/below/file
}

# packs DIRECTORY MOST: there are packs in it, and no more than that.
packs() {
	found=$(find "$1" -name '*.tar.zst' | wc -l)
	if [ "$found" -lt 1 ] || [ "$found" -gt "$2" ]; then
		echo "$found packs in $1, not 1 to $2"
		return 1
	fi
}

mkdir "$scratch/world"
cd "$scratch/world" || exit
project p
cd p || exit
items 298
git add -A . ':!data'
git commit -qm start
# shellcheck disable=SC2046
mldv add data/[0-9]/*[0-9] data/dir/[ab] >../add.out 2>&1 ||
	echo '# the items cannot be added'
git commit -qm items
cd "$scratch" || exit

check 'adding 300 items makes two packs, and one of trees' '
	packs ../world/p/.git/mldv/store 3
'
check 'all of them are staged' '
	cd ../world/p
	git ls-files "data/*.mldv" >../../names
	[ "$(wc -l <../../names)" -eq 300 ]
	[ -z "$(git status --porcelain)" ]
	mldv status --all >../../status
	[ "$(grep -c "^clean" ../../status)" -eq 300 ]
'
check 'adding them again changes nothing' '
	cd ../world/p
	mldv add data/[0-9]/*[0-9] data/dir/[ab]
	[ -z "$(git status --porcelain)" ]
	packs .git/mldv/store 3
'

# calls COUNT: how many system calls it takes to add that many items.
calls() {
	rm -rf p
	project p
	(
		cd p || exit
		items "$1"
		strace -f -c -o ../calls mldv add data/[0-9]/*[0-9] data/dir/[ab] \
			>/dev/null 2>&1
	) || return 1
	awk '$NF == "total" { print $(NF - 2 + (NF < 6)) }' calls
}

if strace -o /dev/null true 2>/dev/null; then
	check 'twice as many items take twice as many system calls' '
		few=$(calls 150)
		many=$(calls 300)
		echo "$few $many"
		[ "$few" -gt 1000 ]
		[ $((many * 10)) -le $((few * 22)) ]
	'
	check 'the index is written twice, however many items' '
		project p
		cd p
		items 40
		strace -f -e trace=rename,renameat,renameat2 -o ../log \
			mldv add data/[0-9]/*[0-9] data/dir/[ab]
		[ "$(grep -c "/\.git/index\"" ../log)" -le 2 ]
		[ "$(grep -c "/\.gitignore\"" ../log)" -le 12 ]
	'
	check 'a kill while they are added loses nothing' '
		project p
		cd p
		items 40
		git add -A . ":!data"
		git commit -qm start
		for call in fsync rename; do
			for n in 1 2 3 4 6 9 13 20 30 45 60; do
				strace -f -qq -o /dev/null -e "trace=$call" \
					-e "inject=$call:signal=KILL:when=$n" \
					mldv add data/[0-9]/*[0-9] data/dir/[ab] \
					>/dev/null 2>&1 || :
				rm -f .git/index.lock
				# What a pointer says can be had.
				find data -name "*.mldv" >../pointers
				mldv fsck >../fsck 2>&1
				mv data ../away
				mkdir data
				(cd ../away && find . -name "*.mldv" -print0 |
					xargs -0r tar -cf - --) |
					tar -C data -xf - 2>/dev/null || :
				git add -A data
				mldv checkout
				while read -r pointer; do
					same "../away${pointer#data}" "$pointer"
					same "../away/${pointer#data/}" "$pointer"
					file=${pointer%.mldv}
					same "../away/${file#data/}" "$file"
				done <../pointers
				rm -rf data .git/mldv
				mv ../away data
				find data -name "*.mldv" -delete
				find data -name .gitignore -delete
				git reset -q
			done
		done
	'
else
	skip 'what adding them takes' 'strace cannot trace here'
fi

check 'an item that cannot be read does not keep those before it' '
	project p
	cd p
	items 30
	mkfifo data/x
	gives 1 mldv add data/[0-9]/*[0-9] data/x
	[ "$(git ls-files "data/*.mldv" | wc -l)" -eq 30 ]
	mldv fsck
'
check 'one inside another is refused, whatever lies between' '
	project p
	cd p
	items 20
	echo >data/dir.csv
	fails 2 mldv add data/dir data/dir.csv data/[0-9]/*[0-9] data/dir/a
	has "cannot both be items" stderr
	[ -z "$(git ls-files "data/*.mldv")" ]
'

cd "$scratch/world/p" || exit
mldv remote add origin ../remote >/dev/null && git commit -qm remote
cd "$scratch" || exit

# here: the project or clone in the working directory pushes to ../remote.
here() {
	sed -i "s|^url = .*|url = ${PWD%/*}/remote|" mldv.ini
}

check 'some of them are pushed in a pack that holds nothing else' '
	cp -a ../world/p .
	cd p
	here
	mldv push data/1 data/2 data/3
	packs ../remote 1
	zstd -dcq ../remote/packs/*/*.tar.zst | tar -t >../names
	[ "$(wc -l <../names)" -eq 90 ]
	[ "$(find ../remote/manifests -type f | wc -l)" -eq 90 ]
'
check 'they are pushed in the packs that were made of them' '
	cd ../world/p
	mldv push >../push.out
	packs ../remote 3
	[ "$(find ../remote/manifests -type f | wc -l)" -eq 300 ]
'
check 'each manifest names only what its item needs' '
	cd ../world/remote
	for manifest in manifests/*/*/*.file; do
		[ "$(grep -c "^pack " "$manifest")" -eq 1 ]
		hasnt "^trees " "$manifest"
	done
	for manifest in manifests/*/*/*.dir; do
		[ "$(grep -c "^trees " "$manifest")" -eq 1 ]
	done
'
check 'pushing them again moves nothing' '
	cd ../world/p
	mldv push >../again.out
	packs ../remote 3
'
check 'a clone pulls all of them into few packs' '
	git clone -q ../world/p c
	cp -a ../world/remote .
	cd c
	here
	mldv pull
	diff -r --exclude=.git ../../world/p/data data
	packs .git/mldv/store 3
	mldv pull
	mldv fsck
'
check 'a clone pulls one of them' '
	git clone -q ../world/p c
	cp -a ../world/remote .
	cd c
	here
	mldv pull data/7/17 data/dir/b
	same ../../world/p/data/7/17 data/7/17
	same ../../world/p/data/dir/b data/dir/b
	[ "$(find data -type f ! -name "*.mldv" ! -name .gitignore | wc -l)" -eq 2 ]
'
check 'one that the remote lacks does not keep the others' '
	git clone -q ../world/p c
	cp -a ../world/remote .
	oid=$(sed -n "s/^oid sha256:\(..\)\(.*\)/\1\/\1\2/p" c/data/7/17.mldv)
	rm remote/manifests/*/"$oid".file
	cd c
	here
	gives 5 mldv pull
	has data/7/17 stderr
	[ ! -e data/7/17 ]
	[ "$(find data -type f ! -name "*.mldv" ! -name .gitignore | wc -l)" -eq 299 ]
'
check 'many that changed are pushed in a pack more' '
	cp -a ../world/p ../world/remote .
	cd p
	here
	for file in data/4/*4; do
		echo changed >>"$file"
	done
	mldv add data/4/*4
	mldv push
	packs ../remote 4
	git commit -qam changed
	git clone -q . ../c
	cd ../c
	here
	mldv pull
	diff -r --exclude=.git ../p/data data
'
check 'a bucket gets few packs' '
	echo "{\"buckets\": {\"bucket\": {}}}" >fake.json
	fake_s3
	project p
	cd p
	items 60
	mldv remote add origin s3://bucket/prefix
	mldv add data/[0-9]/*[0-9] data/dir/[ab]
	git add -A
	git commit -qm items
	mldv push
	[ "$(grep "\"op\": \"PutObject\"" "$requests" | grep -c packs/)" -eq 2 ]
	git clone -q . ../c
	cd ../c
	mldv pull
	diff -r --exclude=.git ../p/data data
'

finish
