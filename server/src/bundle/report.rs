//! What became of a bundle that was taken in.

use proto::note::VerifierKey;

/// What became of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Report {
    /// SHA-256 of its manifest, in hex.
    pub(crate) bundle: String,
    /// Who has signed it.
    pub(crate) signer: String,
    /// Module versions in it.
    pub(crate) modules: usize,
    /// Files of modules that were not there before.
    pub(crate) files: usize,
    /// Bytes of those.
    pub(crate) bytes: u64,
    /// Records that were not there before.
    pub(crate) records: usize,
    /// Databases and the sizes of their heads, where they moved.
    pub(crate) heads: Vec<(String, u64)>,
    /// When it was taken in before, in seconds since 1970.
    pub(crate) before: Option<u64>,
}

impl Report {
    /// Whether nothing was changed.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.files == 0 && self.records == 0 && self.heads.is_empty()
    }
}

/// A key as logs and journal name it.
pub(crate) fn signer(key: &VerifierKey) -> String {
    format!("{}+{:08x}", key.name(), key.key_hash())
}
