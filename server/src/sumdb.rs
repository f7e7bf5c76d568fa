//! Followed checksum databases.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proto::dirhash::H1;
use proto::module::ModuleVersion;

#[derive(Debug)]
pub(crate) struct Databases;
#[derive(Debug)]
pub(crate) struct Database;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) id: u64,
    pub(crate) record: Record,
    pub(crate) bytes: Bytes,
}
#[derive(Debug)]
pub(crate) struct Record;
impl Record {
    pub(crate) fn h1(&self, _version: &ModuleVersion) -> Option<H1> {
        None
    }
    pub(crate) fn go_mod_h1(&self, _version: &ModuleVersion) -> Option<H1> {
        None
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error("not found")]
    NotFound { status: u16, text: Bytes },
    #[error("cannot be reached: {reason}")]
    Unreachable {
        reason: String,
        retry_after: Option<Duration>,
    },
    #[error("{reason}")]
    Invalid { reason: String },
    #[error("{reason}")]
    Stopped { reason: String },
    #[error("{reason}")]
    Internal { reason: String },
}

impl Databases {
    pub(crate) fn covering(&self, _module: &str) -> Option<&Arc<Database>> {
        None
    }
    pub(crate) fn resolve<'a>(&self, _path: &'a str) -> Option<(&Arc<Database>, &'a str)> {
        None
    }
    pub(crate) fn all(&self) -> &[Arc<Database>] {
        &[]
    }
}
impl Database {
    pub(crate) fn name(&self) -> &str {
        ""
    }
    pub(crate) fn is_stopped(&self) -> bool {
        false
    }
    pub(crate) fn head_size(&self) -> Option<u64> {
        None
    }
    pub(crate) async fn lookup(
        &self,
        _version: &ModuleVersion,
    ) -> Result<Arc<Answer>, LookupError> {
        Err(LookupError::Internal {
            reason: String::new(),
        })
    }
    pub(crate) async fn latest(&self) -> Result<Bytes, LookupError> {
        Err(LookupError::Internal {
            reason: String::new(),
        })
    }
    pub(crate) async fn tile(&self, _tile: &proto::tlog::Tile) -> Result<Bytes, LookupError> {
        Err(LookupError::Internal {
            reason: String::new(),
        })
    }
}
impl Database {
    pub(crate) fn stored(&self, _v: &ModuleVersion) -> Result<Option<Answer>, LookupError> {
        Ok(None)
    }
}
impl Databases {
    pub(crate) fn open_offline(
        _c: &[crate::config::Database],
        _d: &std::path::Path,
    ) -> std::io::Result<Self> {
        Ok(Self)
    }
    pub(crate) fn open(
        _c: &[crate::config::Database],
        _d: &std::path::Path,
        _s: crate::store::durable::Staging,
        _e: crate::evidence::Evidence,
        _u: Arc<crate::upstream::Upstreams>,
    ) -> std::io::Result<Self> {
        Ok(Self)
    }
}
pub(crate) mod command {
    pub(crate) fn run(
        _c: &crate::config::Config,
        _d: &crate::args::Database,
    ) -> anyhow::Result<std::process::ExitCode> {
        Ok(std::process::ExitCode::SUCCESS)
    }
}
