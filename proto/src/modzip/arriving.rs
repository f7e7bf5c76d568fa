//! How much of a zip that is still arriving may be shown before it is proved.

/// Watches the bytes of a zip as they come for the first end record.
///
/// Readers that start at the end of a zip, as the go command does, find its files by
/// the end record (`PK\5\6`, or `PK\6\6` for zip64; PKWARE APPNOTE 4.3.14 and 4.3.16).
/// Without the bytes from the first such signature on they find no archive. Readers
/// that stream from the front can unpack what stands before it.
#[derive(Debug, Clone, Default)]
pub struct Arriving {
    /// Bytes seen.
    len: u64,
    /// The last bytes seen, which may begin a signature: at most three.
    tail: Vec<u8>,
    /// Where the first signature begins.
    end_record: Option<u64>,
}

/// Length of a signature.
const SIGNATURE_LEN: usize = 4;

impl Arriving {
    /// Starts in front of the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.end_record.is_none() {
            self.end_record = self.find(bytes);
        }
        self.len += bytes.len() as u64;
        let from = bytes.len().saturating_sub(SIGNATURE_LEN - 1);
        self.tail.extend_from_slice(&bytes[from..]);
        let surplus = self.tail.len().saturating_sub(SIGNATURE_LEN - 1);
        self.tail.drain(..surplus);
    }

    /// Returns how many bytes from the front hold no part of an end record: as long
    /// as none has been seen, those that cannot begin one any more.
    pub fn showable(&self) -> u64 {
        match self.end_record {
            Some(at) => at,
            None => self.len - self.tail.len() as u64,
        }
    }

    fn find(&self, bytes: &[u8]) -> Option<u64> {
        let start = self.len - self.tail.len() as u64;
        // A signature that straddles: the tail, and as many bytes as complete it.
        let mut seam = self.tail.clone();
        seam.extend_from_slice(&bytes[..bytes.len().min(SIGNATURE_LEN - 1)]);
        if let Some(at) = signature(&seam) {
            return Some(start + at as u64);
        }
        signature(bytes).map(|at| self.len + at as u64)
    }
}

/// Finds the first signature of an end record.
fn signature(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(6, bytes)
        .filter_map(|at| at.checked_sub(SIGNATURE_LEN - 1))
        .find(|&at| {
            matches!(
                &bytes[at..at + SIGNATURE_LEN],
                b"PK\x05\x06" | b"PK\x06\x06"
            )
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn showable(pieces: &[&[u8]]) -> u64 {
        let mut arriving = Arriving::new();
        for piece in pieces {
            arriving.push(piece);
        }
        arriving.showable()
    }

    #[test]
    fn nothing_from_the_first_end_record_on_is_shown() {
        assert_eq!(showable(&[b"abcPK\x05\x06def"]), 3);
        assert_eq!(showable(&[b"abcPK\x06\x06def", b"PK\x05\x06"]), 3);
        assert_eq!(showable(&[b"PK\x05\x06"]), 0);
        // Other records are not ends.
        assert_eq!(showable(&[b"PK\x03\x04PK\x01\x02PK\x07\x08xyz"]), 12);
    }

    #[test]
    fn bytes_that_may_begin_one_wait_for_the_next() {
        assert_eq!(showable(&[b"abcPK\x05"]), 3);
        assert_eq!(showable(&[b"abcPK\x05", b"x"]), 4);
        assert_eq!(showable(&[b"abcPK\x05", b"\x06"]), 3);
        assert_eq!(showable(&[b"a", b"P", b"K", b"\x05", b"\x06", b"zzzz"]), 1);
        assert_eq!(showable(&[b"ab"]), 0);
        assert_eq!(showable(&[]), 0);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_first_end_record_is_found(
            bytes in proptest::collection::vec(
                prop_oneof![Just(b'P'), Just(b'K'), Just(5), Just(6), Just(b'x')], 0..200),
            cuts in proptest::collection::vec(0usize..200, 0..20),
        ) {
            let first = bytes
                .windows(4)
                .position(|four| matches!(four, b"PK\x05\x06" | b"PK\x06\x06"));
            let want = first.unwrap_or_else(|| bytes.len().saturating_sub(3)) as u64;
            let mut cuts: Vec<_> = cuts.into_iter().filter(|cut| *cut <= bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut arriving = Arriving::new();
            let mut most = 0;
            for pair in cuts.windows(2) {
                arriving.push(&bytes[pair[0]..pair[1]]);
                prop_assert!(arriving.showable() >= most, "what was shown stays shown");
                most = arriving.showable();
                prop_assert!(most <= want.max(bytes.len().saturating_sub(3) as u64));
                if let Some(first) = first {
                    prop_assert!(most <= first as u64);
                }
            }
            prop_assert_eq!(arriving.showable(), want);
        }
    }
}
