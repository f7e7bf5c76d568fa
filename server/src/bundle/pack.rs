//! Writing the archive.

use std::io::{self, BufReader, Read, Write};

use proto::bundle::{MANIFEST, Manifest, NOTE};
use proto::note::SignerKey;

use super::Error;

/// How hard is compressed. Zips do not shrink; what else there is, is small.
const LEVEL: i32 = 3;
/// Bytes that are read at once.
const PIECE_BYTES: usize = 256 << 10;

/// Writes a bundle: note, manifest, and the members of the manifest, which `open` gives.
/// The same content gives the same bytes. Blocks.
///
/// # Errors
/// What the file system answers.
pub(crate) fn pack<R: Read>(
    out: impl Write,
    manifest: &Manifest,
    signer: &SignerKey,
    mut open: impl FnMut(usize) -> io::Result<R>,
) -> Result<(), Error> {
    let bytes = manifest.bytes()?;
    let note = proto::bundle::sign(&bytes, signer)?;
    let write = || {
        let mut encoder = zstd::Encoder::new(out, LEVEL)?;
        encoder.include_checksum(true)?;
        let mut archive = tar::Builder::new(encoder);
        append(&mut archive, NOTE, note.len() as u64, &*note)?;
        append(&mut archive, MANIFEST, bytes.len() as u64, &*bytes)?;
        for (number, member) in manifest.members.iter().enumerate() {
            append(&mut archive, &member.place, member.size, open(number)?)?;
        }
        archive.into_inner()?.finish()?.flush()
    };
    write().map_err(Error::io("writing the bundle"))
}

fn append(
    archive: &mut tar::Builder<impl Write>,
    place: &str,
    size: u64,
    bytes: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    let bytes = BufReader::with_capacity(PIECE_BYTES, bytes.take(size));
    archive.append_data(&mut header, place, bytes)
}
