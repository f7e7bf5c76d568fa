//! The modification times of the source files.

use super::{Ground, Variation, needs_copy};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct FileTimes;

impl Variation for FileTimes {
    fn name(&self) -> &'static str {
        "file-times"
    }

    fn what(&self) -> &'static str {
        "other times on the source files"
    }

    fn fix(&self) -> &'static str {
        "find what copies the files' times into the program: __TIMESTAMP__ in C, a generator, an archive that is embedded"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        needs_copy(ground)
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.sources.manner.other_times = true;
        "2001-02-03T04:05:06Z on every file".into()
    }
}
