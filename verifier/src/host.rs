//! The machine that commands run on: what they may know of it, and how they ask it.
//!
//! ```text
//! public, redaction      which values may be published; the others taken out of texts
//! interrupt, child       Ctrl-C; programs run within their time
//! search_path, locate    programs on the PATH, the Go installation
//! surroundings           the variables that programs below get
//! goenv                  the file that `go env -w` writes
//! machine                what this host lets a build be surrounded with
//! ```
//!
//! The environment is read by [`config`](crate::config), once.

pub mod child;
pub mod goenv;
pub mod interrupt;
pub mod locate;
pub mod machine;
pub mod public;
pub mod redaction;
pub mod search_path;
pub mod surroundings;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

use crate::progress::Progress;

/// What a command may know of the machine it runs on.
#[derive(Debug, Clone)]
pub struct Host {
    /// The environment variables at start.
    pub environment: Environment,
    /// Bars for long work.
    pub progress: Progress,
}

/// Environment variables, as they were when the program began.
#[derive(Debug, Clone, Default)]
pub struct Environment(HashMap<OsString, OsString>);

impl Environment {
    /// Takes variables as given.
    pub fn new<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pair = |(name, value): (K, V)| (name.into(), value.into());
        Self(variables.into_iter().map(pair).collect())
    }

    /// Returns a variable that is set and not empty.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(OsStr::new(name)).map(OsString::as_os_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns every variable, in no order.
    pub fn all(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}
