//! `sumward fsck`: every stored file hashed again and held against its record
//! and its proof.

use std::collections::HashSet;
use std::process::ExitCode;

use anyhow::Result;

use crate::config::Config;
use crate::index::Index;
use crate::index::examine::{Examiner, Finding};
use crate::progress;
use crate::store::Store;
use crate::store::durable::Staging;
use crate::sumdb::Databases;

#[derive(Default)]
struct Report {
    good: usize,
    bytes: u64,
    unproved: usize,
    damaged: Vec<String>,
    unrecorded: usize,
    strangers: usize,
}

/// Checks the configured data folder; changes nothing in it. Exit status 1 when
/// something is damaged.
///
/// # Errors
/// What the file system or sled answers.
pub(crate) fn run(config: &Config) -> Result<ExitCode> {
    let data = &config.data;
    let index = Index::open(data)?;
    let store = Store::open(data, Staging::open(data)?)?;
    let databases = Databases::open_offline(&config.databases, data)?;
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
    println!(
        "{} files whole and proved or exempt ({} bytes hashed), {} without a stored proof, \
         {} not in the index, {} strangers, {} damaged or missing",
        report.good,
        report.bytes,
        report.unproved,
        report.unrecorded,
        report.strangers,
        report.damaged.len()
    );
    if report.damaged.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "remove what is damaged and it is fetched and proved again when asked for; then run `sumward index rebuild`"
    );
    Ok(ExitCode::FAILURE)
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
                let indexed = index.file(&key)?;
                seen.insert(key.clone());
                match indexed {
                    Some(indexed) if indexed.sha256 != record.sha256 => {
                        let line = format!(
                            "damaged: {key}: stored as sha256 {}, now {}",
                            indexed.sha256, record.sha256
                        );
                        self.damaged.push(key);
                        Some(line)
                    }
                    Some(_) => {
                        self.good += 1;
                        None
                    }
                    None => {
                        self.good += 1;
                        self.unrecorded += 1;
                        None
                    }
                }
            }
            Finding::Unproved { key } => {
                self.unproved += 1;
                let line = format!("without a stored proof: {key}");
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
}
