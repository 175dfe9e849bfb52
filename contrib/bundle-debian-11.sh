#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the bundle in a root file system of Debian 11, so that it runs with
# its glibc, 2.31, and all later ones. What mldv needs newer than Debian 11
# has it, OpenSSL 3, libgit2 and libcurl, is built there from the sources of
# Debian 12, with Debian's patches. Takes root, debootstrap, a network, and
# half an hour; called again it goes on where it stopped.
#
#   contrib/bundle-debian-11.sh ROOT-DIRECTORY [OUTPUT-DIRECTORY]
set -eu
root=$1 out=${2:-build/bundle}
top=$(cd "$(dirname "$0")/.." && pwd)
: "${MIRROR=http://deb.debian.org/debian}"

[ -e "$root/etc/debian_version" ] ||
	debootstrap --variant=minbase bullseye "$root" "$MIRROR"
mkdir -p "$out" "$root/mldv"
root=$(cd "$root" && pwd)

# Of all but what was built here.
tar -C "$top" --exclude=./build --exclude=./.git -cf - . |
	tar -C "$root/mldv" -xf -
cat >"$root/etc/apt/sources.list" <<END
deb $MIRROR bullseye main
deb-src $MIRROR bookworm main
END

cat >"$root/bundle-it" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive
export PKG_CONFIG_PATH=/usr/local/lib/pkgconfig
mkdir -p /src/done /usr/local/share/licenses
cd /src

# step NAME: calls NAME unless it was done.
step() {
	[ -e "done/$1" ] || {
		echo "bundle: $1"
		"$1" >"/src/$1.log" 2>&1 || {
			tail -n 20 "/src/$1.log"
			exit 1
		}
		cd /src
		: >"done/$1"
	}
}

packages() {
	apt-get -q update
	apt-get -q -y --no-install-recommends install autoconf automake \
		binutils ca-certificates cmake dpkg-dev file gcc git libarchive-dev \
		libc6-dev libexpat1-dev libhttp-parser-dev libinih-dev \
		libjansson-dev libnghttp2-dev libpcre2-dev libtool \
		libutf8proc-dev libyaml-dev libzstd-dev make patchelf perl \
		pkg-config python3 quilt zlib1g-dev zstd
	apt-get -q source openssl libgit2 curl
}

openssl() {
	cd openssl-*/
	./Configure "linux-$(uname -m)" --prefix=/usr/local --libdir=lib no-tests
	make -j"$(nproc)" build_libs
	make install_dev
	cp LICENSE.txt /usr/local/share/licenses/libcrypto
	cp LICENSE.txt /usr/local/share/licenses/libssl
	ldconfig
}

libgit2() {
	cd libgit2-*/
	cmake -B build -DBUILD_TESTS=OFF -DBUILD_CLI=OFF -DUSE_SSH=OFF \
		-DUSE_NTLMCLIENT=OFF -DUSE_HTTPS=OpenSSL -DREGEX_BACKEND=pcre2 \
		-DUSE_HTTP_PARSER=system -DCMAKE_BUILD_TYPE=Release \
		-DOPENSSL_ROOT_DIR=/usr/local -DCMAKE_INSTALL_LIBDIR=lib
	make -C build -j"$(nproc)" install
	cp COPYING /usr/local/share/licenses/libgit2
	ldconfig
}

libcurl() {
	cd curl-*/
	autoreconf -fi
	CPPFLAGS=-I/usr/local/include LDFLAGS=-L/usr/local/lib ./configure \
		--prefix=/usr/local --with-openssl=/usr/local --with-nghttp2 \
		--with-ca-bundle=/etc/ssl/certs/ca-certificates.crt \
		--without-libpsl --without-librtmp --disable-ldap \
		--disable-manual --disable-static
	make -C lib -j"$(nproc)" install
	make -C include install
	install -m 644 libcurl.pc /usr/local/lib/pkgconfig/
	cp COPYING /usr/local/share/licenses/libcurl
	ldconfig
}

step packages
step openssl
step libgit2
step libcurl
# Debian 11's gcc warns where there is nothing to warn of.
cd /mldv
make BUILD=release WERROR=
make bundle WERROR=
END

# shellcheck disable=SC2016 # the inner shell expands it
unshare --mount sh -c 'mount -t proc proc "$1/proc" &&
	exec chroot "$1" sh /bundle-it' sh "$root"
cp "$root"/mldv/build/bundle/*.tar.zst "$out/"
echo "bundle: $out/$(basename "$root"/mldv/build/bundle/*.tar.zst)"
