//! All configured databases, and which of them is meant.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::note::VerifierKey;
use proto::tlog::Tile;

use super::archive::{self, Archive};
use super::fetch::{Fetch, Hops};
use super::followed::{Around, Followed};
use super::heads::Heads;
use super::{LookupError, ProvedAnswer, Record};
use crate::config;
use crate::evidence::Evidence;
use crate::own::{self, Own, TileBody};
use crate::store::durable::Staging;

/// One checksum database. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// Somebody else's, which is asked and proved.
    Followed(Arc<Followed>),
    /// Our own, which is kept and signed here.
    Own(Arc<Own>),
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

    /// Returns the same databases, and before them one of our own.
    pub(crate) fn with_own(&self, own: Own) -> Self {
        let own = Database::Own(Arc::new(own));
        let followed = self.all.iter().cloned();
        Self {
            all: std::iter::once(own).chain(followed).collect(),
        }
    }

    /// The database of our own.
    pub(crate) fn own(&self) -> Option<&Arc<Own>> {
        self.all.iter().find_map(|database| match database {
            Database::Own(own) => Some(own),
            Database::Followed(_) => None,
        })
    }

    /// Whether a module is proved in a database of our own, from which nothing frees it.
    pub(crate) fn proves_itself(&self, module: &str) -> bool {
        self.own().is_some_and(|own| own.proves(module))
    }

    /// The database that proves a module: our own, or the first in the settings that
    /// covers it. A private one is covered only by a database that is named for it.
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
        match self {
            Self::Followed(followed) => followed.name(),
            Self::Own(own) => own.name(),
        }
    }

    fn covers(&self, module: &str) -> bool {
        match self {
            Self::Followed(followed) => followed.covers(module),
            Self::Own(own) => own.proves(module),
        }
    }

    /// See [`Followed::lookup`] and [`Own::lookup`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn lookup(
        &self,
        module: &ModuleVersion,
        hops: &Hops,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        match self {
            Self::Followed(followed) => followed.lookup(module, hops).await,
            Self::Own(own) => {
                let answered = own.lookup(module, hops.via.clone()).await?;
                proved(own, answered)
            }
        }
    }

    /// See [`Followed::stored_lookup`] and [`Own::logged`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn stored_lookup(
        &self,
        module: &ModuleVersion,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        match self {
            Self::Followed(followed) => followed.stored_lookup(module).await,
            Self::Own(own) => match own.logged(module).await? {
                Some(answered) => proved(own, answered),
                None => Err(not_logged()),
            },
        }
    }

    /// See [`Followed::latest`] and [`Own::latest`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn latest(&self, hops: &Hops) -> Result<Bytes, LookupError> {
        match self {
            Self::Followed(followed) => followed.latest(hops).await,
            Self::Own(own) => Ok(own.latest()?.into()),
        }
    }

    /// See [`Followed::tile`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn tile(&self, tile: &Tile, hops: &Hops) -> Result<Bytes, LookupError> {
        match self {
            Self::Followed(followed) => followed.tile(tile, hops).await,
            Self::Own(own) => own_tile(own, tile).await,
        }
    }

    /// See [`Followed::stored`].
    ///
    /// # Errors
    /// See [`LookupError`].
    pub(crate) async fn stored(&self, request: &SumdbRequest) -> Result<Bytes, LookupError> {
        match (self, request) {
            (Self::Followed(followed), _) => followed.stored(request).await,
            (Self::Own(_), SumdbRequest::Supported) => Ok(Bytes::new()),
            (Self::Own(own), SumdbRequest::Latest) => Ok(own.latest()?.into()),
            (Self::Own(own), SumdbRequest::Tile(tile)) => own_tile(own, tile).await,
            (Self::Own(_), SumdbRequest::Lookup(module)) => {
                let answer = self.stored_lookup(module).await?;
                Ok(answer.bytes.clone())
            }
        }
    }

    /// See [`Followed::holds`].
    pub(crate) fn holds(&self, key_hash: u32, id: u64) -> bool {
        match self {
            Self::Followed(followed) => followed.holds(key_hash, id),
            Self::Own(own) => own.key().key_hash() == key_hash && id < own.size(),
        }
    }

    /// The key that its heads are signed with.
    pub(crate) fn key(&self) -> &VerifierKey {
        match self {
            Self::Followed(followed) => followed.key(),
            Self::Own(own) => own.key(),
        }
    }

    /// Records under the newest head.
    pub(crate) fn head_size(&self) -> Option<u64> {
        match self {
            Self::Followed(followed) => followed.head_size(),
            Self::Own(own) => Some(own.size()),
        }
    }

    /// See [`Followed::lost_head_size`].
    pub(crate) fn lost_head_size(&self) -> Option<u64> {
        match self {
            Self::Followed(followed) => followed.lost_head_size(),
            Self::Own(_) => None,
        }
    }

    /// See [`Followed::head_age`].
    pub(crate) fn head_age(&self) -> Option<Duration> {
        match self {
            Self::Followed(followed) => followed.head_age(),
            Self::Own(_) => None,
        }
    }

    /// See [`Followed::is_standing_still`].
    pub(crate) fn is_standing_still(&self) -> bool {
        match self {
            Self::Followed(followed) => followed.is_standing_still(),
            Self::Own(_) => false,
        }
    }

    /// Whether nothing new of it is given out before a person has acted: a fork has
    /// stopped it, or our own signs nothing.
    pub(crate) fn is_stopped(&self) -> bool {
        match self {
            Self::Followed(followed) => followed.is_stopped(),
            Self::Own(own) => own.unsigned().is_some(),
        }
    }

    /// See [`Followed::tick`] and [`Own::tick`].
    pub(crate) async fn tick(&self) {
        match self {
            Self::Followed(followed) => followed.tick().await,
            Self::Own(own) => own.tick().await,
        }
    }
}

/// A record of our own log is checked against its hash there when it is read.
fn proved(own: &Own, answered: own::Answered) -> Result<Arc<ProvedAnswer>, LookupError> {
    let record = Record::parse(&answered.record).map_err(|error| LookupError::Invalid {
        reason: error.to_string(),
    })?;
    let answer = ProvedAnswer::new(answered.id, record, own.key(), answered.bytes.into());
    Ok(Arc::new(answer))
}

async fn own_tile(own: &Own, tile: &Tile) -> Result<Bytes, LookupError> {
    match own.tile(tile).await? {
        Some(TileBody::Whole(bytes)) => Ok(bytes),
        Some(TileBody::Pieces { .. }) | None => Err(not_logged()),
    }
}

fn not_logged() -> LookupError {
    LookupError::NotFound {
        status: 404,
        text: Bytes::from_static(b"not found: it is not in the log\n"),
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
