//! The mask for the modes of new files.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Umask;

impl Variation for Umask {
    fn name(&self) -> &'static str {
        "umask"
    }

    fn what(&self) -> &'static str {
        "another umask"
    }

    fn fix(&self) -> &'static str {
        "set umask 022 before the build, or find what copies the modes of files into the program"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        let sh = ground.machine.program("sh");
        sh.map(|_| ()).ok_or_else(|| "needs the program sh".into())
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.umask = Some("0077");
        "0077, in place of what it is".into()
    }
}
