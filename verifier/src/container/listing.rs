//! What a container holds: its members in order, and what the container says
//! about them and about itself.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::fault::{Fault, Kind};
use super::limits::{LISTING_BYTES_MAX, MEMBERS_MAX};
use super::source::Source;
use crate::image::Format;

/// All of a container, contents hashed and not kept.
#[derive(Debug, Default)]
pub struct Listing {
    /// The members in the order of the container.
    pub members: Vec<Member>,
    /// What the container says about itself.
    pub facts: Vec<Fact>,
    /// What a reader should know: duplicates, whiteouts, digests that lie.
    pub notes: Vec<String>,
    /// Bytes of memory that the members take.
    memory: usize,
}

/// The field for rights that a program has by an extended attribute of its file.
pub(crate) const CAPABILITY: &str = "capabilities (security.capability)";

/// One member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name as the container has it; bytes that are not UTF-8 as `\xff`.
    pub name: String,
    /// What it is.
    pub content: Content,
    /// What its bytes begin like; `Other` for what is not a file.
    pub format: Format,
    /// What the container says about it.
    pub metadata: Metadata,
    /// Where its bytes are.
    pub place: Place,
    /// The member that came before and has the bytes of this one: a hard link's.
    pub origin: Option<usize>,
}

/// Where the bytes of a member are.
#[derive(Debug, Clone)]
pub enum Place {
    /// In the container, to be unpacked.
    Packed,
    /// Here, as they are.
    Here(Source),
    /// In a file of a folder.
    OnDisk(PathBuf),
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Content {
    /// A file.
    File {
        /// Its size in bytes.
        size: u64,
        /// SHA-256 of its bytes.
        sha256: [u8; 32],
    },
    /// A folder.
    Folder,
    /// A symbolic link to a path, which is not followed.
    Link(String),
    /// A device, socket, …, or a file stored in a way that can't be undone, in
    /// words.
    Other(String),
}

/// What a container says about a member; `None` where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// When it was last changed.
    pub modified: Option<Time>,
    /// Permission bits, set-user-ID and its like included.
    pub mode: Option<u32>,
    /// The owner's number.
    pub uid: Option<u64>,
    /// The group's number.
    pub gid: Option<u64>,
    /// The owner's name.
    pub owner: Option<Arc<str>>,
    /// The group's name.
    pub group: Option<Arc<str>>,
    /// What only this kind of container says, by name.
    pub own: Vec<(&'static str, String)>,
}

/// A point in time, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest in nanoseconds.
    pub nanoseconds: u32,
}

/// One thing a container says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name, with the layer it belongs to: `gzip: time`.
    pub name: String,
    /// Its value in words.
    pub value: String,
    /// Whether it says how the container was packed, or is part of what it carries.
    pub role: Role,
}

/// What a difference of a [`Fact`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The container was packed in another way.
    Packing,
    /// The container carries something else.
    Carried,
    /// Bytes that no other fact or field shows. That they differ is worth saying
    /// where nothing else does.
    Rest,
}

impl Listing {
    /// Takes in one member.
    ///
    /// # Errors
    /// `TooMany` past [`MEMBERS_MAX`], `Memory` past [`LISTING_BYTES_MAX`].
    pub fn add(&mut self, member: Member) -> Result<(), Fault> {
        self.add_within(member, LISTING_BYTES_MAX)
    }

    fn add_within(&mut self, mut member: Member, max: usize) -> Result<(), Fault> {
        member.metadata.own.shrink_to_fit();
        self.memory = self.memory.saturating_add(member.memory());
        if self.memory > max {
            return Err(Kind::Memory {
                members: self.members.len(),
                max,
            }
            .into());
        }
        if self.members.len() >= MEMBERS_MAX {
            return Err(Kind::TooMany {
                what: "members",
                max: MEMBERS_MAX,
            }
            .into());
        }
        self.members.push(member);
        Ok(())
    }

