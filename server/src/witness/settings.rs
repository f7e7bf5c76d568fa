//! The file that says what a witness signs with, and for which logs.
//!
//! ```yaml
//! key: /etc/sumward/witness.key
//! logs:
//!   - keys: [sum.corp.example+d12f3a90+AR…]
//!   - origin: go.sum database tree
//!     keys: [sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8]
//! ```

use std::collections::BTreeSet;
use std::path::PathBuf;

use proto::note::VerifierKey;
use proto::witness::Log;
use serde::Deserialize;

/// What a witness is told.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The file with its key, made by `sumward witness keygen`.
    pub(crate) key: PathBuf,
    /// The logs that it vouches for, each with another origin.
    pub(crate) logs: Vec<Log>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    key: PathBuf,
    logs: Vec<LogEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogEntry {
    /// The first line of the log's checkpoints; the name of its first key when absent.
    origin: Option<String>,
    /// Keys that may sign it: two while it changes its key.
    keys: Vec<String>,
}

impl Settings {
    /// Parses the file's text.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: File = serde_norway::from_str(text).map_err(|error| error.to_string())?;
        if file.logs.is_empty() {
            return Err("logs: the list is empty; name at least one log".to_owned());
        }
        let mut origins = BTreeSet::new();
        let mut logs = Vec::new();
        for (place, entry) in file.logs.into_iter().enumerate() {
            let log = entry
                .read()
                .map_err(|error| format!("logs[{place}]: {error}"))?;
            if !origins.insert(log.origin.clone()) {
                return Err(format!(
                    "logs[{place}]: another log has the origin {:?}, and a witness knows logs \
                     by their origins",
                    log.origin
                ));
            }
            logs.push(log);
        }
        Ok(Self {
            key: file.key,
            logs,
        })
    }
}

impl LogEntry {
    fn read(self) -> Result<Log, String> {
        let parse = |text: &String| {
            VerifierKey::parse(text).map_err(|error| format!("keys: {text}: {error}"))
        };
        let keys: Vec<VerifierKey> = self.keys.iter().map(parse).collect::<Result<_, _>>()?;
        let Some(first) = keys.first() else {
            return Err("keys: the list is empty; name the key of the log".to_owned());
        };
        let origin = self.origin.unwrap_or_else(|| first.name().to_owned());
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(format!("origin: {origin:?} is not one line"));
        }
        Ok(Log { origin, keys })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = proto::sumdb::PUBLIC_KEY;

    #[test]
    fn logs_are_known_by_their_origins() {
        let text = format!(
            "key: w.key\nlogs:\n- keys: [{KEY}]\n- origin: go.sum database tree\n  keys: [{KEY}]\n"
        );
        let settings = Settings::parse(&text).unwrap();
        let origins: Vec<&str> = settings.logs.iter().map(|log| &*log.origin).collect();
        assert_eq!(origins, ["sum.golang.org", "go.sum database tree"]);
        assert_eq!(settings.key, PathBuf::from("w.key"));
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        let log = format!("- keys: [{KEY}]\n");
        for (text, why) in [
            (String::new(), "missing field"),
            (format!("logs:\n{log}"), "key"),
            ("key: k\n".to_owned(), "logs"),
            ("key: k\nlogs: []\n".to_owned(), "logs: the list is empty"),
            (
                "key: k\nlogs:\n- keys: []\n".to_owned(),
                "keys: the list is empty",
            ),
            ("key: k\nlogs:\n- keys: [x]\n".to_owned(), "keys: x"),
            (format!("key: k\nlogs:\n{log}{log}"), "another log"),
            (format!("key: k\nlogs:\n{log}  url: x\n"), "unknown field"),
            (format!("key: k\nlogs:\n{log}  origin: ''\n"), "one line"),
            (
                format!("key: k\nkey_file: k\nlogs:\n{log}"),
                "unknown field",
            ),
        ] {
            let error = Settings::parse(&text).unwrap_err();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
