#!/usr/bin/env bash
# Makes the two messages beside this file: the same signature by a certificate that a CA of
# its own issued, with lengths given (made.der) and left open (open.der).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"; }
key ca && key signer
openssl req -x509 -new -key "$work/ca.key" -subj "/O=Example CA/CN=Example Root" -days 3650 -out "$work/ca.pem"
openssl req -new -key "$work/signer.key" -subj "/C=XX/O=Example Ltd/CN=Example Signer" -out "$work/signer.csr"
openssl x509 -req -in "$work/signer.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -set_serial 7 -days 3650 -out "$work/signer.pem"
printf 'a program' >"$work/content"
sign() {
    openssl cms -sign -binary -nosmimecap -in "$work/content" -signer "$work/signer.pem" \
        -inkey "$work/signer.key" -certfile "$work/ca.pem" -outform DER "$@"
}
sign -nodetach -out made.der
sign -nodetach -stream -out open.der
