//! Build IDs made anew or taken away, as whoever changes a file can.

use memchr::memmem;
use proto::buildid::content::{self, Exclusions, Variant};
use proto::buildid::{BuildId, Program};
use verifier::image::{Format, Image};

/// A program whose content ID fits its bytes again; `None` where it has no build
/// ID of the go command.
pub fn resealed(bytes: &[u8]) -> Option<Vec<u8>> {
    let image = Image::read(bytes);
    let BuildId::Program(program) = image.build_id.as_ref()?.value else {
        return None;
    };
    let wide = |range: &std::ops::Range<usize>| range.start as u64..range.end as u64;
    let signature = image.signature.as_ref();
    let exclusions = Exclusions {
        signature: signature
            .filter(|_| image.format == Format::MachO)
            .map(wide),
        host_id: image.host_id.as_ref().map(|id| wide(&id.range)),
    };
    let text = program.to_string();
    let content = content::part(bytes, &text, &exclusions, Variant::WithoutHostId);
    let sealed = Program { content, ..program }.to_string();
    let mut resealed = bytes.to_vec();
    for at in memmem::find_iter(bytes, &text) {
        resealed[at..at + sealed.len()].copy_from_slice(sealed.as_bytes());
    }
    Some(resealed)
}

/// A compiled package whose build ID is text of the same length that names no action;
/// `None` where it has no build ID of the go command.
pub fn disowned(bytes: &[u8]) -> Option<Vec<u8>> {
    const MARK: &[u8] = b"build id \"";
    let start = memmem::find(bytes, MARK)? + MARK.len();
    let len = memchr::memchr(b'"', &bytes[start..])?;
    let id = &bytes[start..start + len];
    if !id.contains(&b'/') {
        return None;
    }
    let mut disowned = bytes.to_vec();
    for at in memmem::find_iter(bytes, id) {
        disowned[at..at + len].fill(b'x');
    }
    Some(disowned)
}
