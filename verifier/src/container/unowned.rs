//! Bytes of a container that belong to no member and to nothing that describes one.
//! Nobody sees them who looks at the members, and other programs may read them: they
//! always count as something the container carries.

use std::io::{self, BufRead as _};
use std::ops::Range;

use proto::quantity;
use sha2::{Digest as _, Sha256};

use super::listing::Fact;
use super::source::Source;

/// Gathers such bytes.
#[derive(Debug, Default)]
pub(super) struct Unowned {
    count: u64,
    first: u64,
    sha256: Sha256,
}

impl Unowned {
    /// Takes bytes that lie at an offset.
    pub(super) fn add(&mut self, at: u64, bytes: &[u8]) {
        if self.count == 0 {
            self.first = at;
        }
        self.count = self.count.saturating_add(bytes.len() as u64);
        self.sha256.update(bytes);
    }

    /// Takes what fills a container up, unless it is all zeros.
    pub(super) fn add_filling(&mut self, at: u64, bytes: &[u8]) {
        if bytes.iter().any(|byte| *byte != 0) {
            self.add(at, bytes);
        }
    }

    /// Takes every byte of a source that lies in none of these ranges; zeros that fill
    /// a whole gap may be left out.
    pub(super) fn add_outside(
        &mut self,
        source: &Source,
        mut owned: Vec<Range<u64>>,
        zeros: Zeros,
    ) -> io::Result<()> {
        owned.sort_unstable_by_key(|range| range.start);
        let end = source.len();
        let mut at = 0;
        for range in owned.into_iter().chain(std::iter::once(end..end)) {
            let gap = at..range.start.min(end);
            at = at.max(range.end);
            // Ranges may lie over one another.
            if gap.is_empty() || zeros == Zeros::Fill && is_zero(source, &gap)? {
                continue;
            }
            self.add_range(source, gap)?;
        }
        Ok(())
    }

    /// Takes a range of a source.
    pub(super) fn add_range(&mut self, source: &Source, range: Range<u64>) -> io::Result<()> {
        each_piece(source, &range, |at, piece| {
            self.add(at, piece);
            true
        })
    }

    /// Returns what to say about them. The name is of no layer, so that a folder beside
    /// the container is held to it too.
    pub(super) fn fact(self) -> Option<Fact> {
        self.fact_named("content outside the members")
    }

    /// The same under a name of its own, as one container may have both.
    pub(super) fn fact_named(self, name: &str) -> Option<Fact> {
        (self.count > 0).then(|| {
            let hash = hex::encode(self.sha256.finalize());
            let count = quantity::bytes(self.count);
            let value = format!(
                "{count}, the first at offset {:#x}, sha256 {hash}",
                self.first
            );
            Fact::carried(name, value)
        })
    }
}

/// What zeros between members are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zeros {
    /// Bytes like any others.
    Count,
    /// What the format fills members up with.
    Fill,
}

fn is_zero(source: &Source, range: &Range<u64>) -> io::Result<bool> {
    let mut is_zero = true;
    each_piece(source, range, |_, piece| {
        is_zero = piece.iter().all(|byte| *byte == 0);
        is_zero
    })?;
    Ok(is_zero)
}

/// Reads a range piece by piece, for as long as more is wanted.
fn each_piece(
    source: &Source,
    range: &Range<u64>,
    mut take: impl FnMut(u64, &[u8]) -> bool,
) -> io::Result<()> {
    let len = range.end.saturating_sub(range.start);
    let Some(part) = source.part(range.start, len) else {
        return Ok(());
    };
    let mut reader = part.reader();
    let mut at = range.start;
    loop {
        let piece = reader.fill_buf()?;
        let len = piece.len();
        if len == 0 || !take(at, piece) {
            return Ok(());
        }
        reader.consume(len);
        at = at.saturating_add(len as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_found_wherever_it_lies() {
        let source = Source::memory(b"0123456789".to_vec());
        let said = |owned: &[(u64, u64)]| {
            let owned = owned.iter().map(|(start, end)| *start..*end).collect();
            let mut unowned = Unowned::default();
            unowned.add_outside(&source, owned, Zeros::Fill).unwrap();
            unowned.fact().map(|fact| fact.value)
        };
        assert_eq!(said(&[(0, 10)]), None);
        assert_eq!(said(&[(5, 10), (0, 6), (2, 3)]), None);
        for (owned, want) in [
            (&[(1, 10)][..], "1 byte, the first at offset 0x0,"),
            (&[(0, 4), (6, 10)], "2 bytes, the first at offset 0x4,"),
            (&[(0, 8)], "2 bytes, the first at offset 0x8,"),
            (&[(0, 2), (1, 99), (50, 60)], ""),
            (&[], "10 bytes, the first at offset 0x0,"),
        ] {
            let said = said(owned).unwrap_or_default();
            assert!(said.starts_with(want), "{said}");
            assert_eq!(said.is_empty(), want.is_empty(), "{said}");
        }
    }
}
