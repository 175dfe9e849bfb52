# SPDX-License-Identifier: Apache-2.0
#
# Real containers, by Debian's podman, for tests; sourced before anything else
# is done, because the test may have to start again: with cgroups of its own,
# where this machine has what crun refuses. Images are made here of Debian's
# busybox, so that no registry is needed.
# shellcheck shell=sh disable=SC2154 # lib.sh sets these

if [ "$(id -u)" -eq 0 ] && [ -z "${OWN_MOUNTS:-}" ] &&
	[ "$(stat -f -c %T /sys/fs/cgroup 2>/dev/null)" != cgroup2fs ] &&
	unshare -m true 2>/dev/null; then
	OWN_MOUNTS=1 exec unshare -m sh -c '
		umount -R /sys/fs/cgroup 2>/dev/null
		mkdir -p /sys/fs/cgroup 2>/dev/null
		mount -t cgroup2 none /sys/fs/cgroup 2>/dev/null
		exec sh "$0" "$@"' "$0" "$@"
fi

# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# make_image NAME [COMMAND]: busybox, and what COMMAND puts below "$image".
make_image() {
	image=$scratch/image
	rm -rf "$image"
	mkdir -p "$image/bin" "$image/tmp" "$image/etc"
	cp "$(command -v busybox)" "$image/bin/busybox"
	for applet in sh cat ls sleep echo cp mkdir id touch env rm wc tr test \
		kill sort head true; do
		ln -s busybox "$image/bin/$applet"
	done
	eval "${2:-:}"
	tar -C "$image" -c . | podman import -q - "$1" >/dev/null
}

# need_podman 'what is tried': a podman with storage of its own that runs a
# container; else the test ends, and says why it could not try.
need_podman() {
	mkdir "$scratch/podman"
	cat >"$scratch/podman/storage.conf" <<-END
		[storage]
		driver = "vfs"
		graphroot = "$scratch/podman/graph"
		runroot = "$scratch/podman/run"
	END
	cat >"$scratch/podman/containers.conf" <<-'END'
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		cgroups = "disabled"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
	END
	export CONTAINERS_STORAGE_CONF="$scratch/podman/storage.conf"
	export CONTAINERS_CONF="$scratch/podman/containers.conf"
	unset MLDV_CONTAINER_ENGINE DOCKER_HOST CONTAINER_HOST
	if ! command -v podman >/dev/null; then
		skip "$1" 'podman is not installed'
		finish
	fi
	if ! make_image tiny:1 >"$scratch/podman.out" 2>&1 ||
		! podman run --rm --network=none tiny:1 true \
			>>"$scratch/podman.out" 2>&1; then
		skip "$1" "podman runs no containers: $(tail -n 1 "$scratch/podman.out")"
		finish
	fi
}

# no_containers: there is none, running or not.
no_containers() {
	[ -z "$(podman ps -a -q)" ] || {
		podman ps -a
		return 1
	}
}
