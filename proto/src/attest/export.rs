//! Decisions and observations in forms that other programs read.
//!
//! ```text
//! bundle       Sigstore bundle v0.3 with a plain key: one for each signer
//! summary      SLSA verification summary (VSA), version 1
//! provenance   SLSA provenance, version 1
//! reference    CycloneDX 1.6: the program, and where its certificate is
//! in_toto      in-toto's layout and links
//! ```
//!
//! None of them says more than the decision, and some say less: a summary has no word for
//! what was set aside, and provenance none for how many have built. `gh attestation
//! verify` takes no bundle with a plain key.

pub mod in_toto;

use serde_json::{Value, json};

use super::decision::{self, Decision, Verdict};
use super::digest::Digest;
use super::dsse::Envelope;
use super::key::PrivateKey;
use super::observation::Observation;
use super::statement::{Statement, Subject};
use crate::dirhash::H1;
use crate::rfc3339;

/// The media type of bundles.
pub const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// The kind of statement that a verification summary is.
pub const SUMMARY_TYPE: &str = "https://slsa.dev/verification_summary/v1";

/// The kind of statement that provenance is.
pub const PROVENANCE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// Who verified, and how builds are described.
const VERIFIER: &str = "urn:verify-build:certify:v1";
const BUILD_TYPE: &str = "urn:verify-build:go-build:v1";

/// Returns the bundle of an envelope with one signature; `None` for another, which
/// bundles have no form for.
pub fn bundle(envelope: &Envelope) -> Option<Vec<u8>> {
    let [signature] = envelope.signatures.as_slice() else {
        return None;
    };
    let hint = signature.keyid.as_deref()?;
    let envelope: Value = serde_json::from_slice(&envelope.bytes()).ok()?;
    let bundle = json!({
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
        "dsseEnvelope": envelope,
    });
    serde_json::to_vec(&bundle).ok()
}

/// Returns the verification summary of a decision; `None` where it is about no program.
///
/// `certificate` is the digest of the file, by which the summary names what it was made
/// from. Levels are named `VERIFY_BUILD_L3`: SLSA's own are other ones.
///
/// # Errors
/// [`decision::Error`] when it cannot be written.
pub fn summary(
    decision: &Decision,
    certificate: Digest,
    owner: &PrivateKey,
) -> Result<Option<Envelope>, decision::Error> {
    let Some(subject) = program(decision) else {
        return Ok(None);
    };
    let result = match decision.verdict {
        Verdict::Reproducible => "PASSED",
        // What cannot be told was not passed: the form has no third word.
        Verdict::Differs | Verdict::Undecided => "FAILED",
    };
    let is_passed = decision.verdict == Verdict::Reproducible;
    let level = decision.level().filter(|_| is_passed);
    let level = level.map(|level| format!("VERIFY_BUILD_{level}"));
    let marks = decision.marks().into_iter().filter(|_| is_passed);
    let marks = marks.map(|mark| format!("VERIFY_BUILD_{mark}"));
    let levels: Vec<String> = level.into_iter().chain(marks).collect();
    let predicate = json!({
        "verifier": {"id": VERIFIER, "version": {"verify-build": decision.tool.version}},
        "timeVerified": rfc3339::text(decision.asked.time_s),
        "resourceUri": format!("urn:sha256:{}", subject.sha256),
        "policy": {
            "uri": format!("urn:verify-build:quorum:{}", decision.quorum.version),
            "digest": {"sha256": decision.quorum.sha256},
        },
        "inputAttestations": [{
            "uri": format!("urn:sha256:{certificate}"),
            "digest": {"sha256": certificate},
        }],
        "verificationResult": result,
        "verifiedLevels": levels,
        "slsaVersion": "1.2",
    });
    signed(subject, SUMMARY_TYPE, predicate, owner).map(Some)
}

