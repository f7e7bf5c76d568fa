//! The process that builds: its user and its processors.

use std::ffi::OsString;
use std::path::Path;

use super::Ground;
use crate::host::machine::{Becoming, OTHER_ID};
use crate::rebuild::scene::Scene;

/// A user has another name, and another number where the host allows it.
pub(super) fn user_can_be_another(ground: &Ground<'_>) -> Result<(), String> {
    let becoming = ground.machine.user.as_ref().map_err(Clone::clone)?;
    let project = ground.project;
    let places = [
        project.folder.as_path(),
        Path::new(project.env("GOROOT")),
        Path::new(project.env("GOMODCACHE")),
    ];
    let closed = match becoming {
        Becoming::Mapped(_) => None,
        // Somebody else may not come near what lies in root's home.
        Becoming::Switched(_) => places.into_iter().find(|place| !is_open(place)),
    };
    match closed {
        None => Ok(()),
        Some(place) => Err(format!("another user may not read {}", place.display())),
    }
}

pub(super) fn other_user(ground: &Ground<'_>, scene: &mut Scene) -> String {
    scene.user = ground.machine.user.clone().ok();
    for name in ["USER", "LOGNAME"] {
        scene.variables.insert(name.into(), "varied-user".into());
    }
    if matches!(scene.user, Some(Becoming::Switched(_))) {
        trust_repository(scene);
    }
    format!("varied-user, number {OTHER_ID}, in place of who it is")
}

/// Git looks into no repository of somebody else's unless it is told to.
fn trust_repository(scene: &mut Scene) {
    let count = OsString::from("GIT_CONFIG_COUNT");
    let set = scene.variables.get(&count).and_then(|count| count.to_str());
    let next: u32 = set.and_then(|count| count.parse().ok()).unwrap_or(0);
    let after = next.saturating_add(1).to_string();
    scene.variables.insert(count, after.into());
    for (name, value) in [("KEY", "safe.directory"), ("VALUE", "*")] {
        let name = format!("GIT_CONFIG_{name}_{next}");
        scene.variables.insert(name.into(), value.into());
    }
}

/// Says whether everybody may come to a folder and list it; one that is not
/// there is in nobody's way.
#[cfg(unix)]
fn is_open(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let allows = |path: &Path, bits: u32| {
        let found = path.metadata();
        found.is_ok_and(|found| found.permissions().mode() & bits == bits)
    };
    !folder.exists()
        || (allows(folder, 0o005) && folder.ancestors().all(|part| allows(part, 0o001)))
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> bool {
    false
}

pub(super) fn can_run_on_one_processor(ground: &Ground<'_>) -> Result<(), String> {
    if ground.machine.processors.len() < 2 {
        return Err("there is only one processor here, or how many can't be told".into());
    }
    match ground.machine.program("taskset") {
        Some(_) => Ok(()),
        None => Err("needs the program taskset (package util-linux)".into()),
    }
}
