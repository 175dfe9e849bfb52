#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes mldv-VERSION-linux-ARCH.tar.zst: the program, the shared libraries
# that it needs but for glibc's own, manual pages, completion, contrib, and
# everybody's licences. It runs from wherever it is unpacked.
#
#   contrib/bundle.sh PROGRAM VERSION OUTPUT-DIRECTORY
#
# glibc works only forwards: the archive needs the glibc of the system that it
# is made on, or rather of the newest symbol that something in it uses, and
# that is said at the end. bundle-debian-11.sh makes one for 2.31 or later.
set -eu
program=$1 version=$2 out=$3
top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
name=mldv-$version-linux-$(uname -m)
work=$out/$name
# Loaded at run time, so that ldd does not name them.
names='libcurl.so.4 libarchive.so.13'

command -v patchelf >/dev/null || {
	echo 'bundle: patchelf is not installed' >&2
	exit 1
}
rm -rf "$work"
mkdir -p "$work/bin" "$work/lib" "$work/share/licenses"
make -s -C "$top" install DESTDIR="$work" PREFIX= \
	SHARE=/share BUILD="${BUILD:-release}" >/dev/null
cp "$program" "$work/bin/mldv"
cp "$top/LICENSE" "$top/README.md" "$work"
cp -r "$top/contrib" "$work/contrib"

# libraries FILE...: the paths of what they load, glibc's own left out.
libraries() {
	ldd "$@" | sed -n 's/.* => \(\/[^ ]*\) (.*/\1/p' | sort -u |
		grep -Ev '/(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|anl|nsl|nss_.*))\.so\.[0-9.]+$'
}

# What ld.so would load by these names.
loaded=
for name_of in $names; do
	found=$(ldconfig -p | sed -n "s|.*$name_of (.*x86-64.*) => ||p" | head -n 1)
	[ -n "$found" ] || found=$(ldconfig -p | sed -n "s|.*$name_of .* => ||p" | head -n 1)
	[ -n "$found" ] || {
		echo "bundle: $name_of is not installed" >&2
		exit 1
	}
	loaded="$loaded $found"
done
# shellcheck disable=SC2086 # two paths
for library in $loaded $(libraries "$program" $loaded); do
	cp -L "$library" "$work/lib/"
	package=$(dpkg-query -S "$(readlink -f "$library")" 2>/dev/null |
		sed 's/:.*//' | head -n 1)
	[ -n "$package" ] || package=$(dpkg-query -S "$library" 2>/dev/null |
		sed 's/:.*//' | head -n 1)
	notice=/usr/share/doc/$package/copyright
	# A library that was built here says where it has put its licence.
	[ -n "$package" ] || notice=/usr/local/share/licenses/$(basename "$library" | sed 's/\.so.*//')
	[ -e "$notice" ] || {
		echo "bundle: there is no licence of $library ($notice)" >&2
		exit 1
	}
	cp -L "$notice" "$work/share/licenses/$(basename "$library" | sed 's/\.so.*//')"
done
chmod 755 "$work"/lib/*
patchelf --set-rpath "\$ORIGIN/../lib" "$work/bin/mldv"
for library in "$work"/lib/*; do
	patchelf --set-rpath "\$ORIGIN" "$library"
done
strip "$work/bin/mldv" 2>/dev/null || :

# The newest symbol decides.
needs=$(for file in "$work/bin/mldv" "$work"/lib/*; do
	objdump -T "$file"
done | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
echo "${needs#GLIBC_}" >"$work/lib/glibc-needed"
tar --sort=name --mtime='@0' --owner=0 --group=0 --numeric-owner \
	-C "$out" -cf - "$name" | zstd -19 -T0 -qf -o "$out/$name.tar.zst"
echo "$out/$name.tar.zst: $(du -h "$out/$name.tar.zst" | cut -f1), for glibc ${needs#GLIBC_} or later"
