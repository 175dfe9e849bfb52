#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016 # the code of a case is expanded in it

# Stages in other files than mldv.ini, and references to outputs of stages.

# split: two stages, of which one stands in stages/last.ini.
split() {
	project .
	mkdir -p stages
	cat >>mldv.ini <<-'END'
		[include]
		files = stages/last.ini
		[params]
		a = 1
		[stage first]
		cmd = echo ${params.a} >one; echo two >two
		outs =
		  two
		  one
	END
	cat >stages/last.ini <<-'END'
		[params]
		b = 2
		[stage last]
		cmd = cat ${stage.first.out.2} >${stage.last.out}; echo ${params.b} >>${stage.last.out}
		outs = last
	END
}

# refused PLACE TEXT: a usage error that begins with PLACE and says TEXT.
refused() {
	fails 2 mldv repro || return 1
	grep -q "^mldv: $1: .*$2" stderr || {
		cat stderr
		return 1
	}
}

check 'stages and parameters of an included file are the project'"'"'s' '
	split
	mldv repro
	printf "1\n2\n" >expected
	same expected last
	mldv repro -S b=3
	grep -q 3 last
	mldv repro
	mldv dag >out
	grep -q last out
	mldv remote add r "$PWD/../remote"
	git add -A; git commit -qm 1
	mldv push
	# From the commit, not from here.
	rm stages/last.ini
	mldv verify >out
	fails 2 mldv repro
	git checkout -q stages
	mldv repro -n
'

check 'what a command refers to is a dep' '
	split
	mldv repro
	sed -i "s/a = 1/a = 7/" mldv.ini
	mldv repro
	grep -q 7 last
	grep -q " one$" mldv.lock
	mldv dag --dot >out
	cat out
	grep -q "first.*->.*last" out
'

check 'an error names the file and the line in which it is' '
	split
	echo "nonsense = 1" >>stages/last.ini
	refused stages/last.ini:6 "unknown key .nonsense."
	sed -i "/nonsense/d; s/ >.*$/ >one/; s/^outs = last/outs = one/" stages/last.ini
	cd stages
	refused ../stages/last.ini:4 "dep .one. is also output .one. of its own stage (line 5 of ../stages/last.ini)"
	printf "[stage third]\ncmd = true\nouts = two\n" >last.ini
	refused ../stages/last.ini:3 "of stage .first. (line [0-9]*)"
'

check 'a section, a parameter or a file is there once' '
	split
	printf "[stage first]\ncmd = true\n" >>stages/last.ini
	refused stages/last.ini:6 "section .stage first. is there already, on line"
	sed -i "6,\$d; s/b = 2/a = 2/" stages/last.ini
	refused stages/last.ini:2 "parameter .a. is there already, on line"
	printf "[include]\nfiles = ../mldv.ini\n" >stages/last.ini
	refused stages/last.ini:2 "included already"
	printf "[include]\nfiles = last.ini\n" >stages/last.ini
	refused stages/last.ini:2 "included already"
'

check 'what a runner refuses is said of the file that it stands in' '
	split
	printf "[stage box]\nrun = container\ncmd = true\nouts = box\n" \
		>stages/last.ini
	refused stages/last.ini:1 "has no .image"
	printf "image = a:1\ncontainer.cpus = x\n" >>stages/last.ini
	refused "stage .box.: stages/last.ini:6" "cannot be .x."
	printf "[stage far]\nrun = batch\ncmd = true\nouts = far\n" \
		>stages/last.ini
	printf "container.cpus = 1\n" >>stages/last.ini
	refused "stage .far.: stages/last.ini:5" "is not for"
	mldv remote add r "$PWD/../remote"
	sed -i "s/container.cpus/batch.patience/" stages/last.ini
	refused "stage .far.: stages/last.ini:5" "cannot be .1."
	sed -i "s/batch.patience/batch.sbumit/" stages/last.ini
	refused "stage .far.: stages/last.ini:5" "there is no .batch.sbumit."
'

