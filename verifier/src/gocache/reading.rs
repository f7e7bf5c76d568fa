//! One output, hashed while it streams by.
//!
//! A package archive needs two hashes: that of the file, which is its name, and
//! its content ID, in which its build ID reads as zero. Both are taken in one
//! pass, so that each byte is read once and large outputs are never held whole.

use proto::buildid::content::{Exclusions, Hasher, Variant};
use proto::buildid::{BuildId, Part};
use proto::gocache::kind::{HEAD_LEN, Kind};
use proto::gocache::label;
use proto::goobj::{archive, header::Header};
use sha2::{Digest as _, Sha256};

/// The largest source list whose names are kept, in bytes.
const LIST_LEN_MAX: usize = 1 << 20;

/// The most source files named of one package.
const SOURCES_MAX: usize = 5;

/// Where in an archive its first member's data begins.
const DATA_AT: usize = 8 + 60;

/// What one output's bytes tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Size in bytes.
    pub size: u64,
    /// The hash of all bytes.
    pub sha256: [u8; 32],
    /// What the first bytes look like.
    pub kind: Kind,
    /// Version of Go, where the output tells.
    pub go_version: Option<String>,
    /// What it says of the action that made it.
    pub maker: Maker,
    /// The generated files a source list names.
    pub generated: Vec<String>,
    /// The first few source files a source list names.
    pub sources: Vec<String>,
}

/// What an output says of the action that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Maker {
    /// Nothing: it is not a package.
    Nobody,
    /// A compiled package with the build ID that the go command writes.
    Package {
        /// The action in it.
        made_by: Part,
        /// The content part in it.
        recorded: Part,
        /// The content part of the bytes as they are.
        computed: Part,
    },
    /// A compiled package without one. The go command keeps a package only with its
    /// own build ID in it.
    ///
    /// Source: cmd/go/internal/work/buildid.go updateBuildID
    Unsigned {
        /// What stands in its place.
        found: Option<String>,
    },
    /// An archive that Go's own compiler did not write.
    OtherCompiler,
}

impl Maker {
    /// The action that made it, where a build ID tells.
    pub fn action(&self) -> Option<Part> {
        match self {
            Self::Package { made_by, .. } => Some(*made_by),
            Self::Nobody | Self::Unsigned { .. } | Self::OtherCompiler => None,
        }
    }
}

/// An output on its way.
#[derive(Debug)]
pub struct Reading {
    sha256: Sha256,
    size: u64,
    /// The first bytes, until there are enough to tell what comes.
    head: Vec<u8>,
    header: Option<Header>,
    content: Option<Hasher>,
    /// A source list, while it may be one.
    list: Option<Vec<u8>>,
}

impl Reading {
    /// Begins an output.
    pub fn new() -> Self {
        Self {
            sha256: Sha256::new(),
            size: 0,
            head: Vec::new(),
            header: None,
            content: None,
            list: Some(Vec::new()),
        }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        self.size = self.size.saturating_add(piece.len() as u64);
        let known = self.head.len();
        if known < HEAD_LEN {
            let wanted = piece.len().min(HEAD_LEN - known);
            self.head.extend_from_slice(&piece[..wanted]);
            if self.head.len() == HEAD_LEN {
                self.begin_content();
                let rest = &piece[wanted..];
                self.update_content(rest);
            }
        } else {
            self.update_content(piece);
        }
        self.update_list(piece);
    }

    /// Returns what the bytes told.
    pub fn finish(mut self) -> Read {
        if self.head.len() < HEAD_LEN {
            self.begin_content();
        }
        let list = self.list.as_deref().unwrap_or_default();
        Read {
            size: self.size,
            sha256: self.sha256.finalize().into(),
            kind: Kind::sniff(&self.head),
            go_version: self.header.as_ref().map(|header| header.version.clone()),
            maker: maker(&self.head, self.header, self.content),
            sources: label::sources(list)
                .filter(|name| is_file_name(name))
                .take(SOURCES_MAX)
                .map(str::to_owned)
                .collect(),
            generated: label::generated(list)
                .filter(|name| is_file_name(name))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// Knows the head: if it is an archive's, the content ID is computed from
    /// here on.
    fn begin_content(&mut self) {
        if !self.head.starts_with(archive::MAGIC) {
            return;
        }
        self.header = self.head.get(DATA_AT..).and_then(Header::parse);
        let id = self
            .header
            .as_ref()
            .and_then(|header| header.build_id.as_ref());
        if let Some((id @ BuildId::Package { .. }, _)) = id {
            // Packages have no host ID: both variants give the same.
            let none = Exclusions::default();
            let mut content = Hasher::new(&id.to_string(), &none, Variant::WithoutHostId);
            content.update(&self.head);
            self.content = Some(content);
        }
    }

    fn update_content(&mut self, piece: &[u8]) {
        if let Some(content) = &mut self.content {
            content.update(piece);
        }
    }

    fn update_list(&mut self, piece: &[u8]) {
        let Some(list) = &mut self.list else { return };
        list.extend_from_slice(piece);
        let is_text = list.iter().take(HEAD_LEN).all(|byte| is_list_byte(*byte));
        if list.len() > LIST_LEN_MAX || !is_text {
            self.list = None;
        }
    }
}

/// How the first member of a package begins, if Go's own compiler wrote it.
const FIRST_MEMBER: &[u8] = b"__.PKGDEF";

fn maker(head: &[u8], header: Option<Header>, content: Option<Hasher>) -> Maker {
    let Some(members) = head.strip_prefix(archive::MAGIC) else {
        return Maker::Nobody;
    };
    let id = header.and_then(|header| header.build_id).map(|(id, _)| id);
    match (id, content) {
        (Some(BuildId::Package { action, content }), Some(computed)) => Maker::Package {
            made_by: action,
            recorded: content,
            computed: Part::from_sha256(&computed.finish().0),
        },
        // The linker takes no archive that begins otherwise.
        (None, _) if !members.starts_with(FIRST_MEMBER) => Maker::OtherCompiler,
        (id, _) => Maker::Unsigned {
            found: id.map(|id| id.to_string()),
        },
    }
}

impl Default for Reading {
    fn default() -> Self {
        Self::new()
    }
}

fn is_list_byte(byte: u8) -> bool {
    byte == b'\n' || (0x20..0x7f).contains(&byte) || byte >= 0x80
}

/// Whether a line can be the name of a generated file: most lines of other
/// texts can't.
fn is_file_name(line: &str) -> bool {
    line.contains('.') && !line.contains(['/', '\\', ' ', '\t', ':', '(', '{', '"'])
}
