//! The text lines with which `__.PKGDEF` and every Go object begin.
//!
//! ```text
//! go object linux amd64 go1.27.3 GOAMD64=v1 X:regabiwrappers,…
//! build id "action/content"
//! main
//!
//! ```
//!
//! The last lines are there for some packages only; an empty line ends them.
//!
//! Source: cmd/compile/internal/gc/obj.go printObjHeader

use std::ops::Range;

use memchr::{memchr, memmem};

use crate::buildid::BuildId;
use crate::buildinfo::quote;

/// The lines end within this many bytes of the start, in bytes. The go command
/// too looks no further for a build ID.
pub const LEN_MAX: usize = 1024;

/// What the lines say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Operating system in Go's words.
    pub goos: String,
    /// Architecture in Go's words.
    pub goarch: String,
    /// Version of the toolchain, `go1.27.3`.
    pub version: String,
    /// What follows it: `GOAMD64=v1 X:…`.
    pub settings: String,
    /// The build ID, and its bytes between the quotation marks as offsets into
    /// what was parsed. Assembly objects have none.
    pub build_id: Option<(BuildId, Range<usize>)>,
}

impl Header {
    /// Parses the lines at the start of a member's data. `None` when that is not
    /// how the data begins.
    pub fn parse(data: &[u8]) -> Option<Self> {
        let head = &data[..data.len().min(LEN_MAX)];
        let line = &head[..memchr(b'\n', head)?];
        let line = std::str::from_utf8(line).ok()?;
        let mut words = line.strip_prefix("go object ")?.splitn(4, ' ');
        Some(Self {
            goos: words.next()?.to_owned(),
            goarch: words.next()?.to_owned(),
            version: words.next()?.to_owned(),
            settings: words.next().unwrap_or_default().to_owned(),
            build_id: build_id(head),
        })
    }

    /// Returns the minor version, 27 for `go1.27.3`; `None` for development
    /// versions.
    pub fn minor(&self) -> Option<u32> {
        let rest = self.version.strip_prefix("go1.")?;
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest, |end| &rest[..end]);
        digits.parse().ok()
    }
}

/// Finds the build ID's line, among the lines before the first empty one.
fn build_id(head: &[u8]) -> Option<(BuildId, Range<usize>)> {
    let lines = &head[..memmem::find(head, b"\n\n").unwrap_or(head.len())];
    let start = memmem::find(lines, b"\nbuild id ")? + b"\nbuild id ".len();
    let len = memchr(b'\n', &head[start..])?;
    let literal = std::str::from_utf8(&head[start..start + len]).ok()?;
    let id = BuildId::parse(&quote::unquote(literal)?).ok()?;
    // An ID that had to be escaped is not the go command's own.
    (literal.len() == id.to_string().len() + 2).then(|| (id, start + 1..start + len - 1))
}
