//! `sumward index rebuild`: the index made anew from the stored files and the
//! journal.

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};

use super::remake::{Remake, Watch};
use super::runtime;
use crate::config::Config;
use crate::data::{Data, Mode};
use crate::journal::Journal;
use crate::ledger::Table;
use crate::ledger::sled::{Sled, folder};
use crate::output::print;
use crate::own::Archive;
use crate::progress;
use crate::shelf::turns::Turns;
use crate::store::durable::Staging;
use crate::store::local::Local;
use crate::sumdb::Archives;

/// Rebuilds the index of the configured data folder. The old index is moved
/// aside first and removed when the new one is whole: a crash in between leaves
/// an index that lacks records, and a file without a record is judged again
/// when it is asked for. The folder stays locked all the time.
///
/// # Errors
/// What the file system or sled answers.
pub(crate) fn run(config: &Config) -> Result<ExitCode> {
    let runtime = runtime()?;
    let mut data = Data::open(&config.data, Mode::Exclusive)?;
    if data.is_old() {
        let (ledger, journal) = (Sled::open(data.path())?, Journal::open(data.path())?);
        runtime.block_on(data.convert(&ledger, &journal))?;
    }
    let new = folder(data.path());
    let old = data.path().join("index.old");
    if old.exists() {
        fs::remove_dir_all(&old).with_context(|| format!("removing {}", old.display()))?;
    }
    if new.exists() {
        fs::rename(&new, &old).with_context(|| format!("moving {} aside", new.display()))?;
    }
    let sled = Sled::open(data.path())?;
    let ledger = Arc::new(sled.clone());
    let own = Archive::open(
        &config.own,
        &config.upstream,
        data.path(),
        ledger,
        Some(Staging::open(data.path())?),
    )?;
    let remake = Remake {
        own: own.map(Arc::new),
        databases: Arc::new(Archives::open(
            &config.databases,
            &config.upstream,
            data.path(),
        )?),
        blobs: Arc::new(Local::read_only(data.path())),
        ledger: Arc::new(sled.clone()),
        turns: Turns::default(),
        config: config.clone(),
    };
    let mut bar = progress::files("indexing");
    let report = remake.alone(runtime.handle(), &mut bar)?;
    bar.finish();
    runtime.block_on(sled.remade())?;
    if old.exists() {
        fs::remove_dir_all(&old).with_context(|| format!("removing {}", old.display()))?;
    }
    print(&format!(
        "indexed {} files; {} without a stored proof (proved when asked for), {} damaged (fetched \
         again when asked for), {} strangers left alone, {} lines of the journal passed over\n\
         begun empty, since nothing tells them: {}\n",
        report.recorded,
        report.unproved,
        report.damaged,
        report.strangers,
        report.lines_damaged,
        begun_empty().join(", "),
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the names of the tables that are not made again from anything.
fn begun_empty() -> Vec<&'static str> {
    let tables = Table::ALL.into_iter();
    tables
        .filter(|table| table.is_dispensable())
        .map(Table::name)
        .collect()
}

impl Watch for progress::Progress {
    fn bytes(&mut self, bytes: u64) {
        self.inc(bytes);
    }

    fn line(&mut self, line: String) {
        self.println(&line);
    }
}
