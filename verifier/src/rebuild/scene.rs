//! What surrounds one build, as variations have changed it.

use std::ffi::OsString;

use super::copy::Manner;
use super::project::Project;
use crate::host::machine::Becoming;
use crate::host::surroundings::Variables;

/// Everything about a build that may be varied.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The environment.
    pub variables: Variables,
    /// Flags of go build beside those asked for.
    pub flags: Vec<OsString>,
    /// Where the sources are, and how they were put there.
    pub sources: Sources,
    /// Whether GOROOT is a copy elsewhere.
    pub moved_goroot: bool,
    /// Whether GOMODCACHE begins empty, filled from the one there is.
    pub fresh_modules: bool,
    /// Whether HOME is a new, empty folder.
    pub fresh_home: bool,
    /// Whether temporary files go to a folder of their own.
    pub moved_temporary: bool,
    /// The file mode creation mask, as `umask` takes it.
    pub umask: Option<&'static str>,
    /// The one processor to run on.
    pub processor: Option<u32>,
    /// The host's name.
    pub hostname: Option<&'static str>,
    /// The user.
    pub user: Option<Becoming>,
}

/// Where the sources are, and how they were put there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sources {
    /// Whether they are at another path.
    pub moved: bool,
    /// How they are copied, where their copying is varied too.
    pub manner: Manner,
}

impl Sources {
    /// Says whether the originals do.
    pub fn is_original(self) -> bool {
        self == Self::default()
    }
}

impl Scene {
    /// Returns the scene as it is found.
    pub fn of(project: &Project) -> Self {
        Self {
            variables: project.variables.clone(),
            flags: Vec::new(),
            sources: Sources::default(),
            moved_goroot: false,
            fresh_modules: false,
            fresh_home: false,
            moved_temporary: false,
            umask: None,
            processor: None,
            hostname: None,
            user: None,
        }
    }
}
