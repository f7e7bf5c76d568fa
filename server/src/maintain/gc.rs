//! Letting go of stored module files until the rest fits a budget.
//!
//! The budget is of the files of modules. Records, tiles, heads, the journal and the log
//! of our own come on top and are never removed. Files go in the order of their last
//! use; what is pinned, what our own log has promised and what no upstream could send
//! again stays.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use proto::module::ModulePath;
use proto::module::pattern::Patterns;
use proto::retention::{self, File, Held, Pins};
use serde::{Deserialize, Serialize};

use crate::config::{self, Naming};
use crate::modules::Shelf;
use crate::shelf::evict::{BATCH, Evicted, Stored};
use crate::source::Sources;
use crate::sumdb::Databases;

/// What is looked at beside the files.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    /// The files.
    pub(crate) shelf: &'a Shelf,
    /// Who may be asked for them again.
    pub(crate) sources: &'a Sources,
    /// What they are proved in.
    pub(crate) databases: &'a Databases,
}

/// What is asked for beside what the settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Order {
    /// Bytes that may stay, instead of those of the settings.
    pub(crate) budget: Option<u64>,
    /// Patterns and versions that stay.
    pub(crate) pins: Vec<String>,
    /// The texts of go.sum files whose modules stay.
    pub(crate) go_sums: Vec<String>,
    /// Places of files that stay: those of bundles.
    pub(crate) places: Vec<String>,
    /// Patterns of modules of which files may go although no upstream has them.
    pub(crate) only_copies_of: String,
    /// Whether nothing is removed, but told.
    pub(crate) dry_run: bool,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Bytes that may stay.
    pub(crate) budget: u64,
    /// Bytes that are to go in any case: the disk is short of them.
    pub(crate) short_by: u64,
    pins: Pins,
    only_copies_of: Patterns,
    /// Whether nothing is removed, but told.
    pub(crate) dry_run: bool,
}

/// Reads the places of the files that a bundle lists.
pub(crate) type Bundled<'a> = &'a dyn Fn(&Path) -> Result<Vec<String>, String>;

/// What was done, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Whether nothing was removed.
    pub(crate) dry_run: bool,
    /// The bytes that may stay.
    pub(crate) budget: u64,
    /// The stored files, before.
    pub(crate) stored: Amount,
    /// The files that are gone, or would be.
    pub(crate) removed: Amount,
    /// Files that should have gone and that somebody was changing.
    pub(crate) busy: usize,
    /// Why files stay that are older than some that go, or that are in the way of the
    /// budget.
    pub(crate) held: BTreeMap<String, Amount>,
    /// By how many bytes the budget is missed.
    pub(crate) over: u64,
    /// The places of the files that are gone or would be, at most [`LISTED_MAX`].
    pub(crate) files: Vec<Removed>,
}

/// How many, and how large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    /// Files.
    pub(crate) files: usize,
    /// Bytes of all of them.
    pub(crate) bytes: u64,
}

/// A file that is gone, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removed {
    /// Its place: `golang.org/x/text/@v/v0.3.0.zip`.
    pub(crate) file: String,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// When it was last used, in seconds since 1970.
    pub(crate) last_used: u64,
}

/// Files that a report lists by name.
const LISTED_MAX: usize = 10_000;

/// Why nothing can be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody has said how much may stay.
    #[error("no budget: write --budget 20GiB, or `gc.budget` in the configuration")]
    NoBudget,
    /// What is to stay cannot be read from this.
    #[error("{what}: {reason}")]
    Pin {
        /// The pin, or the file.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Task {
    /// Puts together what the settings say and what is asked for. Reads the go.sum files
    /// and bundles of the settings, and so blocks.
    ///
    /// # Errors
    /// There is no budget, or a pin means nothing: then nothing is removed.
    pub(crate) fn new(
        settings: &config::Gc,
        order: &Order,
        bundled: Bundled<'_>,
    ) -> Result<Self, Error> {
        let budget = order.budget.or(settings.budget).ok_or(Error::NoBudget)?;
        let wrong = |what: &str, error: &dyn std::fmt::Display| Error::Pin {
            what: what.to_owned(),
            reason: error.to_string(),
        };
        let mut pins = Pins::default();
        for pin in settings.pins.words().chain(order.pins.iter()) {
            match config::Pins::file(pin) {
                None => pins.add(pin).map_err(|error| wrong(pin, &error))?,
                Some(Naming::Bundle(path)) => {
                    let places = bundled(path).map_err(|error| wrong(pin, &error))?;
                    pins.add_places(places);
                }
                Some(Naming::GoSum(path)) => {
                    let text = read_go_sum(path).map_err(|error| wrong(pin, &error))?;
                    pins.add_go_sum(&text).map_err(|error| wrong(pin, &error))?;
                }
            }
        }
        for text in &order.go_sums {
            let added = pins.add_go_sum(text);
            added.map_err(|error| wrong("a go.sum to pin", &error))?;
        }
        pins.add_places(order.places.iter().cloned());
        let patterns = &order.only_copies_of;
        Ok(Self {
            budget,
            short_by: 0,
            pins,
            only_copies_of: Patterns::parse(patterns).map_err(|error| wrong(patterns, &error))?,
            dry_run: order.dry_run,
        })
    }
}

