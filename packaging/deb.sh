#!/bin/sh
# Builds a Debian package without root:
#
#   packaging/deb.sh agent|server amd64|arm64|armhf VERSION PROGRAM FOLDER
#
# PROGRAM is the built program; the package goes into FOLDER, and its path is printed.
# DEB_LEVEL is how hard it is packed, 0 to 9.
set -eu
what=$1 arch=$2 version=$3 program=$4 out=$5
here=$(cd "$(dirname "$0")" && pwd)
name=hearthkey-$what
case $what in agent) user=hearthkey ;; server) user=hearthkey-server ;; *) exit 2 ;; esac
case $arch in amd64 | arm64 | armhf) ;; *) echo "deb.sh: no architecture $arch" >&2; exit 2 ;; esac
# What is no release has a version that grows with its commits.
version=${version#v}
case $version in
[0-9]*.[0-9]*) ;;
*) version=0~$(git -C "$here" log -1 --format=%cd --date=format:%Y%m%d%H%M%S 2>/dev/null || echo 0).$(echo "$version" | tr -c 'A-Za-z0-9.+~\n' '.') ;;
esac

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
umask 022
chmod 755 "$tree"
mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/$name" "$tree/etc/hearthkey" "$tree/usr/lib/sysusers.d"
install -D -m 755 "$program" "$tree/usr/bin/$name"
install -D -m 644 "$here/systemd/$name.service" "$tree/usr/lib/systemd/system/$name.service"
install -m 640 "$here/deb/$what.conf" "$tree/etc/hearthkey/$what"
install -m 644 "$here/README.md" "$tree/usr/share/doc/$name/README.md"
install -m 644 "$here/../LICENSE" "$tree/usr/share/doc/$name/copyright"
[ "$what" = server ] || install -m 644 "$here/systemd/input.conf" "$tree/usr/share/doc/$name/input.conf"
echo "u $user - \"Hearthkey $what\"" > "$tree/usr/lib/sysusers.d/$name.conf"
echo "/etc/hearthkey/$what" > "$tree/DEBIAN/conffiles"

cat > "$tree/DEBIAN/control" <<CONTROL
Package: $name
Version: $version
Architecture: $arch
Maintainer: Hearthkey <packages@hearthkey.example>
Installed-Size: $(du -sk "$tree/usr" | cut -f1)
Section: video
Priority: optional
Recommends: systemd, ca-certificates
Description: Hearthkey $what
 $([ "$what" = agent ] && echo "Profiles, PINs, age limits and a sign-out that is proved, on a TV or box." ||
	echo "Accounts, profiles and devices of households, and a sign-out that is proved.")
CONTROL
cat > "$tree/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
	if command -v systemd-sysusers >/dev/null; then
		systemd-sysusers ${DPKG_ROOT:+--root="$DPKG_ROOT"} @NAME@.conf
	elif ! grep -q '^@USER@:' "$DPKG_ROOT/etc/passwd"; then
		useradd ${DPKG_ROOT:+--prefix "$DPKG_ROOT"} --system --user-group --no-create-home --home-dir / --shell /usr/sbin/nologin @USER@
	fi
	[ ! -d /run/systemd/system ] || [ -n "$DPKG_ROOT" ] || systemctl daemon-reload
	if [ -n "$2" ] && [ -d /run/systemd/system ] && [ -z "$DPKG_ROOT" ]; then
		systemctl try-restart @NAME@.service || true # an upgrade; the first start is the administrator's
	fi
fi
POSTINST
cat > "$tree/DEBIAN/prerm" <<'PRERM'
#!/bin/sh
set -e
if [ "$1" = remove ] && command -v systemctl >/dev/null; then
	# It may never have run, and an image may be changed where no systemd runs.
	systemctl ${DPKG_ROOT:+--root="$DPKG_ROOT"} --quiet disable @NAME@.service || true
	[ ! -d /run/systemd/system ] || [ -n "$DPKG_ROOT" ] || systemctl stop @NAME@.service || true
fi
PRERM
cat > "$tree/DEBIAN/postrm" <<'POSTRM'
#!/bin/sh
set -e
# The data stays, after a purge too: packaging/README.md says why.
[ ! -d /run/systemd/system ] || [ -n "$DPKG_ROOT" ] || systemctl daemon-reload
POSTRM
for script in postinst prerm postrm; do
	sed -i "s/@NAME@/$name/g; s/@USER@/$user/g" "$tree/DEBIAN/$script"
	chmod 755 "$tree/DEBIAN/$script"
done
mkdir -p "$out"
file="$out/${name}_${version}_$arch.deb"
dpkg-deb --root-owner-group -Zxz -z"${DEB_LEVEL:-6}" --build "$tree" "$file" >/dev/null
echo "$file"