check 'an included file cannot have settings, nor lie elsewhere' '
	split
	printf "[remote x]\nurl = /nowhere\n" >stages/last.ini
	refused stages/last.ini:1 "cannot be in a file that is included"
	printf "[pipeline]\nname = x\n" >stages/last.ini
	refused stages/last.ini:1 "cannot be in a file that is included"
	printf "[include]\nfile = x.ini\n" >stages/last.ini
	refused stages/last.ini:2 "did you mean .files."
	printf "[include]\nfiles = ../../x.ini\n" >stages/last.ini
	refused stages/last.ini:2 "lies outside the repository"
	printf "[include]\nfiles = no.ini\n" >stages/last.ini
	refused stages/last.ini:2 ".stages/no.ini. is included, but does not exist"
'

check 'a circle through two files names both' '
	split
	cat >stages/last.ini <<-END
		[stage last]
		cmd = true
		deps = two
		outs = last
	END
	sed -i "s/^outs =$/deps = last\nouts =/" mldv.ini
	fails 2 mldv repro
	cat stderr
	grep -q "stages in a circle" stderr
	grep -q "(line [0-9]* of stages/last.ini)\|(line [0-9]* of mldv.ini)" stderr
'

check 'more than a hundred files are refused' '
	project .
	printf "[include]\nfiles =\n" >>mldv.ini
	i=0
	while [ $i -lt 101 ]; do
		: >"f$i.ini"
		echo "  f$i.ini" >>mldv.ini
		i=$((i + 1))
	done
	refused "mldv.ini:[0-9]*" "more than 100 files"
'

check 'a reference is relative to the working directory, and to the root in deps' '
	project .
	mkdir sub
	cat >>mldv.ini <<-"END"
		[stage b]
		cmd = cat ${stage.a.out} >../b
		cwd = sub
		deps = ${stage.a.out}
		outs = b
		[stage a]
		cmd = echo 1 >${stage.a.out}
		outs = data
	END
	mldv repro
	[ "$(cat b)" = 1 ]
'

check 'variants: its own by the bare name, another by its whole name' '
	project .
	cat >>mldv.ini <<-"END"
		[stage t]
		matrix.x = 0.1, 0.2
		cmd = echo ${matrix.x} >${stage.t.out}
		outs = t-${matrix.x}
		[stage u]
		cmd = cat ${stage.t@0.2.out} >u
		outs = u
	END
	mldv repro
	[ "$(cat u)" = 0.2 ]
	grep -q 0.1 t-0.1
	sed -i "s/t@0.2.out/t.out/" mldv.ini
	refused "mldv.ini:[0-9]*" "stage .t. has variants; write .*t@0.1.out"
'

check 'references that lead nowhere are refused' '
	project .
	cat >>mldv.ini <<-"END"
		[stage train]
		cmd = echo 1 >o; echo 2 >p
		outs = o, p
		[stage u]
		cmd = cat ${stage.train.out.1} >u
		outs = u
	END
	mldv repro
	cp mldv.ini good.ini
	try() {
		sed "s/\${stage.train.out.1}/$1/" good.ini >mldv.ini
		refused "mldv.ini:[0-9]*" "$2"
	}
	try "\${stage.trein.out}" "no stage .trein.; did you mean .train."
	try "\${stage.train.out}" "has 2 outputs; write .*train.out.1"
	try "\${stage.train.out.3}" "only 2 outputs"
	try "\${stage.train.out.0}" "unknown .*write .*NAME.out"
	try "\${stage.train}" "unknown .*write .*NAME.out"
	sed "s/^outs = u/outs = \${stage.train.out.1}.u/" good.ini >mldv.ini
	refused "mldv.ini:[0-9]*" "cannot be in env, cwd, notebook and outs"
	# A circle by references is one.
	sed "s/^cmd = echo 1 >o/cmd = cat \${stage.u.out} >o/" good.ini >mldv.ini
	fails 2 mldv repro
	grep -q "in a circle" stderr
'

finish
