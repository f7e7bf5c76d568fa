//! What is a mark's own, and what only lies where a mark should: a mask hides
//! bytes, so whatever has not the shape of its mark stays in sight.
//!
//! Source: Microsoft, "PE Format" (attribute certificate table); Apple,
//! cs_blobs.h; binutils, `.gnu_debuglink` in "Debugging Information in Separate
//! Files" of the GDB manual; proto::buildinfo::blob

use std::ops::Range;

use proto::buildid::BuildId;

use crate::goinfo::stamped::Stamped;
use crate::image::{HostId, Image, Located, number};

/// The longest GNU build ID; linkers make 8 to 32 bytes.
const HOST_ID_LEN_MAX: usize = 64;

/// The longest build ID chosen by whoever built the file; the go command's own
/// have 83 characters.
const CUSTOM_ID_LEN_MAX: usize = 256;

/// The longest Go version, experiments behind it.
const VERSION_LEN_MAX: usize = 256;

/// What the blob of build information has beside its two strings: its header, a
/// length before each of them, and the marks around the second.
const INFO_FRAME_LEN: usize = 32 + 2 * 10 + 2 * 16;

/// Certificates begin at a multiple of this.
pub(super) const CERTIFICATE_ALIGN: usize = 8;

/// The longest file name of a debug link.
const LINK_NAME_LEN_MAX: usize = 255;

pub(super) fn is_host_id(id: &HostId) -> bool {
    id.range.len() <= HOST_ID_LEN_MAX
}

/// Says whether a build ID is one wherever it stands, or where it is expected only.
pub(super) fn is_build_id(id: &Located<BuildId>, at: &Range<usize>) -> bool {
    match &id.value {
        BuildId::Program(_) | BuildId::Package { .. } => true,
        // Any text may be chosen, such as one that stands among the code.
        BuildId::Redacted | BuildId::Empty | BuildId::Custom(_) => {
            *at == id.range && at.len() <= CUSTOM_ID_LEN_MAX
        }
    }
}

/// Says whether all of the blob was understood. Of text that is not, a mask would
/// hide any amount.
pub(super) fn is_build_info(found: &Located<Stamped>) -> bool {
    let value = &found.value;
    let version_len = value.version.as_ref().map_or(0, String::len);
    // Bytes that are not text were replaced.
    let is_text = !value.text.contains(char::REPLACEMENT_CHARACTER);
    let is_read = value.text.is_empty() || (value.info.is_some() && is_text);
    let len_max = INFO_FRAME_LEN + version_len + value.text.len();
    is_read && version_len <= VERSION_LEN_MAX && found.range.len() <= len_max
}

/// Says whether a section holds a file name, filled up with zeros, and a checksum.
pub(super) fn is_debug_link(bytes: &[u8]) -> bool {
    let Some(len) = memchr::memchr(0, bytes) else {
        return false;
    };
    let checksum = (len + 1).next_multiple_of(4);
    (1..=LINK_NAME_LEN_MAX).contains(&len)
        && bytes.len() == checksum + 4
        && is_zero(&bytes[len..checksum])
}

/// Says whether a certificate table ends a file and holds signatures only.
pub(super) fn is_certificates(bytes: &[u8], range: &Range<usize>, image: &Image) -> bool {
    let table = &bytes[range.clone()];
    let mut at = 0;
    let mut count = 0;
    while let Some(len) = certificate(&table[at..]) {
        at = len.next_multiple_of(CERTIFICATE_ALIGN).saturating_add(at);
        count += 1;
        if at >= table.len() {
            break;
        }
    }
    let ends = at.min(table.len());
    count > 0 && is_zero(&table[ends..]) && is_behind_all(range, image)
}

/// WIN_CERT_TYPE_PKCS_SIGNED_DATA, the one kind that Windows looks at.
const PKCS_SIGNED_DATA: u64 = 2;

