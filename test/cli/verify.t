#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Is a commit whole? Asked in clones that have no data.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# p, a project with an item and two stages; r, its remote; all pushed.
start() {
	mkdir r
	project p
	cd p || return
	mldv remote add origin "$PWD/../r"
	mkdir -p data/raw src
	for i in 1 2 3; do echo "$i" >"data/raw/$i"; done
	echo "cat" >src/how
	printf "#!/bin/sh\ncat data/clean/*\n" >train.sh
	chmod +x train.sh
	ln -s how src/link
	mldv add data/raw
	cat >>mldv.ini <<-"END"

		[params]
		lr = 0.1

		[stage clean]
		cmd = mkdir -p data/clean; for f in data/raw/*; do $(cat src/how) $f >data/clean/$(basename $f); done
		deps = data/raw, src
		outs = data/clean

		[stage train]
		cmd =
		  ./train.sh >model; echo ${params.lr} >report
		deps = data/clean/2, train.sh, data/clean
		outs =
		  model
		  report  git=yes
		params = lr
	END
	mldv repro
	git add -A
	git commit -qm first
	mldv push
}

# In a fresh clone, which has no data.
verify() {
	rm -rf ../v
	git clone -q . ../v
	(cd ../v && mldv verify "$@")
}

# All that is wrong is one line, which matches.
finds() {
	gives 3 verify >out
	[ "$(wc -l <out)" = 1 ] || { cat out; return 1; }
	has "$1" out
	has "^mldv: commit .* is not whole: 1 finding$" stderr
}

check 'what was run, committed and pushed is whole' '
	start
	verify >out
	has "^commit [0-9a-f]* is whole: 2 stages, 3 items$" out
	[ ! -e ../v/.git/mldv/store/packs ]
	verify --packs
	mldv verify
'

check 'code that was committed without repro is named, with its stage' '
	start
	echo "# changed" >>train.sh
	git commit -qam second
	finds "^train.sh: stage train: dep .train.sh. is not what was read"
	verify --rev HEAD~1
'

check 'so is a file in a directory that is a dep, and its mode' '
	start
	echo new >src/new; git add src/new; git commit -qm new
	finds "^src: stage clean: "
	git rm -q src/new; git commit -qm gone
	verify
	chmod -x train.sh; git commit -qam mode
	finds "^train.sh: stage train: "
'

check 'and a parameter, a command, another shell' '
	start
	sed -i "s/^lr = .*/lr = 0.5/" mldv.ini; git commit -qam lr
	finds "^mldv.ini:[0-9]*: stage train: param lr 0.1 -> 0.5 since it ran"
	git checkout -q HEAD~1 mldv.ini
	sed -i "s/^  .\/train.sh/  .\/train.sh -v/" mldv.ini; git commit -qam cmd
	finds "^mldv.ini:[0-9]*: stage train: cmd changed"
'

check 'an output that was swapped for another that the remote has' '
	start
	cp mldv.lock ../old
	sed -i "s/^lr = .*/lr = 0.5/" mldv.ini
	echo "# more" >>train.sh
	echo "echo more" >>train.sh
	mldv repro; git add -A; git commit -qm second; mldv push
	verify
	old=$(sed -n "s/^made f [0-9]* \([0-9a-f]*\) model$/\1/p" ../old)
	new=$(sed -n "s/^made f [0-9]* \([0-9a-f]*\) model$/\1/p" mldv.lock)
	size=$(sed -n "s/^made f \([0-9]*\) [0-9a-f]* model$/\1/p" ../old)
	[ "$old" != "$new" ]
	sed -i "s/^made f [0-9]* $new model/made f $size $old model/" mldv.lock
	git commit -qam swapped
	finds "^mldv.lock: stage train: output .model. is not what the run made"
'

check 'what a stage reads is what the other one made' '
	start
	cp mldv.lock ../first
	echo 4 >data/raw/4
	mldv add data/raw; mldv repro; git add -A; git commit -qm second
	mldv push
	verify
	# The lock of the first stage goes back, the one of the second stays.
	awk "/^stage train/ { exit } { print }" ../first >mldv.lock2
	sed -n "/^stage train/,\$p" mldv.lock >>mldv.lock2
	mv mldv.lock2 mldv.lock
	git commit -qam mixed
	gives 3 verify >out
	has "^data/raw: stage clean: " out
	has "^data/clean: stage train: dep .data/clean. was read otherwise than stage .clean. made it" out
	hasnt "data/clean/2. was read" out
'

check 'a stage that was never run' '
	start
	printf "\n[stage more]\ncmd = cat model >more\ndeps = model\nouts = more\n" >>mldv.ini
	git commit -qam more
	finds "^mldv.ini:[0-9]*: stage more: it was not run"
'

check 'an output that Git keeps and somebody edited' '
	start
	echo 0.99 >report
	git commit -qam better
	finds "^report: stage train: output .report. in Git is not what was made"
'

check 'an item that was not pushed' '
	start
	mkdir other; echo 1 >other/1; mldv add other; git commit -qm other
	finds "^other.mldv: item other: it is not on the remote"
	mldv push
	verify
'

check 'a run whose record was not pushed' '
	start
	rm -r ../r/runs
	gives 3 verify >out
	has "^mldv.lock: stage clean: the remote has no record" out
	rm -r .git/mldv/state
	mldv push
	verify
'

check 'a pack that is gone, or cut, is seen with --packs' '
	start
	pack=$(find ../r/packs -type f | head -n 1)
	chmod u+w "$pack"
	: >"$pack"
	verify
	gives 3 verify --packs >out
	has "is not on the remote, or not as long" out
	rm "$pack"
	gives 3 verify --packs
'

check 'a remote that cannot be reached is no answer' '
	start
	mv ../r ../s
	fails 1 verify
	mkdir ../r
	fails 1 verify
'

check 'no content of a file is read' '
	start
	rm -rf ../v
	git clone -q . ../v; cd ../v
	# Which packs hold only lists of files, the manifests tell.
	cat ../r/manifests/*/*/* | sed -n "s/^pack \([0-9a-f]*\) .*/\1/p" |
		sort -u >../files
	[ -s ../files ]
	for pack in $(cat ../files); do rm ../r/packs/*/"$pack".tar.zst; done
	# At once: lists that were read are kept in .git/mldv/state.
	strace -f -qq -e trace=openat -o ../trace "$MLDV" verify
	grep -c "/r/packs/" ../trace >opened || :
	[ "$(cat opened)" -ge 1 ]
	for pack in $(cat ../files); do hasnt "$pack" ../trace; done
'

check 'a frozen stage is what its lock says' '
	start
	sed -i "s/^\[stage clean\]/&\nfrozen = yes/" mldv.ini
	echo "tac" >src/how
	git commit -qam frozen
	verify
'

check 'a commit without stages, or without anything' '
	project p; cd p
	git commit -qm empty
	mldv verify
	mldv remote add origin "$PWD/../r"; mkdir ../r
	: >empty; mldv add empty; git commit -qam one
	mldv push
	mldv verify
	fails 1 mldv verify --rev nothing
'

check 'the same as JSON, for GitHub, and as JUnit' '
	start
	verify --format json >out
	[ "$(cat out)" = "[]" ]
	verify --format github >out
	same /dev/null out
	verify --format junit >out
	has "tests=\"5\" failures=\"0\"" out
	echo "# changed" >>train.sh
	git commit -qam second
	gives 3 verify --format json >out
	python3 -c "import json
one, = json.load(open(\"out\"))
assert (one[\"stage\"], one[\"file\"]) == (\"train\", \"train.sh\"), one"
	gives 3 verify --format github >out
	has "^::error file=train.sh,title=mldv verify::stage train: dep" out
	sed -i "s/^lr = .*/lr = 7/" mldv.ini; git commit -qam lr
	gives 3 verify --format junit >out
	python3 -c "import sys, xml.dom.minidom as m
d = m.parse(\"out\").documentElement
assert d.getAttribute(\"failures\") == \"1\", d.toxml()
f, = d.getElementsByTagName(\"failure\")
assert f.parentNode.getAttribute(\"name\") == \"train\"
"
	fails 2 verify --format xml
'

finish
