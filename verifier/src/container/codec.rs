//! Compressed streams: what their headers say, and what they unpack to.

mod gzip;
mod xz;
mod zstd;

use std::io::{self, Read};

use super::fault::{Fault, Kind};
use super::limits::Budget;
use super::listing::Fact;
use super::source::Source;

/// A way of compressing one stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// RFC 1952.
    Gzip,
    /// The .xz format 1.2.
    Xz,
    /// The old .lzma format, which begins with no magic number.
    Lzma,
    /// RFC 8878.
    Zstd,
    /// bzip2; recognised, not unpacked.
    Bzip2,
}

impl Codec {
    /// Tells a compressed stream by its first bytes.
    pub fn sniff(head: &[u8]) -> Option<Self> {
        let starts: [(&[u8], Self); 4] = [
            (b"\x1f\x8b\x08", Self::Gzip),
            (b"\xfd7zXZ\0", Self::Xz),
            (b"\x28\xb5\x2f\xfd", Self::Zstd),
            (b"BZh", Self::Bzip2),
        ];
        let known = starts.iter().find(|(start, _)| head.starts_with(start));
        known.map(|(_, codec)| *codec)
    }

    /// Returns the name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
        }
    }

    /// Unpacks a stream, within the bounds of the budget.
    ///
    /// # Errors
    /// `Unsupported`, or what is wrong with the stream's header.
    pub fn unpack(self, source: &Source, budget: &Budget) -> Result<Box<dyn Read>, Fault> {
        let packed = source.reader();
        let inner: Box<dyn Read> = match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(packed)),
            Self::Xz => xz::unpack(packed),
            Self::Lzma => xz::unpack_lzma(packed)?,
            Self::Zstd => zstd::unpack(packed),
            Self::Bzip2 => {
                return Err(Fault::unsupported(
                    "bzip2 streams are not unpacked by this program",
                ));
            }
        };
        let named = Named {
            inner,
            codec: self,
            unpacked: 0,
        };
        Ok(Box::new(budget.bound(named, source.len())))
    }

    /// Returns what the stream's headers say about how it was packed.
    ///
    /// # Errors
    /// What the system says; headers that make no sense give no facts.
    pub fn facts(self, source: &Source) -> io::Result<Vec<Fact>> {
        let mut facts = match self {
            Self::Gzip => gzip::facts(source)?,
            Self::Xz => xz::facts(source)?,
            Self::Zstd => zstd::facts(source)?,
            Self::Lzma | Self::Bzip2 => Vec::new(),
        };
        facts.insert(0, Fact::packing("compression", self.name()));
        Ok(facts)
    }
}

/// Says in which stream, and how far into it, a decompressor gave up.
struct Named<R> {
    inner: R,
    codec: Codec,
    unpacked: u64,
}

impl<R: Read> Read for Named<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer) {
            Ok(count) => {
                self.unpacked = self.unpacked.saturating_add(count as u64);
                Ok(count)
            }
            Err(error) => Err(self.explain(error).into()),
        }
    }
}

impl<R> Named<R> {
    fn explain(&self, error: io::Error) -> Fault {
        let place = format!("the {} stream", self.codec.name());
        let after = format!("after {} unpacked bytes", self.unpacked);
        match error.kind() {
            io::ErrorKind::Interrupted => Kind::Io(error).into(),
            io::ErrorKind::UnexpectedEof => {
                Fault::truncated(format!("in the middle of {place}, {after}"))
            }
            io::ErrorKind::OutOfMemory => Fault::unsupported(format!(
                "{place} asks for more memory than this program gives"
            )),
            io::ErrorKind::Unsupported => Fault::unsupported(format!(
                "{place} can't be unpacked by this program ({error})"
            )),
            _ if error.get_ref().is_some_and(|inner| inner.is::<Fault>()) => error.into(),
            // What the system says about the file carries its number.
            _ if error.raw_os_error().is_some() => Kind::Io(error).into(),
            _ => Fault::malformed(format!("{place} can't be unpacked {after} ({error})")),
        }
    }
}
