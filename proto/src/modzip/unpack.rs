//! The files of a zip, read from front to back.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::{Crc, Decompress, FlushDecompress, Status};
use sha2::{Digest, Sha256};

use super::directory::{self, DEFLATE, Entry, FLAG_DESCRIPTOR, SIZE_IN_ZIP64};
use super::fields::Fields;
use super::{Error, Fact};

/// What unpacking needs beside the zip, some 180 KiB.
///
/// It is kept from one zip to the next: some of it is aligned, and glibc before 2.38 scatters
/// what is kept of each zip over the heap where such pieces come and go.
pub(super) struct Inflater {
    state: Decompress,
    out: Vec<u8>,
}

/// Inflaters that no zip needs now.
static IDLE: Mutex<Vec<Inflater>> = Mutex::new(Vec::new());

/// The most of them that are kept.
const IDLE_MAX: usize = 8;

impl Inflater {
    pub(super) fn take() -> Self {
        let idle = idle().pop();
        idle.unwrap_or_else(|| Self {
            state: Decompress::new(false),
            out: vec![0; PIECE_BYTES],
        })
    }

    pub(super) fn put_back(self) {
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(self);
        }
    }
}

fn idle() -> MutexGuard<'static, Vec<Inflater>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads entries one after the other and knows how far it is.
pub(super) struct Unpacker<'a, R> {
    zip: BufReader<R>,
    at: u64,
    inflater: &'a mut Inflater,
}

/// How much is unpacked at once, in bytes.
const PIECE_BYTES: usize = 128 << 10;

/// Local header without name and extra fields, in bytes.
const HEADER_LEN: usize = 30;

impl<'a, R: Read> Unpacker<'a, R> {
    pub(super) fn new(zip: BufReader<R>, inflater: &'a mut Inflater) -> Self {
        Self {
            zip,
            at: 0,
            inflater,
        }
    }

    /// Reads an entry that must reach from here to `end`; gives the SHA-256 of
    /// its content, and the content itself into `keep`.
    pub(super) fn entry(
        &mut self,
        entry: &Entry,
        end: u64,
        keep: Option<&mut Vec<u8>>,
    ) -> Result<[u8; 32], Error> {
        let refuse = |fact| Error::Entry {
            name: super::shown(&entry.name),
            fact,
        };
        if entry.offset != self.at {
            let behind = entry.offset < self.at;
            return Err(refuse(if behind { Fact::Overlap } else { Fact::Gap }));
        }
        self.header(entry, end)?.map_err(refuse)?;
        let data_end = self.at.checked_add(entry.packed);
        let descriptor_len = data_end.and_then(|data_end| end.checked_sub(data_end));
        let descriptor_len = descriptor_len.ok_or_else(|| refuse(Fact::Overlap))?;

        let mut content = Content::new(entry.unpacked, keep);
        let read = match entry.method {
            DEFLATE => self.inflate(entry.packed, &mut content)?,
            _ => self.copy(entry.packed, &mut content)?,
        };
        read.map_err(refuse)?;
        let (sha256, got) = content.finish().map_err(refuse)?;
        let want = entry.crc32;
        if got != want {
            let name = super::shown(&entry.name);
            return Err(Error::Checksum { name, want, got });
        }
        self.descriptor(entry, descriptor_len)?.map_err(refuse)?;
        Ok(sha256)
    }

    /// Checks that the files reach exactly to the directory.
    pub(super) fn expect_end(&self, start: u64) -> Result<(), Error> {
        if self.at == start {
            return Ok(());
        }
        let fact = "unaccounted bytes in front of the directory";
        Err(Error::Directory { fact })
    }

    /// Reads the local header, which must say what the directory says.
    fn header(&mut self, entry: &Entry, end: u64) -> Result<Result<(), Fact>, Error> {
        if end.saturating_sub(self.at) < HEADER_LEN as u64 {
            return Ok(Err(Fact::Overlap));
        }
        let fixed: [u8; HEADER_LEN] = self.array()?;
        let Some(header) = Header::parse(&fixed) else {
            return Ok(Err(Fact::LocalHeader("signature")));
        };
        let variable = u64::from(header.name_len) + u64::from(header.extra_len);
        if variable > end - self.at {
            return Ok(Err(Fact::Overlap));
        }
        let name = self.bytes(header.name_len)?;
        let extra = self.bytes(header.extra_len)?;
        Ok(header.check(entry, &name, &extra))
    }

