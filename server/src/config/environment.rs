//! The environment: the one place that reads it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variables that mean something to the server, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<&'static str, OsString>,
}

impl Environment {
    /// Reads the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that reads the environment"
    )]
    pub fn read() -> Self {
        let variables = NAMES
            .into_iter()
            .filter_map(|name| Some((name, std::env::var_os(name)?)))
            .collect();
        Self { variables }
    }

    /// Returns an environment of these variables alone.
    pub fn of<const N: usize>(variables: [(&'static str, &str); N]) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name, OsString::from(value)))
            .collect();
        Self { variables }
    }

    /// Sets a variable unless it is set.
    #[cfg(test)]
    pub(super) fn default_to(&mut self, name: &'static str, value: &str) {
        let value = || OsString::from(value);
        self.variables.entry(name).or_insert_with(value);
    }

    /// Returns a variable's text. Empty counts as unset, as it does for the go
    /// command; what is not UTF-8 is kept recognisable, so that parsing refuses it.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.to_string_lossy();
        (!value.is_empty()).then(|| value.into_owned())
    }

    /// Returns a variable as a path.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.variables.get(name)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    }

    /// Returns the first of two spellings that is set, the upper-case one first.
    pub(super) fn either(&self, upper: &str, lower: &str) -> Option<String> {
        self.text(upper).or_else(|| self.text(lower))
    }
}

const NAMES: [&str; 16] = [
    "GOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GOPRIVATE",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "NETRC",
    "HOME",
    "XDG_DATA_HOME",
    "STATE_DIRECTORY",
    "SUMWARD_CONFIG",
    "RUST_LOG",
];
