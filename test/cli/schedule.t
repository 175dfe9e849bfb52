#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2016,SC2154 # the code of a case is expanded in it

# Stages at the same time: which of them, and what becomes of them. Nothing
# here depends on how long something takes: stages meet each other, or find
# that they are alone.
meet=$scratch/meet trace=$scratch/trace
export meet trace

# stages: a project, with stages from standard input.
stages() {
	rm -rf "$meet" "$trace" .git .gitattributes .gitignore ./*
	mkdir "$meet"
	: >"$trace"
	project .
	cat >>mldv.ini
}

# For stages. met NAME...: waits until all of them have come.
# alone NAME: fails if another one is at it.
cat >"$scratch/met" <<'END'
#!/bin/sh
: >"$meet/$1"
for name; do
	n=0
	while [ ! -e "$meet/$name" ]; do
		sleep 0.02
		n=$((n + 1))
		[ "$n" -lt 3000 ] || exit 9
	done
done
END
cat >"$scratch/alone" <<'END'
#!/bin/sh
mkdir "$meet/room" || exit 9
echo "$1" >>"$trace"
sleep 0.05
rmdir "$meet/room"
END
chmod +x "$scratch/met" "$scratch/alone"
PATH=$PATH:$scratch

# until CONDITION: waits for it, for a minute at most.
until_true() {
	n=0
	until eval "$1"; do
		sleep 0.02
		n=$((n + 1))
		[ "$n" -lt 3000 ] || { echo "not within a minute: $1"; return 1; }
	done
}

# several SETTING: four stages that find out whether they are alone.
several() {
	for i in 1 2 3 4; do
		printf '[stage s%s]\ncmd = alone s%s\n%s\n' "$i" "$i" "$1"
	done
}

# all_alone COMMAND...: all four ran.
all_alone() {
	"$@" || return 1
	[ "$(sort "$trace" | tr '\n' ' ')" = 's1 s2 s3 s4 ' ]
}

check 'stages that do not depend on each other run at the same time' '
	stages <<-END
		[stage a]
		cmd = met a b c; echo 1 >a.out
		outs = a.out
		[stage b]
		cmd = met b a c; echo 1 >b.out
		outs = b.out
		[stage c]
		cmd = met c a b; echo 1 >c.out
		outs = c.out
		[stage d]
		cmd = cat a.out b.out c.out >d.out
		deps = a.out, b.out, c.out
		outs = d.out
	END
	mldv repro -j 3
	[ "$(wc -l <d.out)" -eq 3 ]
	mldv repro -n
	mldv fsck
'

check 'no more than -j run at once, and with -j 1 in the order of the file' '
	several "" | stages
	all_alone mldv repro -j 1
	sort -c "$trace"
	gives 2 mldv repro -j 0
	gives 2 mldv repro -j x
'

check 'a stage that uses more processors leaves none to others' '
	several "cpus = 3" | stages
	all_alone mldv repro -j 5
'

check 'one that wants more than there are runs alone, and that is said' '
	several "cpus = 9" | stages
	all_alone mldv repro -j 2 2>log
	has "s1.*wants 9 processors of 2" log
'

check 'a pool has so many slots' '
	{ several "pool = one"; printf "[pool one]\nslots = 1\n"; } | stages
	all_alone mldv repro -j 4
'

check 'a pool says which slot a stage has' '
	stages <<-END
		[pool two]
		slots = 2
		assign = SLOT
		[stage a]
		cmd = met a b; echo \$SLOT >>\$trace
		pool = two
		[stage b]
		cmd = met b a; echo \$SLOT >>\$trace
		pool = two
	END
	mldv repro -j 2
	[ "$(sort "$trace" | tr "\n" " ")" = "0 1 " ]
	: >"$trace"
	rm "$meet"/*
	SLOT=x,y mldv repro -f -j 2
	[ "$(sort "$trace" | tr "\n" " ")" = "x y " ]
'

check 'a mutex keeps stages apart' '
	several "mutex = database" | stages
	all_alone mldv repro -j 4
'

check 'each stage sees the GPUs that it has, and no others' '
	stages <<-END
		[stage a]
		cmd = met a b; echo \$CUDA_VISIBLE_DEVICES >>\$trace
		gpus = 1
		[stage b]
		cmd = met b a; echo \$CUDA_VISIBLE_DEVICES >>\$trace
		gpus = 2
	END
	CUDA_VISIBLE_DEVICES=7,3,5 mldv repro -j 4
	[ "$(tr -d "\n," <"$trace" | wc -c)" -eq 3 ]
	for i in 3 5 7; do has "$i" "$trace"; done
	{ several "gpus = 2"; } | (mkdir more; cd more; stages
		CUDA_VISIBLE_DEVICES=7,3,5 all_alone mldv repro -j 4)
'

check 'what the most work waits for is begun first' '
	stages <<-END
		[stage short]
		cmd = alone short
		[stage first]
		cmd = alone first; echo 1 >first.out
		outs = first.out
		[stage second]
		cmd = alone second
		deps = first.out
	END
	mldv repro -j 1
	[ "$(tr "\n" " " <"$trace")" = "first short second " ]
'

check 'one that takes too long is stopped, and its old output is back' '
	stages <<-END
		[stage a]
		cmd = echo old >a.out
		outs = a.out
	END
	mldv repro
	sed -i "s/echo old/sleep 1000; echo new/; s/^outs/timeout = 1s\nouts/" mldv.ini
	fails 1 mldv -q repro
	has "stage .a. ran longer than 1s" stderr
	[ "$(cat a.out)" = old ]
'

check 'one that fails is run again as often as it says' '
	stages <<-END
		[stage a]
		cmd = echo a >>\$trace; [ "\$(wc -l <\$trace)" -ge 3 ]; echo 1 >a.out
		outs = a.out
		retries = 2
	END
	mldv repro 2>log
	has "trying again (2 of 2)" log
	[ "$(cat a.out)" = 1 ]
	mldv repro -n
	sed -i "s/retries = 2//; s/-ge 3/-ge 9/" mldv.ini
	: >"$trace"
	gives 1 mldv repro --retries 4
	[ "$(wc -l <"$trace")" -eq 5 ]
'

# broken: a fails, b stands below it, c and d do not.
broken() {
	stages <<-'END'
		[stage a]
		cmd = echo a >>$trace; exit 1
		outs = a.out
		[stage b]
		cmd = cat a.out >b.out
		deps = a.out
		outs = b.out
		[stage c]
		cmd = echo c >>$trace; exit 1
		[stage d]
		cmd = echo d >>$trace
	END
}

check 'a failure ends it, or with -k only what depends on it' '
	broken
	gives 1 mldv repro -j 1 >log
	has "stage .a. failed with status 1" stderr
	has "did not run b" log
	[ "$(tr "\n" " " <"$trace")" = "a " ]
	broken
	gives 1 mldv repro -j 1 -k >log
	has "stage .a. failed with status 1" stderr
	has "c failed: stage .c. failed with status 1" log
	has "did not run b" log
	[ "$(tr "\n" " " <"$trace")" = "a c d " ]
	broken
	gives 1 mldv repro -j 1 --max-failures 2
	[ "$(tr "\n" " " <"$trace")" = "a c " ]
'

check 'what runs when another stage fails is let run to its end' '
	stages <<-END
		[stage bad]
		cmd = met bad good; exit 1
		[stage good]
		cmd = met good bad; sleep 0.2; echo 1 >good.out
		outs = good.out
	END
	gives 1 mldv repro -j 2
	[ "$(cat good.out)" = 1 ]
	mldv repro -n good
'

# Starts a process that leaves its group and its parent, and says which.
cat >"$scratch/leave" <<'END'
#!/usr/bin/env python3
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(sys.argv[1] + ".new", "w") as f:
            f.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        os.execvp("sleep", ["sleep", "1000"])
    os._exit(0)
os.wait()
END
chmod +x "$scratch/leave"

# gone NAME: that process has ended.
gone() {
	if kill -0 "$(cat "$meet/$1.pid")" 2>/dev/null; then
		echo "$1 lives"
		return 1
	fi
}

check 'an interruption reaches what left the group, of all stages' '
	stages <<-END
		[stage a]
		cmd = leave \$meet/a.pid; exec sleep 1000
		outs = a.out
		[stage b]
		cmd = leave \$meet/b.pid; exec sleep 1000
		outs = b.out
	END
	mldv repro -j 2 2>log &
	repro=$!
	until_true "[ -e \$meet/a.pid ] && [ -e \$meet/b.pid ]"
	kill -TERM "$repro"
	got=0
	wait "$repro" || got=$?
	cat log
	[ "$got" -eq 143 ]
	gone a
	gone b
'

check 'a second interruption kills what does not end at the first' '
	stages <<-END
		[stage a]
		cmd = trap ": >\$meet/int" INT; trap ": >\$meet/term" TERM; echo half >a.out; leave \$meet/a.pid; sh -c "trap : INT TERM; echo \\\$\\\$ >\$meet/deep.pid; while :; do sleep 1; done" & : >\$meet/began; while :; do sleep 1; done
		outs = a.out
	END
	env --default-signal=INT mldv repro 2>log &
	repro=$!
	until_true "[ -e \$meet/a.pid ] && [ -s \$meet/deep.pid ]"
	until_true "[ -e \$meet/began ]"
	kill -INT "$repro" && until_true "[ -e \$meet/int ]"
	kill -0 "$repro"
	kill -INT "$repro"
	got=0
	wait "$repro" || got=$?
	cat log
	[ "$got" -eq 130 ]
	[ ! -e "$meet/term" ]
	gone a
	gone deep
	[ ! -e a.out ]
	[ "$(cat .git/mldv/failed/a/*/outputs/a.out)" = half ]
