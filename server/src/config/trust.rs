//! Whose signature under the configuration is believed.
//!
//! The keys come from a flag, a variable or a credential of systemd: from the unit, that is,
//! and never from a file that they judge.

use std::fmt;

use proto::note::VerifierKey;

use super::environment::Environment;
use super::problem::Problem;
use super::{file, variables};
use crate::args::Flags;

/// Keys, one of which must have signed the configuration.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trust {
    pub(super) keys: Vec<VerifierKey>,
    /// Where they were said.
    pub(super) origin: String,
}

/// The flag.
const FLAG: &str = "--config-trust";

/// The name of the credential.
const CREDENTIAL: &str = "config-trust";

/// Returns the trusted keys; `None` where nobody asks for a signed configuration.
///
/// # Errors
/// Where one is asked for and what says so is not a key: going on without would be taking away
/// the check.
pub(super) fn read(flags: &Flags, environment: &Environment) -> Result<Option<Trust>, Problem> {
    if !flags.config_trust.is_empty() {
        let lines = flags.config_trust.iter().map(String::as_str);
        return parse(lines, FLAG.to_owned()).map(Some);
    }
    // Empty is not unset: `Environment=SUMWARD_CONFIG_TRUST=$KEY` must not turn it off.
    if let Some(text) = environment.said(variables::CONFIG_TRUST) {
        return parse(text.split_whitespace(), variables::CONFIG_TRUST.to_owned()).map(Some);
    }
    let Some(folder) = environment.path("CREDENTIALS_DIRECTORY") else {
        return Ok(None);
    };
    let path = folder.join(CREDENTIAL);
    if !path.is_symlink() && !path.exists() {
        return Ok(None);
    }
    let origin = path.display().to_string();
    let bytes = file::read(&path).map_err(|message| Problem::new(&*origin, message))?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    parse(lines, origin).map(Some)
}

fn parse<'a>(lines: impl Iterator<Item = &'a str>, origin: String) -> Result<Trust, Problem> {
    const WAY: &str = "write the line that `sumward config keygen` printed, name+hash+key";
    let mut keys = Vec::new();
    for line in lines {
        let key = VerifierKey::parse(line.trim())
            .map_err(|error| Problem::new(&*origin, format!("`{line}`: {error}; {WAY}")))?;
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(Problem::new(origin, format!("has no key in it; {WAY}")));
    }
    Ok(Trust { keys, origin })
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.keys.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}+{:08x}", key.name(), key.key_hash())?;
        }
        write!(f, " ({})", self.origin)
    }
}
