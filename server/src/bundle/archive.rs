//! Reading the archive: tar inside one zstd frame, and nothing behind it.

use std::io::{self, BufRead, BufReader, Read};

use proto::bundle::{
    Begun, DATABASES_MAX, Header, MANIFEST_BYTES_MAX, Manifest, Member, NOTE_BYTES_MAX,
    PLACE_BYTES_MAX, Reader, Seal, Sealed,
};
use proto::note::VerifierKey;
use tar::EntryType;

use super::Error;

/// Takes the members of a bundle as they come. None of them is checked before
/// [`read`] has returned.
pub(crate) trait Sink {
    /// The signed manifest has come.
    ///
    /// # Errors
    /// Ends the reading.
    fn sealed(&mut self, sealed: &Sealed) -> Result<(), Error>;

    /// A member begins.
    ///
    /// # Errors
    /// Ends the reading.
    fn begin(&mut self, member: &Member) -> Result<(), Error>;

    /// Bytes of it.
    ///
    /// # Errors
    /// Ends the reading.
    fn data(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// It is all there, and is what the manifest says.
    ///
    /// # Errors
    /// Ends the reading.
    fn end(&mut self) -> Result<(), Error>;
}

/// Bytes that are read at once.
const PIECE_BYTES: usize = 128 << 10;
/// The largest window of a frame, as a power of two: 8 MiB.
const WINDOW_LOG_MAX: u32 = 23;
/// Zero bytes behind the last member: two blocks, of which the archive's reader takes one
/// or both.
const END_BYTES_MAX: u64 = 1024;

/// Reads a bundle to its end and checks every byte against its signed manifest. Blocks.
///
/// # Errors
/// What is wrong with it, or what the sink answers.
pub(crate) fn read(
    file: impl Read,
    trusted: &[VerifierKey],
    sink: &mut impl Sink,
) -> Result<Sealed, Error> {
    let mut reader = Reader::new(trusted.to_vec());
    let mut archive = tar::Archive::new(decoder(file)?);
    let mut piece = vec![0; PIECE_BYTES];
    let mut was_sealed = false;
    let mut members = Members::default();
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let Some((name, is_file, size)) = members.next(&mut entry)? else {
            continue;
        };
        let header = Header {
            name: &name,
            is_file,
            size,
        };
        let is_member = match reader.begin(&header)? {
            Begun::Own => false,
            Begun::Member(member) => {
                sink.begin(member)?;
                true
            }
        };
        loop {
            let count = entry.read(&mut piece).map_err(damaged)?;
            if count == 0 {
                break;
            }
            reader.data(&piece[..count])?;
            if is_member {
                sink.data(&piece[..count])?;
            }
        }
        reader.end()?;
        if is_member {
            sink.end()?;
        } else if let Some(sealed) = reader.sealed()
            && !was_sealed
        {
            sink.sealed(sealed)?;
            was_sealed = true;
        }
    }
    members.finish()?;
    expect_end(archive.into_inner())?;
    Ok(reader.finish()?)
}

/// A manifest of which nobody has checked who signed it.
#[derive(Debug)]
pub(crate) struct Unchecked {
    pub(crate) manifest: Manifest,
    pub(crate) seal: Seal,
    /// The names in the signature lines.
    pub(crate) signers: Vec<String>,
}

/// Reads a bundle's manifest, and believes none of it. Blocks.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn peek(file: impl Read) -> Result<Unchecked, Error> {
    let mut archive = tar::Archive::new(decoder(file)?);
    let mut own = Vec::new();
    let entries = archive.entries().map_err(damaged)?.raw(true);
    // The limits come first: asking for an entry more would unpack to get there.
    let limits = [NOTE_BYTES_MAX, MANIFEST_BYTES_MAX];
    for (max, entry) in limits.into_iter().zip(entries) {
        let mut bytes = Vec::new();
        let mut entry = entry.map_err(damaged)?;
        let size = entry.header().entry_size().map_err(damaged)?;
        if size > max {
            let what = "its note or manifest".to_owned();
            return Err(proto::bundle::Error::TooLarge { what, size, max }.into());
        }
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        own.push(bytes);
    }
    let [note, manifest] = own.as_slice() else {
        return Err(Error::Refused(
            "it is not a bundle: it ends too early".into(),
        ));
    };
    let (seal, signers) = Seal::unchecked(note)?;
    if Seal::of(manifest) != seal {
        return Err(proto::bundle::Error::ManifestHash.into());
    }
    let manifest = Manifest::parse(manifest)?;
    Ok(Unchecked {
        manifest,
        seal,
        signers,
    })
}

