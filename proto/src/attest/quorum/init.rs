//! A first quorum file, from what lies there.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::attest::digest::Digest;
use crate::attest::key::PublicKey;
use crate::visible::clean;

/// One observation, as far as a first file can tell of it.
#[derive(Debug, Clone)]
pub struct First {
    /// The key ID in the envelope, which nobody vouches for.
    pub keyid: Option<String>,
    /// The digest of its inputs.
    pub inputs: Digest,
    /// The image that the host says it has.
    pub image: Option<String>,
}

/// Returns a quorum file to begin with. Whatever a person must decide is marked, and
/// nothing in it is checked: a file made of observations demands what they have. `None`
/// where there is no observation.
pub fn first(observations: &[First], keys: &[PublicKey]) -> Option<String> {
    let mut hosts: Vec<&First> = Vec::new();
    for one in observations {
        if !hosts.iter().any(|known| known.keyid == one.keyid) {
            hosts.push(one);
        }
    }
    let mut text = String::from(
        "# Every line with DECIDE is a guess that a person has to check and change: this file says whom\n\
         # you believe, and it was made from what those said who want to be believed.\n\
         version: 1\n\
         level: L3             # DECIDE: verify-build quorum explain says what it shows and what not\n",
    );
    let inputs: BTreeSet<Digest> = observations.iter().map(|one| one.inputs).collect();
    for (index, inputs) in inputs.iter().enumerate() {
        let off = if index == 0 { "" } else { "# " };
        let _ = writeln!(
            text,
            "{off}inputs: \"{inputs}\"   # DECIDE: is this the source that you mean?"
        );
    }
    text.push_str("hosts:\n");
    for (index, host) in hosts.iter().enumerate() {
        write_host(host, index + 1, keys, &mut text);
    }
    // Owners and caches have names of their own above, images may be equal.
    let images: BTreeSet<String> = hosts.iter().map(|host| image(host)).collect();
    let groups = images.len();
    let needed = groups / 2 + 1;
    let _ = write!(
        text,
        "quorum: {{k: {needed}, of: [org, image, cache]}}   # DECIDE: how many must agree, and who counts as one\n\
         max_age: 30d          # DECIDE: how old an observation may be\n"
    );
    (groups > 0).then_some(text)
}

fn write_host(host: &First, number: usize, keys: &[PublicKey], text: &mut String) {
    let _ = writeln!(
        text,
        "  - name: host-{number}      # DECIDE: a name that you know it by"
    );
    let keyid = host.keyid.as_deref().unwrap_or("unknown");
    let known = keys.iter().find(|key| key.id().to_string() == keyid);
    let _ = match known {
        Some(key) => writeln!(
            text,
            "    key: {}   # DECIDE: is it this host's? Ask there: verify-build key show KEYFILE",
            key.to_line()
        ),
        None => {
            let keyid: String = clean(keyid).chars().take(80).collect();
            writeln!(
                text,
                "    key: MISSING   # DECIDE: put the line in that verify-build key show KEYFILE prints on the host; the key's ID should be {keyid}"
            )
        }
    };
    let image = image(host);
    let _ = write!(
        text,
        "    org: org-{number}        # DECIDE: who can sign in there\n    \
         image: \"{image}\"   # DECIDE: the host said so itself\n    \
         cache: cache-{number}    # DECIDE: hosts that take from one build cache need one name here\n"
    );
}

/// Returns the name of a host's image, as the file has it.
fn image(host: &First) -> String {
    let image = host.image.as_deref();
    image.map_or_else(|| "unknown".to_owned(), plain)
}

/// Returns what of a text can stand between quotation marks.
fn plain(text: &str) -> String {
    let is_plain = |letter: &char| (' '..='~').contains(letter) && !matches!(letter, '"' | '\\');
    let text: String = text.chars().filter(is_plain).take(100).collect();
    let text = text.trim();
    if text.is_empty() { "unknown" } else { text }.to_owned()
}
