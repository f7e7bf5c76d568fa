//! One file of one version: what it is called, and whether bytes are such a file.

use std::io::{self, Read, Seek};

use proto::dirhash::{self, H1, Summary};
use proto::info::Info;
use proto::module::ModuleVersion;
use proto::modzip;

use super::error::Error;
use super::proof::Covered;
use crate::journal::seconds_now;
use crate::ledger::{FileRecord, Standing};
use crate::shelf::answer::Kind;
use crate::store::Key;

/// A file of a version.
#[derive(Clone, Debug)]
pub(crate) struct VersionFile {
    /// Which version.
    pub(crate) version: ModuleVersion,
    /// Which of its files.
    pub(crate) part: Part,
    /// Its place in the store and below an upstream.
    pub(crate) key: Key,
}

/// Which file of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `.info`.
    Info,
    /// `.mod`.
    Mod,
    /// `.zip`.
    Zip,
}

/// What bytes turned out to be.
#[derive(Debug)]
pub(crate) struct Measured {
    /// The hash of a zip or go.mod; `None` for `.info`.
    pub(crate) h1: Option<H1>,
    /// The hashes of a zip's files.
    pub(crate) contents: Option<Summary>,
}

/// Why bytes are not the file that their name says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misfit {
    /// They are something else: an error page, a transfer cut short.
    #[error("{0}")]
    Unfit(String),
    /// They are a zip, and it breaks a rule for module zips.
    #[error("{0}")]
    Rules(String),
    /// They could not be read back.
    #[error("cannot be read: {0}")]
    Unread(io::Error),
}

impl From<Misfit> for Error {
    fn from(misfit: Misfit) -> Self {
        match misfit {
            Misfit::Unfit(reason) => Self::Unfit { reason },
            Misfit::Rules(reason) => Self::Rules { reason },
            Misfit::Unread(error) => Self::storage("reading a file back")(error),
        }
    }
}

impl std::fmt::Display for VersionFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.version, self.part.name())
    }
}

impl VersionFile {
    /// Returns the `.info` of a version.
    pub(crate) fn info(version: ModuleVersion) -> Self {
        let key = Key::info(&version);
        let part = Part::Info;
        Self { version, part, key }
    }

    /// Returns the module's path.
    pub(crate) fn module(&self) -> &str {
        self.version.path.as_str()
    }
}

impl Part {
    /// Returns the part's name as the file's ending.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Mod => "mod",
            Self::Zip => "zip",
        }
    }

    /// Returns the kind of answer it makes.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Info => Kind::Info,
            Self::Mod => Kind::Mod,
            Self::Zip => Kind::Zip,
        }
    }

    /// Returns what a database's record says of it.
    pub(crate) fn covered(self) -> Option<Covered> {
        match self {
            Self::Info => None,
            Self::Mod => Some(Covered::Mod),
            Self::Zip => Some(Covered::Zip),
        }
    }

    /// Returns the most bytes that are taken of it.
    pub(crate) fn bytes_max(self, limits: &crate::config::Limits) -> u64 {
        match self {
            Self::Info => limits.text_bytes_max,
            Self::Mod => limits.mod_bytes_max,
            Self::Zip => limits.zip_bytes_max,
        }
    }
}

/// Checks that a file of `size` bytes is what its name says, and returns its hash
/// where it has one. Blocks.
///
/// # Errors
/// [`Misfit`].
pub(crate) fn measure<R: Read + Seek>(
    file: &VersionFile,
    mut bytes: R,
    size: u64,
) -> Result<Measured, Misfit> {
    if file.part == Part::Zip {
        return measure_zip(&file.version, bytes, size);
    }
    let mut text = Vec::new();
    bytes.read_to_end(&mut text).map_err(Misfit::Unread)?;
    let h1 = match file.part {
        Part::Mod => Some(dirhash::go_mod(&text)),
        Part::Info | Part::Zip => {
            check_info(&file.version, &text).map_err(Misfit::Unfit)?;
            None
        }
    };
    Ok(Measured { h1, contents: None })
}

fn measure_zip<R: Read + Seek>(
    version: &ModuleVersion,
    bytes: R,
    size: u64,
) -> Result<Measured, Misfit> {
    match modzip::list(bytes, size, version, &modzip::Limits::default()) {
        Ok((verified, contents)) => Ok(Measured {
            h1: Some(verified.h1),
            contents: Some(contents),
        }),
        Err(modzip::Error::Read(error)) => Err(Misfit::Unread(error)),
        Err(error @ modzip::Error::NotZip) => Err(Misfit::Unfit(format!(
            "{version}: upstream sent something else for the zip, or a part of it: {error}"
        ))),
        Err(error) => Err(Misfit::Rules(format!(
            "{version}: upstream's zip breaks the rules for module zips: {error}"
        ))),
    }
}

/// Checks that text is the `.info` of a version: the go command would stop at another
/// with less to go by.
///
/// # Errors
/// What it is instead.
pub(crate) fn check_info(version: &ModuleVersion, text: &[u8]) -> Result<(), String> {
    match Info::parse(text) {
        Err(error) => Err(format!(
            "upstream's answer for the .info of {version} cannot be read: {error}"
        )),
        Ok(info) if info.version != version.version.as_str() => Err(format!(
            "upstream's .info of {version} tells of version {}",
            info.version.chars().take(100).collect::<String>()
        )),
        Ok(_) => Ok(()),
    }
}

/// Makes the record of a file stored now.
pub(crate) fn new_record(
    sha256: String,
    size: u64,
    h1: Option<H1>,
    standing: Standing,
) -> FileRecord {
    FileRecord {
        sha256,
        size,
        h1: h1.map(|h1| h1.to_string()),
        standing,
        stored_at: seconds_now(),
        evicted_at: None,
    }
}
