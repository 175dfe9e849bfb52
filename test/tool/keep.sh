# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# What the scripts beside this one share that start a real server for the
# tests: below one directory and on loopback only, started by whoever needs it
# first, shared by all tests of a run, gone when the run is.
#
#   SERVER.sh run COMMAND...  runs it with $variable=DIR; ends with its status
#                             once all that was started for it has stopped
#   SERVER.sh up              starts it in $variable unless it runs there, and
#                             prints the file of settings to source
#   SERVER.sh have            is it installed?
#
# Who runs 'run' holds a lock on DIR/lease. A keeper, in a session of its own,
# waits for that lock, so the servers stop and the directory goes however the
# run ends, kill -9 included.
#
# Who sources this says before: server, its name; variable, that of the
# directory; daemons, in the order in which they are stopped; what_it_is, for
# messages. And after: have(), and serve(), which starts it all in $dir and
# writes $dir/settings, or fails. It ends with: keep_main "$@".

# shellcheck disable=SC2154 # server, variable, daemons, what_it_is: see above
me=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
dir=$(printenv "$variable") || dir=

fail() {
	echo "$server: $*" >&2
	exit 1
}

# Ports that nobody listens on, below those the kernel gives to clients.
free_ports() {
	python3 - "$1" <<-'END'
		import random, socket, sys
		found = []
		while len(found) < int(sys.argv[1]):
		    port = random.randrange(10000, 32000)
		    try:
		        with socket.socket() as s:
		            s.bind(('127.0.0.1', port))
		    except OSError:
		        continue
		    found.append(port)
		print(*found)
	END
}

# daemon NAME COMMAND...: in the background, its process id in run/NAME.pid.
daemon() {
	name=$1
	shift
	"$@" </dev/null >>"$dir/log/$name.out" 2>&1 &
	echo $! >"$dir/run/$name.pid"
}

# answers PORT NAME: waits until the daemon does, or has ended.
answers() {
	python3 - "$1" "$(cat "$dir/run/$2.pid")" <<-'END'
		import os, socket, sys, time
		for _ in range(900):
		    try:
		        socket.create_connection(('127.0.0.1', int(sys.argv[1]))).close()
		        sys.exit(0)
		    except OSError:
		        time.sleep(0.05)
		    if not os.path.exists('/proc/' + sys.argv[2]):
		        break
		sys.exit(1)
	END
}

alive() {
	[ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# Each has gone before the next one is asked to: as long as its block file is
# held by one, a second disk server would hang.
stop() {
	for name in $daemons; do
		pid=$(cat "$dir/run/$name.pid" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null || continue
		patience=100
		while alive "$pid" && [ $patience -gt 0 ]; do
			sleep 0.1
			patience=$((patience - 1))
		done
		kill -9 "$pid" 2>/dev/null || :
	done
}

# In the background, the parent of the servers: makes them run, says so by
# the file settings or failed, and stops them when the lease has ended.
keep() {
	trap 'stop; rm -rf "$dir"' EXIT
	trap 'exit 1' HUP INT TERM
	tries=1
	# A port may have been taken between looking and listening.
	until serve >>"$dir/keeper.out" 2>&1; do
		stop
		tries=$((tries + 1))
		if [ $tries -gt 3 ]; then
			: >"$dir/failed"
			break
		fi
	done
	exec 8<"$dir/lease"
	flock -x 8
}

up() {
	[ -d "$dir" ] || fail "no directory '$dir'; call it through '$server.sh run'"
	(
		flock -x 7
		[ -e "$dir/started" ] || {
			: >"$dir/started"
			# None of the descriptors of a test, or its harness waits.
			setsid "$me" keep 7<&- 9<&- </dev/null >/dev/null 2>&1 &
		}
	) 7<"$dir/lease.start"
	patience=1200
	until [ -e "$dir/settings" ]; do
		patience=$((patience - 1))
		if [ -e "$dir/failed" ] || [ $patience -eq 0 ]; then
			tail -n 20 "$dir/keeper.out" "$dir"/log/*.out >&2 || :
			fail "$what_it_is does not start"
		fi
		sleep 0.1
	done
	echo "$dir/settings"
}

run() {
	# On a real disk: it must allow direct access, which memory does not.
	dir=$(mktemp -d "${MLDV_SERVER_DIR:-/var/tmp}/mldv-$server.XXXXXX")
	: >"$dir/lease"
	: >"$dir/lease.start"
	exec 9<"$dir/lease"
	flock -s 9
	trap 'exit 130' INT
	trap 'exit 143' TERM
	trap 'finish_run' EXIT
	env "$variable=$dir" "$@" 9<&- || return
}

finish_run() {
	exec 9<&-
	[ -e "$dir/started" ] || {
		rm -rf "$dir"
		return
	}
	patience=300
	while [ -e "$dir" ] && [ $patience -gt 0 ]; do
		sleep 0.1
		patience=$((patience - 1))
	done
}

keep_main() {
	what=${1:-}
	[ $# -eq 0 ] || shift
	case $what in
	have) have ;;
	run) run "$@" ;;
	up) up ;;
	keep) keep ;;
	*) fail "usage: $server.sh run COMMAND... | up | have" ;;
	esac
}
