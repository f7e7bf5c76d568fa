//! How many steps go build takes at a time: -p.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct ParallelBuilds;

impl Variation for ParallelBuilds {
    fn name(&self) -> &'static str {
        "parallel-builds"
    }

    fn what(&self) -> &'static str {
        "another number of steps at a time"
    }

    fn fix(&self) -> &'static str {
        "pass the same -p everywhere, and find the step that depends on another without saying so"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        match ground.project.build.value("p") {
            Some(_) => Err("-p is given on the command line".into()),
            None => Ok(()),
        }
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.flags.push("-p=1".into());
        "-p=1, in place of one for each processor".into()
    }
}
