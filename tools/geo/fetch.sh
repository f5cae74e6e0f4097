#!/bin/sh
# Fetches the country database that places come from where an operator has none
# of their own, checks it against the recorded SHA-256, and puts it in
# bin/geo/country.mmdb. The last step is a rename, so that a running server
# never sees half a file. docs/risk.md says where the data is from and what it
# is worth.
set -eu
cd "$(dirname "$0")"

npm ci --silent --no-audit --no-fund
if ! sha256sum --check --quiet country.mmdb.sha256; then
	echo "tools/geo: the fetched database is not the one recorded in country.mmdb.sha256; nothing was changed" >&2
	exit 1
fi
out=../../bin/geo
mkdir -p "$out"
cp "$(cut -d' ' -f3- country.mmdb.sha256)" "$out/country.mmdb.new"
mv "$out/country.mmdb.new" "$out/country.mmdb"
