//! What is looked at of the settings before anything is set up by them.

use std::path::{Path, PathBuf};

use proto::witness::Policy;

use super::high_water;
use super::keys::Keys;
use crate::config;

/// Looks whether the settings can be used: pairs of a key and what is wrong. Blocks.
pub(crate) fn check(
    settings: &config::Own,
    followed: &[config::Database],
) -> Vec<(String, String)> {
    let Some(path) = &settings.key else {
        return Vec::new();
    };
    let keys = match Keys::read(settings) {
        Ok(keys) => keys,
        Err((key, error)) => return vec![(key.to_owned(), error.to_string())],
    };
    let mut found = Vec::new();
    let name = keys.as_ref().map_or("", Keys::name);
    if followed.iter().any(|it| it.name == name) {
        let message = format!("{name} is one of the followed databases as well");
        found.push(("own.key".to_owned(), message));
    }
    let keys = settings.witnesses.iter().map(|it| it.key.clone());
    if let Err(error) = Policy::new(keys.collect(), settings.witnesses_needed(), None) {
        found.push(("own.witnesses".to_owned(), error.to_string()));
    }
    let mark = high_water_of(settings, path);
    if let Err(error) = high_water::check(&mark) {
        let message = format!("{} cannot be written: {error}", mark.display());
        found.push(("own.high_water".to_owned(), message));
    }
    found
}

/// Returns where the mark lay when the second key was the only one, where no setting says
/// where marks lie.
pub(super) fn other_mark(settings: &config::Own) -> Option<PathBuf> {
    let second = settings.second_key.as_deref();
    let second = second.filter(|_| settings.high_water.is_none());
    second.map(high_water::beside)
}

/// Returns where the high-water mark lies.
pub(crate) fn high_water_of(settings: &config::Own, key: &Path) -> PathBuf {
    let said = settings.high_water.clone();
    said.unwrap_or_else(|| high_water::beside(key))
}