    /// Drops the compressors' endings from the names of a Debian package's members:
    /// `data.tar.xz` and `data.tar.zst` are one member packed in two ways.
    pub fn leave_out_endings(&mut self) {
        for member in &mut self.members {
            let stem = super::path::stem(&member.name);
            let name = std::mem::replace(&mut member.name, stem);
            member.metadata.own.push(("name of the member", name));
        }
    }

    /// Returns the size of all files together.
    pub fn size(&self) -> u64 {
        let sizes = self.members.iter().map(|member| match member.content {
            Content::File { size, .. } => size,
            Content::Folder | Content::Link(_) | Content::Other(_) => 0,
        });
        sizes.fold(0, u64::saturating_add)
    }

    /// Returns the hash of a folder: SHA-256 over `<mode> <what>`, NUL, `<path>`, NUL
    /// for each member, sorted by path. No path or link target of a disk holds a NUL;
    /// line ends and blanks they may hold.
    pub fn sha256(&self) -> [u8; 32] {
        let mut members: Vec<&Member> = self.members.iter().collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let mut sha256 = Sha256::new();
        for member in members {
            let mode = member.metadata.mode.unwrap_or(0);
            let record = format!("{mode:04o} {}\0{}\0", member.content, member.name);
            sha256.update(record);
            if let Some(rights) = member.metadata.own(CAPABILITY) {
                sha256.update(format!("{rights}\0"));
            }
        }
        sha256.finalize().into()
    }
}

impl Metadata {
    /// Returns what only this kind of container says, by name.
    pub(crate) fn own(&self, name: &str) -> Option<&str> {
        let found = self.own.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What a piece of memory costs beside its own bytes.
const ALLOCATION_BYTES: usize = 16;

impl Member {
    /// Returns about how much memory it takes.
    fn memory(&self) -> usize {
        let text = |text: &String| text.capacity() + ALLOCATION_BYTES;
        let own: usize = self.metadata.own.iter().map(|(_, value)| text(value)).sum();
        let list = self.metadata.own.capacity() * size_of::<(&str, String)>();
        let content = match &self.content {
            Content::Link(target) | Content::Other(target) => text(target),
            Content::File { .. } | Content::Folder => 0,
        };
        let place = match &self.place {
            Place::OnDisk(path) => path.capacity() + ALLOCATION_BYTES,
            Place::Packed | Place::Here(_) => 0,
        };
        size_of::<Self>() + text(&self.name) + own + list + content + place
    }
}

impl Fact {
    /// Something that says how a container was packed.
    pub fn packing(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            role: Role::Packing,
        }
    }

    /// The hash of bytes that nothing else shows.
    pub fn rest(name: impl Into<String>, sha256: impl Into<String>) -> Self {
        Self {
            role: Role::Rest,
            ..Self::packing(name, sha256)
        }
    }

    /// Something that a container carries beside its members.
    pub fn carried(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            role: Role::Carried,
            ..Self::packing(name, value)
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = i32::try_from(self.nanoseconds).unwrap_or(0);
        match jiff::Timestamp::new(self.seconds, nanoseconds) {
            Ok(time) => write!(formatter, "{time}"),
            // No calendar reaches there.
            Err(_) => write!(formatter, "{} s", self.seconds),
        }
    }
}

impl Content {
    /// Says what it is, without the hash.
    pub fn brief(&self) -> String {
        match self {
            Self::File { size, .. } => format!("file, {size} bytes"),
            Self::Folder | Self::Link(_) | Self::Other(_) => self.to_string(),
        }
    }

