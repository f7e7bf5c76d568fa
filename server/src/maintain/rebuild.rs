//! `sumward index rebuild`: the index made anew from the stored files.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::examine::{Examiner, Finding};
use crate::config::Config;
use crate::ledger::Index;
use crate::ledger::sled::folder;
use crate::output::print;
use crate::progress;
use crate::store::Store;
use crate::store::durable::Staging;
use crate::sumdb::Archives;

/// Records written between two flushes: sled holds what is not flushed in
/// memory.
const BATCH: usize = 1000;

/// Rebuilds the index of the configured data folder. The old index is moved
/// aside first and removed when the new one is whole: a crash in between leaves
/// an index that lacks records, and a file without a record is judged again
/// when it is asked for.
///
/// # Errors
/// What the file system or sled answers.
pub(crate) fn run(config: &Config) -> Result<ExitCode> {
    let data = &config.data;
    let new = folder(data);
    let old = data.join("index.old");
    refuse_while_serving(config)?;
    if old.exists() {
        fs::remove_dir_all(&old).with_context(|| format!("removing {}", old.display()))?;
    }
    if new.exists() {
        fs::rename(&new, &old).with_context(|| format!("moving {} aside", new.display()))?;
    }
    let index = Index::open(data)?;
    let staging = Staging::open(data)?;
    let store = Store::open(data, staging)?;
    let databases = Archives::open(&config.databases, &config.upstream, data)?;
    let examiner = Examiner {
        config,
        databases: &databases,
    };
    let bar = progress::files("indexing");
    let (mut recorded, mut unproved, mut damaged, mut strangers) = (0_usize, 0, 0, 0);
    examiner.all(store.walk(), |finding, bytes| {
        bar.inc(bytes);
        match finding {
            Finding::Good { key, record } => {
                index.put_unflushed(&key, &record)?;
                recorded += 1;
                if recorded.is_multiple_of(BATCH) {
                    index.flush()?;
                }
            }
            Finding::Unproved { .. } => unproved += 1,
            Finding::Changing => {}
            Finding::Damaged { key, reason } => {
                damaged += 1;
                bar.println(&format!("damaged: {key}: {reason}"));
            }
            Finding::Stranger { path } => {
                strangers += 1;
                bar.println(&format!("not a module's file: {path}"));
            }
        }
        Ok(())
    })?;
    index.flush()?;
    bar.finish();
    if old.exists() {
        fs::remove_dir_all(&old).with_context(|| format!("removing {}", old.display()))?;
    }
    print(&format!(
        "indexed {recorded} files; {unproved} without a stored proof (proved when asked for), \
         {damaged} damaged (fetched again when asked for), {strangers} strangers left alone\n"
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// An index that opens shows that no server holds it; one that does not open
/// for another reason is what is being rebuilt.
fn refuse_while_serving(config: &Config) -> Result<()> {
    match Index::open(&config.data) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Err(error.into()),
        _ => Ok(()),
    }
}
