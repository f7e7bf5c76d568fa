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

/// The most bytes of names and other text kept of one container's members.
pub const TEXT_TOTAL_MAX: usize = 512 << 20;

/// The most bytes that one container may unpack to, whatever its own size.
pub const UNPACKED_FREE: u64 = 256 << 20;

/// How many times its own size a container may unpack to beyond
/// [`UNPACKED_FREE`]. Programs reach 10; only emptiness reaches hundreds.
pub const UNPACKED_RATIO_MAX: u64 = 200;

/// The most bytes unpacked in a run, all containers together.
pub const UNPACKED_TOTAL_MAX: u64 = 256 << 30;

/// The most bytes of members laid aside in temporary files at one time.
pub const ASIDE_MAX: u64 = 32 << 30;

/// The most memory one decompressor may ask for, in KiB.
pub const DECODER_KIB_MAX: u32 = 256 << 10;

/// The largest member looked into as a program, in bytes; of a larger one only
/// the hashes are compared.
pub const PROGRAM_SIZE_MAX: u64 = 1 << 30;

/// The most pairs of programs that are explained in one comparison.
pub const PROGRAMS_MAX: usize = 256;

/// What one run has unpacked so far; clones share the account.
#[derive(Debug, Clone, Default)]
pub struct Budget {
    unpacked: Arc<AtomicU64>,
}

impl Budget {
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

    fn spend(&self, bytes: u64) -> Result<(), Fault> {
        let before = self.unpacked.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > UNPACKED_TOTAL_MAX {
            return Err(Kind::TooMuch {
                max: UNPACKED_TOTAL_MAX,
            }
            .into());
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
        // A larger container may hold more.
        let len = UNPACKED_FREE / UNPACKED_RATIO_MAX + 1;
        assert!(budget.bound(io::empty(), len).max > UNPACKED_FREE);
    }
}
