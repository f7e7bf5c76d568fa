// Bundles, judged by @sigstore/verify: as they are, changed, and with another's key.
//
//     node bundles.js FOLDER PUBLIC.pem...

const assert = require("node:assert");
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { bundleFromJSON } = require("@sigstore/bundle");
const { Verifier, toSignedEntity, toTrustMaterial } = require("@sigstore/verify");

const [folder, ...pems] = process.argv.slice(2);
const keys = {};
for (const pem of pems) {
  const key = crypto.createPublicKey(fs.readFileSync(pem));
  const spki = key.export({ type: "spki", format: "der" });
  keys[crypto.createHash("sha256").update(spki).digest("hex")] = { rawBytes: spki };
}
const root = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] };

function accepts(json, known) {
  const verifier = new Verifier(toTrustMaterial(root, known), {
    tlogThreshold: 0,
    timestampThreshold: 0,
    ctlogThreshold: 0,
  });
  try {
    verifier.verify(toSignedEntity(bundleFromJSON(json)));
    return true;
  } catch {
    return false;
  }
}

let count = 0;
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith(".sigstore.json"))) {
  const read = () => JSON.parse(fs.readFileSync(path.join(folder, name)));
  const hint = read().verificationMaterial.publicKey.hint;
  assert(accepts(read(), keys), `refused: ${name}`);
  const changed = read();
  const payload = Buffer.from(changed.dsseEnvelope.payload, "base64");
  payload[5] ^= 1;
  changed.dsseEnvelope.payload = payload.toString("base64");
  assert(!accepts(changed, keys), `taken though changed: ${name}`);
  const typed = read();
  typed.dsseEnvelope.payloadType += " ";
  assert(!accepts(typed, keys), `taken with another type: ${name}`);
  const other = crypto.generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" });
  assert(!accepts(read(), { [hint]: { rawBytes: other } }), `taken by another's key: ${name}`);
  count += 1;
}
assert(count > 0, "no bundle lies there");
console.log(`@sigstore/verify: ${count} accepted, each refused when changed or with another's key`);
