"""Envelopes of bundles, judged by OpenSSL and securesystemslib: as they are, and changed.

    python3 envelopes.py FOLDER PUBLIC.pem...
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

ENDING = ".sigstore.json"


def pae(kind, body):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(body), body)


def openssl(pem, message, signature, is_ed25519):
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder, name) for name in ("message", "signature")]
        for path, data in zip(paths, (message, signature)):
            path.write_bytes(data)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", paths[0], "-sigfile", paths[1]]
        if not is_ed25519:
            command += ["-digest", "sha256"]
        return subprocess.run(command, capture_output=True).returncode == 0


def securesystems(envelope, keyid, key):
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    known = SSlibKey(keyid, "ed25519", "ed25519", {"public": raw.hex()})
    try:
        Envelope.from_dict(json.loads(json.dumps(envelope))).verify([known], 1)
    except Exception:
        return False
    return True


def main():
    folder, pems = sys.argv[1], sys.argv[2:]
    keys = {}
    for pem in pems:
        key = serialization.load_pem_public_key(pathlib.Path(pem).read_bytes())
        spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        keys[hashlib.sha256(spki).hexdigest()] = (pem, key)
    counts = {"openssl": 0, "securesystemslib": 0}
    for path in sorted(pathlib.Path(folder).glob("*" + ENDING)):
        envelope = json.loads(path.read_text())["dsseEnvelope"]
        signature = envelope["signatures"][0]
        pem, key = keys[signature["keyid"]]
        is_ed25519 = isinstance(key, Ed25519PublicKey)
        body, sig = (base64.b64decode(text) for text in (envelope["payload"], signature["sig"]))
        message = pae(envelope["payloadType"], body)
        assert openssl(pem, message, sig, is_ed25519), f"openssl refuses {path.name}"
        assert not openssl(pem, message + b" ", sig, is_ed25519), f"openssl takes a changed {path.name}"
        assert not openssl(pem, body, sig, is_ed25519), f"openssl takes the body of {path.name} alone"
        counts["openssl"] += 1
        if is_ed25519:
            assert securesystems(envelope, signature["keyid"], key), f"securesystemslib refuses {path.name}"
            changed = dict(envelope, payload=base64.b64encode(body + b" ").decode())
            assert not securesystems(changed, signature["keyid"], key), f"securesystemslib takes a changed {path.name}"
            counts["securesystemslib"] += 1
    assert counts["openssl"], "no bundle lies there"
    for name, count in counts.items():
        print(f"{name}: {count} accepted, each refused when changed")


main()
