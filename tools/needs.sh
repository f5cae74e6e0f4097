#!/bin/sh
# Looks for what the tests need beyond Go, git and make, and installs what is
# missing. Where it may not, it says which command to run, and stops.
set -eu
cd "$(dirname "$0")/.."

missing=
need() { # program package
	command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need chromium chromium
need qemu-arm-static qemu-user-static
need node nodejs
need npm npm
need gcc gcc
need g++ g++
need arm-linux-gnueabihf-gcc gcc-arm-linux-gnueabihf
[ -f /usr/arm-linux-gnueabihf/include/stdio.h ] || missing="$missing libc6-dev-armhf-cross"
need busybox busybox-static
need oathtool oathtool
need ip iproute2
need avahi-daemon avahi-daemon
need avahi-browse avahi-utils
need dbus-daemon dbus
PATH=$PATH:/usr/sbin
need mkfs.xfs xfsprogs
need mkfs.ext4 e2fsprogs
[ -x /usr/bin/python3 ] && /usr/bin/python3 -c 'import zeroconf' 2>/dev/null || missing="$missing python3-zeroconf"
[ -n "$(ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || missing="$missing postgresql" # its programs are not in the path
if [ "${1:-}" = box ]; then # for the emulated box of `make bench-box`
	need qemu-system-arm qemu-system-arm
	need mkfs.f2fs f2fs-tools
	need cpio cpio
	need openssl openssl
fi
if [ "${1:-}" = packages ]; then # for the Debian of `make packages-test`
	PATH=$PATH:/usr/sbin
	need debootstrap debootstrap
	need systemd-nspawn systemd-container
fi
if [ "${1:-}" = hosts ]; then # for all libraries of `make hosts-test`
	need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
	[ -f /usr/aarch64-linux-gnu/include/stdio.h ] || missing="$missing libc6-dev-arm64-cross"
	need clang clang
	need musl-gcc musl-tools
fi
if [ "${1:-}" = scan ]; then # for make scan
	need wapiti wapiti
	need ffuf ffuf
	need sqlmap sqlmap
	need testssl testssl.sh
	need openssl openssl
fi
[ -n "$(fc-list 2>/dev/null)" ] || missing="$missing fonts-noto-core" # or pages have no letters

if [ -n "$missing" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo="sudo -n"
	if ! command -v apt-get >/dev/null 2>&1 || { [ -n "$sudo" ] && ! sudo -n true 2>/dev/null; }; then
		echo "The tests need:$missing" >&2
		echo "Install them and run this again. On Debian: sudo apt-get install$missing" >&2
		exit 1
	fi
	echo "installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get update -qq
	# shellcheck disable=SC2086 # one word per package
	$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

for dir in tools/browser tools/lanpeers tools/lanpeers/ecp tools/lanpeers/remote; do
	if [ ! -d "$dir/node_modules" ] || [ "$dir/package-lock.json" -nt "$dir/node_modules" ]; then
		npm ci --silent --no-audit --no-fund --prefix "$dir"
		touch "$dir/node_modules"
	fi
done

if [ ! -f bin/geo/country.mmdb ] || [ tools/geo/country.mmdb.sha256 -nt bin/geo/country.mmdb ]; then
	tools/geo/fetch.sh
fi

[ "$(id -u)" = 0 ] || echo "NOT TESTED on this machine, since it needs root: full, failing and read-only disks, power cuts"
[ "$(id -u)" = 0 ] || unshare -rnm true 2>/dev/null || echo "NOT TESTED on this machine, since it needs root or unshare -rnm: home networks"
