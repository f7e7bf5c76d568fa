//! SHA-256 of whatever can be read to its end.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Bytes read and hashed at a time, while they are still in the processor's cache.
const PIECE_BYTES: usize = 16 << 10;

/// What reading to the end found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256 of all bytes.
    pub sha256: [u8; 32],
    /// How many bytes there were.
    pub size: u64,
}

impl Digest {
    /// Reads to the end, however long that is: bound the reader where its length
    /// is not known.
    ///
    /// # Errors
    /// What the reader returns; [`io::ErrorKind::Interrupted`] is no error.
    pub fn of(mut reader: impl Read) -> io::Result<Self> {
        let mut hash = Sha256::new();
        let mut size = 0_u64;
        let mut piece = [0; PIECE_BYTES];
        loop {
            match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(len) => {
                    hash.update(piece.get(..len).unwrap_or_default());
                    size = size.saturating_add(len as u64);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            sha256: hash.finalize().into(),
            size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte, is interrupted, gives one more.
    struct Stuttering<'a> {
        rest: &'a [u8],
        is_interrupted: bool,
        last: io::Result<()>,
    }

    impl Read for Stuttering<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.is_interrupted = !self.is_interrupted;
            if self.is_interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            if self.rest.is_empty() {
                std::mem::replace(&mut self.last, Ok(()))?;
            }
            (&mut self.rest).take(1).read(buffer)
        }
    }

    #[test]
    fn pieces_and_interruptions_leave_no_trace() {
        let bytes = vec![7; PIECE_BYTES * 2 + 3];
        let want = Digest {
            sha256: Sha256::digest(&bytes).into(),
            size: bytes.len() as u64,
        };
        assert_eq!(Digest::of(bytes.as_slice()).unwrap(), want);
        let stuttering = Stuttering {
            rest: &bytes,
            is_interrupted: false,
            last: Ok(()),
        };
        assert_eq!(Digest::of(stuttering).unwrap(), want);
    }

    #[test]
    fn an_error_at_the_end_is_one() {
        let failing = Stuttering {
            rest: b"ab",
            is_interrupted: false,
            last: Err(io::ErrorKind::UnexpectedEof.into()),
        };
        let error = Digest::of(failing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