    /// Reads what stands between the data and the next entry: nothing, or the
    /// descriptor in one of its four forms, which the length tells apart.
    fn descriptor(&mut self, entry: &Entry, len: u64) -> Result<Result<(), Fact>, Error> {
        let wanted = entry.flags & FLAG_DESCRIPTOR != 0;
        match len {
            0 if !wanted => return Ok(Ok(())),
            12 | 16 | 20 | 24 if wanted => {}
            _ if !wanted => return Ok(Err(Fact::Gap)),
            _ => return Ok(Err(Fact::Descriptor)),
        }
        let bytes = self.bytes(u16::try_from(len).unwrap_or_default())?;
        let body = match len {
            16 | 24 => bytes.strip_prefix(b"PK\x07\x08"),
            _ => Some(&*bytes),
        };
        let agrees = body.and_then(|body| {
            let mut fields = Fields(body);
            let crc32 = fields.u32()?;
            let (packed, unpacked) = match len {
                20 | 24 => (fields.u64()?, fields.u64()?),
                _ => (fields.u32()?.into(), fields.u32()?.into()),
            };
            Some(crc32 == entry.crc32 && packed == entry.packed && unpacked == entry.unpacked)
        });
        Ok(if agrees == Some(true) {
            Ok(())
        } else {
            Err(Fact::Descriptor)
        })
    }

    fn copy(&mut self, len: u64, content: &mut Content<'_>) -> Result<Result<(), Fact>, Error> {
        let mut left = len;
        while left > 0 {
            let input = fill(&mut self.zip, left)?;
            let taken = input.len();
            if let Err(fact) = content.push(input) {
                return Ok(Err(fact));
            }
            self.zip.consume(taken);
            self.at += taken as u64;
            left -= taken as u64;
        }
        Ok(Ok(()))
    }

    /// Unpacks at most one byte more than is declared, which tells a lie.
    fn inflate(&mut self, len: u64, content: &mut Content<'_>) -> Result<Result<(), Fact>, Error> {
        let Inflater { state, out } = &mut *self.inflater;
        state.reset(false);
        let mut left = len;
        loop {
            let input = if left == 0 {
                &[][..]
            } else {
                fill(&mut self.zip, left)?
            };
            let room = usize::try_from(content.left.saturating_add(1)).unwrap_or(usize::MAX);
            let room = room.min(out.len());
            let out = out.get_mut(..room).unwrap_or_default();
            let (in_before, out_before) = (state.total_in(), state.total_out());
            let status = state.decompress(input, out, FlushDecompress::None);
            let taken = state.total_in() - in_before;
            let given = state.total_out() - out_before;
            let Ok(status) = status else {
                return Ok(Err(Fact::Deflate));
            };
            self.zip.consume(usize::try_from(taken).unwrap_or_default());
            self.at += taken;
            left = left.saturating_sub(taken);
            let given = usize::try_from(given).unwrap_or_default();
            if let Err(fact) = content.push(out.get(..given).unwrap_or_default()) {
                return Ok(Err(fact));
            }
            match status {
                Status::StreamEnd if left == 0 => return Ok(Ok(())),
                Status::StreamEnd => return Ok(Err(Fact::TrailingData)),
                Status::Ok | Status::BufError if taken == 0 && given == 0 => {
                    return Ok(Err(Fact::Deflate));
                }
                Status::Ok | Status::BufError => {}
            }
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.zip.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    fn bytes(&mut self, len: u16) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; len.into()];
        self.zip.read_exact(&mut bytes)?;
        self.at += u64::from(len);
        Ok(bytes)
    }
}

