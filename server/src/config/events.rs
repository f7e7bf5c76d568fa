//! Where what happens to modules and databases is told.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::kind::{Kind, OrOff, Part, Said};
use super::schema::Schema;
use super::section::{at, section};
use super::word::Path;

/// Where what happens to modules and databases is told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Events {
    /// Where each event is posted; nowhere when `None`.
    pub webhook: Option<Url>,
    /// The file with the secret that the messages are signed with.
    pub secret: Option<PathBuf>,
}

section!(EventsSection of Events {
    webhook: Said<OrOff<Hook>>,
    secret: Said<OrOff<Path>>,
});

/// The address of a web hook.
pub(super) struct Hook;

impl Kind for Hook {
    type Setting = Url;

    fn parse(text: &str) -> Result<Url, String> {
        let help = "write https://HOST/PATH";
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}; {help}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err(format!("`{}:` is not spoken; {help}", url.scheme()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!(
                "has a name or a password in it; messages are known by events.secret; {help}"
            ));
        }
        Ok(url)
    }

    fn print(url: &Url) -> String {
        url.to_string()
    }
}
