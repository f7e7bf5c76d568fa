//! What a database answers: records, alone and with a signed head.

use super::Error;
use crate::dirhash::H1;
use crate::module::ModuleVersion;
use crate::note;
use crate::tlog::{self, Hash, Tile, checkpoint::parse_decimal};

/// Bytes that the number and the record of an answer can take beside its note.
const RECORD_LEN_MAX: usize = 1 << 20;

/// An answer to a lookup: the record's number on a line, the record, a blank line,
/// and the signed note of a tree head. Nothing of it is proved.
///
/// Source: golang.org/x/mod/sumdb (Server), golang.org/x/mod/sumdb/tlog (ParseRecord)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupAnswer {
    /// Number of the record in the log.
    pub id: u64,
    /// The record's text.
    pub record: Vec<u8>,
    /// The signed tree head, verbatim.
    pub note: Vec<u8>,
}

impl LookupAnswer {
    /// Parses an answer.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`], [`Error::TooLong`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let max = RECORD_LEN_MAX + note::LEN_MAX;
        if bytes.len() > max {
            return Err(Error::TooLong {
                len: bytes.len(),
                max,
            });
        }
        let text = str::from_utf8(bytes).map_err(|_| Error::Malformed("not UTF-8"))?;
        let (id, rest) = text
            .split_once('\n')
            .ok_or(Error::Malformed("no record number"))?;
        let id = parse_decimal(id).ok_or(Error::Malformed("record number is not a number"))?;
        let end = rest
            .find("\n\n")
            .ok_or(Error::Malformed("no blank line after the record"))?;
        let record = Record::parse(&rest.as_bytes()[..=end])?;
        Ok(Self {
            id,
            record: record.text.into_bytes(),
            note: rest[end + 2..].into(),
        })
    }

    /// The record's hash as a leaf of the log.
    pub fn record_hash(&self) -> Hash {
        tlog::record_hash(&self.record)
    }
}

/// The text of one record: lines of module, version and hash.
///
/// This alone is what a proof is about; the lines that a tree head may carry
/// after its third are nobody's statement about a module (CVE-2026-56864).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    text: String,
}

impl Record {
    /// Parses a record: UTF-8 without control characters but newlines, without blank
    /// lines, ending in a newline.
    ///
    /// # Errors
    ///
    /// [`Error::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = str::from_utf8(bytes).map_err(|_| Error::Malformed("record is not UTF-8"))?;
        if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(Error::Malformed("record has a control character"));
        }
        if !text.ends_with('\n') {
            return Err(Error::Malformed("record does not end in a newline"));
        }
        if text.starts_with('\n') || text.contains("\n\n") {
            return Err(Error::Malformed("record has a blank line"));
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The record's text, its last newline included.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The hash of the module's files that the record gives, or `None` when it gives
    /// none, or contradicts itself.
    pub fn h1(&self, module: &ModuleVersion) -> Option<H1> {
        self.hash_of(&format!("{} {} ", module.path, module.version))
    }

    /// The hash of the module's go.mod file that the record gives, or `None` when it
    /// gives none, or contradicts itself.
    pub fn go_mod_h1(&self, module: &ModuleVersion) -> Option<H1> {
        self.hash_of(&format!("{} {}/go.mod ", module.path, module.version))
    }

    /// Whether the record gives any hash of the module version.
    pub fn is_about(&self, module: &ModuleVersion) -> bool {
        self.h1(module).is_some() || self.go_mod_h1(module).is_some()
    }

    fn hash_of(&self, prefix: &str) -> Option<H1> {
        let mut hashes = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix(prefix))
            .map(|hash| H1::parse(hash).ok());
        let first = hashes.next()??;
        hashes.all(|other| other == Some(first)).then_some(first)
    }
}

/// Splits a tile of records: each record is followed by a blank line.
///
/// # Errors
///
/// [`Error::Malformed`] when a piece is not a record.
///
/// Source: golang.org/x/mod/sumdb (Server), tile/H/data
pub fn split_records(data: &[u8]) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let end = rest
            .windows(2)
            .position(|pair| pair == b"\n\n")
            .ok_or(Error::Malformed("no blank line after a record"))?;
        records.push(Record::parse(&rest[..=end])?);
        rest = &rest[end + 2..];
    }
    Ok(records)
}

/// Cuts the tile of records `from`, which has the bytes `data`, to the width of
/// `to`, which is of the same place.
///
/// # Errors
///
/// [`Error::Malformed`] when `data` has another number of records than `from` says,
/// or fewer than `to` needs, and as [`split_records`].
pub fn cut_records(to: &Tile, from: &Tile, data: &[u8]) -> Result<Vec<u8>, Error> {
    let records = split_records(data)?;
    if records.len() as u64 != u64::from(from.width) {
        return Err(Error::Malformed("tile has another number of records"));
    }
    let kept = usize::try_from(to.width).ok();
    let kept = kept
        .and_then(|width| records.get(..width))
        .ok_or(Error::Malformed("tile has too few records"))?;
    let lines = kept.iter().flat_map(|record| [record.as_str(), "\n"]);
    Ok(lines.collect::<String>().into_bytes())
}