    /// Returns the hash of a file.
    pub fn sha256(&self) -> Option<String> {
        match self {
            Self::File { sha256, .. } => Some(hex::encode(sha256)),
            Self::Folder | Self::Link(_) | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { size, sha256 } => {
                write!(
                    formatter,
                    "file, {size} bytes, sha256 {}",
                    hex::encode(sha256)
                )
            }
            Self::Folder => formatter.write_str("folder"),
            Self::Link(target) => write!(formatter, "symbolic link to {target}"),
            Self::Other(what) => formatter.write_str(what),
        }
    }
}

/// Owners' names, of which a container has few and says them often.
#[derive(Debug, Default)]
pub struct Names(HashSet<Arc<str>>);

impl Names {
    /// Returns one shared copy of a name; nothing for an empty one.
    pub fn share(&mut self, name: &str) -> Option<Arc<str>> {
        if name.is_empty() {
            return None;
        }
        if let Some(known) = self.0.get(name) {
            return Some(Arc::clone(known));
        }
        let name: Arc<str> = name.into();
        self.0.insert(Arc::clone(&name));
        Some(name)
    }
}

/// Characters of a long text kept.
const SHOWN_MAX: usize = 400;

/// Shortens a long text so that two that differ stay different.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => {
            let hash = hex::encode(Sha256::digest(text.as_bytes()));
            format!("{}… ({} bytes, sha256 {hash})", &text[..end], text.len())
        }
        None => text.to_owned(),
    }
}

/// Returns a name from a container as text; what is not UTF-8 becomes `\xff`. A
/// backslash that would read as the start of such a byte becomes `\x5c`, so that
/// two names that differ stay different.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find("\\x") {
            let (before, after) = rest.split_at(at);
            text.push_str(before);
            let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let digits = after.as_bytes().get(2..4);
            let reads_as_byte = digits.is_some_and(|digits| digits.iter().all(is_hex));
            text.push_str(if reads_as_byte { "\\x5c" } else { "\\" });
            rest = &after[1..];
        }
        text.push_str(rest);
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(members: &[(&str, Content)]) -> [u8; 32] {
        let mut listing = Listing::default();
        for (name, content) in members {
            let member = Member {
                name: (*name).into(),
                content: content.clone(),
                metadata: Metadata::default(),
                place: Place::Packed,
                origin: None,
                format: Format::Other,
            };
            listing.add(member).unwrap();
        }
        listing.sha256()
    }

    #[test]
    fn a_listing_has_a_bound_in_bytes() {
        let member = |own: usize| Member {
            name: "x".into(),
            content: Content::Folder,
            metadata: Metadata {
                own: vec![("zip flags", "0x0000".into()); own],
                ..Metadata::default()
            },
            place: Place::Packed,
            origin: None,
            format: Format::Other,
        };
        let fits = |own: usize| {
            let mut listing = Listing::default();
            (0..10_000)
                .take_while(|_| listing.add_within(member(own), 1 << 20).is_ok())
                .count()
        };
        // What a member says takes memory, too.
        assert!(fits(0) > 2000 && fits(0) < 7000, "{}", fits(0));
        assert!(fits(6) < fits(0) * 2 / 3, "{}", fits(6));
        let mut listing = Listing::default();
        let fault = listing.add_within(member(0), 10).unwrap_err();
        assert!(fault.is_refusal());
        assert!(fault.to_string().contains("10 bytes of memory"), "{fault}");
    }

    #[test]
    fn no_name_passes_for_other_members() {
        let link = |target: &str| Content::Link(target.into());
        assert_ne!(hash(&[("p  q", link("t"))]), hash(&[("q", link("t  p"))]));
        let folder = || Content::Folder;
        let two = [("a", folder()), ("b", folder())];
        assert_ne!(hash(&two), hash(&[("a\n0000 folder  b", folder())]));
    }

    #[test]
    fn names_that_differ_stay_different_as_text() {
        assert_eq!(text(b"a\xff\\n"), "a\\xff\\n");
        let names: [&[u8]; 6] = [
            b"\xff",
            b"\\xff",
            b"\\x5cxff",
            b"\\\xff",
            b"\\xf\xff",
            b"\\\\xff",
        ];
        let texts: HashSet<String> = names.into_iter().map(text).collect();
        assert_eq!(texts.len(), names.len(), "{texts:?}");
        assert_eq!(text(b"C:\\xy\\bin"), "C:\\xy\\bin");
    }
}
