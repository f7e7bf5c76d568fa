//! What a report says about two containers.

use serde::Serialize;

use proto::finding::Evidence;

/// Two containers side by side, beside what a [`super::Comparison`] has for any files.
#[derive(Debug, Clone, Serialize)]
pub struct Container {
    /// What they are, in words.
    pub kinds: [String; 2],
    /// How many members each has.
    pub members: [usize; 2],
    /// Members counted, those of containers inside included.
    pub total: Total,
    /// Members that both have and that differ, in the order of the first.
    pub differing: Vec<Member>,
    /// Members that only the first has.
    pub only_in_a: Vec<Only>,
    /// Members that only the second has.
    pub only_in_b: Vec<Only>,
    /// How many members are left out of these three lists.
    pub omitted: usize,
    /// What they say otherwise about members and about themselves.
    pub metadata: Vec<Metadata>,
    /// What they carry beside members and is not the same.
    pub carried: Vec<Evidence>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// Members counted all the way down.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Total {
    /// Those that are the same on both sides.
    pub same: usize,
    /// Those that both have and that differ.
    pub differing: usize,
    /// Those that only the first has.
    pub only_in_a: usize,
    /// Those that only the second has.
    pub only_in_b: usize,
}

/// A member that both have and that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Its path in the first.
    pub path: String,
    /// What it is in the first.
    pub a: String,
    /// What it is in the second.
    pub b: String,
    /// How it was compared: `program`, `container`, `bytes`, `kind` or `hashes`.
    pub how: &'static str,
    /// The indexes of both in `files`, where they were looked into.
    pub files: Option<[usize; 2]>,
    /// The first offset at which the bytes differ.
    pub first_offset: Option<u64>,
    /// How many bytes differ.
    pub differing_bytes: Option<u64>,
    /// Why only the hashes were compared.
    pub reason: Option<String>,
}

/// A member that only one has.
#[derive(Debug, Clone, Serialize)]
pub struct Only {
    /// Its path.
    pub path: String,
    /// What it is.
    pub content: String,
    /// SHA-256 of its bytes, for a file.
    pub sha256: Option<String>,
}

/// One thing that both say otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    /// `modification time`, `gzip: file name`, …
    pub field: String,
    /// Whether it only says how members were packed.
    #[serde(skip)]
    pub is_packing: bool,
    /// For how many members; 0 when it is about the container itself.
    pub members: usize,
    /// The first few.
    pub examples: Vec<Evidence>,
}

/// Where a file of a report lies when it is a member of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inside {
    /// The index of the outermost container in `files`.
    pub file: usize,
    /// The path down to it: one name for each container on the way.
    pub path: Vec<String>,
}
