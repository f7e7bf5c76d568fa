//! What no stored file tells: appended here before it is indexed, so that the
//! ledger can be made anew.
//!
//! `DATA/journal/<kind>-<yyyymm>.jsonl` holds one JSON object a line and is only
//! ever appended to. An entry is durable when appending it returns. A crash may
//! leave the start of a line at the end of a file; readers pass over lines that
//! are no entry, and the next entry begins a line of its own.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::blocking::{self, CALL_MAX};
use crate::ledger::{FileRecord, Standing};

mod date;
mod read;
mod write;

pub(crate) use date::day;
pub(crate) use read::{Line, of_kind, read, recent};

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "kebab-case")]
pub(crate) enum Entry {
    /// A signed head of a checksum database was accepted.
    HeadAccepted {
        /// The database's name.
        database: String,
        /// The hash of the key that signed it, 8 hex digits.
        key_hash: String,
        /// Records under it.
        size: u64,
        /// The root hash, in base64.
        root: String,
        /// The signed note, verbatim.
        note: String,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// A file that no database proves was stored: these bytes were the first under
    /// its name, and others are refused.
    FirstUse {
        /// The file's place.
        key: String,
        /// SHA-256 of the file, in hex.
        sha256: String,
        /// Bytes of the file.
        size: u64,
        /// Its h1, where it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        h1: Option<String>,
        /// Why it was served.
        standing: Standing,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// A file was taken back on purpose: the next one under its name is a first
    /// again.
    Removed {
        /// The file's place.
        key: String,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// Files that no database proves were let go for want of room: what they were first
    /// stands, and other bytes do not get their names.
    Evicted {
        /// The files' places.
        keys: Vec<String>,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// A private module version was admitted to the database of our own: these hashes were
    /// the first under its name.
    Admitted {
        /// The database's name.
        database: String,
        /// `module@version`, escaped.
        version: String,
        /// The zip's h1.
        h1: String,
        /// The go.mod's h1.
        go_mod_h1: String,
        /// Where the files came from, without secrets.
        from: String,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// Records are about to be logged in the database of our own. Where that failed, the
    /// next entry has the same first number.
    Sequenced {
        /// The database's name.
        database: String,
        /// The first record's number.
        first: u64,
        /// How many there are.
        count: u64,
        /// When, in microseconds since 1970.
        at_micros: u64,
    },
    /// A person denied a logged version, or allowed it again.
    Denied {
        /// The database's name.
        database: String,
        /// `module@version`, escaped.
        version: String,
        /// Why; `None` where it is allowed again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// A bundle was taken in: all that it holds is stored, and its heads are followed.
    BundleImported(Imported),
    /// The files of a proved zip.
    Contents {
        /// `module@version`, escaped.
        version: String,
        /// The zip's h1.
        h1: String,
        /// Names, and SHA-256 in hex.
        files: Vec<(String, String)>,
    },
    /// How often versions were fetched since the last such entry of the day. They
    /// are added up.
    Fetched {
        /// The day, UTC: `2026-11-26`.
        day: String,
        /// Fetches by `module@version`, escaped, and perhaps `/<client address>`.
        counts: BTreeMap<String, u64>,
    },
}

impl Entry {
    /// Returns the first use of a file with this record; `None` where a database
    /// proves the file.
    pub(crate) fn first_use(key: &str, record: &FileRecord) -> Option<Self> {
        match record.standing {
            Standing::Proved { .. } => None,
            Standing::Exempt | Standing::Unproved { .. } | Standing::Uncovered => {
                Some(Self::FirstUse {
                    key: key.to_owned(),
                    sha256: record.sha256.clone(),
                    size: record.size,
                    h1: record.h1.clone(),
                    standing: record.standing.clone(),
                    at: record.stored_at,
                })
            }
        }
    }

    /// Returns the file and its record where the entry is a first use.
    pub(crate) fn into_first_use(self) -> Option<(String, FileRecord)> {
        let Self::FirstUse {
            key,
            sha256,
            size,
            h1,
            standing,
            at,
        } = self
        else {
            return None;
        };
        let record = FileRecord {
            sha256,
            size,
            h1,
            standing,
            stored_at: at,
            evicted_at: None,
        };
        Some((key, record))
    }

    /// Returns what the files begin with that hold such entries. Entries whose
    /// order matters have one kind.
    fn kind(&self) -> &'static str {
        match self {
            Self::HeadAccepted { .. } => "heads",
            Self::FirstUse { .. } | Self::Removed { .. } | Self::Evicted { .. } => "files",
            Self::Admitted { .. } => "admitted",
            Self::Sequenced { .. } => "sequenced",
            Self::Denied { .. } => DENIED,
            Self::BundleImported(_) => BUNDLES,
            Self::Contents { .. } => "contents",
            Self::Fetched { .. } => "fetched",
        }
    }

    /// Returns the line without its end.
    ///
    /// # Errors
    /// When it is longer than [`LINE_BYTES_MAX`].
    fn line(&self) -> io::Result<Vec<u8>> {
        let line = serde_json::to_vec(self)?;
        if line.len() > LINE_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!(
                    "an entry of {} bytes, and at most {LINE_BYTES_MAX} are written",
                    line.len()
                ),
            ));
        }
        Ok(line)
    }
}

/// A bundle that was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Imported {
    /// SHA-256 of its manifest, in hex.
    pub(crate) sha256: String,
    /// The key that has signed it: `name+hash`.
    pub(crate) signer: String,
    /// Module versions in it.
    pub(crate) modules: u64,
    /// Bytes in it, unpacked.
    pub(crate) bytes: u64,
    /// How many of the module versions came with their zips, where it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zips: Option<u64>,
    /// The first of the module versions: `module@version`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
    /// When, in seconds since 1970.
    pub(crate) at: u64,
}

/// The kind of entries that tell which logged versions are denied.
pub(crate) const DENIED: &str = "denied";

/// The kind of entries that tell which bundles were taken in.
pub(crate) const BUNDLES: &str = "bundles";

/// The longest line. The largest Go toolchain's list of files has some 2 MB.
const LINE_BYTES_MAX: usize = 32 << 20;
/// Entries that wait to be written. Who appends more waits for room.
const WAITING_MAX: usize = 64;

/// The open journal. Cheap to clone. The thread that writes ends with the last
/// clone.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    data: PathBuf,
    /// Absent where nothing is to be written.
    orders: Option<mpsc::Sender<Order>>,
    /// Held while first uses are looked for, which reads a good part of the journal.
    searching: Arc<Mutex<()>>,
}

