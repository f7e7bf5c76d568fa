//! What was carried over before.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use proto::bundle::{Base, Carried};
use proto::note;

use super::archive::{heads, peek};
use super::{Error, open};

/// What was carried over before.
#[derive(Default)]
pub(crate) struct Since {
    /// The bundle that this one adds to.
    pub(crate) base: Option<Base>,
    /// Signed heads, of any databases.
    pub(crate) heads: Vec<Vec<u8>>,
    /// Places that need not be carried again, and SHA-256 of what lies there.
    pub(crate) members: BTreeMap<String, String>,
    /// The module versions that were carried over.
    pub(crate) modules: Vec<Carried>,
}

/// What every zstd frame begins with.
const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Reads earlier bundles and signed heads. The last bundle is the one that must have been
/// taken in. Nobody's word counts here: what is left out for a bundle that lies is missed
/// when the new one is taken in. Blocks.
///
/// # Errors
/// What the file system answers, or that a file is neither.
pub(crate) fn since(files: &[PathBuf]) -> Result<Since, Error> {
    let mut since = Since::default();
    for file in files {
        let mut start = Vec::new();
        let opened = open(file)?;
        let read = opened.take(note::LEN_MAX as u64).read_to_end(&mut start);
        read.map_err(Error::at(file))?;
        if start.starts_with(&FRAME) {
            add(&mut since, file)?;
        } else if note::parse(&start).is_ok() {
            since.heads.push(start);
        } else {
            return Err(Error::Refused(format!(
                "{}: it is neither a bundle nor a signed head",
                file.display()
            )));
        }
    }
    Ok(since)
}

fn add(since: &mut Since, file: &Path) -> Result<(), Error> {
    let read = peek(open(file)?)?;
    since.heads.extend(heads(open(file)?)?);
    since.base = Some(Base {
        sha256: read.seal.digest(),
    });
    let members = read.manifest.members.into_iter();
    since
        .members
        .extend(members.map(|member| (member.place, member.sha256)));
    since.modules.extend(read.manifest.modules);
    Ok(())
}
