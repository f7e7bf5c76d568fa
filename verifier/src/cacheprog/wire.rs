//! What the go command says, taken from a stream: request lines, and bodies in
//! pieces between them.

use std::io::{self, BufRead, BufReader, Read};

use proto::cacheprog::body::{self, Decoder};
use proto::cacheprog::{Fault, LINE_BYTES_MAX, Problem, Request};

/// Bytes read at a time.
const PIECE_BYTES: usize = 256 << 10;

/// The go command's end of the conversation.
pub(super) struct Wire<R> {
    input: BufReader<R>,
    decoded: Vec<u8>,
}

impl<R: Read> Wire<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(PIECE_BYTES, input),
            decoded: Vec::new(),
        }
    }

    /// Reads the next request; `None` at the end of the input.
    pub(super) fn request(&mut self) -> io::Result<Option<Result<Request, Fault>>> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            let len = self
                .input
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut line)?;
            if len == 0 {
                return Ok(None);
            }
            // Lines between objects are empty.
            if line.trim_ascii().is_empty() && len <= LINE_BYTES_MAX {
                continue;
            }
            if !line.ends_with(b"\n") && len <= LINE_BYTES_MAX {
                let problem = Problem::NotARequest("the input ends within a line".to_owned());
                return Ok(Some(Err(Fault {
                    id: None,
                    body: None,
                    problem,
                })));
            }
            return Ok(Some(Request::parse(line.trim_ascii_end())));
        }
    }

    /// Reads the body behind a request of `size` bytes and hands it over in
    /// pieces. The body is read to its end whatever `take` returns; after its
    /// first error it is not called again. An input that ends within the body is
    /// an error of reading: nobody is there to be answered.
    pub(super) fn body(
        &mut self,
        size: u64,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Result<(), Failure>> {
        let mut decoder = Decoder::new(size);
        let mut taken = Ok(());
        while !decoder.is_done() {
            let piece = match self.input.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if piece.is_empty() {
                break;
            }
            self.decoded.clear();
            let used = decoder.push(piece, &mut self.decoded);
            self.input.consume(used);
            if taken.is_ok() {
                taken = take(&self.decoded);
            }
        }
        let cut_off = !decoder.is_done();
        Ok(match (decoder.finish(), taken) {
            (Err(error), _) if cut_off => {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
            }
            (Err(error), _) => Err(Failure::Body(error)),
            (Ok(()), Err(error)) => Err(Failure::Taking(error)),
            (Ok(()), Ok(())) => Ok(()),
        })
    }
}

/// Why a body was not taken in.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was not what the request announced.
    Body(body::Error),
    /// It could not be put anywhere.
    Taking(io::Error),
}
