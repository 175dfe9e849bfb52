#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Garbage collection of a remote: what it takes for an item or a pack to go,
# and how it comes back.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A server, a remote, and a clone of the project that is at work.
start() {
	git init -q --bare s.git
	project p
	cd p || return
	git remote add origin "$PWD/../s.git"
	mldv remote add origin "$PWD/../r"
}

# version TEXT: of item d, pushed.
version() {
	mkdir -p d
	echo "$1" >d/small
	seq 1 20000 | sed "s/^/$1 /" >d/more
	mldv add d
	git add -A
	git commit -qm "$1"
	mldv push
	git push -q origin main
}

# Takes the last commit off everything that refers to it.
take_back() {
	git reset -q --hard HEAD~1
	git push -qf origin main
	git -C ../s.git reflog expire --expire=now --all
	forget
}

forget() {
	git reflog expire --expire=now --all
	rm -f .git/ORIG_HEAD .git/FETCH_HEAD
}

# age WHAT SINCE: below the remote.
age() {
	find "../r/$1" -type f -exec touch -d "$2" {} +
}

manifests() {
	find ../r/manifests -type f | wc -l
}

packs() {
	find ../r/packs -type f | wc -l
}

# No manifest names a pack that is not there.
sound() {
	find ../r/manifests -type f | while read -r manifest; do
		sed -En "s/^(pack|trees) (..)([^ ]*) .*/\2 \2\3/p" "$manifest" |
			while read -r ab id; do
				[ -e "../r/packs/$ab/$id.tar.zst" ] ||
					{ echo "$manifest lacks $id"; echo bad >bad; }
			done
	done
	[ ! -e bad ]
}

check 'an item goes after 14 days, its packs a day later, in a third run' '
	start
	version one
	version two
	take_back
	before=$(packs)
	mldv gc -r origin --delete >out
	has "too young" out
	[ "$(manifests)" -eq 2 ]
	age manifests "13 days ago"
	mldv gc -r origin --delete
	[ "$(manifests)" -eq 2 ]
	age manifests "15 days ago"
	mldv gc -r origin >out
	has "^1 item" out
	has "^nothing was deleted" out
	[ "$(manifests)" -eq 2 ]
	[ ! -e ../r/gc ]
	mldv gc -r origin --delete
	[ "$(manifests)" -eq 1 ]
	[ "$(packs)" -eq "$before" ]
	sound
	age packs "20 days ago"
	mldv gc -r origin --delete >out
	has "^2 packs .*1 to 7 days" out
	[ "$(packs)" -eq "$before" ]
	age gc "23 hours ago"
	mldv gc -r origin --delete
	[ "$(packs)" -eq "$before" ]
	age gc "25 hours ago"
	mldv gc -r origin --delete >out
	has "^2 packs" out
	[ "$(packs)" -eq $((before - 2)) ]
	sound
	git clone -q ../s.git ../q; cd ../q; mldv pull
	[ "$(cat d/small)" = one ]
'

check 'what was condemned more than 7 days ago has to be condemned anew' '
	start
	version one
	version two
	take_back
	age . "30 days ago"
	mldv gc -r origin --delete
	before=$(packs)
	age gc "8 days ago"
	mldv gc -r origin --delete
	[ "$(packs)" -eq "$before" ]
	[ "$(find ../r/gc -type f | wc -l)" -eq 1 ]
	age gc "2 days ago"
	mldv gc -r origin --delete
	[ "$(packs)" -lt "$before" ]
	sound
'

check 'a pack that a push renewed meanwhile survives' '
	start
	version one
	version two
	take_back
	age . "30 days ago"
	mldv gc -r origin --delete
	before=$(packs)
	age gc "2 days ago"
	age packs now
	mldv gc -r origin --delete
	[ "$(packs)" -eq "$before" ]
'

check 'what the commits of the server need stays, on any branch or tag' '
	start
	version one
	version two
	git push -q origin main:refs/heads/other
	take_back
	age . "30 days ago"
	mldv gc -r origin --delete >out
	has "^nothing to delete" out
	git push -q origin :other
	git tag x
	git -C ../s.git tag x
	mldv gc -r origin --delete
	[ "$(manifests)" -eq 1 ]
'

check 'what only this clone needs stays' '
	start
	version one
	version two
	git push -qf origin HEAD~1:main
	age . "30 days ago"
	mldv gc -r origin --delete >out
	has "^nothing to delete" out
	git reset -q --hard HEAD~1
	mldv gc -r origin --delete >out
	has "^nothing to delete" out
	forget
	mldv gc -r origin --delete
	[ "$(manifests)" -eq 1 ]
'

check 'another project on the same remote loses nothing' '
	start
	version one
	version two
	take_back
	cd ..
	git init -q --bare s2.git
	project p2
	cd p2
	git remote add origin "$PWD/../s2.git"
	mldv remote add origin "$PWD/../r"
	version other
	cp -r d copy
	cd ../p
	age . "30 days ago"
	mldv gc -r origin --delete
	age . "30 days ago"
	age gc "2 days ago"
	mldv gc -r origin --delete
	sound
	cd ../p2
	rm -rf d .git/mldv/store
	mldv pull
	same copy d
