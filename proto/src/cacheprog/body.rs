//! The body of a `put`, decoded as it arrives.
//!
//! It is one JSON string of standard base64 with padding, so that it can be
//! decoded without being held: `"aGVsbG8="`. Pieces may be cut anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

/// What can be wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// Something else than a JSON string stands in its place.
    #[error("the body does not begin with a quotation mark")]
    NotAString,
    /// The text between the quotation marks is not base64.
    #[error("the body is not base64 near its byte {offset}")]
    NotBase64 {
        /// Offset in the decoded body, within three bytes.
        offset: u64,
    },
    /// The body is shorter or longer than the request said.
    #[error("the request named a body of {want} bytes and {got} came")]
    Length {
        /// The size in the request, in bytes.
        want: u64,
        /// What came; where it was longer, the bytes up to there.
        got: u64,
    },
    /// The input ended within the body.
    #[error("the input ended after {got} of {want} bytes of the body")]
    CutOff {
        /// The size in the request, in bytes.
        want: u64,
        /// What came, in bytes.
        got: u64,
    },
}

/// Decodes one body that arrives in pieces.
///
/// After an error the rest of the string is still taken in, up to its closing
/// quotation mark, and thrown away: the next request stands behind it.
#[derive(Debug)]
pub struct Decoder {
    want: u64,
    got: u64,
    state: State,
    /// Characters that do not make a whole quadruple yet.
    held: Vec<u8>,
    /// Padding was seen: only the end may follow.
    padded: bool,
    error: Option<Error>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    Done,
}

impl Decoder {
    /// Starts on a body of `size` bytes. A body of no bytes has no string, and
    /// needs no decoder.
    pub fn new(size: u64) -> Self {
        Self {
            want: size,
            got: 0,
            state: State::Before,
            held: Vec::with_capacity(4),
            padded: false,
            error: None,
        }
    }

