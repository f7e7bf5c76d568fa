//! How many processors Go programs use: GOMAXPROCS.

use super::{Ground, Variation, was};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Gomaxprocs;

impl Variation for Gomaxprocs {
    fn name(&self) -> &'static str {
        "gomaxprocs"
    }

    fn what(&self) -> &'static str {
        "another GOMAXPROCS"
    }

    fn fix(&self) -> &'static str {
        "set GOMAXPROCS to the same number everywhere, and report it: the compiler should not depend on it"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Ok(())
    }

    fn apply(&self, ground: &Ground<'_>, scene: &mut Scene) -> String {
        let before = was(scene, "GOMAXPROCS");
        let is_one = before == "1" || (before == "unset" && ground.machine.processors.len() == 1);
        let count = if is_one { "3" } else { "1" };
        scene.variables.insert("GOMAXPROCS".into(), count.into());
        format!("{count}, in place of {before}")
    }
}
