//! The path of GOROOT: a copy of the Go installation elsewhere.

use std::path::Path;

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Goroot;

impl Variation for Goroot {
    fn name(&self) -> &'static str {
        "goroot"
    }

    fn what(&self) -> &'static str {
        "the Go installation at another path"
    }

    fn fix(&self) -> &'static str {
        "build with -trimpath"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        let goroot = Path::new(ground.project.env("GOROOT"));
        if goroot.join("pkg/tool").is_dir() && goroot.join("src").is_dir() {
            Ok(())
        } else {
            Err(format!(
                "{} has no src and pkg/tool below it, so it can't be copied",
                goroot.display()
            ))
        }
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.moved_goroot = true;
        "a copy in another folder".into()
    }
}
