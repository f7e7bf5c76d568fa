//! What is looked at of the settings before anything is set up by them.

use std::path::{Path, PathBuf};

use proto::witness::Policy;

use super::{high_water, key};
use crate::config;

/// Looks whether the settings can be used: pairs of a key and what is wrong. Blocks.
pub(crate) fn check(
    settings: &config::Own,
    followed: &[config::Database],
) -> Vec<(String, String)> {
    let Some(path) = &settings.key else {
        return Vec::new();
    };
    let shown = path.display();
    let signer = match key::read(path) {
        Ok(signer) => signer,
        Err(error) => return vec![("own.key".to_owned(), format!("{shown}: {error}"))],
    };
    let mut found = Vec::new();
    if followed.iter().any(|it| it.name == signer.name()) {
        let message = format!("{} is one of the followed databases as well", signer.name());
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

/// Returns where the high-water mark lies.
pub(crate) fn high_water_of(settings: &config::Own, key: &Path) -> PathBuf {
    let said = settings.high_water.clone();
    said.unwrap_or_else(|| high_water::beside(key))
}