/// Reads a go.sum file whose modules are to stay. Blocks.
///
/// # Errors
/// What the file system answers; that it is longer than [`GO_SUM_BYTES_MAX`].
pub(crate) fn read_go_sum(path: &Path) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(GO_SUM_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > GO_SUM_BYTES_MAX {
        let text = format!("is longer than {GO_SUM_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(text)
}

/// The longest go.sum that is read: half a million lines.
pub(crate) const GO_SUM_BYTES_MAX: u64 = 48 << 20;

/// The longest order that a running server takes, in JSON: some go.sum files.
pub(crate) const ORDER_BYTES_MAX: usize = 64 << 20;

/// Lets go of files until the rest fits the budget. `watch` is told the bytes that are
/// gone.
///
/// # Errors
/// What disk, journal or ledger answer; what is gone until then stays gone, and is
/// fetched again when it is asked for.
pub(crate) async fn run(
    around: Around<'_>,
    task: &Task,
    mut watch: impl FnMut(u64),
) -> io::Result<Report> {
    let stored = around.shelf.survey().await?;
    let files: Vec<File> = stored
        .iter()
        .map(|stored| File {
            size: stored.bytes,
            last_used: stored.last_used,
            held: around.held(task, stored),
        })
        .collect();
    let mut report = Report {
        dry_run: task.dry_run,
        ..Report::default()
    };
    for file in &files {
        report.stored.add(file.size);
        if let Some(held) = file.held {
            let amount = report.held.entry(held.name().to_owned()).or_default();
            amount.add(file.size);
        }
    }
    // What may stay so that the disk is short no more.
    let fitting = report.stored.bytes.saturating_sub(task.short_by);
    report.budget = task.budget.min(fitting);
    let plan = retention::plan(&files, report.budget);
    let going: Vec<Stored> = plan.remove.iter().map(|at| stored[*at].clone()).collect();
    drop((stored, files));
    let mut busy_bytes = 0;
    for batch in going.chunks(BATCH) {
        let evicted = match task.dry_run {
            true => Evicted {
                gone: batch.to_vec(),
                busy: Vec::new(),
            },
            false => around.shelf.evict(batch).await?,
        };
        let bytes = bytes_of(&evicted.gone);
        report.removed.files += evicted.gone.len();
        report.removed.bytes += bytes;
        watch(bytes);
        report.busy += evicted.busy.len();
        busy_bytes += bytes_of(&evicted.busy);
        for gone in evicted.gone.iter().take(LISTED_MAX - report.files.len()) {
            report.files.push(Removed {
                file: gone.key.to_string(),
                bytes: gone.bytes,
                last_used: gone.last_used,
            });
        }
    }
    // What was to go and is busy takes room still.
    let left = report.stored.bytes - plan.bytes + busy_bytes;
    report.over = left.saturating_sub(report.budget);
    Ok(report)
}

fn bytes_of(files: &[Stored]) -> u64 {
    files.iter().map(|file| file.bytes).sum()
}

impl Around<'_> {
    /// Tells why a file stays; `None` where it may go.
    fn held(&self, task: &Task, stored: &Stored) -> Option<Held> {
        let place = stored.key.as_str();
        let Some((module, _, _)) = stored.key.of_version() else {
            return Some(Held::List);
        };
        let Ok(module) = ModulePath::from_escaped(module) else {
            return Some(Held::Unrecorded);
        };
        let module = module.as_str();
        if task.pins.hold(module, place) {
            return Some(Held::Pinned);
        }
        if self.databases.proves_itself(module) {
            return Some(Held::Logged);
        }
        if stored.is_proved.is_none() {
            return Some(Held::Unrecorded);
        }
        let may_go = !self.sources.is_off_for(module) || task.only_copies_of.matches(module);
        (!may_go).then_some(Held::OnlyCopy)
    }
}

impl Amount {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests;
