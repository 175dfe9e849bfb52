#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

start() {
	project p
	cd p
	mldv remote add origin "$PWD/../remote"
	mkdir d
	for i in $(seq 1 50); do echo "file $i" >"d/$i"; done
	mldv add d
	git commit -qm d
}

check 'what is pushed can be pulled in a clone, and is the same' '
	start
	head -c 6000000 /dev/urandom >d/big
	ln -s 1 d/link; chmod +x d/2; mkdir d/empty; mldv add d
	git commit -qam big
	mldv push >out
	has "^sent 1 item" out
	cd ..; git clone -q p q; cd q
	mldv pull >out
	has "^fetched 1 item" out
	same ../p/d d
	[ -x d/2 ]
	mldv status --exit-code
'

check 'a second push has nothing to do' '
	start
	mldv push
	find ../remote | sort >before
	mldv push >out
	echo "everything is up to date" >expected
	same expected out
	find ../remote | sort >after
	same before after
'

check 'a second pull has nothing to do' '
	start
	mldv push
	cd ..; git clone -q p q; cd q
	mldv pull
	mldv pull >out
	echo "everything is up to date" >expected
	same expected out
'

check 'a small change makes a small push' '
	start
	for i in $(seq 1 20); do head -c 100000 /dev/urandom >d/r$i; done
	mldv add d; git commit -qam r; mldv push
	before=$(du -sb ../remote | cut -f1)
	echo new >d/new; mldv add d; git commit -qam new
	mldv push
	after=$(du -sb ../remote | cut -f1)
	[ $((after - before)) -lt 100000 ]
	cd ..; git clone -q p q; cd q; mldv pull
	same ../p/d d
'

check 'an item that is pushed alone builds on what the others sent' '
	start
	# The store has both in one pack, which may not go whole with e.
	head -c 3000000 /dev/urandom >d/r; head -c 9000 /dev/urandom >d/s
	mldv add d; git commit -qm r
	mldv push d
	mkdir e; cp d/r e/r; echo new >e/new; mldv add e
	git add .; git commit -qm e
	before=$(du -sb ../remote | cut -f1)
	mldv push e
	after=$(du -sb ../remote | cut -f1)
	[ $((after - before)) -lt 1000000 ]
	cd ..; git clone -q p q; cd q; mldv pull e
	same ../p/e e
'

# Where it is this kernel that stamps files: others must see a byte written.
case $(stat -f -c %T .) in
ext2/ext3 | xfs | btrfs | tmpfs) stamped=yes ;;
*) stamped= ;;
esac
if [ "$stamped" ] && strace -o /dev/null true 2>/dev/null; then
	check 'a push that has nothing to do writes nothing to the remote' '
		start
		mldv push
		strace -f -o ../trace -e trace=file,fsync,fdatasync mldv push
		has remote/manifests/ ../trace
		hasnt "sync(" ../trace
		grep "/remote/*\"" ../trace >roots || true
		hasnt "O_CREAT|rename|unlink|link" roots
	'
else
	skip 'a push that has nothing to do writes nothing to the remote' \
		'strace cannot trace here, or the file system is unknown'
fi

check 'what is added by mistake and removed before the push never leaves' '
	start
	echo canary-7c1f >d/secret; mldv add d
	rm d/secret; mldv add d
	mldv push
	for pack in $(find ../remote -name "*.zst"); do
		zstd -dcq "$pack" >>all
	done
	grep -q "file 50" all
	hasnt canary-7c1f all
'

check 'paths narrow a push, fetch and pull down' '
	start
	echo x >x; mldv add x; git commit -qm x
	mldv push d >out
	has "^sent 1 item" out
	cd ..; git clone -q p q; cd q
	gives 5 mldv pull >out
	has "x" stderr
	[ -d d ]
	[ ! -e x ]
	cd ../p; mldv push; cd ../q
	mldv fetch x
	[ ! -e x ]
	mldv pull x
	[ -f x ]
'

