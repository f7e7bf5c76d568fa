//! How many processors there are: a build may run on one only.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct CpuCount;

impl Variation for CpuCount {
    fn name(&self) -> &'static str {
        "cpu-count"
    }

    fn what(&self) -> &'static str {
        "one processor"
    }

    fn fix(&self) -> &'static str {
        "find the tool that asks how many processors there are, and give it a number"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        if ground.machine.processors.len() < 2 {
            return Err("there is only one processor here, or how many can't be told".into());
        }
        match ground.machine.program("taskset") {
            Some(_) => Ok(()),
            None => Err("needs the program taskset (package util-linux)".into()),
        }
    }

    fn apply(&self, ground: &Ground<'_>, scene: &mut Scene) -> String {
        let all = &ground.machine.processors;
        scene.processor = all.first().copied();
        format!("one, in place of {}", all.len())
    }
}
