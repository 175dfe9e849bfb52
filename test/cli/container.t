#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Stages in containers: run = container.

# shellcheck source=test/cli/containers.sh
. "$(dirname "$0")/containers.sh"
need_podman 'stages in containers'

# boxed: a project with data/in and a stage copy of it, in a container.
boxed() {
	project .
	mkdir data
	echo one >data/in
	mldv add -q data/in
	cat >>mldv.ini <<-'END'

		[stage copy]
		run = container
		image = tiny:1
		cmd = cat data/in >out/copy; echo "$VALUE" >>out/copy; id -u >>out/copy
		deps = data/in
		env = VALUE=two
		outs = out/copy
	END
}

check 'a command gets what it declares, and nothing else' '
	boxed
	echo secret >other
	cat >>mldv.ini <<-"END"

	[stage look]
	run = container
	image = tiny:1
	cmd =
	  ls -a .. >listing
	  if echo x >../data/in; then echo written >>listing; fi
	  if echo x >>../copied/out; then echo written >>listing; fi
	  pwd >>listing
	  env | sort >environment
	  cat "$MLDV_PARAMS" >params
	  echo kept >"$TMPDIR/file"
	  cat "$HOME/file" >>listing
	cwd = work
	deps = data/in, out/copy
	params = lr
	outs = work/listing, work/environment, work/params
	[params]
	lr = 0.5
	END
	mldv repro -q
	[ "$(cat out/copy)" = "one
two
$(id -u)" ]
	[ "$(cat data/in)" = one ]
	printf "%s\n" . .. data out work /mldv/project/work kept | cmp - work/listing
	printf "{\n  \"lr\": 0.5\n}\n" | same - work/params
	has "^MLDV_ROOT=/mldv/project$" work/environment
	has "^MLDV_STAGE=look$" work/environment
	hasnt "^HOME=$HOME\|CONTAINERS\|^GIT_" work/environment
	[ -O work/listing ]
	[ -w work/listing ]
	has "^image tiny:1=sha256:[0-9a-f]*$" mldv.lock
	no_containers
	mldv status >status
	mldv repro >again
	has "nothing\|up to date" again
'

check 'the lock says which image it is, until --force' '
	boxed
	make_image moving:1
	sed -i "s/^image = .*/image = moving:1/; s/one$/&/" mldv.ini
	mldv repro -q
	grep "^image" mldv.lock >before
	cp out/copy first
	git add -A
	git commit -qm first
	make_image moving:1 "echo 2 >\$image/etc/version"
	mldv repro >again
	grep "^image" mldv.lock | cmp - before
	echo two >data/in
	mldv add -q data/in
	mldv repro -q
	grep "^image" mldv.lock | cmp - before
	mldv repro -q --force
	grep "^image" mldv.lock >after
	gives 1 cmp -s before after
	[ "$(head -n 1 out/copy)" = two ]
'

check 'what is done needs no engine, and says so of what is not' '
	boxed
	mldv repro -q
	git add -A
	git commit -qm one
	export MLDV_CONTAINER_ENGINE=/nowhere/podman
	mldv repro >again
	mldv status
	mldv why copy >why
	mldv checkout
	gives 2 mldv repro --force
	has "cannot find ./nowhere/podman., which MLDV_CONTAINER_ENGINE says" stderr
	unset MLDV_CONTAINER_ENGINE
	mkdir bin
	ln -s "$(command -v git)" bin/git
	gives 2 env PATH="$PWD/bin" "$MLDV" repro --force
	has "neither podman nor docker is here" stderr
	sed -i "s/^run = container/&\ncontainer.engine = docker/" mldv.ini
	gives 2 env PATH="$PWD/bin" "$MLDV" repro --force
	has "cannot find .docker., which .container.engine. says" stderr
'

check 'what fails in a container fails the stage, and says how' '
	boxed
	broken() {
		sed -i "s/^cmd = .*/cmd = $1/" mldv.ini
		fails 1 mldv repro -q && has "$2" stderr && no_containers
	}
	broken "exit 7" "failed with status 7"
	broken nosuchprogram "failed with status 127: a program is not in image"
	broken "exit 137" "killed by signal 9, .* .container.memory."
	broken true "out/copy"
	sed -i "s/^image = .*/image = registry.invalid:1\/none:1/" mldv.ini
	fails 1 mldv repro -q
	has "cannot get image .registry.invalid:1/none:1.: .podman pull. says: " stderr
'

check 'a time-out and an interruption leave no container behind' '
	boxed
	mkdir out
	echo before >out/copy
	sed -i "s/^cmd = .*/cmd = echo begun; sleep 600/" mldv.ini
	sed -i "s/^env = .*/timeout = 1s/" mldv.ini
	fails 1 mldv repro
	has "ran longer than 1s" stderr
	no_containers
	[ "$(cat out/copy)" = before ]
	sed -i "/^timeout/d; s/^cmd = .*/cmd = trap \"exit 1\" INT; echo begun; while :; do sleep 0.1; done/" mldv.ini
	env --default-signal=INT mldv repro --live >log 2>&1 &
	pid=$!
	until_is has begun log
	kill -INT $pid
	! wait $pid || exit 1
	no_containers
	[ "$(cat out/copy)" = before ]
'

check 'a container ends when mldv was killed' '
	boxed
	sed -i "s/^cmd = .*/cmd = echo begun; sleep 600/" mldv.ini
	mldv repro --live >log 2>&1 &
	until_is has begun log
	kill -9 $!
	! wait $! || exit 1
	until_is no_containers
	sed -i "s/^cmd = .*/cmd = cp data\/in out\/copy/" mldv.ini
	mldv repro -q
	[ "$(cat out/copy)" = one ]
'

check 'images that an engine could take for options are refused' '
	project .
	printf "\n[stage a]\nrun = container\nimage = x\ncmd = true\nouts = o\n" >>mldv.ini
	for image in --privileged "-v /:/x" "a b" "a;b" "x:" "x@sha256:12" ; do
		sed -i "s|^image = .*|image = $image|" mldv.ini
		gives 2 mldv repro -q
		has "image" stderr
	done
	sed -i "s|^image = .*|image = tiny:1\ncontainer.network = --privileged|" mldv.ini
	gives 2 mldv repro -q
	has "container.network. cannot be" stderr
'

check 'paths and values reach a container as they are' '
	project .
	mkdir "a,b" "c:d"
	echo 1 >"a,b/x\"y"
	echo 2 >"c:d/in"
	mldv add -q "a,b" "c:d/in"
	cat >>mldv.ini <<-"END"

	[stage odd]
	run = container
	image = tiny:1
	cmd = cat a,b/* c:d/in >"out, put"; echo "$PASSED" >>"out, put"; if echo x >>c:d/in; then exit 9; fi
	deps =
	  a,b
	  c:d/in
	env.pass = PASSED
	outs =
	  out, put
	END
	PASSED="--privileged
two" mldv repro -q
	printf "1\n2\n--privileged\ntwo\n" | cmp - "out, put"
'

finish
