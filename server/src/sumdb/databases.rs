//! All configured databases, and which of them is meant.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::tlog::Tile;

use super::archive::{self, Archive};
use super::fetch::{Fetch, Hops};
use super::followed::{Around, Followed};
use super::heads::Heads;
use super::{LookupError, ProvedAnswer};
use crate::config;
use crate::evidence::Evidence;
use crate::store::durable::Staging;

/// One checksum database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// Somebody else's, which is asked and proved.
    Followed(Arc<Followed>),
}

/// What databases work with.
pub(crate) struct Parts {
    pub(crate) staging: Staging,
    pub(crate) evidence: Evidence,
    /// Who is asked.
    pub(crate) fetch: Arc<dyn Fetch>,
    /// Who keeps which head is the newest.
    pub(crate) heads: Arc<dyn Heads>,
}

/// The databases of a server.
#[derive(Debug)]
pub(crate) struct Databases {
    all: Vec<Database>,
}

/// What is stored of the databases, without anybody to ask.
#[derive(Debug)]
pub(crate) struct Archives {
    all: Vec<Archive>,
}

impl Databases {
    /// Opens the folders of all configured databases, to go on following them.
    /// `upstream` says which modules are private, and who may be asked. Blocks.
    ///
    /// # Errors
    /// What the file system answers, or a folder that belongs to another key.
    pub(crate) fn open(
        configured: &[config::Database],
        upstream: &config::Upstream,
        data: &Path,
        parts: Parts,
    ) -> io::Result<Self> {
        check_folders(configured)?;
        let around = Around {
            staging: parts.staging,
            evidence: parts.evidence,
            fetch: parts.fetch,
            heads: parts.heads,
            upstream: Arc::new(upstream.clone()),
        };
        let open = |settings| {
            let followed = Followed::open(settings, data, around.clone())?;
            Ok(Database::Followed(Arc::new(followed)))
        };
        Ok(Self {
            all: configured.iter().map(open).collect::<io::Result<_>>()?,
        })
    }

    /// The database that proves a module, the first in the settings that covers it. A
    /// private one is covered only by a database that is named for it.
    pub(crate) fn covering(&self, module: &str) -> Option<&Database> {
        self.all.iter().find(|database| database.covers(module))
    }

    /// The database that a request names, and what is asked of it: `path` is what
    /// follows `/sumdb/`. Names may have slashes; the longest that fits counts.
    pub(crate) fn resolve<'a>(&self, path: &'a str) -> Option<(&Database, &'a str)> {
        self.all
            .iter()
            .filter_map(|database| {
                let rest = path.strip_prefix(database.name())?.strip_prefix('/')?;
                Some((database, rest))
            })
            .max_by_key(|(database, _)| database.name().len())
    }

    /// All databases, in the order of the settings.
    pub(crate) fn all(&self) -> &[Database] {
        &self.all
    }
}

impl Archives {
    /// Opens the folders of all configured databases to read what is stored. Changes
    /// nothing. Blocks.
    ///
    /// # Errors
    /// As [`Databases::open`].
    pub(crate) fn open(
        configured: &[config::Database],
        upstream: &config::Upstream,
        data: &Path,
    ) -> io::Result<Self> {
        let upstream = Arc::new(upstream.clone());
        let open = |settings| {
            let (archive, damaged) = Archive::open(settings, &upstream, data)?;
            for bad in &damaged {
                let (database, file) = (archive.name(), bad.path.display().to_string());
                let reason = &bad.reason;
                tracing::warn!(database, file, reason, "passed over a damaged head");
            }
            Ok(archive)
        };
        Ok(Self {
            all: configured.iter().map(open).collect::<io::Result<_>>()?,
        })
    }

    /// Follows the database `name` again that a fork has stopped. Returns where the
    /// evidence lies now, or `None` when the database is not stopped. Blocks.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) fn resume(data: &Path, name: &str) -> io::Result<Option<PathBuf>> {
        archive::resume(data, name)
    }

    /// As [`Databases::covering`].
    pub(crate) fn covering(&self, module: &str) -> Option<&Archive> {
        let mut all = self.all.iter();
        all.find(|archive| archive.audience().covers(module))
    }

    /// All archives, in the order of the settings.
    pub(crate) fn all(&self) -> &[Archive] {
        &self.all
    }
}

impl Database {
    /// The database's name, which is also its key's.
    pub(crate) fn name(&self) -> &str {
        let Self::Followed(followed) = self;
        followed.name()
    }

    fn covers(&self, module: &str) -> bool {
        let Self::Followed(followed) = self;
        followed.covers(module)
    }

    /// See [`Followed::lookup`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn lookup(
        &self,
        module: &ModuleVersion,
        hops: &Hops,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        let Self::Followed(followed) = self;
        followed.lookup(module, hops).await
    }

    /// See [`Followed::stored_lookup`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn stored_lookup(
        &self,
        module: &ModuleVersion,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        let Self::Followed(followed) = self;
        followed.stored_lookup(module).await
    }

    /// See [`Followed::latest`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn latest(&self, hops: &Hops) -> Result<Bytes, LookupError> {
        let Self::Followed(followed) = self;
        followed.latest(hops).await
    }

    /// See [`Followed::tile`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn tile(&self, tile: &Tile, hops: &Hops) -> Result<Bytes, LookupError> {
        let Self::Followed(followed) = self;
        followed.tile(tile, hops).await
    }

    /// See [`Followed::stored`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn stored(&self, request: &SumdbRequest) -> Result<Bytes, LookupError> {
        let Self::Followed(followed) = self;
        followed.stored(request).await
    }

    /// See [`Followed::holds`].
    pub(crate) fn holds(&self, key_hash: u32, id: u64) -> bool {
        let Self::Followed(followed) = self;
        followed.holds(key_hash, id)
    }

    /// See [`Followed::head_size`].
    pub(crate) fn head_size(&self) -> Option<u64> {
        let Self::Followed(followed) = self;
        followed.head_size()
    }

    /// See [`Followed::lost_head_size`].
    pub(crate) fn lost_head_size(&self) -> Option<u64> {
        let Self::Followed(followed) = self;
        followed.lost_head_size()
    }

    /// See [`Followed::head_age`].
    pub(crate) fn head_age(&self) -> Option<Duration> {
        let Self::Followed(followed) = self;
        followed.head_age()
    }

    /// See [`Followed::is_standing_still`].
    pub(crate) fn is_standing_still(&self) -> bool {
        let Self::Followed(followed) = self;
        followed.is_standing_still()
    }

    /// See [`Followed::is_stopped`].
    pub(crate) fn is_stopped(&self) -> bool {
        let Self::Followed(followed) = self;
        followed.is_stopped()
    }

    /// See [`Followed::tick`].
    pub(crate) async fn tick(&self) {
        let Self::Followed(followed) = self;
        followed.tick().await;
    }
}

/// A name with slashes lies in folders, which must not be those that another
/// database keeps its files in.
pub(super) fn check_folders(configured: &[config::Database]) -> io::Result<()> {
    for outer in configured {
        let inside = |inner: &config::Database| {
            let rest = inner.name.strip_prefix(&outer.name)?.strip_prefix('/')?;
            let folder = rest.split('/').next()?;
            archive::FOLDERS
                .iter()
                .find(|own| folder.starts_with(**own))
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
