//! Files as memory, without copying them.
//!
//! Large slices written straight from mapped pages leave the server faster than
//! `sendfile` does on loopback and cost no anonymous memory: the figures are in
//! `tests/bench/README.md`.
#![expect(unsafe_code, reason = "the server's one measured exception: see `map`")]

use std::fs::File;
use std::io;

use bytes::Bytes;

/// Returns the bytes of a file as a shared map of its pages.
///
/// The file must be one that is never written again: the store renames whole
/// files into place and nothing of ours opens them for writing afterwards.
///
/// # Errors
/// What the operating system answers.
pub(crate) fn map(file: &File) -> io::Result<Bytes> {
    // SAFETY: a map is unsound when the file shrinks or changes under it. Files
    // of the store are immutable once they are whole: they are written in staging
    // by one task, which is done with writing before it or anybody else maps
    // them, renamed into place, and replaced only by another rename, which leaves
    // the mapped inode whole. Somebody else with write access to
    // the data folder could still truncate one in place; he could as well
    // replace the program, and the worst that follows is SIGBUS, not a wrong
    // answer kept.
    let map = unsafe { memmap2::Mmap::map(file)? };
    Ok(Bytes::from_owner(map))
}
