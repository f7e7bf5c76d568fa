//! `sumward fsck`: every stored file hashed again and held against its record
//! and its proof.

use std::collections::HashSet;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use tokio::runtime::Handle;

use crate::config::Config;
use crate::data::{Data, Mode};
use crate::ledger::sled::Sled;
use crate::ledger::{self, FileRecord, Pages, Table};
use crate::maintain::examine::{Examiner, Finding, cores};
use crate::maintain::runtime;
use crate::output::print;
use crate::own::Archive;
use crate::progress;
use crate::store::local::Local;
use crate::store::{Blobs, Key};
use crate::sumdb::Archives;

#[derive(Default)]
struct Findings {
    good: usize,
    bytes: u64,
    unproved: usize,
    damaged: Vec<String>,
    unrecorded: usize,
    strangers: usize,
    /// The log of our own, and its records.
    logged: Option<(String, u64)>,
    /// What is wrong with it.
    log_damage: usize,
}

/// Checks the configured data folder, and changes nothing of it, but that an index
/// that cannot be read is moved aside. Exit status 1 when something is damaged.
///
/// # Errors
/// What the file system or sled answers.
pub(crate) fn run(config: &Config) -> Result<ExitCode> {
    let report = check(config)?;
    print(&format!(
        "{} files whole and proved or exempt ({} bytes hashed), {} without a stored proof, \
         {} not in the index, {} strangers, {} damaged or missing\n",
        report.good,
        report.bytes,
        report.unproved,
        report.unrecorded,
        report.strangers,
        report.damaged.len()
    ))?;
    if let Some((name, records)) = &report.logged {
        print(&format!(
            "{records} records in the log of {name} read and hashed, {} faults found\n",
            report.log_damage
        ))?;
    }
    if report.log_damage > 0 {
        print("nothing makes records of the log anew: restore its folder from a copy\n")?;
    }
    if !report.damaged.is_empty() {
        print("what is damaged is fetched and proved again when it is asked for\n")?;
    }
    let is_whole = report.damaged.is_empty() && report.log_damage == 0;
    Ok(if is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn check(config: &Config) -> Result<Findings> {
    let runtime = runtime()?;
    let data = Data::open(&config.data, Mode::Exclusive)?;
    let index = Index {
        ledger: Sled::open(data.path())?,
        runtime: runtime.handle(),
    };
    let blobs = Local::read_only(data.path());
    let databases = Archives::open(&config.databases, &config.upstream, data.path())?;
    let ledger = Arc::new(index.ledger.clone());
    let own = Archive::open(&config.own, &config.upstream, data.path(), ledger, None)?;
    let examiner = Examiner {
        own: own.as_ref(),
        config,
        databases: &databases,
        blobs: &blobs,
        runtime: runtime.handle(),
        workers: cores(),
    };
    let bar = progress::files("checking");
    let mut report = Findings::default();
    let mut seen = HashSet::new();
    examiner.all(blobs.walk(), |finding, bytes| {
        bar.inc(bytes);
        report.bytes += bytes;
        if let Some(line) = report.take(&index, &mut seen, finding)? {
            bar.println(&line);
        }
        Ok(())
    })?;
    index.each_missed(|key| {
        if !seen.contains(&key) {
            bar.println(&format!("missing: {key} is in the index and not on disk"));
            report.damaged.push(key);
        }
    })?;
    if let Some(own) = &own {
        let wrong = own.check(runtime.handle(), |bytes| bar.inc(bytes))?;
        for line in wrong {
            let line = format!("log of {}: {line}", own.name());
            bar.println(&line);
            report.log_damage += 1;
        }
        report.logged = Some((own.name().to_owned(), own.size()));
    }
    bar.finish();
    Ok(report)
}

/// The records.
struct Index<'a> {
    ledger: Sled,
    runtime: &'a Handle,
}

impl Index<'_> {
    fn sha256(&self, key: &Key) -> io::Result<Option<String>> {
        match self.runtime.block_on(ledger::file(&self.ledger, key)) {
            Ok(record) => Ok(record.map(|record| record.sha256)),
            // It says nothing of the file.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells of the files that ought to be there: all but those that were let go.
    fn each_missed(&self, mut take: impl FnMut(String)) -> io::Result<()> {
        let mut pages = Pages::of(&self.ledger, Table::Files, "");
        while let Some(page) = self.runtime.block_on(pages.next())? {
            for (key, value) in page {
                let record = serde_json::from_slice::<FileRecord>(&value);
                if !record.is_ok_and(|it| it.evicted_at.is_some()) {
                    take(key);
                }
            }
        }
        Ok(())
    }
}

impl Findings {
    /// Counts a finding; returns what there is to say about it.
    fn take(
        &mut self,
        index: &Index<'_>,
        seen: &mut HashSet<String>,
        finding: Finding,
    ) -> io::Result<Option<String>> {
        Ok(match finding {
            Finding::Good { key, record } => {
                let line = self.compare(index, &key, &record.sha256)?;
                if line.is_none() {
                    self.good += 1;
                }
                seen.insert(key.to_string());
                line
            }
            Finding::Unproved { key, sha256 } => {
                let line = self.compare(index, &key, &sha256)?.unwrap_or_else(|| {
                    self.unproved += 1;
                    format!("without a stored proof: {key}")
                });
                seen.insert(key.to_string());
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
        index: &Index<'_>,
        key: &Key,
        sha256: &str,
    ) -> io::Result<Option<String>> {
        Ok(match index.sha256(key)? {
            Some(recorded) if recorded != sha256 => {
                self.damaged.push(key.to_string());
                Some(format!(
                    "damaged: {key}: stored as sha256 {recorded}, now {sha256}"
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
    use crate::ledger::{Change, Ledger as _};
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
        let standing = ledger::Standing::Exempt;
        let record = new_record("00".repeat(32), 19, None, standing);
        let put = Change::put(Table::Files, "m.example/x/@v/v1.0.0.mod", &record);
        let ledger = Sled::open(data.path()).unwrap();
        let applied = runtime()
            .unwrap()
            .block_on(ledger.apply(vec![put.unwrap()]));
        applied.unwrap();
        drop(ledger);
        let mut damaged = check(&config).unwrap().damaged;
        damaged.sort();
        assert_eq!(
            damaged,
            ["m.example/x/@v/v1.0.0.mod", "m.example/x/@v/v1.0.0.zip"]
        );
    }
}
