//! The folder for temporary files: TMPDIR and GOTMPDIR.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Tmpdir;

impl Variation for Tmpdir {
    fn name(&self) -> &'static str {
        "tmpdir"
    }

    fn what(&self) -> &'static str {
        "another folder for temporary files"
    }

    fn fix(&self) -> &'static str {
        "find what keeps the folder's path: flags such as -grecord-gcc-switches, C code with debug information, a -toolexec program; or set TMPDIR to the same path everywhere"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Ok(())
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.moved_temporary = true;
        "another, in place of the one that all builds share".into()
    }
}
