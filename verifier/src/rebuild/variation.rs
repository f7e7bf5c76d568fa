//! What should not matter to a build, one file each.

mod clock;
mod cpu_count;
mod environment;
mod file_order;
mod file_times;
mod gomaxprocs;
mod goroot;
mod home;
mod hostname;
mod locale;
mod module_cache;
mod parallel_builds;
mod source_folder;
mod time_zone;
mod tmpdir;
mod umask;
mod user;

use std::fmt::Debug;

use super::project::Project;
use super::scene::Scene;
use crate::host::machine::Machine;
use crate::host::public;
use crate::host::surroundings::Variables;

/// One thing that is varied.
pub trait Variation: Debug + Send + Sync {
    /// Returns its name, which never changes its meaning.
    fn name(&self) -> &'static str;

    /// Says what is varied, after the word "with".
    fn what(&self) -> &'static str;

    /// Says what to do when it matters.
    fn fix(&self) -> &'static str;

    /// Says why it can't be varied here.
    ///
    /// # Errors
    /// The reason, in words.
    fn possible(&self, ground: &Ground<'_>) -> Result<(), String>;

    /// Changes the scene, and says how exactly.
    fn apply(&self, ground: &Ground<'_>, scene: &mut Scene) -> String;
}

/// What variations stand on.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The program and how it is built.
    pub project: &'a Project,
    /// The host.
    pub machine: &'a Machine,
    /// Variables of the environment that builds do not get.
    pub others: &'a Variables,
}

/// Every variation, in the order of the command line's list.
pub const ALL: [&dyn Variation; 17] = [
    &source_folder::SourceFolder,
    &goroot::Goroot,
    &module_cache::ModuleCache,
    &home::Home,
    &tmpdir::Tmpdir,
    &user::User,
    &umask::Umask,
    &time_zone::TimeZone,
    &locale::Locale,
    &gomaxprocs::Gomaxprocs,
    &parallel_builds::ParallelBuilds,
    &cpu_count::CpuCount,
    &hostname::Hostname,
    &file_times::FileTimes,
    &file_order::FileOrder,
    &environment::Environment,
    &clock::Clock,
];

/// Finds a variation by name.
pub fn named(name: &str) -> Option<&'static dyn Variation> {
    ALL.into_iter().find(|one| one.name() == name)
}

/// A copy can take the place of the sources only by a mount: at another path it
/// would vary two things.
fn needs_copy(ground: &Ground<'_>) -> Result<(), String> {
    ground.project.roots.as_ref().map_err(Clone::clone)?;
    ground.machine.namespaces.as_ref().map_err(Clone::clone)?;
    Ok(())
}

/// Says what a variable was, for a sentence that may be published.
fn was(scene: &Scene, name: &str) -> String {
    let value = scene.variables.get(std::ffi::OsStr::new(name));
    value.map_or_else(
        || "unset".to_owned(),
        |value| public::variable(name, &value.to_string_lossy()).text,
    )
}

#[cfg(test)]
mod tests;
