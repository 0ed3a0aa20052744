# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What tests/distributions/run and packages share: roots of other suites of Debian, made by debootstrap
# once, in $cache, and what runs in them.

top=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
cache=${CHECKERD_DISTRIBUTIONS:-${XDG_CACHE_HOME:-$HOME/.cache}/checkerd-distributions}
PATH=$PATH:/usr/sbin:/sbin
personality='' # i386: a command that makes 32 bits of this machine
few_devices=no # yes: inside has no block devices, no fuse and no host's /sys

skip() {
	echo "$*" >&2
	exit 77
}

# What tests/packages names for building and for make check, and what a clone needs before that.
tools=(make gcc g++ libc6-dev autoconf automake libtool autoconf-archive pkg-config git
	ca-certificates python3 mandoc procps jq xz-utils util-linux)
libraries=(libaio-dev libudev-dev libdevmapper-dev libsystemd-dev libjson-c-dev libsmartcols-dev
	libfuse3-dev libcmocka-dev libncurses-dev libmicrohttpd-dev)
cross=(gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user-static)

# inside ROOT COMMAND: with /proc, /dev and a /tmp that end with it.
inside() {
	# shellcheck disable=SC2016 # the shell in there expands it
	unshare --mount --pid --fork --kill-child sh -ec '
		mount -t proc proc "$1/proc"
		if [ "$5" = yes ]; then
			mount -t tmpfs tmpfs "$1/dev"
			cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/fd /dev/std* "$1/dev"
			mkdir -m 1777 "$1/dev/shm"
		else
			mount --rbind /dev "$1/dev"
			mount --rbind /sys "$1/sys"
		fi
		mount -t tmpfs tmpfs "$1/tmp"
		mount -t tmpfs tmpfs "$1/run"
		exec chroot "$1" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
			CI="$3" $4 bash -c "$2"' sh "$1" "$2" "${CI:-}" "$personality" \
		"$few_devices"
}

# packages ARCH: what is installed, one word each.
packages() {
	echo "${tools[@]}"
	if [ "$1" = s390x ]; then
		echo "${cross[@]}" "${libraries[@]/%/:s390x}"
	else
		echo "${libraries[@]}" fuse3 mount
	fi
}

# prepare_host: says if this host can do it, and removes roots that are old.
prepare_host() {
	[ "$(id -u)" = 0 ] || skip "needs root, for debootstrap"
	command -v debootstrap >/dev/null || skip "needs debootstrap"
	mkdir -p "$cache"
	find "$cache" -mindepth 1 -maxdepth 1 -type d -mtime +7 -exec rm -rf --one-file-system {} +
}

# lock_root ROOT: until this command ends, or the next root is locked.
lock_root() {
	exec 9>"$1.lock"
	flock 9
}

# root_of SUITE ARCH: the folder that it is in, or will be.
root_of() {
	echo "$cache/$1-$2-$({ declare -f make_root; packages "$2"; } | sha256sum | cut -c1-8)"
}

# make_root SUITE ARCH ROOT
make_root() {
	local arch=$2 fresh=$3.making
	[ "$arch" != s390x ] || arch=amd64
	rm -rf "$fresh"
	debootstrap --variant=minbase --arch="$arch" --include=ca-certificates "$1" "$fresh" ||
		return 1
	if [ "$2" = s390x ]; then
		chroot "$fresh" dpkg --add-architecture s390x || return 1
		chroot "$fresh" apt-get -q update || return 1
	fi
	# shellcheck disable=SC2046 # words
	DEBIAN_FRONTEND=noninteractive chroot "$fresh" apt-get -q -y --no-install-recommends \
		-o Acquire::Retries=3 install $(packages "$2") || return 1
	rm -rf "$fresh"/var/cache/apt/archives/*.deb "$3"
	mv "$fresh" "$3"
}

# copy_tree ROOT: what git has, as it is in this folder. Only what differs is copied, so that make sees
# what has changed.
copy_tree() {
	local name
	cd "$top" || return 1
	mkdir -p "$1/src"
	git ls-files --cached --others --exclude-standard | while read -r name; do
		[ -f "$name" ] || continue
		cmp -s "$name" "$1/src/$name" && continue
		mkdir -p "$(dirname "$1/src/$name")"
		cp -P "$name" "$1/src/$name" || return 1
	done
}

