//! in-toto's own layout and links: who must have made the program, and who has.
//!
//! A layout is satisfied when as many of the keys as its threshold says have signed a
//! link with the same products. `in-toto-verify` reads both from one folder, as
//! `root.layout` and `build.<first 8 digits of the key's ID>.link`.
//!
//! Source: in-toto specification 1.0; DSSE as securesystemslib 1.6 and in-toto 3.1 read it

use serde_json::{Value, json};

use crate::attest::digest::Digest;
use crate::attest::dsse::Envelope;
use crate::attest::export::plain_name;
use crate::attest::key::{Algorithm, PrivateKey, PublicKey};
use crate::attest::statement::PAYLOAD_TYPE;
use crate::{canonical, rfc3339};

/// The file of a layout.
pub const LAYOUT_FILE: &str = "root.layout";

/// The one step.
const STEP: &str = "build";

/// What a layout demands.
#[derive(Debug, Clone)]
pub struct Layout<'a> {
    /// The program's file name.
    pub product: &'a str,
    /// Whose links count.
    pub makers: &'a [PublicKey],
    /// How many of them must agree.
    pub threshold: usize,
    /// Until when, in seconds since 1970.
    pub expires_s: u64,
}

/// Returns the name of the file that a key's link must be in.
pub fn link_file(key: &PublicKey) -> String {
    format!("{STEP}.{}.link", &key.id().to_string()[..8])
}

/// Returns a link: the step gave this program.
///
/// # Errors
/// [`canonical::Error`], which no program's name leads to.
pub fn link(
    product: &str,
    sha256: Digest,
    maker: &PrivateKey,
) -> Result<Envelope, canonical::Error> {
    let link = json!({
        "_type": "link",
        "name": STEP,
        "command": [],
        "environment": {},
        "materials": {},
        "byproducts": {},
        "products": {plain_name(product): {"sha256": sha256}},
    });
    let payload = canonical::bytes(&link)?;
    Ok(Envelope::sign(PAYLOAD_TYPE, payload, &[maker]))
}

/// Returns a layout, signed by the owner.
///
/// # Errors
/// As [`link`].
pub fn layout(layout: &Layout<'_>, owner: &PrivateKey) -> Result<Envelope, canonical::Error> {
    let mut keys = serde_json::Map::new();
    for maker in layout.makers {
        let mut key = key(maker);
        key["keyid"] = json!(maker.id());
        keys.insert(maker.id().to_string(), key);
    }
    let ids: Vec<Digest> = layout.makers.iter().map(PublicKey::id).collect();
    let form = json!({
        "_type": "layout",
        "expires": rfc3339::text(layout.expires_s),
        "readme": "",
        "keys": keys,
        "steps": [{
            "_type": "step",
            "name": STEP,
            "threshold": layout.threshold,
            "pubkeys": ids,
            "expected_command": [],
            "expected_materials": [],
            "expected_products": [["CREATE", plain_name(layout.product)], ["DISALLOW", "*"]],
        }],
        "inspect": [],
    });
    let mut envelope = Envelope::sign(PAYLOAD_TYPE, canonical::bytes(&form)?, &[owner]);
    // securesystemslib names a key that it reads from PEM in its own way, and looks for
    // no other name.
    for signature in &mut envelope.signatures {
        signature.keyid = Some(keyid(&owner.public()).to_string());
    }
    Ok(envelope)
}

/// Returns the ID that securesystemslib gives a key: SHA-256 over its form, in which only
/// quotation marks and backslashes would be escaped, and there are none.
fn keyid(public: &PublicKey) -> Digest {
    let form = key(public);
    let text = |name: &str| form[name].as_str().unwrap_or_default().to_owned();
    let material = form["keyval"]["public"].as_str().unwrap_or_default();
    let text = format!(
        r#"{{"keytype":"{}","keyval":{{"public":"{material}"}},"scheme":"{}"}}"#,
        text("keytype"),
        text("scheme")
    );
    Digest::of(text.as_bytes())
}

fn key(public: &PublicKey) -> Value {
    let (kind, scheme, material) = match public.algorithm() {
        Algorithm::Ed25519 => {
            let bytes = public.ed25519_bytes().unwrap_or_default();
            ("ed25519", "ed25519", hex::encode(bytes))
        }
        Algorithm::P256 => ("ecdsa", "ecdsa-sha2-nistp256", public.to_pem()),
    };
    json!({"keytype": kind, "scheme": scheme, "keyval": {"public": material}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_of_rfc_8032_has_the_id_that_python_gives_it() {
        let line = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let id = keyid(&PublicKey::parse(line).unwrap()).to_string();
        assert!(id.starts_with("74c181c7") && id.ends_with("4916"), "{id}");
    }

    #[test]
    fn a_name_is_no_pattern() {
        let key = PrivateKey::from_seed(Algorithm::Ed25519, [1; 32]).unwrap();
        let link = link("*", Digest([1; 32]), &key).unwrap();
        let text = String::from_utf8(link.payload).unwrap();
        assert!(text.contains(r#""products":{"artifact":"#), "{text}");
    }
}
