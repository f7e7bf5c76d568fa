//! What an entry stands for.
//!
//! The bytes of some are not the file they stand for: of sparse files, of folders
//! that have content, of a vendor's own types. These are compared as they are
//! packed: to take such bytes for a file would be to say what no unpacker writes.
//!
//! Source: tar(5) of libarchive, "GNU tar Archives"; GNU tar manual, "Storing
//! Sparse Files"

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::header::{BLOCK_LEN, Header};
use super::{Before, Fault, Reader, fill};
use crate::container::listing::Content;
use crate::container::visit::Body;

/// In the header of a sparse file: its map, and whether blocks of map follow.
const MAP: std::ops::Range<usize> = 386..495;
const MAP_GOES_ON: usize = 482;

/// In a block of map: whether another one follows.
const BLOCK_GOES_ON: usize = 504;

/// What the keys of pax records begin with that make a sparse file.
const SPARSE: &str = "GNU.sparse.";

/// Returns what an entry of a usual type is.
pub(super) fn usual(kind: u8, path: &str, target: String, size: u64) -> Body {
    match kind {
        b'1' => Body::SameAs(target),
        b'2' => Body::Is(Content::Link(target)),
        b'3' => Body::Is(Content::Other("character device".into())),
        b'4' => Body::Is(Content::Other("block device".into())),
        b'5' => Body::Is(Content::Folder),
        b'6' => Body::Is(Content::Other("named pipe".into())),
        _ if path.ends_with('/') => Body::Is(Content::Folder),
        _ => Body::File(size),
    }
}

impl Reader<'_> {
    /// Reads an entry of an unusual kind to its end, padding apart; `None`, and nothing
    /// read, for any other.
    pub(super) fn opaque(
        &mut self,
        header: &Header,
        before: &Before,
        path: &str,
        size: u64,
    ) -> Result<Option<Content>, Fault> {
        let is_sparse = [&before.records, &self.global]
            .into_iter()
            .any(|records| records.has(SPARSE));
        let what = match header.kind() {
            b'S' => "sparse file".to_owned(),
            b'0' | 0 | b'7' if is_sparse => "sparse file".to_owned(),
            b'0' | 0 | b'7' if path.ends_with('/') && size > 0 => "folder with content".to_owned(),
            b'0'..=b'7' | 0 => return Ok(None),
            other => format!("tar entry of type {:?}", char::from(other)),
        };
        let mut sha256 = Sha256::new();
        if header.kind() == b'S' {
            sha256.update(header.bytes(MAP));
            self.map(header.bytes(MAP_GOES_ON..MAP_GOES_ON + 1), &mut sha256)?;
        }
        for records in [&before.records, &self.global] {
            sha256.update(records.text_of(SPARSE));
        }
        let mut content = (&mut *self.stream).take(size);
        let copied = io::copy(&mut content, &mut sha256);
        let copied = copied.map_err(|error| self.broken(error))?;
        self.at = self.at.saturating_add(copied);
        if copied < size {
            return Err(Fault::ends_within(path, size - copied));
        }
        let hash = hex::encode(sha256.finalize());
        Ok(Some(Content::Other(format!(
            "{what}, {size} bytes as it is packed, sha256 {hash}"
        ))))
    }

    /// Reads the blocks of map between a sparse file's header and its content.
    fn map(&mut self, goes_on: &[u8], sha256: &mut Sha256) -> Result<(), Fault> {
        let mut goes_on = goes_on != [0];
        while goes_on {
            let mut block = [0; BLOCK_LEN];
            let len = fill(self.stream, &mut block).map_err(|error| self.broken(error))?;
            self.at = self.at.saturating_add(len as u64);
            if len < BLOCK_LEN {
                return Err(Fault::truncated(format!(
                    "in the map of a sparse file after {}",
                    self.last
                )));
            }
            sha256.update(block);
            goes_on = block[BLOCK_GOES_ON] != 0;
        }
        Ok(())
    }
}
