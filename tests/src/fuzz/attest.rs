//! Envelopes, statements, quorum files and certificates.

use proto::attest::certificate::Certificate;
use proto::attest::check::{self, Demands};
use proto::attest::closure::Closure;
use proto::attest::dsse::Envelope;
use proto::attest::key::{Algorithm, PrivateKey, PublicKey};
use proto::attest::observation::Observation;
use proto::attest::quorum::Quorum;
use proto::attest::statement::Statement;

/// The payload of the one envelope in the corpus that [`key`] has signed.
const SIGNED: &[u8] = b"hello";

/// Its type.
const SIGNED_TYPE: &str = "text/plain";

/// The key that has signed it.
fn key() -> PublicKey {
    let key = PrivateKey::from_seed(Algorithm::Ed25519, [1; 32]);
    key.expect("any 32 bytes are a seed").public()
}

/// An envelope is read back as it was printed, and nobody has signed what he did not.
pub fn attest_envelope(data: &[u8]) {
    let Ok(envelope) = Envelope::parse(data) else {
        return;
    };
    let again = Envelope::parse(&envelope.bytes());
    assert_eq!(again.ok().as_ref(), Some(&envelope));
    if !envelope.signers(&[key()]).is_empty() {
        assert_eq!(envelope.payload, SIGNED);
        assert_eq!(envelope.payload_type, SIGNED_TYPE);
    }
}

/// A statement is read back as it was printed; an observation and a list of packages have
/// one text.
pub fn attest_statement(data: &[u8]) {
    if let Ok(statement) = Statement::parse(data)
        && let Ok(bytes) = statement.bytes()
    {
        let again = Statement::parse(&bytes);
        assert_eq!(again.ok().as_ref(), Some(&statement));
    }
    if let Ok(observation) = Observation::parse(data) {
        assert_eq!(observation.bytes().ok().as_deref(), Some(data));
    }
    if let Ok(closure) = Closure::parse(data) {
        assert_eq!(closure.bytes(), data);
        assert_eq!(closure.summary().count, closure.packages().len() as u64);
    }
}

/// Every host of a quorum file is in one group, and no more groups are needed than there
/// are.
pub fn quorum(data: &[u8]) {
    let Ok(quorum) = Quorum::parse(data) else {
        return;
    };
    let groups = quorum.groups();
    let mut hosts: Vec<usize> = groups
        .iter()
        .flat_map(|group| group.hosts.clone())
        .collect();
    hosts.sort_unstable();
    assert!(hosts.into_iter().eq(0..quorum.hosts.len()));
    assert!((1..=groups.len()).contains(&quorum.needed));
    let explained = quorum.explain();
    assert!(!explained.contains(['\x1b', '\u{202e}']));
}

/// A certificate is read back as it was printed, and one that opens has the decision
/// that its owner has signed and leads to it.
pub fn certificate(data: &[u8]) {
    let Ok(certificate) = Certificate::parse(data) else {
        return;
    };
    if let Ok(bytes) = certificate.bytes() {
        let again = Certificate::parse(&bytes);
        assert_eq!(again.ok().as_ref(), Some(&certificate));
    }
    if let Ok(decision) = check::open(&certificate, &key(), &Demands::default()) {
        let digests = certificate
            .evidence
            .observations
            .iter()
            .map(|one| one.digest());
        let mut digests: Vec<_> = digests.collect();
        digests.sort_unstable();
        assert_eq!(decision.observations, digests);
    }
}
