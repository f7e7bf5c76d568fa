//! How far untrusted containers are followed, and the account of it.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fault::{Fault, Kind};

/// How many containers may lie inside one another, the outermost included.
pub const DEPTH_MAX: usize = 8;

/// The most members of one container.
pub const MEMBERS_MAX: usize = 1_000_000;

/// The longest member name, link target or other text of a header, in bytes.
pub const TEXT_LEN_MAX: usize = 64 << 10;

/// The most bytes of memory that the list of one container's members takes. Two of them
/// are held at a time, and pairing them takes half as much again.
pub const LISTING_BYTES_MAX: usize = 192 << 20;

/// The most bytes of names and other text in a package's own header.
pub const TEXT_TOTAL_MAX: usize = 128 << 20;

/// The most bytes that one container may unpack to, whatever its own size.
pub const UNPACKED_FREE: u64 = 256 << 20;

/// How many times its own size a container may unpack to beyond
/// [`UNPACKED_FREE`]. Programs reach 10; only emptiness reaches hundreds.
pub const UNPACKED_RATIO_MAX: u64 = 200;

/// The most bytes unpacked in a run, whatever it was given: containers in one
/// another, each in proportion to its own size, would multiply.
pub const UNPACKED_TOTAL_FREE: u64 = 4 << 30;

/// How many times the size of all files given may be unpacked in a run beyond
/// [`UNPACKED_TOTAL_FREE`]. A container that differs is unpacked a few times.
pub const UNPACKED_TOTAL_RATIO_MAX: u64 = 100;

/// The most bytes of members laid aside in temporary files at one time.
pub const ASIDE_MAX: u64 = 32 << 30;

/// The most memory one decompressor may ask for, in KiB.
pub const DECODER_KIB_MAX: u32 = 256 << 10;

/// The largest member looked into as a program, in bytes; of a larger one only
/// the hashes are compared.
pub const PROGRAM_SIZE_MAX: u64 = 1 << 30;

/// The most pairs of programs that are explained in one comparison.
pub const PROGRAMS_MAX: usize = 256;

/// What one run was given and has unpacked so far; clones share the account.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    given: Arc<AtomicU64>,
    unpacked: Arc<AtomicU64>,
}

impl Budget {
    /// Takes down the size of a file or folder that was given to the run.
    pub fn give(&self, bytes: u64) {
        let add = |given: u64| Some(given.saturating_add(bytes));
        let _ = self
            .given
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Bounds what a container of some size unpacks to.
    pub fn bound<R: Read>(&self, inner: R, packed_len: u64) -> Bounded<R> {
        let max = packed_len
            .saturating_mul(UNPACKED_RATIO_MAX)
            .max(UNPACKED_FREE);
        Bounded {
            inner,
            left: max,
            max,
            budget: self.clone(),
        }
    }

    /// Counts bytes that were unpacked, or are read out of something unpacked.
    ///
    /// # Errors
    /// `TooMuch` past the bound of the run.
    pub fn spend(&self, bytes: u64) -> Result<(), Fault> {
        let given = self.given.load(Ordering::Relaxed);
        let max = given
            .saturating_mul(UNPACKED_TOTAL_RATIO_MAX)
            .max(UNPACKED_TOTAL_FREE);
        let before = self.unpacked.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > max {
            return Err(Kind::TooMuch { max }.into());
        }
        Ok(())
    }
}

/// A reader that stops where a bomb begins.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    left: u64,
    max: u64,
    budget: Budget,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let bytes = count as u64;
        self.left = self
            .left
            .checked_sub(bytes)
            .ok_or_else(|| Fault::from(Kind::Bomb { max: self.max }))?;
        self.budget.spend(bytes)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_a_bomb_and_names_the_bound() {
        let budget = Budget::default();
        let mut bounded = budget.bound(io::repeat(0), 10);
        let error = io::copy(&mut bounded, &mut io::sink()).unwrap_err();
        let said = Fault::from(error).to_string();
        assert!(said.contains(&UNPACKED_FREE.to_string()), "{said}");
        // All of a run together have one bound, which grows with what is given.
        let spend = |budget: &Budget| budget.spend(UNPACKED_TOTAL_FREE - UNPACKED_FREE + 1);
        let said = spend(&budget).unwrap_err().to_string();
        assert!(said.contains(&UNPACKED_TOTAL_FREE.to_string()), "{said}");
        let given = Budget::default();
        given.give(UNPACKED_TOTAL_FREE);
        spend(&given).and_then(|()| spend(&given)).unwrap();
        // A larger container may hold more.
        let len = UNPACKED_FREE / UNPACKED_RATIO_MAX + 1;
        assert!(budget.bound(io::empty(), len).max > UNPACKED_FREE);
    }
}
