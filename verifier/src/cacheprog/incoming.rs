//! A body on its way into the folder: hashed as it is written.

use std::io::{self, Read, Write as _};

use proto::gocache::Id;
use proto::gocache::kind::{HEAD_LEN, Kind};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::wire::{Failure, Wire};

/// A body that arrived whole.
#[derive(Debug)]
pub(super) struct Incoming {
    /// Where it lies for now.
    pub(super) file: NamedTempFile,
    /// Its SHA-256.
    pub(super) output: Id,
    /// Its size in bytes.
    pub(super) size: u64,
    /// What it begins like.
    pub(super) kind: Kind,
}

/// Takes a body of `size` bytes from the wire into a file. The outer error is
/// the wire's, and ends the conversation; the inner one is the answer to this
/// request.
pub(super) fn receive<R: Read>(
    wire: &mut Wire<R>,
    size: u64,
    file: io::Result<NamedTempFile>,
) -> io::Result<Result<Incoming, String>> {
    let mut file = file;
    let mut hash = Sha256::new();
    let mut head = Vec::new();
    let mut take = |piece: &[u8]| {
        hash.update(piece);
        let wanted = piece.len().min(HEAD_LEN - head.len());
        head.extend_from_slice(&piece[..wanted]);
        match &mut file {
            Ok(file) => file.as_file_mut().write_all(piece),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    };
    let received = if size == 0 {
        take(&[]).map_err(Failure::Taking)
    } else {
        wire.body(size, take)?
    };
    let kind = Kind::sniff(&head);
    Ok(match (received, file) {
        (Err(Failure::Body(error)), _) => Err(error.to_string()),
        (Err(Failure::Taking(error)), _) | (Ok(()), Err(error)) => {
            Err(format!("keeping the body: {error}"))
        }
        (Ok(()), Ok(file)) => Ok(Incoming {
            file,
            output: Id(hash.finalize().into()),
            size,
            kind,
        }),
    })
}
