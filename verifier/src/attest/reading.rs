//! Files within their limits.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use proto::attest::quorum::{self, Quorum};

use crate::opening::{self, Links};

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// What the system says, and when the file is longer.
pub(super) fn bytes(path: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let read = || {
        let mut bytes = Vec::new();
        let file = opening::regular(path, Links::Followed)?;
        file.take(max as u64 + 1).read_to_end(&mut bytes)?;
        std::io::Result::Ok(bytes)
    };
    let bytes = read().with_context(|| format!("reading {}", path.display()))?;
    if bytes.len() > max {
        bail!("{} is longer than {max} bytes", path.display());
    }
    Ok(bytes)
}

/// Reads a quorum file.
///
/// # Errors
/// When it can't be read, or is none.
pub(super) fn quorum(path: &Path) -> anyhow::Result<Quorum> {
    let file = bytes(path, quorum::LEN_MAX)?;
    Quorum::parse(&file).with_context(|| path.display().to_string())
}
