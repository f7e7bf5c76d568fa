//! Module versions that are in the log and not served any more: a person has said so.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use proto::module::{ModulePath, ModuleVersion, Version};

use crate::journal::{self, Entry, Journal, Line};

/// Characters of a reason: the go command shows some 600.
const REASON_CHARS_MAX: usize = 300;

/// Checks that a text can be told to a go command as a reason: one line.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_reason(reason: &str) -> Result<(), String> {
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err("the reason is not one line of text".to_owned());
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(format!(
            "the reason has more than {REASON_CHARS_MAX} characters"
        ));
    }
    Ok(())
}

/// The denied versions of one log, by `module@version`, escaped, with the reasons.
#[derive(Debug)]
pub(crate) struct Denied {
    /// Held for a look or a change.
    reasons: RwLock<BTreeMap<String, String>>,
    journal: Journal,
    log: String,
}

impl Denied {
    /// Reads which versions are denied from the journal. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path, journal: Journal, log: String) -> io::Result<Self> {
        let mut reasons = BTreeMap::new();
        for line in journal::of_kind(data, journal::DENIED) {
            let Line::Entry(Entry::Denied {
                database,
                version,
                reason,
                ..
            }) = line?
            else {
                continue;
            };
            if database != log {
                continue;
            }
            match reason {
                Some(reason) => reasons.insert(version, reason),
                None => reasons.remove(&version),
            };
        }
        Ok(Self {
            reasons: RwLock::new(reasons),
            journal,
            log,
        })
    }

    /// Returns why a version is not served.
    pub(crate) fn reason(&self, version: &ModuleVersion) -> Option<String> {
        let reasons = self.reasons.read().unwrap_or_else(PoisonError::into_inner);
        if reasons.is_empty() {
            return None;
        }
        reasons.get(&version.escaped()).cloned()
    }

    /// Tells whether any version is not served.
    pub(super) fn has_any(&self) -> bool {
        let reasons = self.reasons.read().unwrap_or_else(PoisonError::into_inner);
        !reasons.is_empty()
    }

    /// Returns the versions of a module that are not served.
    pub(crate) fn versions_of(&self, module: &ModulePath) -> BTreeSet<String> {
        let reasons = self.reasons.read().unwrap_or_else(PoisonError::into_inner);
        if reasons.is_empty() {
            return BTreeSet::new();
        }
        let prefix = format!("{}@", module.escaped());
        let of_module = reasons.range(prefix.clone()..);
        of_module
            .map_while(|(name, _)| name.strip_prefix(&prefix))
            .filter_map(|version| Version::from_escaped(version).ok())
            .map(|version| version.to_string())
            .collect()
    }

    /// Denies a version for a reason, or serves it again. Durable on return.
    ///
    /// # Errors
    /// What the journal answers; nothing is changed then.
    pub(crate) async fn set(
        &self,
        version: &ModuleVersion,
        reason: Option<String>,
    ) -> io::Result<()> {
        let version = version.escaped();
        let entry = Entry::Denied {
            database: self.log.clone(),
            version: version.clone(),
            reason: reason.clone(),
            at: journal::seconds_now(),
        };
        self.journal.append(entry).await?;
        let mut reasons = self.reasons.write().unwrap_or_else(PoisonError::into_inner);
        match reason {
            Some(reason) => reasons.insert(version, reason),
            None => reasons.remove(&version),
        };
        Ok(())
    }
}
