//! The build ID as text inside a file that has no notes.
//!
//! PE, Mach-O, Plan 9 and XCOFF programs begin their text section with it, and
//! WebAssembly modules have it as the payload of the custom section
//! `go:buildid`:
//!
//! ```text
//! \xff Go build ID: "A/B/C/D"\n \xff
//! ```
//!
//! The part between the quotation marks is a Go string literal.

use std::ops::Range;

use memchr::memmem;

use super::{BuildId, Error, LEN_MAX};
use crate::buildinfo::quote;

const OPEN: &[u8] = b"\xff Go build ID: \"";
const CLOSE: &[u8] = b"\"\n \xff";

/// A build ID found as text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Embedded {
    /// The ID, unquoted.
    pub id: BuildId,
    /// The bytes between the quotation marks, as offsets into what was searched.
    pub range: Range<usize>,
}

/// Finds the first build ID written as text.
///
/// # Errors
/// `Unterminated` or `NotQuoted` when the opening mark is there and what follows
/// does not fit it; the errors of [`BuildId::parse`] for the ID itself.
///
/// Source: cmd/internal/buildid/buildid.go readRaw
pub fn find(bytes: &[u8]) -> Result<Option<Embedded>, Error> {
    let Some(offset) = memmem::find(bytes, OPEN) else {
        return Ok(None);
    };
    let start = offset + OPEN.len();
    // Quoting at most quadruples a byte (\xNN).
    let end = bytes.len().min(start + 4 * LEN_MAX + CLOSE.len());
    let Some(len) = memmem::find(&bytes[start..end], CLOSE) else {
        return Err(Error::Unterminated { offset });
    };
    let range = start..start + len;
    // The literal's quotation marks stand on either side of the range.
    let literal = &bytes[range.start - 1..range.end + 1];
    let text = std::str::from_utf8(literal)
        .ok()
        .and_then(quote::unquote)
        .ok_or(Error::NotQuoted { offset })?;
    Ok(Some(Embedded {
        id: BuildId::parse(&text)?,
        range,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str =
        "mPvEnY2-WZkQgMPfcM2r/1fRU7S5wiD8BPo5m9pBi/vn4ZmBzR8DU3nVx9D0zq/kMBxXHfnPXVLvOqZQMDH";

    #[test]
    fn finds_the_id_and_where_it_stands() {
        let mut bytes = b"MZ junk \xff Go build ID: \"".to_vec();
        let start = bytes.len();
        bytes.extend_from_slice(ID.as_bytes());
        bytes.extend_from_slice(b"\"\n \xffcode");
        let found = find(&bytes).unwrap().unwrap();
        assert_eq!(found.id.to_string(), ID);
        assert_eq!(found.range, start..start + ID.len());
        assert_eq!(&bytes[found.range], ID.as_bytes());
    }

    #[test]
    fn unquotes_escapes_and_keeps_user_text() {
        let found = find(b"\xff Go build ID: \"a\\\"b\\u00e9\"\n \xff")
            .unwrap()
            .unwrap();
        assert_eq!(found.id, BuildId::Custom("a\"b\u{e9}".into()));
        let empty = find(b"\xff Go build ID: \"\"\n \xff").unwrap().unwrap();
        assert_eq!(empty.id, BuildId::Empty);
    }

    #[test]
    fn tells_absent_from_broken() {
        assert_eq!(find(b"no mark at all"), Ok(None));
        assert_eq!(
            find(b"x\xff Go build ID: \"abc"),
            Err(Error::Unterminated { offset: 1 })
        );
        assert_eq!(
            find(b"\xff Go build ID: \"a\\q\"\n \xff"),
            Err(Error::NotQuoted { offset: 0 })
        );
        assert_eq!(
            find(b"\xff Go build ID: \"a\xfe\"\n \xff"),
            Err(Error::NotQuoted { offset: 0 })
        );
    }
}
