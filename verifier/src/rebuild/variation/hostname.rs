//! The host name, in a namespace of the build's own.

use super::{Ground, Variation};
use crate::rebuild::scene::Scene;

/// See the module.
#[derive(Debug)]
pub(super) struct Hostname;

impl Variation for Hostname {
    fn name(&self) -> &'static str {
        "hostname"
    }

    fn what(&self) -> &'static str {
        "another host name"
    }

    fn fix(&self) -> &'static str {
        "find what writes the host name into the program: a -X value, a generated file"
    }

    fn possible(&self, ground: &Ground<'_>) -> Result<(), String> {
        let namespaces = ground.machine.namespaces.as_ref();
        namespaces.map(|_| ()).map_err(Clone::clone)
    }

    fn apply(&self, _: &Ground<'_>, scene: &mut Scene) -> String {
        scene.hostname = Some("varied-host");
        "varied-host, in place of what it is".into()
    }
}
