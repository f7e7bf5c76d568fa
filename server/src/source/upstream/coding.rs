//! Bodies that come compressed although they were asked for as they are.
//!
//! Some servers and the caches before them compress whatever they send. What comes
//! out is held to the same limits as any body, and its hash decides what it is worth.

use std::io::{self, Write as _};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http::{HeaderMap, header};

/// How a body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Identity,
    Gzip,
}

impl Coding {
    /// Reads the headers of an answer.
    ///
    /// # Errors
    /// Another coding, or several on top of each other.
    ///
    /// Source: RFC 9110 §8.4.1.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut coding = Self::Identity;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            let bad = || format!("a body in {value:?} that was not asked for");
            for name in value.to_str().map_err(|_| bad())?.split(',') {
                let next = match name.trim().to_ascii_lowercase().as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    _ => return Err(bad()),
                };
                if coding != Self::Identity {
                    return Err(bad());
                }
                coding = next;
            }
        }
        Ok(coding)
    }

    /// Returns what undoes it; `None` where there is nothing to undo.
    pub(super) fn inflater(self) -> Option<Inflater> {
        if self == Self::Identity {
            return None;
        }
        Some(Inflater {
            decoder: MultiGzDecoder::new(Vec::new()),
            input: Bytes::new(),
            began: false,
            finished: false,
        })
    }
}

/// Inflates a body as it comes.
#[derive(Debug)]
pub(super) struct Inflater {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What has come and is not inflated yet.
    input: Bytes,
    began: bool,
    finished: bool,
}

/// Bytes inflated at a time. They come to a thousand times as many at most, which is
/// what lies in memory before somebody counts it.
const PIECE_BYTES: usize = 4 << 10;

impl Inflater {
    /// Takes bytes that came.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        debug_assert!(self.input.is_empty(), "the last bytes are inflated first");
        self.input = bytes;
    }

    /// Returns the next bytes of the body, never empty; `None` when more must come.
    ///
    /// # Errors
    /// What came is not what the coding makes.
    pub(super) fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.input.is_empty() {
            let piece = self.input.split_to(self.input.len().min(PIECE_BYTES));
            self.began = true;
            self.decoder.write_all(&piece)?;
            if let Some(bytes) = self.take() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Returns the last bytes, after all has come.
    ///
    /// # Errors
    /// It ended early, or its checksum is another one.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        // An empty body may come without any frame.
        if self.began && !self.finished {
            self.finished = true;
            self.decoder.try_finish()?;
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<Bytes> {
        let output = self.decoder.get_mut();
        (!output.is_empty()).then(|| std::mem::take(output).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_can_undo() {
        for (values, want) in [
            (&[][..], Ok(Coding::Identity)),
            (&["identity"], Ok(Coding::Identity)),
            (&["gzip"], Ok(Coding::Gzip)),
            (&["X-GZip"], Ok(Coding::Gzip)),
            (&["identity, gzip"], Ok(Coding::Gzip)),
            (&["deflate"], Err(())),
            (&["br"], Err(())),
            (&["zstd"], Err(())),
            (&["gzip, gzip"], Err(())),
            (&["gzip", "br"], Err(())),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = value.parse().expect("a header value");
                headers.append(header::CONTENT_ENCODING, value);
            }
            assert_eq!(Coding::of(&headers).map_err(drop), want, "{values:?}");
        }
    }
}
