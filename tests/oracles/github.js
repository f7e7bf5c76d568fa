// The statement of a bundle, judged by gh attestation verify. A bundle that a plain key
// has signed is refused, since gh takes certificates alone. The same bytes of the statement
// are taken once a certificate has signed them that an authority of npm's @sigstore/mock
// issued, and refused when they are changed, for another file and as another kind.
//
//     node github.js GH BUNDLE FILE

const assert = require("node:assert");
const { execFileSync } = require("node:child_process");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { initializeCA, initializeTSA } = require("@sigstore/mock");

const [gh, bundlePath, file] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "oracle-"));
const at = (name) => path.join(folder, name);
const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest();
const curve = (name) => crypto.generateKeyPairSync("ec", { namedCurve: name });
const base64 = (bytes) => Buffer.from(bytes).toString("base64");

const WORKFLOW = "https://github.com/example/app/.github/workflows/certify.yml@refs/heads/main";

// What GitHub writes into the certificates of its workflows: issuer, signing workflow,
// repository, owner, the workflow again.
const CLAIMS = {
  "1.3.6.1.4.1.57264.1.8": "https://token.actions.githubusercontent.com",
  "1.3.6.1.4.1.57264.1.9": WORKFLOW,
  "1.3.6.1.4.1.57264.1.12": "https://github.com/example/app",
  "1.3.6.1.4.1.57264.1.16": "https://github.com/example",
  "1.3.6.1.4.1.57264.1.18": WORKFLOW,
};

function pae(type, body) {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `), body]);
}

async function signed(envelope) {
  const ca = await initializeCA(curve("P-384"));
  const tsa = await initializeTSA(curve("P-384"));
  const host = curve("P-256");
  const certificate = await ca.issueCertificate({
    publicKey: host.publicKey.export({ type: "spki", format: "der" }),
    subjectAltName: WORKFLOW,
    extensions: Object.entries(CLAIMS).map(([oid, value]) => ({ oid, value })),
  });
  const body = Buffer.from(envelope.payload, "base64");
  const signature = crypto.sign("sha256", pae(envelope.payloadType, body), host.privateKey);
  const time = await tsa.timestamp({
    artifactHash: sha256(signature),
    hashAlgorithmOID: "2.16.840.1.101.3.4.2.1",
    nonce: 1,
    policyOID: "1.3.6.1.4.1.57264.2",
    certReq: true,
  });
  const chain = (...certificates) => ({ certificates: certificates.map((one) => ({ rawBytes: base64(one) })) });
  const always = { start: "2020-01-01T00:00:00Z" };
  const root = {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [],
    ctlogs: [],
    certificateAuthorities: [{ uri: "https://ca.example", certChain: chain(ca.rootCertificate), validFor: always }],
    timestampAuthorities: [
      { uri: "https://tsa.example", certChain: chain(tsa.intCertificate, tsa.rootCertificate), validFor: always },
    ],
  };
  const bundle = {
    mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
    verificationMaterial: {
      certificate: { rawBytes: base64(certificate) },
      tlogEntries: [],
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: base64(time) }] },
    },
    dsseEnvelope: { ...envelope, signatures: [{ sig: base64(signature) }] },
  };
  return { root, bundle };
}

function accepts(bundle, of, type) {
  fs.writeFileSync(at("bundle.json"), JSON.stringify(bundle) + "\n");
  const flags = ["--owner", "example", "--bundle", at("bundle.json"), "--custom-trusted-root", at("root.jsonl")];
  const env = { PATH: process.env.PATH, HOME: folder, GH_CONFIG_DIR: folder };
  try {
    execFileSync(gh, ["attestation", "verify", of, ...flags, "--predicate-type", type], { env, stdio: "pipe" });
    return { taken: true };
  } catch (error) {
    return { taken: false, why: `${error.stderr}` };
  }
}

async function main() {
  const plain = JSON.parse(fs.readFileSync(bundlePath));
  const envelope = plain.dsseEnvelope;
  const statement = JSON.parse(Buffer.from(envelope.payload, "base64"));
  const type = statement.predicateType;
  const { root, bundle } = await signed(envelope);
  fs.writeFileSync(at("root.jsonl"), JSON.stringify(root) + "\n");

  const refused = accepts(plain, file, type);
  assert(!refused.taken, "taken though a plain key has signed it");
  assert.match(refused.why, /leaf cert not found/, refused.why);

  const taken = accepts(bundle, file, type);
  assert(taken.taken, `refused: ${taken.why}`);

  const changed = structuredClone(bundle);
  statement.predicate.summary = "changed";
  changed.dsseEnvelope.payload = base64(JSON.stringify(statement));
  assert(!accepts(changed, file, type).taken, "taken though changed");
  assert(!accepts(bundle, bundlePath, type).taken, "taken for another file");
  assert(!accepts(bundle, file, "https://example.com/other").taken, "taken as another kind");
  console.log("gh attestation verify: a plain key refused; the same statement by a certificate accepted, refused when changed, for another file and as another kind");
}

main().finally(() => fs.rmSync(folder, { recursive: true }));