/// What is buffered, or a fresh read; never more than `max` and never nothing.
fn fill<R: Read>(zip: &mut BufReader<R>, max: u64) -> Result<&[u8], Error> {
    let input = zip.fill_buf()?;
    if input.is_empty() {
        return Err(Error::Truncated);
    }
    let len = input.len().min(usize::try_from(max).unwrap_or(usize::MAX));
    Ok(input.get(..len).unwrap_or_default())
}

/// The content of one file while it comes in.
struct Content<'a> {
    /// How many more bytes are declared.
    left: u64,
    sha256: Sha256,
    crc32: Crc,
    keep: Option<&'a mut Vec<u8>>,
}

impl<'a> Content<'a> {
    fn new(declared: u64, keep: Option<&'a mut Vec<u8>>) -> Self {
        Self {
            left: declared,
            sha256: Sha256::new(),
            crc32: Crc::new(),
            keep,
        }
    }

    fn push(&mut self, piece: &[u8]) -> Result<(), Fact> {
        let left = self.left.checked_sub(piece.len() as u64);
        self.left = left.ok_or(Fact::LargerThanDeclared)?;
        self.sha256.update(piece);
        self.crc32.update(piece);
        if let Some(keep) = &mut self.keep {
            keep.extend_from_slice(piece);
        }
        Ok(())
    }

    fn finish(self) -> Result<([u8; 32], u32), Fact> {
        if self.left > 0 {
            return Err(Fact::SmallerThanDeclared);
        }
        Ok((self.sha256.finalize().into(), self.crc32.sum()))
    }
}

/// The header in front of a file.
struct Header {
    flags: u16,
    method: u16,
    crc32: u32,
    packed: u32,
    unpacked: u32,
    name_len: u16,
    extra_len: u16,
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes.strip_prefix(b"PK\x03\x04")?);
        fields.u16()?;
        let (flags, method) = (fields.u16()?, fields.u16()?);
        fields.u32()?;
        Some(Self {
            flags,
            method,
            crc32: fields.u32()?,
            packed: fields.u32()?,
            unpacked: fields.u32()?,
            name_len: fields.u16()?,
            extra_len: fields.u16()?,
        })
    }

    fn check(&self, entry: &Entry, name: &[u8], extra: &[u8]) -> Result<(), Fact> {
        let differs = |field| Err(Fact::LocalHeader(field));
        if name != entry.name.as_bytes() {
            return differs("name");
        }
        if self.flags != entry.flags {
            return differs("flags");
        }
        if self.method != entry.method {
            return differs("method");
        }
        // What comes behind the data may be left open here.
        let open = self.flags & FLAG_DESCRIPTOR != 0;
        if self.crc32 != entry.crc32 && !(open && self.crc32 == 0) {
            return differs("checksum");
        }
        let (unpacked, packed) = self.sizes(directory::zip64(extra)?)?;
        let fits = |here: u64, there: u64| here == there || (open && here == 0);
        if !fits(packed, entry.packed) || !fits(unpacked, entry.unpacked) {
            return differs("size");
        }
        Ok(())
    }

    /// Unpacked and packed size. In a local header a zip64 field has both.
    fn sizes(&self, zip64: Option<&[u8]>) -> Result<(u64, u64), Fact> {
        let Some(field) = zip64 else {
            return Ok((self.unpacked.into(), self.packed.into()));
        };
        let mut field = Fields(field);
        let both = field.u64().zip(field.u64());
        let (unpacked, packed) = both.ok_or(Fact::Zip64)?;
        let agrees = |short: u32, long: u64| short == SIZE_IN_ZIP64 || u64::from(short) == long;
        let deferred = self.unpacked == SIZE_IN_ZIP64 || self.packed == SIZE_IN_ZIP64;
        if !deferred
            || !field.0.is_empty()
            || !agrees(self.unpacked, unpacked)
            || !agrees(self.packed, packed)
        {
            return Err(Fact::Zip64);
        }
        Ok((unpacked, packed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_inflaters_are_kept() {
        let all: [_; 3 * IDLE_MAX] = std::array::from_fn(|_| Inflater::take());
        all.into_iter().for_each(Inflater::put_back);
        // Other tests take some meanwhile.
        let kept = idle().len();
        assert!((1..=IDLE_MAX).contains(&kept), "{kept}");
    }
}
