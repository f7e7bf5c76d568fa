//! Go package archives: an ar file whose first member, `__.PKGDEF`, begins with
//! text lines, the build ID among them.
//!
//! ```text
//! go object linux amd64 go1.27.3 GOAMD64=v1
//! build id "action/content"
//! ```
//!
//! Source: cmd/compile/internal/gc/obj.go printObjHeader

use proto::buildid::BuildId;
use proto::buildinfo::quote;

use super::{Content, Image, Located, SECTIONS_MAX};

/// The build ID stands within this many bytes of the start.
const HEADER_LEN: usize = 1024;

const MEMBER_HEADER_LEN: usize = 60;

/// Reads the members and the build ID of a package archive.
pub(super) fn read(bytes: &[u8], image: &mut Image) {
    image.machine.kind = Some("package");
    let mut at = 8;
    for _ in 0..SECTIONS_MAX {
        let Some(header) = bytes.get(at..at + MEMBER_HEADER_LEN) else {
            break;
        };
        let size = std::str::from_utf8(&header[48..58])
            .ok()
            .and_then(|size| size.trim().parse::<u64>().ok());
        let Some(size) = size else {
            return image.problem("archive member: its size is not a number");
        };
        let name = String::from_utf8_lossy(&header[..16])
            .trim_end()
            .trim_end_matches('/')
            .to_owned();
        let start = (at + MEMBER_HEADER_LEN) as u64;
        let end = start.saturating_add(size);
        image.push(name, start..end, None, Content::Data, bytes.len());
        // Members begin on even offsets.
        match usize::try_from(end.saturating_add(end & 1)) {
            Ok(next) if next <= bytes.len() => at = next,
            _ => break,
        }
    }
    read_build_id(bytes, image);
}

fn read_build_id(bytes: &[u8], image: &mut Image) {
    let head = &bytes[..bytes.len().min(HEADER_LEN)];
    let Some(line) = memchr::memmem::find(head, b"\nbuild id ") else {
        return;
    };
    let start = line + b"\nbuild id ".len();
    let Some(len) = memchr::memchr(b'\n', &head[start..]) else {
        return image.problem("Go build ID: its line breaks off");
    };
    let literal = std::str::from_utf8(&head[start..start + len]).ok();
    match literal
        .and_then(quote::unquote)
        .map(|text| BuildId::parse(&text))
    {
        // The range leaves the quotation marks out.
        Some(Ok(value)) => {
            image.build_id = Some(Located {
                value,
                range: start + 1..start + len - 1,
            })
        }
        Some(Err(error)) => image.problem(format!("Go build ID: {error}")),
        None => image.problem("Go build ID: not a quoted Go string"),
    }
}