'

check 'what is printed stands together, and comes whole' '
	stages <<-END
		[stage a]
		cmd = echo a1; met a b; echo a2; met a a2 b2; echo a3
		[stage b]
		cmd = echo b1; met b a; echo b2; : >\$meet/b2; : >\$meet/a2; echo b3
	END
	mldv repro -j 2 >log
	grep -c "^[ab][123]$" log >n
	[ "$(cat n)" -eq 6 ]
	grep "^[ab][123]$" log | tr -d "\n" >order
	has "a1a2a3" order
	has "b1b2b3" order
	rm -rf "$meet" && mkdir "$meet"
	mldv repro -j 2 -f --live >log
	has "^a | a1$" log
	has "^b | b3$" log
'

check 'two at once: the second waits, and finds what the first has made' '
	stages <<-END
		[stage a]
		cmd = echo a >>\$trace; met a go; echo 1 >a.out
		outs = a.out
	END
	mldv repro >one 2>&1 &
	one=$!
	until_true "[ -e \$meet/a ]"
	mldv repro >two 2>&1 &
	two=$!
	until_true "grep -q \"waiting for\" two"
	has "stage .a.: waiting for mldv repro (pid" two
	gives 6 mldv repro --no-wait
	: >"$meet/go"
	wait "$one" && wait "$two" || { cat one two; exit 1; }
	[ "$(cat "$trace")" = a ]
	mldv repro -n
	mldv fsck
