//! Zstandard frames.
//!
//! Source: RFC 8878 §3.1

mod skipped;

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::super::limits::DECODER_KIB_MAX;
use super::super::listing::Fact;
use super::super::source::Source;

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Says whether a magic number, 0x184d2a50 to 0x184d2a5f, begins a frame that carries no
/// content.
fn is_skipped(magic: [u8; 4]) -> bool {
    u32::from_le_bytes(magic) >> 4 == 0x0184_d2a5
}

pub(super) fn unpack(packed: impl BufRead + 'static) -> Box<dyn Read> {
    Box::new(Frames::Between(packed))
}

/// A stream is one frame after another.
enum Frames<R: BufRead> {
    Between(R),
    Within(Box<Frame<R>>),
    Done,
}

/// The magic number is read before it is known to begin a frame.
type Frame<R> = StreamingDecoder<io::Chain<io::Cursor<[u8; 4]>, R>, FrameDecoder>;

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(self, Self::Done) {
                Self::Done => return Ok(0),
                Self::Between(mut packed) => {
                    if packed.fill_buf()?.is_empty() {
                        return Ok(0);
                    }
                    *self = begin(packed)?;
                }
                Self::Within(mut frame) => {
                    let count = frame.read(buffer).map_err(|error| {
                        let (_, packed) = frame.get_mut().get_mut();
                        ended(packed, error)
                    })?;
                    if count > 0 {
                        *self = Self::Within(frame);
                        return Ok(count);
                    }
                    verify(&frame.decoder)?;
                    let (_, packed) = frame.into_inner().into_inner();
                    *self = Self::Between(packed);
                }
            }
        }
    }
}

/// Enters the next frame, past those that carry no content.
fn begin<R: BufRead>(mut packed: R) -> io::Result<Frames<R>> {
    let mut magic = [0; 4];
    packed.read_exact(&mut magic)?;
    if is_skipped(magic) {
        let mut len = [0; 4];
        packed.read_exact(&mut len)?;
        let len = u64::from(u32::from_le_bytes(len));
        let skipped = io::copy(&mut packed.by_ref().take(len), &mut io::sink())?;
        if skipped < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        return Ok(Frames::Between(packed));
    }
    let window_max = u64::from(DECODER_KIB_MAX) << 10;
    let packed = io::Cursor::new(magic).chain(packed);
    let frame = StreamingDecoder::new_with_max_window_size(packed, window_max);
    let frame = frame.map_err(io::Error::other)?;
    Ok(Frames::Within(Box::new(frame)))
}

/// The library has one error for many reasons; that nothing is left to read is
/// the one worth telling apart.
fn ended(packed: &mut impl BufRead, error: io::Error) -> io::Error {
    match packed.fill_buf() {
        Ok([]) => io::ErrorKind::UnexpectedEof.into(),
        _ => error,
    }
}

/// The library computes the checksum and leaves comparing it to us.
fn verify(decoder: &FrameDecoder) -> io::Result<()> {
    let [stated, computed] = [
        decoder.get_checksum_from_data(),
        decoder.get_calculated_checksum(),
    ];
    if stated.is_some() && stated != computed {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "its checksum does not fit its content",
        ));
    }
    Ok(())
}

/// Returns what the first frame's header says.
pub(super) fn facts(source: &Source) -> io::Result<Vec<Fact>> {
    let head = source.bytes_at(0, 6)?;
    let Some([a, b, c, d, descriptor, window]) = head.first_chunk().copied() else {
        return Ok(Vec::new());
    };
    if [a, b, c, d] != MAGIC {
        return Ok(skipped::fact(source)?.into_iter().collect());
    }
    let said = |holds: bool| if holds { "yes" } else { "no" };
    let single = descriptor & 0x20 != 0;
    let mut facts = vec![
        Fact::packing("zstd: checksum", said(descriptor & 4 != 0)),
        Fact::packing("zstd: size said", said(single || descriptor >> 6 != 0)),
    ];
    // A single segment's window is the content's size: no choice of anyone's.
    if !single {
        let base = 1_u64 << (10 + (window >> 3));
        let size = base + base / 8 * u64::from(window & 7);
        facts.push(Fact::packing("zstd: window", format!("{} KiB", size >> 10)));
    }
    facts.extend(skipped::fact(source)?);
    Ok(facts)
}
