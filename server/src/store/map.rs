//! Files as memory that only the kernel reads.
//!
//! Large slices written straight from mapped pages leave the server faster than
//! `sendfile` does on loopback and cost no anonymous memory: the figures are in
//! `tests/bench/README.md`.
#![expect(unsafe_code, reason = "the server's one measured exception: see `map`")]

use std::fs::File;
use std::io;

use bytes::Bytes;

/// Returns the bytes of a file as a shared map of its pages, to be handed to the
/// kernel and to nobody else: as buffers of `write`, `writev` or `send` on a plain
/// TCP socket.
///
/// A page behind the end of a file that was cut short, or one that the disk does
/// not give back, cannot be read. To a program that reads it the kernel sends
/// SIGBUS, which ends the process. Where the kernel itself reads it, for a
/// system call, the call ends with `EFAULT` or writes less, and no signal is
/// sent. So the bytes must not be hashed, encrypted, compressed, compared or
/// copied by us: for that there are [`StoredFile::reader`] and
/// [`StoredFile::read_at`].
///
/// [`StoredFile::reader`]: super::content::StoredFile::reader
/// [`StoredFile::read_at`]: super::content::StoredFile::read_at
///
/// # Errors
/// What the operating system answers.
pub(crate) fn map(file: &File) -> io::Result<Bytes> {
    // SAFETY: a map is unsound when its pages change or vanish under a reference
    // to them that our code reads through. Files of the store are immutable once
    // they are whole: they are written in staging by one task, which is done with
    // writing before anybody maps them, renamed into place, and replaced only by
    // another rename, which leaves the mapped inode whole. Somebody else with
    // write access to the data folder can still change or cut one in place: as
    // only the kernel reads the pages, through the addresses it is given, he
    // changes what is sent, and no value that our code computes with.
    let map = unsafe { memmap2::Mmap::map(file)? };
    Ok(Bytes::from_owner(map))
}
