//! The signer in a CMS message (PKCS #7): the certificate to which the first signature
//! points, and whom it names.
//!
//! Both ways to write lengths are read: Apple's tools leave them open (BER).
//!
//! Source: RFC 5652 §5, RFC 5280 §4.1, ITU-T X.690

/// Tags.
const INTEGER: u8 = 0x02;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const FIRST: u8 = 0xa0;

/// Attributes of a name: X.520 commonName, organizationName.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];

/// How deep elements of open length lie in each other, and how many elements are looked at.
const DEPTH_MAX: usize = 16;
const ELEMENTS_MAX: usize = 1000;

/// The longest name that is read, in bytes.
const NAME_LEN_MAX: usize = 256;

/// One element: its tag and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Element<'a> {
    tag: u8,
    body: &'a [u8],
}

/// Returns whom the signer's certificate names: `Common Name (Organization)`.
pub(super) fn signer(message: &[u8]) -> Option<String> {
    let (content, _) = element(message, 0)?;
    let explicit = content.part(SEQUENCE)?.find(|one| one.tag == FIRST)?;
    let signed: Vec<Element<'_>> = explicit.part(FIRST)?.next()?.part(SEQUENCE)?.collect();
    // Digest algorithms are the first set, signatures the last one.
    let signature = signed
        .iter()
        .rfind(|one| one.tag == SET)?
        .part(SET)?
        .next()?;
    let issued = signature.part(SEQUENCE)?.nth(1)?;
    let mut issued = issued.part(SEQUENCE)?;
    let (issuer, serial) = (issued.next()?, issued.next()?);
    let certificates = signed.iter().find(|one| one.tag == FIRST)?;
    let named = |certificate: Element<'_>| {
        let to_be_signed = certificate.part(SEQUENCE)?.next()?;
        let mut parts = to_be_signed.part(SEQUENCE)?.filter(|one| one.tag != FIRST);
        let (own, _) = (parts.next()?, parts.next()?);
        let (by, _, subject) = (parts.next()?, parts.next()?, parts.next()?);
        ((own, by) == (serial, issuer) && own.tag == INTEGER).then(|| name(subject))?
    };
    certificates.part(FIRST)?.find_map(named)
}

/// Reads common name and organization of a name.
fn name(subject: Element<'_>) -> Option<String> {
    let value = |wanted: &[u8]| {
        let mut sets = subject.part(SEQUENCE)?;
        sets.find_map(|set| {
            let mut pair = set.part(SET)?.next()?.part(SEQUENCE)?;
            let (kind, value) = (pair.next()?, pair.next()?);
            let is_wanted = kind.tag == OBJECT && kind.body == wanted;
            let text = &value.body[..value.body.len().min(NAME_LEN_MAX)];
            is_wanted.then(|| String::from_utf8_lossy(text).into_owned())
        })
    };
    match (value(COMMON_NAME), value(ORGANIZATION)) {
        (Some(common), Some(organization)) if common != organization => {
            Some(format!("{common} ({organization})"))
        }
        (common, organization) => common.or(organization),
    }
}

impl<'a> Element<'a> {
    /// Returns the elements in this one, where it has the tag.
    fn part(self, tag: u8) -> Option<impl Iterator<Item = Element<'a>>> {
        let mut rest = self.body;
        let elements = std::iter::from_fn(move || {
            let (element, behind) = element(rest, 0)?;
            rest = behind;
            Some(element)
        });
        (self.tag == tag).then(|| elements.take(ELEMENTS_MAX))
    }
}

/// Takes the first element off bytes.
fn element(bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let (&tag, &first) = (bytes.first()?, bytes.get(1)?);
    // A tag of several bytes is in no part that is read.
    if tag & 0x1f == 0x1f || depth > DEPTH_MAX {
        return None;
    }
    let width = match first {
        0x80 => return open(tag, bytes.get(2..)?, depth),
        0x81..=0x84 => usize::from(first & 0x7f),
        0x85.. => return None,
        _ => 0,
    };
    let len = match width {
        0 => usize::from(first),
        _ => usize::try_from(super::number::read(bytes, 2, width, true)?).ok()?,
    };
    let behind = bytes.get(2 + width..)?;
    let body = behind.get(..len)?;
    Some((Element { tag, body }, &behind[len..]))
}

/// An element of open length ends with two zeros behind its parts.
fn open(tag: u8, bytes: &[u8], depth: usize) -> Option<(Element<'_>, &[u8])> {
    let mut rest = bytes;
    for _ in 0..ELEMENTS_MAX {
        if let Some(behind) = rest.strip_prefix(&[0, 0]) {
            let body = &bytes[..bytes.len() - rest.len()];
            return Some((Element { tag, body }, behind));
        }
        (_, rest) = element(rest, depth + 1)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signer_is_found_whichever_way_lengths_are_written() {
        for message in [
            &include_bytes!("testdata/made.der")[..],
            include_bytes!("testdata/open.der"),
        ] {
            assert_eq!(
                signer(message).as_deref(),
                Some("Example Signer (Example Ltd)")
            );
        }
    }

    #[test]
    fn what_is_cut_off_anywhere_names_nobody() {
        let message = include_bytes!("testdata/made.der");
        for len in 0..message.len() {
            assert_eq!(signer(&message[..len]), None, "{len}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        assert_eq!(element(&[0x30, 0x85, 0, 0, 0, 0, 1, 0], 0), None);
        assert_eq!(element(&[0x30, 0x03, 1, 2], 0), None);
        assert_eq!(element(&[0x30, 0x80].repeat(DEPTH_MAX + 2), 0), None);
        let empty = Element {
            tag: 0x30,
            body: &[],
        };
        assert_eq!(element(&[0x30, 0x80, 0, 0, 7], 0), Some((empty, &[7][..])));
    }
}
