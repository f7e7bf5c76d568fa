//! The file `go.env` of an installation: defaults of the go command, which packagers
//! change. What differs from the release's is told setting by setting.

use std::io::Read as _;
use std::path::Path;

use proto::toolchain::GO_ENV;
use sha2::{Digest as _, Sha256};

use crate::opening::{self, Links};

/// The longest file that is read, in bytes.
const BYTES_MAX: u64 = 64 << 10;

/// The settings of the releases' own form, [`GO_ENV`].
const RELEASED: [(&str, &str); 3] = [
    ("GOPROXY", "https://proxy.golang.org,direct"),
    ("GOSUMDB", "sum.golang.org"),
    ("GOTOOLCHAIN", "auto"),
];

/// The setting that keeps the go command from fetching another release. It changes no
/// program that this release builds.
pub const LOCAL: &str = "GOTOOLCHAIN=local";

/// Returns the settings in which an installation's file differs from the release's.
///
/// Each is a line such as `GOTOOLCHAIN=local`, with nothing behind the sign where it is not
/// set; `None` where that can't be told. Both files are known by their SHA-256.
pub fn differences(root: &Path, installed: &[u8; 32], released: &[u8; 32]) -> Option<Vec<String>> {
    let file = opening::regular(&root.join("go.env"), Links::Followed).ok()?;
    let mut text = String::new();
    file.take(BYTES_MAX).read_to_string(&mut text).ok()?;
    between(&text, installed, released)
}

fn between(text: &str, installed: &[u8; 32], released: &[u8; 32]) -> Option<Vec<String>> {
    if sha256(text) != *installed {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    let changed = lines
        .iter()
        .position(|line| line.starts_with("GOTOOLCHAIN="));
    if let Some(at) = changed {
        let with = |own: &[&str]| {
            let other = [&lines[..at], own, &lines[at + 1..]].concat();
            sha256(&format!("{}\n", other.join("\n")))
        };
        // The hash proves that nothing else was changed.
        if with(&["GOTOOLCHAIN=auto"]) == *released || with(&[]) == *released {
            return Some(vec![lines[at].to_owned()]);
        }
    }
    if hex::encode(released) != GO_ENV {
        return None;
    }
    let settings: Vec<(&str, &str)> = lines
        .iter()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .collect();
    let value = |name: &str| {
        let mut all = settings.iter().rev();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let mut differing: Vec<String> = RELEASED
        .iter()
        .filter(|(name, own)| value(name) != Some(own))
        .map(|(name, _)| format!("{name}={}", value(name).unwrap_or_default()))
        .collect();
    let is_added = |(name, _): &&(&str, &str)| !RELEASED.iter().any(|(known, _)| known == name);
    let added = settings.iter().filter(is_added);
    differing.extend(added.map(|(name, value)| format!("{name}={value}")));
    Some(differing)
}

fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "# defaults\nGOPROXY=https://proxy.golang.org,direct\nGOTOOLCHAIN=auto\n";

    #[test]
    fn a_setting_that_was_changed_is_named_and_the_hash_proves_that_it_is_all() {
        let of = |text: &str| between(text, &sha256(text), &sha256(OWN));
        let changed = OWN.replace("auto", "local");
        assert_eq!(of(&changed), Some(vec![LOCAL.to_owned()]));
        let added = "A=b\nGOTOOLCHAIN=local\n";
        let of_added = between(added, &sha256(added), &sha256("A=b\n"));
        assert_eq!(of_added, Some(vec![LOCAL.to_owned()]));
        // Another release's settings are not known, and a comment may say anything.
        assert_eq!(of(&changed.replace("direct", "off")), None);
        assert_eq!(of(&format!("{changed}GOFLAGS=-tags=x\n")), None);
        assert_eq!(between(&changed, &sha256(OWN), &sha256(OWN)), None);
    }

    #[test]
    fn settings_are_compared_with_the_form_that_releases_have() {
        let mut released = [0; 32];
        hex::decode_to_slice(GO_ENV, &mut released).unwrap();
        let of = |text: &str| between(text, &sha256(text), &released).unwrap();
        let text =
            "GOPROXY=https://proxy.golang.org,direct\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=local\n";
        assert_eq!(of(text), [LOCAL]);
        assert_eq!(
            of("GOSUMDB=off\nGOTOOLCHAIN=auto\nGOFLAGS=-mod=mod\n"),
            ["GOPROXY=", "GOSUMDB=off", "GOFLAGS=-mod=mod"]
        );
    }
}
