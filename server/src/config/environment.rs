//! The environment: the one place that reads it, but for the sockets of systemd, which
//! the crates that speak its protocols look up.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variables that mean something to the server, read once.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, OsString>,
}

impl Environment {
    /// Reads the process's environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that reads the environment"
    )]
    pub fn read() -> Self {
        let is_read = |name: &str| name.starts_with(PREFIX) || NAMES.contains(&name);
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| is_read(name))
            .collect();
        Self { variables }
    }

    /// Returns an environment of these variables alone.
    pub fn of<const N: usize>(variables: [(&'static str, &str); N]) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), OsString::from(value)))
            .collect();
        Self { variables }
    }

    /// Sets a variable unless it is set.
    #[cfg(test)]
    pub(super) fn default_to(&mut self, name: &'static str, value: &str) {
        let value = || OsString::from(value);
        self.variables.entry(name.to_owned()).or_insert_with(value);
    }

    /// Returns a variable's text. Empty counts as unset, as it does for the go
    /// command; what is not UTF-8 is kept recognisable, so that parsing refuses it.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.to_string_lossy();
        (!value.is_empty()).then(|| value.into_owned())
    }

    /// Returns a variable's text, also where that is empty.
    pub(super) fn said(&self, name: &str) -> Option<String> {
        let value = self.variables.get(name)?.to_string_lossy();
        Some(value.into_owned())
    }

    /// Returns a variable as a path.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.variables.get(name)?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    }

    /// Returns the first of a colon list of paths, as systemd sets them.
    pub(crate) fn first_path(&self, name: &str) -> Option<PathBuf> {
        let paths = self.path(name)?;
        std::env::split_paths(&paths)
            .next()
            .filter(|path| !path.as_os_str().is_empty())
    }

    /// Returns the first of some spellings that is set, by name.
    pub(super) fn first_of(&self, names: &[&str]) -> Option<(String, String)> {
        let mut texts = names.iter().map(|name| (*name, self.text(name)));
        texts.find_map(|(name, text)| Some((name.to_owned(), text?)))
    }

    /// Returns the variables that are named after the server, and are not empty.
    pub(super) fn own(&self) -> impl Iterator<Item = (&str, String)> {
        let names = self.variables.keys().map(String::as_str);
        names
            .filter(|name| name.starts_with(PREFIX))
            .filter_map(|name| Some((name, self.text(name)?)))
    }
}

/// What the names of the server's own variables begin with.
pub(super) const PREFIX: &str = "SUMWARD_";

/// The variables of others that are read.
const NAMES: [&str; 25] = [
    // The go command's.
    "GOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GONOPROXY",
    "GOPRIVATE",
    // Everybody's.
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
    "no_proxy",
    "NETRC",
    "HOME",
    "XDG_DATA_HOME",
    "RUST_LOG",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER_ARG",
    "SENTRY_DSN",
    // systemd's.
    "STATE_DIRECTORY",
    "RUNTIME_DIRECTORY",
    "CREDENTIALS_DIRECTORY",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
];

/// Returns the name of the variable for a key: `SUMWARD_UPSTREAM_LIST`.
pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', "_").to_ascii_uppercase())
}
