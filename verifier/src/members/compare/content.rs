//! The content of members that differ.

use std::io::{self, BufRead as _};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::{Fault, FaultKind, How, Source};
use crate::artifact::Artifact;
use crate::container::listing::Content;
use crate::diff::first_bytes::SHOWN_LEN;
use crate::image::{Format, sniff};
use crate::input::Input;
use crate::input::content::{Content as Bytes, Gatherer};

/// Bytes by which a program is told.
const HEAD_LEN: usize = 512;

pub(super) fn is_build(source: &Source) -> io::Result<bool> {
    let head = source.bytes_at(0, HEAD_LEN)?;
    let format = sniff::format(&head);
    Ok(format.is_program() || format == Format::GoArchive)
}

/// Reads a member whole, and makes sure that it is what was listed.
pub(in crate::members) fn artifact(
    place: &str,
    source: &Source,
    listed: &Content,
) -> Result<Artifact, Fault> {
    let (bytes, sha256) = gather(source)?;
    let size = source.len();
    if *listed != (Content::File { size, sha256 }) {
        return Err(Fault::from(FaultKind::Changed).within(place));
    }
    Ok(Artifact::of(Input {
        path: PathBuf::from(place),
        sha256,
        bytes,
        identity: None,
    }))
}

fn gather(source: &Source) -> io::Result<(Bytes, [u8; 32])> {
    let mut gatherer = Gatherer::new(source.len())?;
    let mut sha256 = Sha256::new();
    let mut reader = source.reader();
    loop {
        let piece = reader.fill_buf()?;
        let len = piece.len();
        if len == 0 {
            break;
        }
        sha256.update(piece);
        gatherer.push(piece)?;
        reader.consume(len);
    }
    Ok((gatherer.finish()?, sha256.finalize().into()))
}

/// Counts the bytes that differ.
pub(super) fn bytes(a: &Source, b: &Source) -> io::Result<How> {
    let (mut read_a, mut read_b) = (a.reader(), b.reader());
    let (mut at, mut differing, mut first) = (0_u64, 0_u64, None);
    loop {
        let (x, y) = (read_a.fill_buf()?, read_b.fill_buf()?);
        let len = x.len().min(y.len());
        if len == 0 {
            break;
        }
        for (offset, (x, y)) in x.iter().zip(y).enumerate() {
            if x != y {
                first.get_or_insert(at + offset as u64);
                differing += 1;
            }
        }
        read_a.consume(len);
        read_b.consume(len);
        at += len as u64;
    }
    let longer = a.len().abs_diff(b.len());
    if longer > 0 {
        first.get_or_insert(at);
    }
    let first = first.unwrap_or(at);
    Ok(How::Bytes {
        first,
        differing: differing.saturating_add(longer),
        shown: [a.bytes_at(first, SHOWN_LEN)?, b.bytes_at(first, SHOWN_LEN)?],
    })
}