/// Returns provenance of the program by an observation that saw it built.
///
/// The owner signs that a host said so. `None` where this observation did not see it, or
/// where what was demanded is not shown: the form has no word for that.
///
/// # Errors
/// As [`summary`].
pub fn provenance(
    decision: &Decision,
    observation: &Observation,
    owner: &PrivateKey,
) -> Result<Option<Envelope>, decision::Error> {
    let is_shown = decision.verdict == Verdict::Reproducible;
    let product = observation.product.as_ref().filter(|_| is_shown);
    let Some(product) = product.filter(|product| Some(product.sha256) == decision.product) else {
        return Ok(None);
    };
    let inputs = &observation.inputs;
    let modules = product.modules.iter().map(|module| {
        let by = module.replace.as_deref().unwrap_or(module);
        let mut one = json!({"uri": format!("pkg:golang/{}@{}", by.path, by.version), "annotations": {"h1": by.sum}});
        if let Ok(h1) = H1::parse(&by.sum) {
            one["digest"] = json!({"dirHash": hex::encode(h1.0)});
        }
        one
    });
    let revision = inputs.source.revision.iter().map(|revision| {
        json!({"uri": format!("{}:{}", revision.system, inputs.package), "digest": {"gitCommit": revision.commit}})
    });
    let predicate = json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "package": inputs.package,
                "flags": inputs.flags,
                "target": inputs.target,
            },
            "internalParameters": {"inputs": decision.inputs, "toolchain": inputs.toolchain.version},
            "resolvedDependencies": revision.chain(modules).collect::<Vec<_>>(),
        },
        "runDetails": {
            "builder": {"id": VERIFIER},
            "metadata": {"startedOn": rfc3339::text(observation.observed.time_s)},
        },
    });
    signed(
        Subject::new(&product.name, product.sha256),
        PROVENANCE_TYPE,
        predicate,
        owner,
    )
    .map(Some)
}

/// Returns a CycloneDX document about the program that refers to its certificate by the
/// file's name and digest; `None` where the decision is about no program.
pub fn reference(decision: &Decision, name: &str, certificate: Digest) -> Option<Vec<u8>> {
    let subject = program(decision)?;
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": rfc3339::text(decision.asked.time_s),
            "component": {
                "type": "application",
                "name": subject.name.as_deref().unwrap_or("artifact"),
                "hashes": [{"alg": "SHA-256", "content": subject.sha256}],
                "externalReferences": [{
                    "type": "attestation",
                    "url": name,
                    "comment": format!("verify-build certificate: {}", decision.verdict.as_str()),
                    "hashes": [{"alg": "SHA-256", "content": certificate}],
                }],
            },
        },
    });
    serde_json::to_vec_pretty(&document).ok()
}

/// Returns a file's name where it is plain, so that nobody takes it for a pattern or a
/// path; else `artifact`.
fn plain_name(name: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_good = !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain);
    if is_good { name } else { "artifact" }
}

fn program(decision: &Decision) -> Option<Subject> {
    let is_known = decision.asked.artifact.or(decision.product).is_some();
    is_known.then(|| decision.subject())
}

fn signed(
    subject: Subject,
    predicate_type: &str,
    predicate: Value,
    owner: &PrivateKey,
) -> Result<Envelope, decision::Error> {
    let statement = Statement {
        subject: vec![subject],
        predicate_type: predicate_type.to_owned(),
        predicate,
    };
    Ok(statement.sign(&[owner])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::key::Algorithm;

    fn key() -> PrivateKey {
        PrivateKey::from_seed(Algorithm::Ed25519, [1; 32]).unwrap()
    }

    #[test]
    fn a_bundle_has_one_signer_and_his_key_as_hint() {
        let one = Envelope::sign("t", b"x".to_vec(), &[&key()]);
        let bundle: Value = serde_json::from_slice(&bundle(&one).unwrap()).unwrap();
        let hint = &bundle["verificationMaterial"]["publicKey"]["hint"];
        assert_eq!(*hint, key().public().id().to_string());
        let inside = serde_json::to_vec(&bundle["dsseEnvelope"]).unwrap();
        assert_eq!(Envelope::parse(&inside).unwrap(), one);
        for other in [vec![], vec![one.signatures[0].clone(); 2]] {
            let envelope = Envelope {
                signatures: other,
                ..one.clone()
            };
            assert_eq!(super::bundle(&envelope), None);
        }
    }
}
