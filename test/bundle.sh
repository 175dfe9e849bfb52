#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Checks the archive that 'make bundle' makes: that it brings all it needs but
# glibc, with a licence for each, that it runs from anywhere, and that it runs
# in another distribution's root file system.
#
#   test/bundle.sh ARCHIVE
#
# ROOTS names the suites to try, of the archive that apt uses (as root, with
# debootstrap; a suite may also be the path of a root file system).
set -eu
archive=$1
: "${ROOTS=trixie}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
name=$(basename "$archive" .tar.zst)

say() {
	echo "bundle: $*"
}

fail() {
	say "$*" >&2
	exit 1
}

zstd -dcq "$archive" | tar -xf - -C "$scratch"
here=$scratch/$name
for file in bin/mldv LICENSE lib/glibc-needed contrib share/man/man1/mldv.1 \
	share/bash-completion/completions/mldv; do
	[ -e "$here/$file" ] || fail "$file is missing"
done
for library in "$here"/lib/*.so*; do
	stem=$(basename "$library" | sed 's/\.so.*//')
	[ -s "$here/share/licenses/$stem" ] || fail "there is no licence of $stem"
	case $stem in
	libc | libm | libpthread | ld-linux*) fail "it brings glibc's $stem" ;;
	esac
done

# Everything comes from the archive itself, or is glibc's.
# No symbol is newer than what the archive says that it needs.
needs=$(cat "$here/lib/glibc-needed")
for file in "$here/bin/mldv" "$here"/lib/*.so*; do
	newest=$(objdump -T "$file" | grep -o 'GLIBC_[0-9.]*' | sed 's/.*_//' |
		{ cat && echo "$needs"; } | sort -V | tail -n 1)
	[ "$newest" = "$needs" ] ||
		fail "${file##*/} needs glibc $newest, not $needs"
	ldd "$file" >"$scratch/ldd"
	! grep 'not found' "$scratch/ldd" || fail "${file##*/} lacks a library"
	sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' "$scratch/ldd" |
		grep -v -e "^$here/lib/" -e "^$here/bin/../lib/" |
		grep -Ev '/lib(c|m|dl|rt|pthread|resolv|util|anl)\.so\.[0-9]+$' &&
		fail "${file##*/} loads what is not in the archive"
done

# All of it once, by the program at $1 in an empty directory $2.
cat >"$scratch/try" <<'END'
set -eu
export HOME="$2" GIT_CONFIG_NOSYSTEM=1
mldv=$1
cd "$2"
"$mldv" version
mkdir -p p/.git/objects p/.git/refs/heads
cd p
printf 'ref: refs/heads/main\n' >.git/HEAD
printf '[core]\n\trepositoryformatversion = 0\n\tbare = false\n' >.git/config
"$mldv" init
mkdir d
i=0
while [ $i -lt 50 ]; do
	echo "$i" >d/$i
	i=$((i + 1))
done
head -c 6000000 /dev/zero >d/big
"$mldv" add d
"$mldv" remote add origin "$2/r"
"$mldv" push
cp -R d copy
rm -rf d .git/mldv/store
"$mldv" pull
diff -r copy d
"$mldv" fsck
# What is loaded when it is needed comes from the archive, too.
"$mldv" doctor >said
grep '^ok  *libcurl: libcurl/' said
grep '^ok  *libarchive: libarchive ' said
LD_DEBUG=libs LD_DEBUG_OUTPUT="$2/loads" "$mldv" doctor >said
for name in curl archive; do
	grep "calling init: ${mldv%/bin/mldv}/.*/lib$name\.so" "$2"/loads.* || {
		grep "lib$name" "$2"/loads.*
		echo "lib$name is not that of the archive"
		exit 1
	}
done
END
mkdir "$scratch/here"
sh "$scratch/try" "$here/bin/mldv" "$scratch/here" >"$scratch/said" 2>&1 || {
	cat "$scratch/said"
	fail 'it does not run here'
}
say "runs here; needs glibc $(cat "$here/lib/glibc-needed")"

for root in $ROOTS; do
	if [ ! -d "$root" ]; then
		if [ "$(id -u)" -ne 0 ] || ! command -v debootstrap >/dev/null; then
			say "not tried in $root: that takes root and debootstrap"
			continue
		fi
		debootstrap --variant=minbase "$root" "$scratch/$root" \
			>"$scratch/log" 2>&1 || {
			tail -n 3 "$scratch/log"
			fail "cannot make a root file system of $root"
		}
		root=$scratch/$root
	fi
	mkdir "$root/bundle-check"
	cp -R "$here" "$root/bundle-check/mldv"
	cp "$scratch/try" "$root/bundle-check/try"
	mkdir "$root/bundle-check/work"
	got=0
	# ld.so looks into /proc for where the program is.
	# shellcheck disable=SC2016 # the inner shell expands it
	unshare --mount sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" \
		sh /bundle-check/try /bundle-check/mldv/bin/mldv \
		/bundle-check/work' sh "$root" >"$scratch/said" 2>&1 || got=$?
	rm -rf "$root/bundle-check"
	[ "$got" -eq 0 ] || {
		cat "$scratch/said"
		fail "it does not run in $root"
	}
	say "runs in $(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' "$root/etc/os-release")"
done
say 'ok'
