#!/bin/sh
# Packs the agent for a box without a package manager:
#
#   packaging/tarball.sh armv7|arm64|amd64 VERSION PROGRAM FOLDER
#
# The program is static. The path of what was packed is printed; the same files give the
# same bytes.
set -eu
arch=$1 version=$2 program=$3 out=$4
here=$(cd "$(dirname "$0")" && pwd)
name=hearthkey-agent-$version-linux-$arch
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
umask 022
install -D -m 755 "$program" "$tree/$name/hearthkey-agent"
install -m 755 "$here/buildroot/S80hearthkey-agent" "$tree/$name/S80hearthkey-agent"
install -m 755 "$here/openwrt/files/hearthkey-agent.init" "$tree/$name/hearthkey-agent.procd"
install -m 644 "$here/systemd/hearthkey-agent.service" "$here/deb/agent.conf" "$here/README.md" "$here/../LICENSE" "$tree/$name"
mkdir -p "$out"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1 -C "$tree" -c "$name" | gzip -9n > "$out/$name.tar.gz"
echo "$out/$name.tar.gz"