/// An entry to be written.
#[derive(Debug)]
struct Order {
    file: PathBuf,
    line: Vec<u8>,
    done: oneshot::Sender<io::Result<()>>,
}

impl Journal {
    /// Opens `DATA/journal`, making it where absent. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn open(data: &Path) -> io::Result<Self> {
        let folder = folder(data);
        std::fs::create_dir_all(&folder)?;
        let (orders, receiver) = mpsc::channel(WAITING_MAX);
        std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || write::run(&folder, receiver))?;
        Ok(Self {
            data: data.to_owned(),
            orders: Some(orders),
            searching: Arc::default(),
        })
    }

    /// Returns the journal of a data folder, to which nothing can be appended.
    pub(crate) fn read_only(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            orders: None,
            searching: Arc::default(),
        }
    }

    /// Tells whether nothing can be appended.
    pub(crate) fn is_read_only(&self) -> bool {
        self.orders.is_none()
    }

    /// Returns the record of a file's first use, unless it was taken back since: for one
    /// of which no ledger tells. It reads what the journal has of files to the end.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) async fn first_use(&self, key: &str) -> io::Result<Option<FileRecord>> {
        let _one_at_a_time = self.searching.lock().await;
        let (data, key) = (self.data.clone(), key.to_owned());
        blocking::run_within(CALL_MAX, move || read::first_use(&data, &key)).await
    }

    /// Appends an entry. It is durable on return. Entries that come at once are
    /// written together, with one fsync a file.
    ///
    /// # Errors
    /// What the file system answers, `TimedOut` where it does not: the entry may then be
    /// there or not.
    pub(crate) async fn append(&self, entry: Entry) -> io::Result<()> {
        self.append_all([entry]).await
    }

    /// Appends entries, in their order. All are durable on return.
    ///
    /// # Errors
    /// What the file system answers, `TimedOut` where it does not: any of the entries may
    /// then be there or not.
    pub(crate) async fn append_all(
        &self,
        entries: impl IntoIterator<Item = Entry>,
    ) -> io::Result<()> {
        let Some(orders) = &self.orders else {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        };
        let ended = || io::Error::other("the thread that writes the journal has ended");
        let month = date::month(SystemTime::now());
        let mut results = Vec::new();
        for entry in entries {
            let (done, result) = oneshot::channel();
            let order = Order {
                file: format!("{}-{month}.jsonl", entry.kind()).into(),
                line: entry.line()?,
                done,
            };
            within(orders.send(order)).await?.map_err(|_| ended())?;
            results.push(result);
        }
        for result in results {
            within(result).await?.map_err(|_| ended())??;
        }
        Ok(())
    }
}

/// Waits as long as one call of storage may take.
async fn within<T>(work: impl Future<Output = T>) -> io::Result<T> {
    let ended = tokio::time::timeout(CALL_MAX, work).await;
    ended.map_err(|_| {
        let text = "the disk of the journal does not answer";
        io::Error::new(io::ErrorKind::TimedOut, text)
    })
}

/// Returns the journal's folder in a data folder.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join("journal")
}

/// Returns the present time as entries have it.
pub(crate) fn seconds_now() -> u64 {
    seconds(SystemTime::now())
}

/// Returns the time as entries have it: seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
