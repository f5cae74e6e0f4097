#!/bin/sh
# Makes a release in a folder: one archive of the programs for each platform, their
# bills of materials (CycloneDX), and SHA256SUMS over all of it. The same commit and the
# same Go give the same bytes: times, owners and the order in archives are fixed.
#
#   packaging/release.sh VERSION [FOLDER]
set -eu
version=$1
out=${2:-dist/release}
cd "$(dirname "$0")/.."
rm -rf "$out"
mkdir -p "$out"
when=$(git log -1 --format=%ct)
flags="-s -w -X main.version=$version"

# archive PLATFORM FILE...: files of the folder stage/PLATFORM
archive() {
	tar --sort=name --mtime="@$when" --owner=0 --group=0 --numeric-owner -C "$stage" -cf - "$1" | gzip -n -9 > "$out/$1.tar.gz"
}

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
# The platforms that all programs run on, and are tested on. They need what Linux alone has
# (rtnetlink, epoll, uinput), so there is no other.
for platform in ${PLATFORMS:-linux/amd64 linux/arm64 linux/arm}; do
	os=${platform%/*} arch=${platform#*/}
	name=hearthkey-$version-$os-$arch
	mkdir -p "$stage/$name"
	for package in ./server/cmd/hearthkey-server ./tools/hearthkey; do
		CGO_ENABLED=0 GOOS=$os GOARCH=$arch GOARM=7 go build -trimpath -buildvcs=false -ldflags "$flags" -o "$stage/$name/" $package
	done
	case $platform in
	linux/arm) go run ./tools/box build -version "$version" -arch armv7 -out "$stage/$name/hearthkey-agent" ;;
	linux/*) go run ./tools/box build -version "$version" -arch "$arch" -out "$stage/$name/hearthkey-agent" ;;
	esac
	cp LICENSE README.md CHANGELOG.md "$stage/$name/"
	for program in "$stage/$name"/hearthkey*; do
		go run ./tools/sbom -out "$stage/bills" -version "$version" "$program" > /dev/null
		mv "$stage/bills/$(basename "$program").cdx.json" "$out/$(basename "$program")-$version-$os-$arch.cdx.json"
	done
	archive "$name"
done
(cd "$out" && sha256sum -- * > SHA256SUMS)
echo "$out"
