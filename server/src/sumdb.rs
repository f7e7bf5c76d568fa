//! Followed checksum databases.
//!
//! A [`Database`] answers lookups, heads and tiles from disk or from upstream, and
//! believes nothing of what upstream says: every answer is proved under the newest
//! signed head that was seen, and that head only ever moves forward, to heads whose
//! logs begin with ours (`proto::sumdb::client`). What was proved is kept, so that
//! it is answered again with upstream gone, along with all the tiles that a client
//! may ask for after any head that it was given.
//!
//! Absent here: what to do about a module that is not proved (`proxy::proof`), and
//! any cache of "not found".

mod database;
mod fault;
mod remote;
mod store;
#[cfg(test)]
mod tests;
mod tiles;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::config;
use crate::evidence::Evidence;
use crate::source::upstream::Upstreams;
use crate::store::durable::Staging;

pub(crate) use database::Database;
pub(crate) use proto::sumdb::Record;

/// A lookup answer that has been proved.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Number of the record in the log.
    pub(crate) id: u64,
    /// The proved record.
    pub(crate) record: Record,
    /// The whole answer with its signed head, verbatim.
    pub(crate) bytes: Bytes,
}

/// Why a database gave no answer that can be believed.
///
/// Only `NotFound` says that something does not exist.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LookupError {
    /// The database, or what relays it, does not have it.
    #[error("not found")]
    NotFound {
        /// 404 or 410.
        status: u16,
        /// Its own words, verbatim.
        text: Bytes,
    },
    /// Nobody could be asked, or gave an answer at all.
    #[error("cannot be reached: {reason}")]
    Unreachable {
        reason: String,
        retry_after: Option<Duration>,
    },
    /// The answer is not what the database has signed. It alone is refused; the next
    /// may be good.
    #[error("{reason}")]
    Invalid { reason: String },
    /// The database has signed two logs. It is asked nothing until a person says so.
    #[error("{reason}")]
    Stopped { reason: String },
    /// Our own trouble: the disk.
    #[error("{reason}")]
    Internal { reason: String },
}

impl LookupError {
    fn from_io(what: &str, error: &io::Error) -> Self {
        Self::Internal {
            reason: format!("{what}: {error}"),
        }
    }
}

/// The followed databases.
#[derive(Debug)]
pub(crate) struct Databases {
    all: Vec<Arc<Database<Upstreams>>>,
}

impl Databases {
    /// Opens the folders of all configured databases. Blocks.
    ///
    /// # Errors
    /// What the file system answers, or a folder that belongs to another database.
    pub(crate) fn open(
        configured: &[config::Database],
        data: &Path,
        staging: Staging,
        evidence: Evidence,
        upstreams: Arc<Upstreams>,
    ) -> io::Result<Self> {
        check_folders(configured)?;
        let open = |settings| {
            let around = database::Around {
                staging: staging.clone(),
                evidence: evidence.clone(),
                fetch: Arc::clone(&upstreams),
            };
            Database::open(settings, data, Some(around)).map(Arc::new)
        };
        Ok(Self {
            all: configured.iter().map(open).collect::<io::Result<_>>()?,
        })
    }

    /// Opens the folders of all configured databases to read what is stored. Blocks.
    ///
    /// # Errors
    /// As [`Databases::open`].
    pub(crate) fn open_offline(configured: &[config::Database], data: &Path) -> io::Result<Self> {
        let open = |settings| Database::open(settings, data, None).map(Arc::new);
        Ok(Self {
            all: configured.iter().map(open).collect::<io::Result<_>>()?,
        })
    }

    /// Follows a database again that a fork has stopped. Returns where the evidence
    /// lies now, or `None` when the database is not stopped. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn resume(settings: &config::Database, data: &Path) -> io::Result<Option<PathBuf>> {
        let store = store::Store::new(data, &settings.key, None);
        match store.fork() {
            Some(_) => store.resume().map(Some),
            None => Ok(None),
        }
    }

    /// The database that proves a module, the first in the settings that covers it.
    pub(crate) fn covering(&self, module: &str) -> Option<&Arc<Database<Upstreams>>> {
        self.all.iter().find(|database| database.covers(module))
    }

    /// The database that a request names, and what is asked of it: `path` is what
    /// follows `/sumdb/`. Names may have slashes; the longest that fits counts.
    pub(crate) fn resolve<'a>(
        &self,
        path: &'a str,
    ) -> Option<(&Arc<Database<Upstreams>>, &'a str)> {
        self.all
            .iter()
            .filter_map(|database| {
                let rest = path.strip_prefix(database.name())?.strip_prefix('/')?;
                Some((database, rest))
            })
            .max_by_key(|(database, _)| database.name().len())
    }

    /// All databases, in the order of the settings.
    pub(crate) fn all(&self) -> &[Arc<Database<Upstreams>>] {
        &self.all
    }
}

/// A name with slashes lies in folders, which must not be those that another
/// database keeps its files in.
fn check_folders(configured: &[config::Database]) -> io::Result<()> {
    for outer in configured {
        let inside = |inner: &config::Database| {
            let rest = inner.name.strip_prefix(&outer.name)?.strip_prefix('/')?;
            let folder = rest.split('/').next()?;
            store::FOLDERS.iter().find(|own| folder.starts_with(**own))
        };
        if let Some(inner) = configured.iter().find(|inner| inside(inner).is_some()) {
            return Err(io::Error::other(format!(
                "the databases {} and {} cannot be kept side by side: the second's folder is one \
                 that the first writes to",
                outer.name, inner.name
            )));
        }
    }
    Ok(())
}
