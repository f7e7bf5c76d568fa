//! What is a code signature and nothing beside it.
//!
//! Bytes that only lie where a signature should are put aside by nobody: no mask hides them,
//! and whoever compares a file without its signature counts them.
//!
//! Source: Microsoft, "PE Format" (attribute certificate table); Apple, cs_blobs.h

use std::ops::Range;

use crate::image::{Image, number};

/// Certificates begin at a multiple of this.
pub const CERTIFICATE_ALIGN: usize = 8;

/// Says whether a certificate table ends a file and holds signatures only.
pub fn is_certificates(bytes: &[u8], range: &Range<usize>, image: &Image) -> bool {
    let Some(table) = bytes.get(range.clone()) else {
        return false;
    };
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

pub(super) const SUPER_BLOB: u64 = 0xfade_0cc0;

/// The most parts of a code signature.
pub(super) const BLOBS_MAX: u64 = 64;

/// Says whether a code signature ends a file and holds the parts of one only.
pub fn is_code_signature(bytes: &[u8], range: &Range<usize>, image: &Image) -> bool {
    let Some(signature) = bytes.get(range.clone()) else {
        return false;
    };
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

/// Says whether bytes are zeros.
pub fn is_zero(bytes: &[u8]) -> bool {
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
}
