#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs, from Debian, what mldv is built, tested and linted with. Says what
# it does; where everything is there already it touches nothing, asks nothing
# and needs no network.
#
#   test/setup.sh [build|check|all]
set -eu

build='gcc libc6-dev make pkg-config libgit2-dev libcurl4-openssl-dev
	libssl-dev libzstd-dev libinih-dev libutf8proc-dev libjansson-dev
	libexpat1-dev libarchive-dev libyaml-dev git python3'
check='libcmocka-dev perl strace curl zstd tzdata e2fsprogs
	xfsprogs util-linux mount openssl procps mandoc python3-venv python3-yaml git-lfs
	radosgw ceph-mon ceph-osd ceph-common podman crun busybox-static
	slurmctld slurmd slurm-client munge'
lint='clang clang-format clang-tidy libclang-rt-14-dev llvm valgrind shellcheck
	zsh fish'

case ${1:-all} in
build) wanted=$build ;;
check) wanted="$build $check" ;;
all) wanted="$build $check $lint" ;;
*) echo "usage: $0 [build|check|all]" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
	echo "setup: not a Debian system; what is needed is, by Debian's names:"
	# shellcheck disable=SC2086 # to have it on one line
	echo $wanted
	exit 0
fi

missing=
for package in $wanted; do
	# shellcheck disable=SC2016 # dpkg-query's own variable
	states=$(dpkg-query -W -f '${db:Status-Status} ' "$package" 2>/dev/null) ||
		states=
	case " $states" in
	*' installed '*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

echo "setup: installing by apt-get:$missing"
if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif command -v sudo >/dev/null; then
	echo 'setup: through sudo, which may ask for your password'
	as_root=sudo
else
	echo "setup: neither root nor sudo; as root, run: apt-get install$missing" >&2
	exit 1
fi

apt() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
}

# shellcheck disable=SC2086 # a list of packages
add_missing() {
	apt install -y --no-install-recommends $missing
}

# A fresh container has no lists of packages; old ones name files that are gone.
for list in /var/lib/apt/lists/*_Packages* none; do
	[ ! -e "$list" ] || break
done
if [ "$list" = none ]; then
	apt update
	add_missing
else
	add_missing || { apt update && add_missing; }
fi
echo 'setup: done'
