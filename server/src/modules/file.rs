//! One file of one version: what it is called, and whether bytes are such a file.

use std::io::{self, Read, Seek};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::dirhash::{self, H1};
use proto::info::Info;
use proto::module::ModuleVersion;
use proto::modzip;

use super::proof::Covered;
use crate::http::refusal::{Refusal, Remember};
use crate::ledger::{FileRecord, Standing};
use crate::shelf::answer::Kind;

/// A file of a version.
#[derive(Clone, Debug)]
pub(crate) struct VersionFile {
    /// Which version.
    pub(crate) version: ModuleVersion,
    /// Which of its files.
    pub(crate) part: Part,
    /// Its place in the store and below an upstream.
    pub(crate) key: String,
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

/// Why bytes are not the file that their name says.
#[derive(Debug)]
pub(crate) enum Misfit {
    /// They are no such file at all: an error page, a transfer cut short.
    Garbage(String),
    /// They are a zip, and it breaks a rule for module zips.
    Rules(String),
    /// They could not be read back.
    Unread(io::Error),
}

impl Misfit {
    /// Returns what a client is told who asked for the file.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Garbage(text) => Refusal::bad_upstream(text.clone()),
            Self::Rules(text) => Refusal::denied(text.clone()).remembered(Remember::Pause),
            Self::Unread(error) => Refusal::storage("reading a file back", error),
        }
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

/// Checks that a file is what its name says, and returns its h1 where it has
/// one.
///
/// # Errors
/// [`Misfit`].
pub(crate) fn measure<R: Read + Seek>(
    file: &VersionFile,
    mut bytes: R,
    size: u64,
) -> Result<Option<H1>, Misfit> {
    if file.part == Part::Zip {
        return measure_zip(&file.version, bytes, size).map(Some);
    }
    let mut text = Vec::new();
    bytes.read_to_end(&mut text).map_err(Misfit::Unread)?;
    if file.part == Part::Mod {
        return Ok(Some(dirhash::go_mod(&text)));
    }
    check_info(&file.version, &text)?;
    Ok(None)
}

fn measure_zip<R: Read + Seek>(version: &ModuleVersion, bytes: R, size: u64) -> Result<H1, Misfit> {
    match modzip::verify(bytes, size, version, &modzip::Limits::default()) {
        Ok(verified) => Ok(verified.h1),
        Err(modzip::Error::Read(error)) => Err(Misfit::Unread(error)),
        Err(error @ modzip::Error::NotZip) => Err(Misfit::Garbage(format!(
            "{version}: upstream sent something else for the zip, or a part of it: {error}\n"
        ))),
        Err(error) => Err(Misfit::Rules(format!(
            "{version}: upstream's zip breaks the rules for module zips: {error}\n"
        ))),
    }
}

/// Refuses an `.info` that is none, or that tells of another version: the go
/// command would stop at it with less to go by.
fn check_info(version: &ModuleVersion, text: &[u8]) -> Result<(), Misfit> {
    match Info::parse(text) {
        Err(error) => Err(Misfit::Garbage(format!(
            "upstream's .info of {version} is not one: {error}\n"
        ))),
        Ok(info) if info.version != version.version.as_str() => Err(Misfit::Garbage(format!(
            "upstream's .info of {version} tells of version {}\n",
            info.version.chars().take(100).collect::<String>()
        ))),
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
        stored_at: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
    }
}
