//! What is a mark's own, and what only lies where a mark should: a mask hides
//! bytes, so whatever has not the shape of its mark stays in sight.
//!
//! Source: binutils, `.gnu_debuglink` in "Debugging Information in Separate Files" of the
//! GDB manual; proto::buildinfo::blob

use std::ops::Range;

use proto::buildid::BuildId;

use crate::goinfo::stamped::Stamped;
use crate::image::signature::proper::is_zero;
use crate::image::{HostId, Located};

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

#[cfg(test)]
mod tests {
    use super::*;

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
