//! Why something of a module is not answered: facts, from which `http` makes statuses
//! and texts.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use proto::dirhash::H1;
use proto::module::ModuleVersion;

use crate::source::upstream::{FetchError, is_timeout_in_disguise};
use crate::sumdb::LookupError;

/// Why something is not answered.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Upstream said that it does not exist.
    #[error("{upstream} answered {status}: not found")]
    NotFound {
        /// Who said so.
        upstream: Arc<str>,
        /// 404 or 410.
        status: u16,
        /// Its own words.
        text: Bytes,
    },
    /// It is not stored, and only stored things were asked for.
    #[error("not stored here")]
    NotStored,
    /// It is not stored, and there is no upstream.
    #[error("not stored here, and there is no upstream")]
    Off,
    /// The module is private, and no upstream is named for it.
    #[error("{module} is private, and no upstream is named for it")]
    Private {
        /// The module.
        module: String,
    },
    /// The module is private and absent, and no shorter path is a module: saying "not
    /// found" would send the client elsewhere with the name.
    #[error("{module} is private, and its upstream does not have it")]
    PrivateAbsent {
        /// The module.
        module: String,
    },
    /// The module is private and not stored, nobody was asked for it, and no shorter path
    /// is a module.
    #[error("{module} is private and not stored here, and nobody was asked for it")]
    PrivateNotStored {
        /// The module.
        module: String,
    },
    /// Upstream refused, failed, or cannot be reached.
    #[error("{0}")]
    Upstream(FetchError),
    /// The request has passed a server that our upstream list leads back to.
    #[error("the upstream list leads back to a server that the request has passed")]
    Ring,
    /// What upstream sent is not what was asked for.
    #[error("{reason}")]
    Unfit {
        /// What it is instead.
        reason: String,
    },
    /// What upstream sent breaks the rules for module zips.
    #[error("{reason}")]
    Rules {
        /// Which, and where.
        reason: String,
    },
    /// The hash is not the one that the database has.
    #[error("{0}")]
    Mismatch(Arc<Mismatch>),
    /// A file is not the one that was stored first under its name, and no database can
    /// tell which of the two is right.
    #[error("{file}: not the file that was stored first, which had {before}")]
    Changed {
        /// The file: `example.com/x@v1.0.0 zip`.
        file: String,
        /// The hash that the stored one had.
        before: String,
    },
    /// Upstream sent another file than the one that has the name already.
    #[error("{file}: another file has the name already")]
    Taken {
        /// The file.
        file: String,
    },
    /// A person has denied the version.
    #[error("{version} is denied: {reason}")]
    Denied {
        /// The module version.
        version: ModuleVersion,
        /// Why.
        reason: String,
    },
    /// No configured database covers the module.
    #[error("{version}: no configured checksum database covers it")]
    NoDatabase {
        /// The module version.
        version: ModuleVersion,
    },
    /// The database does not have the module version.
    #[error("{version}: not in the checksum database {database}")]
    NotInDatabase {
        /// The module version.
        version: ModuleVersion,
        /// The database.
        database: String,
    },
    /// The database's record has no line for the file.
    #[error("{line}: the record in {database} has no line for it")]
    NoLine {
        /// The go.sum words for the file.
        line: String,
        /// The database.
        database: String,
    },
    /// The database's answer could not be had or believed.
    #[error("{version}: checksum database {database}: {error}")]
    Lookup {
        /// The module version.
        version: ModuleVersion,
        /// The database.
        database: String,
        /// Why.
        error: LookupError,
    },
    /// The disk is nearly full: nothing new is fetched.
    #[error("{free} bytes are free on the data disk, and {floor} must be")]
    DiskNearlyFull {
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be free.
        floor: u64,
    },
    /// The data folder is read-only: nothing new is fetched.
    #[error("the data folder is read-only")]
    ReadOnly,
    /// Our own disk failed.
    #[error("{doing}: {error}")]
    Storage {
        /// What was being done.
        doing: &'static str,
        /// What the disk answered.
        error: Arc<io::Error>,
    },
    /// Too many wait for transfers already.
    #[error("too many {who} wait already")]
    Busy {
        /// Of whom there are too many: `clients`, `requests of your address`.
        who: &'static str,
    },
    /// The transfer ended because no client waited for it.
    #[error("the download ended because nobody waited for it")]
    Abandoned,
    /// The server is stopping, or a task ended without a result.
    #[error("this server is stopping")]
    Stopping,
}

