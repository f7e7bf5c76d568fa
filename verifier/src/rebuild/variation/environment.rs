//! The rest of the environment, and a variable that nobody knows.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Environment;

impl Variation for Environment {
    fn name(&self) -> &'static str {
        "environment"
    }

    fn what(&self) -> &'static str {
        "variables that builds do not get otherwise"
    }

    fn fix(&self) -> &'static str {
        "find what reads the variable; where it is needed, name it with --pass and set it the same everywhere"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Ok(())
    }

    fn apply(&self, ground: &Ground<'_>, scene: &mut Scene) -> String {
        for (name, value) in ground.others {
            scene.variables.insert(name.clone(), value.clone());
        }
        let stray = "VERIFY_BUILD_STRAY";
        scene.variables.insert(stray.into(), "1".into());
        let count = ground.others.len();
        format!("{count} more variables of this environment, and {stray}=1")
    }
}
