//! `sumward fsck`: every stored file hashed again and held against its record
//! and its proof.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;
use crate::ledger::Index;
use crate::maintain::examine::{Examiner, Finding};
use crate::output::print;
use crate::progress;
use crate::store::Store;
use crate::store::durable::Staging;
use crate::sumdb::Archives;

#[derive(Default)]
struct Report {
    good: usize,
    bytes: u64,
    unproved: usize,
    damaged: Vec<String>,
    unrecorded: usize,
    strangers: usize,
}

/// Checks the configured data folder, and changes nothing of it but staging,
/// which is emptied. Exit status 1 when something is damaged.
///
/// # Errors
/// What the file system or sled answers.
pub(crate) fn run(config: &Config) -> Result<ExitCode> {
    let report = check(config)?;
    let counts = format!(
        "{} files whole and proved or exempt ({} bytes hashed), {} without a stored proof, \
         {} not in the index, {} strangers, {} damaged or missing\n",
        report.good,
        report.bytes,
        report.unproved,
        report.unrecorded,
        report.strangers,
        report.damaged.len()
    );
    print(&counts)?;
    if report.damaged.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    print(
        "remove what is damaged and it is fetched and proved again when asked for; then run `sumward index rebuild`\n",
    )?;
    Ok(ExitCode::FAILURE)
}

fn check(config: &Config) -> Result<Report> {
    let data = &config.data;
    let index = Index::open(data)?;
    let store = Store::open(data, Staging::open(data)?)?;
    let databases = Archives::open(&config.databases, &config.upstream, data)?;
    let examiner = Examiner {
        config,
        databases: &databases,
    };
    let bar = progress::files("checking");
    let mut report = Report::default();
    let mut seen = HashSet::new();
    examiner.all(store.walk(), |finding, bytes| {
        bar.inc(bytes);
        report.bytes += bytes;
        if let Some(line) = report.take(&index, &mut seen, finding)? {
            bar.println(&line);
        }
        Ok(())
    })?;
    for item in index.files() {
        let (key, _) = item?;
        if !seen.contains(&key) {
            let line = format!("missing: {key} is in the index and not on disk");
            bar.println(&line);
            report.damaged.push(key);
        }
    }
    bar.finish();
    Ok(report)
}

impl Report {
    /// Counts a finding; returns what there is to say about it.
    fn take(
        &mut self,
        index: &Index,
        seen: &mut HashSet<String>,
        finding: Finding,
    ) -> std::io::Result<Option<String>> {
        Ok(match finding {
            Finding::Good { key, record } => {
                let line = self.compare(index, &key, &record.sha256)?;
                if line.is_none() {
                    self.good += 1;
                }
                seen.insert(key);
                line
            }
            Finding::Unproved { key, sha256 } => {
                let line = self.compare(index, &key, &sha256)?.unwrap_or_else(|| {
                    self.unproved += 1;
                    format!("without a stored proof: {key}")
                });
                seen.insert(key);
                Some(line)
            }
            Finding::Changing => None,
            Finding::Damaged { key, reason } => {
                let line = format!("damaged: {key}: {reason}");
                seen.insert(key.clone());
                self.damaged.push(key);
                Some(line)
            }
            Finding::Stranger { path } => {
                self.strangers += 1;
                Some(format!("not a module's file: {path}"))
            }
        })
    }

    /// Holds a file against its record, which is all that speaks for one without a
    /// proof; returns what is wrong.
    fn compare(
        &mut self,
        index: &Index,
        key: &str,
        sha256: &str,
    ) -> std::io::Result<Option<String>> {
        Ok(match index.file(key)? {
            Some(indexed) if indexed.sha256 != sha256 => {
                self.damaged.push(key.to_owned());
                Some(format!(
                    "damaged: {key}: stored as sha256 {}, now {sha256}",
                    indexed.sha256
                ))
            }
            Some(_) => None,
            None => {
                self.unrecorded += 1;
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::modules::file::new_record;

    #[test]
    fn finds_what_is_not_as_it_was_stored_and_goes_on_past_what_cannot_be_read() {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::new(data.path().to_owned());
        config.databases = Vec::new();
        let folder = data.path().join("modules/m.example/x/@v");
        fs::create_dir_all(&folder).unwrap();
        // Nothing proves it, and any bytes are a go.mod.
        fs::write(folder.join("v1.0.0.mod"), b"module m.example/y\n").unwrap();
        std::os::unix::fs::symlink("/", folder.join("v1.0.0.zip")).unwrap();
        let index = Index::open(data.path()).unwrap();
        let standing = crate::ledger::Standing::Exempt;
        let record = new_record("00".repeat(32), 19, None, standing);
        index.put("m.example/x/@v/v1.0.0.mod", &record).unwrap();
        drop(index);
        let mut damaged = check(&config).unwrap().damaged;
        damaged.sort();
        assert_eq!(
            damaged,
            ["m.example/x/@v/v1.0.0.mod", "m.example/x/@v/v1.0.0.zip"]
        );
    }
}
