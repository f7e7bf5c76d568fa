//! The folder that the program is built in: a copy of its repository elsewhere.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct SourceFolder;

impl Variation for SourceFolder {
    fn name(&self) -> &'static str {
        "source-folder"
    }

    fn what(&self) -> &'static str {
        "the sources in another folder"
    }

    fn fix(&self) -> &'static str {
        "build with -trimpath; where C code is compiled, see that neither flags nor code spell out the folder"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        ground
            .project
            .roots
            .as_ref()
            .map(|_| ())
            .map_err(Clone::clone)
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.sources.moved = true;
        "a copy in another folder".into()
    }
}