'

check '--undo puts items back while their packs are there' '
	start
	version one
	version two
	take_back
	age . "30 days ago"
	mldv gc -r origin --delete
	[ "$(manifests)" -eq 1 ]
	mldv gc -r origin --undo >out
	has "^put back 1 item" out
	[ "$(manifests)" -eq 2 ]
	fails 3 mldv gc -r origin --undo
	age . "30 days ago"
	mldv gc -r origin --delete
	age gc "2 days ago"
	mldv gc -r origin --delete
	fails 5 mldv gc -r origin --undo
	has "packs that they need are gone" stderr
	[ "$(manifests)" -eq 1 ]
	sound
'

check 'a manifest that was deleted late keeps its packs for a day all the same' '
	start
	version one
	version two
	take_back
	age . "30 days ago"
	cp -a ../r/manifests ../saved
	mldv gc -r origin --delete
	# As if it had been killed before it deleted anything.
	rm -r ../r/manifests
	cp -a ../saved ../r/manifests
	age gc "2 days ago"
	before=$(packs)
	mldv gc -r origin --delete
	[ "$(manifests)" -eq 1 ]
	mldv gc -r origin --delete
	[ "$(packs)" -eq "$before" ]
	age gc "2 days ago"
	mldv gc -r origin --delete
	[ "$(packs)" -lt "$before" ]
	sound
'

check 'a clone or a server that lacks commits is refused' '
	start
	version one
	version two
	cd ..
	git clone -q --depth 1 "file://$PWD/s.git" shallow
	(cd shallow && fails 3 mldv gc -r origin && has "shallow" stderr)
	git clone -q --single-branch s.git single
	(cd single && fails 3 mldv gc -r origin && has "some of its branches" stderr)
	git -C s.git config uploadpack.allowFilter true
	git clone -q --filter=blob:none "file://$PWD/s.git" partial
	(cd partial && fails 3 mldv gc -r origin && has "partial clone" stderr)
	git clone -q s.git other
	git -C other remote set-url origin git@example.org:s.git
	(cd other && fails 3 mldv gc -r origin && has "not a directory" stderr)
	git -C other remote set-url origin https://example.org/s.git
	(cd other && fails 3 mldv gc -r origin)
	git -C other remote set-url origin /nonexistent/s.git
	(cd other && fails 1 mldv gc -r origin)
	git -C other remote remove origin
	(cd other && fails 3 mldv gc -r origin && has "no remote here" stderr)
	git clone -q s.git good
	(cd good && mldv gc -r origin)
'

check 'a damaged manifest, of whichever project, stops it' '
	start
	version one
	version two
	take_back
	age . "30 days ago"
	mkdir -p ../r/manifests/0123456789abcdef/ab
	manifest=$(find ../r/manifests -type f | head -n 1)
	sed "s/^size/sise/" "$manifest" \
		>"../r/manifests/0123456789abcdef/ab/${manifest##*/}"
	gives 4 mldv gc -r origin --delete
	has "cannot be told which packs" stderr
	[ "$(find ../r/manifests -type f | wc -l)" -eq 3 ]
'

check 'it waits for a push, and a push for it' '
	start
	version one
	python3 - <<-"END" &
	import fcntl, struct, time
	f = open("../r/format", "r+")
	fcntl.fcntl(f, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))
	open("held", "w").close()
	time.sleep(2)
	END
	while [ ! -e held ]; do sleep 0.05; done
	fails 6 mldv gc -r origin --delete --no-wait
	mldv gc -r origin >out
	mldv gc -r origin --delete
	wait
'

check '--json tells what goes and what stays' '
	start
	version one
	version two
	take_back
	age . "30 days ago"
	mldv gc -r origin --json >out
	python3 -c "
import json
found = json.load(open(\"out\"))
assert sorted(f[\"what\"] for f in found) == [\"later\", \"later\", \"manifest\"]
"
	fails 2 mldv gc --undo
	fails 2 mldv gc -r origin --undo --delete
'

check 'what a killed push left is shown, and deleted when it is a day old' '
	start
	version one
	echo junk >../r/packs/.mldv-tmp.0123456789abcdef
	echo junk >../r/.mldv-tmp.0123456789abcdef
	echo junk >../r/packs/mine
	touch -d "25 hours ago" ../r/packs/.mldv-tmp.* ../r/packs/mine
	find ../r -type f ! -name ".mldv-tmp.*" | sort >before
	mldv gc -r origin >out
	has "1 file *5 bytes *left by a push that was killed" out
	has "1 thing .*too young" out
	[ "$(find ../r -name ".mldv-tmp.*" | wc -l)" -eq 2 ]
	mldv gc -r origin --delete --json >out
	has "\"piece\"" out
	[ ! -e ../r/packs/.mldv-tmp.0123456789abcdef ]
	[ -e ../r/.mldv-tmp.0123456789abcdef ]
	find ../r -type f ! -name ".mldv-tmp.*" | sort >after
	same before after
'

finish