/// Returns the length of the certificate that bytes begin with: a header, one DER
/// structure, and less than eight zeros.
fn certificate(bytes: &[u8]) -> Option<usize> {
    let len = usize::try_from(number::read(bytes, 0, 4, false)?).ok()?;
    let revision = number::read(bytes, 4, 2, false)?;
    let kind = number::read(bytes, 6, 2, false)?;
    let body = bytes.get(8..len)?;
    let rest = body.get(der_len(body)?..)?;
    let padding = bytes.get(len..len.next_multiple_of(CERTIFICATE_ALIGN).min(bytes.len()))?;
    let fits = matches!(revision, 0x100 | 0x200)
        && kind == PKCS_SIGNED_DATA
        && rest.len() < CERTIFICATE_ALIGN;
    (fits && is_zero(rest) && is_zero(padding)).then_some(len)
}

/// Returns the length of a DER sequence, header included.
fn der_len(bytes: &[u8]) -> Option<usize> {
    let (0x30, first) = (*bytes.first()?, *bytes.get(1)?) else {
        return None;
    };
    if first < 0x80 {
        return Some(2 + usize::from(first));
    }
    let width = usize::from(first & 0x7f);
    if !(1..=4).contains(&width) {
        return None;
    }
    let len = number::read(bytes, 2, width, true)?;
    usize::try_from(len).ok()?.checked_add(2 + width)
}

const SUPER_BLOB: u64 = 0xfade_0cc0;

/// The most parts of a code signature.
const BLOBS_MAX: u64 = 64;

/// Says whether a code signature ends a file and holds the parts of one only.
pub(super) fn is_code_signature(bytes: &[u8], range: &Range<usize>, image: &Image) -> bool {
    let signature = &bytes[range.clone()];
    let is_whole = super_blob(signature).is_some_and(|len| is_zero(&signature[len..]));
    is_whole && range.end == bytes.len() && is_behind_all(range, image)
}

/// Returns the length of a signature whose parts lie one behind the other.
fn super_blob(bytes: &[u8]) -> Option<usize> {
    let word = |at: usize| number::read(bytes, at, 4, true);
    let place = |at: usize| usize::try_from(word(at)?).ok();
    if word(0)? != SUPER_BLOB || word(8)? > BLOBS_MAX {
        return None;
    }
    let count = place(8)?;
    let len = place(4).filter(|len| *len <= bytes.len())?;
    let mut blobs = Vec::new();
    for index in 0..count {
        let entry = 12 + index * 8;
        if !is_slot(word(entry)?) {
            return None;
        }
        let start = place(entry + 4)?;
        blobs.push(start..start.checked_add(place(start.checked_add(4)?)?)?);
    }
    blobs.sort_unstable_by_key(|blob| blob.start);
    let mut at = 12 + count * 8;
    for blob in blobs {
        let gap = bytes.get(at..blob.start)?;
        if !is_zero(gap) || blob.is_empty() {
            return None;
        }
        at = blob.end;
    }
    (at <= len && is_zero(bytes.get(at..len)?)).then_some(len)
}

/// Code directories, requirements, entitlements, the CMS signature, its ticket.
fn is_slot(kind: u64) -> bool {
    matches!(kind, 0..=11 | 0x1000..=0x1005 | 0x10000..=0x10002)
}

/// Says whether nothing that is loaded lies in a range or behind it.
fn is_behind_all(range: &Range<usize>, image: &Image) -> bool {
    let mut segments = image.segments.iter();
    !image.can_execute(range) && segments.all(|segment| segment.range.end <= range.start)
}

