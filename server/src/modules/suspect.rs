//! Bytes that are to be judged.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::store::Content;

/// Bytes that are judged, and where they came from.
#[derive(Clone, Debug)]
pub(crate) struct Suspect {
    /// The bytes.
    pub(crate) bytes: SuspectBytes,
    /// The upstream's URL, without secrets.
    pub(crate) url: String,
    /// SHA-256 of the bytes, in hex.
    pub(crate) sha256: String,
}

/// Where the bytes of a suspect lie.
#[derive(Clone, Debug)]
pub(crate) enum SuspectBytes {
    /// In a file in staging.
    Staged(Arc<std::fs::File>),
    /// In the tree.
    Stored(Content),
}

impl SuspectBytes {
    /// Reads the first `max` bytes. Blocks.
    pub(super) fn start(&self, max: usize) -> io::Result<Bytes> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        let limit = max as u64;
        match self {
            Self::Staged(file) => {
                let length = file.metadata()?.len().min(limit);
                bytes.resize(usize::try_from(length).unwrap_or(max), 0);
                std::os::unix::fs::FileExt::read_exact_at(&**file, &mut bytes, 0)?;
            }
            Self::Stored(content) => {
                content.reader().take(limit).read_to_end(&mut bytes)?;
            }
        }
        Ok(bytes.into())
    }
}