    /// Takes in the next piece, appends what it decodes to to `out`, at most
    /// three bytes for four, and returns how much of the piece belongs to the body.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> usize {
        let mut used = 0;
        if self.state == State::Before {
            used = piece
                .iter()
                .position(|byte| !byte.is_ascii_whitespace())
                .unwrap_or(piece.len());
            match piece.get(used) {
                None => return used,
                Some(b'"') => {
                    used += 1;
                    self.state = State::Within;
                }
                Some(_) => {
                    // Whatever it is, it is not ours to take.
                    self.error = Some(Error::NotAString);
                    self.state = State::Done;
                }
            }
        }
        if self.state == State::Within {
            let rest = &piece[used..];
            let close = memchr::memchr(b'"', rest);
            self.decode(&rest[..close.unwrap_or(rest.len())], out);
            used += close.map_or(rest.len(), |at| at + 1);
            if close.is_some() {
                self.state = State::Done;
            }
        }
        used
    }

    /// Whether the body's end was seen.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Says whether the body was what the request announced.
    ///
    /// # Errors
    /// The first thing that was wrong with it.
    pub fn finish(self) -> Result<(), Error> {
        let (want, got) = (self.want, self.got);
        match self.error {
            Some(error) => Err(error),
            None if self.state != State::Done => Err(Error::CutOff { want, got }),
            None if !self.held.is_empty() => Err(Error::NotBase64 { offset: got }),
            None if got != want => Err(Error::Length { want, got }),
            None => Ok(()),
        }
    }

    fn decode(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        if !self.held.is_empty() {
            let missing = text.len().min(4 - self.held.len());
            self.held.extend_from_slice(&text[..missing]);
            text = &text[missing..];
            if self.held.len() < 4 {
                return;
            }
            let held = std::mem::take(&mut self.held);
            self.quadruples(&held, out);
        }
        let whole = text.len() - text.len() % 4;
        self.quadruples(&text[..whole], out);
        self.held.extend_from_slice(&text[whole..]);
    }

    fn quadruples(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if self.error.is_some() || text.is_empty() {
            return;
        }
        let before = out.len();
        // The engine takes padding at the very end only, so within one piece;
        // across pieces it is for us to see.
        if self.padded || STANDARD.decode_vec(text, out).is_err() {
            out.truncate(before);
            self.error = Some(Error::NotBase64 { offset: self.got });
            return;
        }
        self.padded = text.ends_with(b"=");
        let decoded = out.len() - before;
        self.got = self.got.saturating_add(decoded as u64);
        if self.got > self.want {
            out.truncate(before);
            self.error = Some(Error::Length {
                want: self.want,
                got: self.got,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(pieces: &[&[u8]], size: u64) -> (Result<(), Error>, Vec<u8>, usize) {
        let mut decoder = Decoder::new(size);
        let mut out = Vec::new();
        let mut used = 0;
        for piece in pieces {
            if decoder.is_done() {
                break;
            }
            used += decoder.push(piece, &mut out);
        }
        (decoder.finish(), out, used)
    }

    #[test]
    fn decodes_and_leaves_the_next_request_alone() {
        let input = b"\n\"aGVsbG8=\"\n{\"ID\":3}";
        let (result, out, used) = decode(&[input], 5);
        assert_eq!((result, out.as_slice()), (Ok(()), b"hello".as_slice()));
        assert_eq!(&input[used..], b"\n{\"ID\":3}");
    }

    #[test]
    fn refuses_what_is_not_the_body_announced() {
        let table: [(&[u8], u64, Error); 10] = [
            (b"{", 5, Error::NotAString),
            (b"null", 5, Error::NotAString),
            (b"\"aGVsbG8\"", 5, Error::NotBase64 { offset: 3 }),
            (b"\"aGVs bG8=\"", 5, Error::NotBase64 { offset: 0 }),
            (b"\"aGVs\\u0062G8=\"", 5, Error::NotBase64 { offset: 0 }),
            (b"\"aGVsbG8=\"", 6, Error::Length { want: 6, got: 5 }),
            (b"\"aGVsbG8=\"", 4, Error::Length { want: 4, got: 5 }),
            // Bits behind the last byte that no encoder writes.
            (b"\"aGVsbG9=\"", 5, Error::NotBase64 { offset: 0 }),
            (b"\"aGVsbG8=", 5, Error::CutOff { want: 5, got: 5 }),
            (b"", 5, Error::CutOff { want: 5, got: 0 }),
        ];
        for (input, size, want) in table {
            let (result, _, _) = decode(&[input], size);
            assert_eq!(result, Err(want), "{}", String::from_utf8_lossy(input));
        }
    }

    #[test]
    fn padding_ends_a_body_however_it_is_cut() {
        let (result, _, used) = decode(&[b"\"aA==", b"aGVs\"{"], 4);
        assert_eq!(result, Err(Error::NotBase64 { offset: 1 }));
        assert_eq!(used, 10, "the closing mark is found all the same");
    }

    proptest! {
        #[test]
        fn pieces_and_whole_agree(
            body in proptest::collection::vec(any::<u8>(), 1..300),
            cuts in proptest::collection::vec(0usize..420, 0..8),
        ) {
            let text = format!("\n\"{}\"\n", STANDARD.encode(&body));
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&text.as_bytes()[from..cut]);
                from = cut;
            }
            pieces.push(&text.as_bytes()[from..]);
            let (result, out, used) = decode(&pieces, body.len() as u64);
            prop_assert_eq!(result, Ok(()));
            prop_assert_eq!(out, body);
            prop_assert_eq!(used, text.len() - 1);
        }

        #[test]
        fn never_yields_more_than_was_announced(
            input in proptest::collection::vec(any::<u8>(), 0..200),
            size in 0u64..40,
        ) {
            let mut quoted = b"\"".to_vec();
            quoted.extend_from_slice(&input);
            let (_, out, used) = decode(&[&quoted], size);
            prop_assert!(out.len() as u64 <= size);
            prop_assert!(used <= quoted.len());
        }
    }
}