check 'an item that cannot be pushed does not keep back the others' '
	start
	echo x >x; mldv add x
	sed -i "s/^oid .*/oid sha256:$(echo z | sha256sum | cut -d" " -f1)/" x.mldv
	gives 5 mldv push
	has "x" stderr
	cd ..; git clone -q p q; cd q
	mldv pull d
	[ -f d/1 ]
'

check '--dry-run says what would be done, and does nothing' '
	start
	mldv push -n >out
	has "would have sent 1 item: [0-9]* files, " out
	has "^requests: [0-9]* to write, [0-9]* to ask$" out
	[ -z "$(find ../remote -name "*.zst" 2>/dev/null)" ]
	mldv status >out
	has "here only" out
	mldv push
	cd ..; git clone -q p q; cd q
	mldv pull -n >out
	has "would have fetched 1 item" out
	[ ! -e d ]
	[ -z "$(find .git/mldv/store -name "*.zst" 2>/dev/null)" ]
'

check 'without a remote it says how to have one' '
	project
	echo x >x; mldv add x
	fails 2 mldv push
	has "mldv remote add" stderr
	fails 2 mldv pull
	fails 2 mldv push -r nosuch
	has nosuch stderr
'

check 'a second remote is asked for by its name' '
	start
	mldv remote add backup "$PWD/../backup"
	mldv push -r backup
	[ -d ../backup/packs ]
	[ ! -d ../remote/packs ]
	cd ..; git clone -q p q; cd q
	fails 2 mldv pull -r backup
	cd ../p; git commit -qam backup; cd ../q; git pull -q
	mldv pull -r backup
	same ../p/d d
'

check 'a pull does not overwrite what is not in the store' '
	start
	mldv push
	cd ..; git clone -q p q; cd q
	mkdir d; echo precious >d/1
	fails 1 mldv pull
	[ "$(cat d/1)" = precious ]
	mldv pull -f
	same ../p/d d
'

check 'a revision'\''s items are pushed and fetched, whatever is here now' '
	start
	echo new >d/new; mldv add d; git commit -qam new
	mldv push --revision HEAD~1
	mldv status >out
	has "here only" out
	mldv push
	cd ..; git clone -q p q; cd q
	mldv fetch
	gives 5 mldv diff HEAD~1 HEAD
	has "mldv fetch --revision HEAD~1" stderr
	mldv fetch --revision HEAD~1
	mldv diff HEAD~1 HEAD >out
	has "^added *d/new" out
'

check 'outputs that Git keeps are not sent' '
	start
	printf "[stage s]\ncmd = echo 1 >m.json; echo 2 >model\nouts =\n    m.json  git=yes\n    model\n" >>mldv.ini
	mldv repro
	git add -A; git commit -qm s
	mldv push
	oid=$(sha256sum m.json | cut -d" " -f1)
	[ -z "$(find ../remote/manifests -name "$oid*")" ]
	oid=$(sha256sum model | cut -d" " -f1)
	[ -n "$(find ../remote/manifests -name "$oid*")" ]
	cd ..; git clone -q p q; cd q
	mldv pull
	mldv status --exit-code
'

check 'a damaged pack on the remote is noticed, and nothing of it checked out' '
	start
	mldv push
	for pack in $(find ../remote -name "*.zst"); do
		chmod u+w "$pack"
		printf "\252\252\252\252" | dd of="$pack" bs=1 seek=30 conv=notrunc status=none
	done
	cd ..; git clone -q p q; cd q
	gives 4 mldv pull
	has "^mldv: " stderr
	if [ -e d ]; then exit 1; fi
	mldv fsck
'

check 'two clones push at once' '
	start
	mldv push; cd ..
	git clone -q p q
	(cd q && mldv pull)
	for c in p q; do
		(cd $c && for i in $(seq 1 20); do echo $c$i >d/$c$i; done &&
			mldv add d && mldv push) &
		eval "pid_$c=$!"
	done
	wait "$pid_p"; wait "$pid_q"
	for c in p q; do
		(cd $c && git commit -qam $c)
		git clone -q $c from-$c
		(cd from-$c && mldv pull && same ../$c/d d)
	done
'

finish