pub(super) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Segment;

    /// A certificate: what its header says of its length, its kind, and its body.
    fn certificate(len: u32, kind: u16, body: &[u8]) -> Vec<u8> {
        let header = [len.to_le_bytes(), [0, 2, 0, 0]].concat();
        let mut bytes = [&header, body].concat();
        bytes[6..8].copy_from_slice(&kind.to_le_bytes());
        bytes
    }

    #[test]
    fn certificates_hold_nothing_beside_signatures() {
        let image = Image::default();
        let holds = |bytes: &[u8]| is_certificates(bytes, &(0..bytes.len()), &image);
        let proper = certificate(16, 2, b"\x30\x06signed");
        assert!(holds(&proper));
        assert!(holds(&[proper.clone(), proper.clone()].concat()));
        assert!(holds(&certificate(13, 2, b"\x30\x03abc\0\0\0")));
        let long_form = [b"\x30\x81\x80".as_slice(), &[7; 128], &[0; 5]].concat();
        assert!(holds(&certificate(144, 2, &long_form)));
        for lie in [
            certificate(16, 2, b"\x30\x02ABpayl"),
            certificate(16, 2, b"payload!"),
            certificate(16, 9, b"\x30\x06signed"),
            certificate(24, 2, b"\x30\x06signed"),
            certificate(13, 2, b"\x30\x03abcXYZ"),
            [proper.clone(), b"payload".to_vec()].concat(),
            b"pay".to_vec(),
        ] {
            assert!(!holds(&lie), "{lie:?}");
        }
        let mut over = Image::default();
        over.segments.push(Segment {
            address: 0,
            range: 4..8,
            memory: 4,
        });
        assert!(!is_certificates(&proper, &(0..proper.len()), &over));
    }

    /// A signature of one part, with bytes behind that part and behind it all.
    fn signature(slot: u32, gap: &[u8], tail: &[u8]) -> Vec<u8> {
        let part = [b"\xfa\xde\x0c\x02\0\0\0\x0cdata".as_slice(), gap].concat();
        let len = u32::try_from(20 + part.len()).unwrap();
        let mut bytes = 0xfade_0cc0_u32.to_be_bytes().to_vec();
        for word in [len, 1, slot, 20] {
            bytes.extend(word.to_be_bytes());
        }
        [bytes, part, tail.to_vec()].concat()
    }

    #[test]
    fn code_signatures_hold_nothing_beside_their_parts() {
        let image = Image::default();
        let holds = |bytes: &[u8]| is_code_signature(bytes, &(0..bytes.len()), &image);
        assert!(holds(&signature(0, b"", b"")));
        assert!(holds(&signature(0x10000, b"\0\0", b"\0\0\0")));
        for lie in [
            signature(0, b"", b"payload"),
            signature(0, b"payload", b""),
            signature(0xbad, b"", b""),
            b"payload of any length".to_vec(),
        ] {
            assert!(!holds(&lie), "{lie:?}");
        }
        let followed = [signature(0, b"", b""), b"code".to_vec()].concat();
        assert!(!is_code_signature(
            &followed,
            &(0..followed.len() - 4),
            &image
        ));
    }

    #[test]
    fn debug_links_are_a_name_and_a_checksum() {
        assert!(is_debug_link(b"app.dbg\0\x01\x02\x03\x04"));
        assert!(is_debug_link(b"app\0\x01\x02\x03\x04"));
        assert!(is_debug_link(b"ap\0\0\x01\x02\x03\x04"));
        for lie in [
            b"app\0\x01\x02\x03\x04payload".as_slice(),
            b"ap\0p\x01\x02\x03\x04",
            b"\0\0\0\0\x01\x02\x03\x04",
            b"payload",
        ] {
            assert!(!is_debug_link(lie), "{lie:?}");
        }
    }

    #[test]
    fn build_information_is_masked_as_far_as_it_is_read() {
        let text = "path\tx\nbuild\tGOOS=linux\n";
        let found = |text: &str, version: &str, len: usize| Located {
            value: Stamped {
                version: Some(version.into()),
                info: proto::buildinfo::BuildInfo::parse(text).ok(),
                text: text.into(),
            },
            range: 0..len,
        };
        let len = INFO_FRAME_LEN + "go1.27".len() + text.len();
        assert!(is_build_info(&found(text, "go1.27", len)));
        assert!(!is_build_info(&found(text, "go1.27", len + 1)));
        assert!(!is_build_info(&found("", "go1.27", 4096)));
        assert!(!is_build_info(&found("mod\n", "go1.27", 50)));
        assert!(!is_build_info(&found(text, &"x".repeat(300), 400)));
    }
}
