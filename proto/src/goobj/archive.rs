//! The members of an archive.
//!
//! ```text
//! name (16) time (12) owner (6) group (6) mode (8) size (10) "`\n"
//! ```
//!
//! Fields are padded with spaces, members with a newline to an even offset. Go
//! cuts longer names to 16 bytes and writes zero for time, owner and group.
//!
//! Source: cmd/internal/archive

/// How every archive begins.
pub const MAGIC: &[u8] = b"!<arch>\n";

/// The size of a member's header in bytes.
const HEADER_LEN: usize = 60;

/// One member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name without padding.
    pub name: &'a [u8],
    /// Where its data begins in the archive.
    pub offset: usize,
    /// Its data, as far as it is there.
    pub data: &'a [u8],
    /// Whether the archive ends before the member does.
    pub cut: bool,
}

impl Member<'_> {
    /// Returns the name as text, broken characters replaced.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }
}

/// Walks the members of an archive; ends at the first header that is none.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Returns the members of an archive, or `None` when the bytes are none.
pub fn members(bytes: &[u8]) -> Option<Members<'_>> {
    bytes.starts_with(MAGIC).then_some(Members {
        bytes,
        at: MAGIC.len(),
    })
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let header = self.bytes.get(self.at..self.at.checked_add(HEADER_LEN)?)?;
        if &header[58..] != b"`\n" {
            return None;
        }
        let size: usize = std::str::from_utf8(&header[48..58])
            .ok()?
            .trim_end()
            .parse()
            .ok()?;
        let offset = self.at + HEADER_LEN;
        let end = offset.checked_add(size)?;
        let there = end.min(self.bytes.len());
        self.at = end.checked_add(end & 1)?;
        Some(Member {
            name: header[..16].trim_ascii_end(),
            offset,
            data: &self.bytes[offset..there],
            cut: there < end,
        })
    }
}
