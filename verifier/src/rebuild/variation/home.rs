//! The home folder: a new, empty one.

use std::ffi::OsStr;
use std::path::Path;

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Home;

impl Variation for Home {
    fn name(&self) -> &'static str {
        "home"
    }

    fn what(&self) -> &'static str {
        "another home folder"
    }

    fn fix(&self) -> &'static str {
        "find what reads from the home folder or writes its path into the program: a CC or -toolexec program, a -X value"
    }

    fn possible(&self, _: &Ground<'_>) -> Result<(), String> {
        Ok(())
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.fresh_home = true;
        // Git keeps its settings, or it may trust the repository no longer.
        let home = scene.variables.get(OsStr::new("HOME"));
        let config = home.map(|home| Path::new(home).join(".gitconfig"));
        if let Some(config) = config.filter(|config| config.is_file()) {
            let name = "GIT_CONFIG_GLOBAL".into();
            scene.variables.entry(name).or_insert_with(|| config.into());
        }
        "a new one, in place of what it is".into()
    }
}
