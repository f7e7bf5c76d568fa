//! A file as it reads once masked, without a copy of it.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{Mask, Put, What};

/// Zero bytes are hashed from here, this many at a time.
const ZEROS: [u8; 4096] = [0; 4096];

/// A file with its masks.
pub(super) struct View<'a> {
    bytes: &'a [u8],
    /// Sorted, within the file, without overlap.
    masks: Vec<Mask>,
    /// The masked file is filled up with zero bytes to a multiple of this.
    align: usize,
}

/// A stretch of the masked file.
#[derive(Clone, Copy)]
enum Piece<'v> {
    Bytes(&'v [u8]),
    Zeros(usize),
}

impl<'a> View<'a> {
    /// Puts masks on a file. Of two that overlap, the one that begins first is
    /// whole, and the other gets the rest.
    pub(super) fn new(bytes: &'a [u8], mut masks: Vec<Mask>, align: usize) -> Self {
        masks.sort_by_key(|mask| (mask.range.start, mask.range.end));
        let mut at = 0;
        masks.retain_mut(|mask| {
            let start = mask.range.start.max(at);
            let end = mask.range.end.min(bytes.len());
            if start >= end {
                return false;
            }
            let cut = start..end;
            if cut != mask.range && matches!(mask.put, Put::Bytes(_)) {
                mask.put = Put::Zeros;
            }
            mask.range = cut;
            at = end;
            true
        });
        Self {
            bytes,
            masks,
            align: align.max(1),
        }
    }

    /// Returns where one kind of mask lies.
    pub(super) fn ranges(&self, what: What) -> Vec<Range<usize>> {
        let of_kind = self.masks.iter().filter(|mask| mask.what == what);
        of_kind.map(|mask| mask.range.clone()).collect()
    }

    /// Returns the bytes that one kind of mask hides.
    pub(super) fn hidden(&self, what: What) -> impl Iterator<Item = &'a u8> {
        let of_kind = self.masks.iter().filter(move |mask| mask.what == what);
        of_kind.flat_map(|mask| &self.bytes[mask.range.clone()])
    }

    /// Returns SHA-256 of the masked file.
    pub(super) fn sha256(&self) -> [u8; 32] {
        let mut sha256 = Sha256::new();
        for piece in self.pieces() {
            match piece {
                Piece::Bytes(bytes) => sha256.update(bytes),
                Piece::Zeros(mut left) => {
                    while left > 0 {
                        let now = left.min(ZEROS.len());
                        sha256.update(&ZEROS[..now]);
                        left -= now;
                    }
                }
            }
        }
        sha256.finalize().into()
    }

    fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::with_capacity(self.masks.len() * 2 + 2);
        let mut at = 0;
        for mask in &self.masks {
            pieces.push(Piece::Bytes(&self.bytes[at..mask.range.start]));
            match &mask.put {
                Put::Zeros => pieces.push(Piece::Zeros(mask.range.len())),
                Put::Nothing => {}
                Put::Bytes(bytes) => pieces.push(Piece::Bytes(bytes)),
            }
            at = mask.range.end;
        }
        pieces.push(Piece::Bytes(&self.bytes[at..]));
        let len: usize = pieces.iter().map(Piece::len).sum();
        pieces.push(Piece::Zeros(len.next_multiple_of(self.align) - len));
        pieces
    }
}

/// Says whether two masked files are the same; stops at the first difference.
pub(super) fn same(a: &View<'_>, b: &View<'_>) -> bool {
    let (a, b) = (a.pieces(), b.pieces());
    let len = |pieces: &[Piece<'_>]| pieces.iter().map(Piece::len).sum::<usize>();
    if len(&a) != len(&b) {
        return false;
    }
    let (mut a, mut b) = (a.into_iter(), b.into_iter());
    let (mut one, mut other) = (Piece::Zeros(0), Piece::Zeros(0));
    loop {
        while let (0, Some(next)) = (one.len(), a.as_slice().first()) {
            one = *next;
            a.next();
        }
        while let (0, Some(next)) = (other.len(), b.as_slice().first()) {
            other = *next;
            b.next();
        }
        let len = one.len().min(other.len());
        if len == 0 {
            return one.len() == other.len();
        }
        if !one.take(len).equals(other.take(len)) {
            return false;
        }
    }
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Zeros(len) => *len,
        }
    }

    /// Cuts off the front, which must be there.
    fn take(&mut self, len: usize) -> Self {
        match self {
            Self::Bytes(bytes) => {
                let (front, rest) = bytes.split_at(len);
                *bytes = rest;
                Piece::Bytes(front)
            }
            Self::Zeros(left) => {
                *left -= len;
                Piece::Zeros(len)
            }
        }
    }

    /// Compares pieces of one length.
    fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Zeros(_), Self::Zeros(_)) => true,
            (Self::Bytes(bytes), Self::Zeros(_)) | (Self::Zeros(_), Self::Bytes(bytes)) => {
                bytes.iter().all(|byte| *byte == 0)
            }
        }
    }
}
