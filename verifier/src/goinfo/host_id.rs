//! Who made the GNU build ID of an ELF file, or the UUID of a Mach-O file.

use proto::buildid::BuildId;
use proto::buildid::gnu;
use sha2::{Digest as _, Sha256};

use super::HostIdOrigin;
use crate::image::{Format, HostIdKind, Image, number};

/// Returns who made the ID of a file; `None` when there is none, or nothing to
/// derive it from.
pub(super) fn origin(bytes: &[u8], image: &Image) -> Option<HostIdOrigin> {
    let id = image.host_id.as_ref()?;
    let build_id = image.build_id.as_ref().map(|id| &id.value);
    let Some(text) = build_id.and_then(gnu::link_text) else {
        let is_own = id.kind == HostIdKind::Uuid
            && of_content(bytes, image).is_some_and(|uuid| uuid == id.bytes[..]);
        return is_own.then_some(HostIdOrigin::Content);
    };
    let derivation = match id.kind {
        HostIdKind::Gnu => gnu::derivation_of_note(&text, &id.bytes),
        HostIdKind::Uuid => gnu::derivation_of_uuid(&text, &id.bytes),
    };
    match (derivation, build_id) {
        (Some(derivation), _) => Some(HostIdOrigin::Go(derivation)),
        // Other IDs may have been put in after the link.
        (None, Some(BuildId::Program(_))) => Some(HostIdOrigin::Elsewhere),
        (None, _) => None,
    }
}

/// A Mach-O header of 64 bits, little endian: its magic number, its length and
/// where it says how long the load commands are.
const MAGIC: &[u8] = b"\xcf\xfa\xed\xfe";
const HEADER_LEN: usize = 32;
const COMMANDS_LEN_AT: usize = 20;

/// Hashes a file as Go's linker saw it before it wrote the header, the load
/// commands and the signature, and makes a UUID of that.
fn of_content(bytes: &[u8], image: &Image) -> Option<[u8; 16]> {
    if image.format != Format::MachO || !bytes.starts_with(MAGIC) || image.build_id.is_some() {
        return None;
    }
    let commands_len = usize::try_from(number::read(bytes, COMMANDS_LEN_AT, 4, false)?).ok()?;
    let start = HEADER_LEN.checked_add(commands_len)?;
    let end = image
        .signature
        .as_ref()
        .map_or(bytes.len(), |range| range.start);
    let written = bytes.get(start..end)?;
    let mut sha256 = Sha256::new();
    sha256.update(vec![0; start]);
    sha256.update(written);
    Some(gnu::uuid_of_output(sha256.finalize().into()))
}

#[cfg(test)]
mod tests {
    use gnu::Derivation;

    use super::*;
    use crate::image::{HostId, Located};

    /// A header, one load command, and what the linker wrote before both.
    fn program(text: &[u8]) -> (Vec<u8>, Image) {
        let mut bytes = vec![0; HEADER_LEN + 24];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[COMMANDS_LEN_AT] = 24;
        let blank = [&vec![0; bytes.len()], text].concat();
        let uuid = gnu::uuid_of_output(Sha256::digest(blank).into());
        bytes.extend_from_slice(text);
        let image = Image {
            format: Format::MachO,
            host_id: Some(HostId {
                kind: HostIdKind::Uuid,
                bytes: uuid.to_vec(),
                range: 40..56,
            }),
            ..Image::default()
        };
        (bytes, image)
    }

    #[test]
    fn a_uuid_of_the_programs_own_bytes_is_the_linkers() {
        let (bytes, mut image) = program(b"code");
        assert_eq!(origin(&bytes, &image), Some(HostIdOrigin::Content));
        // A signature is put behind it afterwards.
        let signed = [&bytes, b"signature".as_slice()].concat();
        assert_eq!(origin(&signed, &image), None);
        image.signature = Some(bytes.len()..signed.len());
        assert_eq!(origin(&signed, &image), Some(HostIdOrigin::Content));
        let mut changed = signed;
        changed[HEADER_LEN + 24] ^= 1;
        assert_eq!(origin(&changed, &image), None);
    }

    #[test]
    fn lengths_that_lie_are_no_panic() {
        let (mut bytes, mut image) = program(b"code");
        bytes[COMMANDS_LEN_AT..COMMANDS_LEN_AT + 4].fill(0xff);
        assert_eq!(origin(&bytes, &image), None);
        image.signature = Some(4..8);
        assert_eq!(origin(&bytes, &image), None);
        assert_eq!(origin(b"\xcf\xfa", &image), None);
    }

    #[test]
    fn an_id_chosen_by_hand_is_hashed_as_it_stands() {
        let (bytes, mut image) = program(b"code");
        let id = BuildId::Custom("release-7".into());
        image.build_id = Some(Located {
            value: id,
            range: 0..0,
        });
        assert_eq!(origin(&bytes, &image), None, "nothing tells");
        let form = (Derivation::FirstByte, gnu::Variant::Rfc4122);
        let uuid = gnu::uuid("release-7", form.0, form.1);
        image.host_id.as_mut().unwrap().bytes = uuid.to_vec();
        assert_eq!(origin(&bytes, &image), Some(HostIdOrigin::Go(form.0)));
    }
}