type Decoder<R> = zstd::Decoder<'static, BufReader<R>>;

fn decoder<R: Read>(file: R) -> Result<Decoder<R>, Error> {
    let file = BufReader::with_capacity(PIECE_BYTES, file);
    let decoder = zstd::Decoder::with_buffer(file).and_then(|mut decoder| {
        decoder.window_log_max(WINDOW_LOG_MAX)?;
        Ok(decoder.single_frame())
    });
    decoder.map_err(damaged)
}

/// Behind the last member there is the archive's end, the frame's end, and no more.
fn expect_end<R: Read>(mut decoder: Decoder<R>) -> Result<(), Error> {
    let mut rest = Vec::new();
    (&mut decoder)
        .take(END_BYTES_MAX + 1)
        .read_to_end(&mut rest)
        .map_err(damaged)?;
    if rest.len() as u64 > END_BYTES_MAX || rest.iter().any(|byte| *byte != 0) {
        return Err(trailing());
    }
    let mut file = decoder.finish();
    if file.fill_buf().map_err(damaged)?.is_empty() {
        return Ok(());
    }
    Err(trailing())
}

fn trailing() -> Error {
    Error::Refused("there are bytes behind its end".to_owned())
}

fn damaged(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::CutOff(error),
        _ => Error::Refused(format!("it is damaged, or not a bundle: {error}")),
    }
}

/// Members and their names, which may be longer than a header has room for.
#[derive(Default)]
struct Members {
    long_name: Option<Vec<u8>>,
}

impl Members {
    /// Returns name, kind and size of a member; `None` when the entry is the long name of
    /// the next one.
    fn next<R: Read>(
        &mut self,
        entry: &mut tar::Entry<'_, R>,
    ) -> Result<Option<(Vec<u8>, bool, u64)>, Error> {
        let kind = entry.header().entry_type();
        let size = entry.header().entry_size().map_err(damaged)?;
        if kind == EntryType::GNULongName {
            let max = PLACE_BYTES_MAX as u64 + 1;
            if self.long_name.is_some() || size > max {
                return Err(Error::Refused("a member's name is too long".to_owned()));
            }
            let mut name = Vec::new();
            entry.take(max).read_to_end(&mut name).map_err(damaged)?;
            if name.last() == Some(&0) {
                name.pop();
            }
            self.long_name = Some(name);
            return Ok(None);
        }
        let short = || entry.header().path_bytes().into_owned();
        let name = self.long_name.take().unwrap_or_else(short);
        Ok(Some((name, kind == EntryType::Regular, size)))
    }

    fn finish(self) -> Result<(), Error> {
        match self.long_name {
            Some(_) => Err(Error::Refused("it ends after a member's name".to_owned())),
            None => Ok(()),
        }
    }
}

/// Reads the signed heads of a bundle, and believes nothing else of it: whoever has a
/// database's key checks them. Blocks.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn heads(file: impl Read) -> Result<Vec<Vec<u8>>, Error> {
    let mut archive = tar::Archive::new(decoder(file)?);
    let mut heads = Vec::new();
    let mut members = Members::default();
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        let Some((name, _, _)) = members.next(&mut entry)? else {
            continue;
        };
        if !name.starts_with(b"bundle/") && !name.starts_with(b"sumdb/") {
            break;
        }
        if name.starts_with(b"sumdb/") && name.ends_with(b"/latest") {
            let mut head = Vec::new();
            let max = proto::note::LEN_MAX as u64;
            entry.take(max).read_to_end(&mut head).map_err(damaged)?;
            heads.push(head);
        }
        if heads.len() == DATABASES_MAX {
            break;
        }
    }
    Ok(heads)
}