/// What a file hashes to, and what its record says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}: {database} has {want}, the file is {got}")]
pub(crate) struct Mismatch {
    /// The go.sum words for the file.
    pub(crate) line: String,
    /// The database.
    pub(crate) database: String,
    /// What the record says.
    pub(crate) want: H1,
    /// What the file hashes to.
    pub(crate) got: H1,
}

/// How long an error is given again without asking anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remember {
    /// Not at all: the next client may have more luck.
    No,
    /// For `cache.negative_ttl`: something does not exist.
    Briefly,
    /// For `proof.pause`: upstream's bytes are wrong.
    Pause,
}

impl Error {
    /// Returns what the disk answered as an error.
    pub(crate) fn storage(doing: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Storage {
            doing,
            error: Arc::new(error),
        }
    }

    /// Tells whether "not found" is said of something that upstream only failed to come
    /// by in time.
    pub(crate) fn is_timeout_in_disguise(&self) -> bool {
        matches!(self, Self::NotFound { text, .. } if is_timeout_in_disguise(text))
    }

    /// Returns how long the error is given again without asking anybody.
    pub(crate) fn remember(&self) -> Remember {
        match self {
            // Asked again, it may be found.
            Self::NotFound { .. } if self.is_timeout_in_disguise() => Remember::No,
            Self::NotFound { .. } | Self::NotInDatabase { .. } => Remember::Briefly,
            Self::Rules { .. } | Self::Mismatch(_) | Self::Changed { .. } | Self::Taken { .. } => {
                Remember::Pause
            }
            Self::NotStored
            | Self::Off
            | Self::Private { .. }
            | Self::PrivateAbsent { .. }
            | Self::PrivateNotStored { .. }
            | Self::Upstream(_)
            | Self::Ring
            | Self::Unfit { .. }
            | Self::Denied { .. }
            | Self::NoDatabase { .. }
            | Self::NoLine { .. }
            | Self::Lookup { .. }
            | Self::DiskNearlyFull { .. }
            | Self::ReadOnly
            | Self::Storage { .. }
            | Self::Busy { .. }
            | Self::Abandoned
            | Self::Stopping => Remember::No,
        }
    }

    /// Tells whether something could not be had because nobody may be asked for it, or
    /// nobody answers.
    pub(crate) fn is_for_want_of_upstream(&self) -> bool {
        let is_refused = |error: &FetchError| matches!(error, FetchError::Refused { .. });
        matches!(self, Self::Off | Self::Private { .. })
            || matches!(self, Self::Upstream(it) if !is_refused(it))
    }

    /// Tells whether nothing was learned about what was asked for, so that an older
    /// answer about it is better than none.
    pub(crate) fn is_trouble(&self) -> bool {
        match self {
            Self::Upstream(FetchError::Refused { status, .. }) => matches!(status, 401 | 407),
            Self::Off
            | Self::Upstream(_)
            | Self::Ring
            | Self::Unfit { .. }
            | Self::Lookup { .. }
            | Self::DiskNearlyFull { .. }
            | Self::ReadOnly
            | Self::Storage { .. }
            | Self::Busy { .. }
            | Self::Abandoned
            | Self::Stopping => true,
            Self::NotFound { .. } => self.is_timeout_in_disguise(),
            Self::NotStored
            | Self::Private { .. }
            | Self::PrivateAbsent { .. }
            | Self::PrivateNotStored { .. }
            | Self::Rules { .. }
            | Self::Mismatch(_)
            | Self::Changed { .. }
            | Self::Taken { .. }
            | Self::Denied { .. }
            | Self::NoDatabase { .. }
            | Self::NotInDatabase { .. }
            | Self::NoLine { .. } => false,
        }
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::NotFound {
                upstream,
                status,
                text,
            } => Self::NotFound {
                upstream,
                status,
                text,
            },
            FetchError::Off => Self::Off,
            FetchError::Private { module } => Self::Private { module },
            error => Self::Upstream(error),
        }
    }
}
