//! The signed manifest of a configuration, and what is remembered of it.

use proto::manifest::{Accepted, Given, Manifest, judge};
use proto::note::{SignerKey, sign};

/// Bytes that are taken for a signed manifest, for the text of one, and for what was
/// remembered.
pub fn manifest(data: &[u8]) {
    let key = SignerKey::from_seed("config.example", [9; 32]).expect("a key");
    let trusted = [key.verifier()];
    if let Ok(signed) = Manifest::open(data, &trusted) {
        let note = sign(&signed.manifest.to_string(), &[&key]).expect("it was a note");
        assert_eq!(Manifest::open(&note, &trusted), Ok(signed));
    }
    let text = super::text(data);
    if let Some(accepted) = Accepted::parse(&text) {
        assert_eq!(accepted.to_string(), text);
    }
    let Ok(manifest) = Manifest::parse(&text) else {
        return;
    };
    assert_eq!(manifest.to_string(), text);
    let Ok(note) = sign(&text, &[&key]) else {
        return;
    };
    let signed = Manifest::open(&note, &trusted).expect("it was just signed");
    let given = Given {
        now: manifest.not_before.unwrap_or(0).max(1),
        audience: manifest.audience.as_deref(),
        files: &manifest.files,
        accepted: Some(signed.accepted()),
    };
    // With its own files and in its own time nothing is wrong with it; without one is.
    let holds = given.now <= manifest.not_after;
    assert_eq!(judge(&signed, &given).is_empty(), holds);
    let files = &manifest.files[1..];
    assert!(!judge(&signed, &Given { files, ..given }).is_empty());
}
