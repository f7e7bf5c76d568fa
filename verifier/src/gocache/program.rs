//! A linked program in the cache: `go run` and `go tool` keep it since Go 1.24,
//! in a folder named after its hash.

use proto::buildid::{BuildId, Part};
use sha2::{Digest as _, Sha256};

use super::reading::Read;
use crate::goinfo::GoInfo;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::Image;

/// The largest program whose content ID is computed, in bytes: it is held whole
/// for that. Larger ones are hashed only.
pub const SIZE_MAX: u64 = 512 << 20;

/// What a program in the cache tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name within its folder.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// The hash of all bytes.
    pub sha256: [u8; 32],
    /// Version of Go.
    pub go_version: Option<String>,
    /// The package path of package main.
    pub path: Option<String>,
    /// The action of its link, out of its build ID.
    pub link_action: Option<Part>,
    /// The content part in the build ID and the one computed, where they differ.
    pub changed: Option<(Part, Part)>,
    /// Whether the content part could be computed.
    pub is_checked: bool,
}

impl Program {
    /// Takes a program that was only hashed.
    pub fn hashed(name: String, read: &Read) -> Self {
        Self {
            name,
            size: read.size,
            sha256: read.sha256,
            go_version: None,
            path: None,
            link_action: None,
            changed: None,
            is_checked: false,
        }
    }

    /// Looks into a program that is held whole.
    pub fn read(name: String, bytes: &[u8]) -> Self {
        let image = Image::read(bytes);
        let go = GoInfo::read(bytes, &image);
        let is_checked = !matches!(go.self_check, SelfCheck::Unknown(_));
        Self {
            name,
            is_checked,
            size: bytes.len() as u64,
            sha256: Sha256::digest(bytes).into(),
            go_version: go.version().map(str::to_owned),
            path: go.info().map(|info| info.path.clone()),
            link_action: match &go.build_id {
                Some(BuildId::Program(program)) => Some(program.link_action),
                _ => None,
            },
            changed: match go.self_check {
                SelfCheck::Signed { recorded, computed }
                | SelfCheck::Changed { recorded, computed } => Some((recorded, computed)),
                SelfCheck::Intact(_) | SelfCheck::Unknown(_) => None,
            },
        }
    }
}