'

check 'two at once: different stages run at the same time' '
	stages <<-END
		[stage a]
		cmd = met a b; echo 1 >a.out
		outs = a.out
		[stage b]
		cmd = met b a; echo 1 >b.out
		outs = b.out
	END
	mldv repro a &
	one=$!
	mldv repro b
	wait "$one"
	mldv repro -n
	git diff --quiet -- mldv.lock
'

# chain: a, b, c, one below the other.
chain() {
	stages <<-'END'
		[params]
		n = 1
		[stage a]
		cmd = echo a >>$trace; echo ${params.n} >a.out
		params = n
		outs = a.out
		[stage b]
		cmd = echo b >>$trace; cat a.out >b.out
		deps = a.out
		outs = b.out
		[stage c]
		cmd = echo c >>$trace; cat b.out >c.out
		deps = b.out
		outs = c.out
	END
	mldv repro >/dev/null
	: >"$trace"
	sed -i "s/^n = 1/n = 2/" mldv.ini
}

# ran NAME...: just these, since the last time.
ran() {
	got=$(tr '\n' ' ' <"$trace")
	: >"$trace"
	[ "$got" = "${*:+$* }" ] || { echo "ran '$got', not '$*'"; return 1; }
}

check 'just the targets, or what is below them' '
	chain
	mldv repro -s b
	ran
	mldv repro -s a
	ran a
	mldv repro -s c
	ran
	mldv repro --downstream b
	ran b c
	mldv repro -n
	sed -i "s/^n = 2/n = 3/" mldv.ini
	mldv repro --downstream a
	ran a b c
'

check 'an earlier result is not looked for if that is not wanted' '
	chain
	mldv repro
	ran a b c
	sed -i "s/^n = 2/n = 1/" mldv.ini
	mldv repro --no-run-cache a
	ran a
	mldv repro
	ran
'

check 'a stage has a TMPDIR of its own, and nothing stays of it' '
	stages <<-END
		[stage a]
		cmd = echo "\$TMPDIR" >>\$trace; [ ! -e "\$TMPDIR/x" ]; : >"\$TMPDIR/x"
		always = yes
	END
	mldv repro
	[ ! -e "$(cat "$trace")" ]
	[ "$(cat "$trace")" != "${TMPDIR:-/tmp}" ]
'

finish
