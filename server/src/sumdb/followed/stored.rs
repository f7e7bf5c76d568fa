//! What a database gives without asking anybody.

use std::sync::Arc;

use bytes::Bytes;
use proto::goproxy::sumdb::SumdbRequest;
use proto::module::ModuleVersion;
use proto::tlog::Tile;

use super::Followed;
use crate::sumdb::tiles::blocking;
use crate::sumdb::{LookupError, ProvedAnswer};

impl Followed {
    /// The stored answer to a request. All were proved before they were stored, and
    /// are held against their hashes and signatures when they are read.
    ///
    /// # Errors
    /// [`LookupError::NotFound`] for what is not stored, [`LookupError::Internal`].
    pub(crate) async fn stored(
        self: &Arc<Self>,
        request: &SumdbRequest,
    ) -> Result<Bytes, LookupError> {
        let stored = match request {
            SumdbRequest::Supported => Some(Bytes::new()),
            SumdbRequest::Latest => self.current().map(|head| head.note.into()),
            SumdbRequest::Lookup(module) => {
                let answer = self.stored_answer(module).await?;
                answer.map(|answer| answer.bytes)
            }
            SumdbRequest::Tile(tile) => self.stored_tile(tile).await?.map(Bytes::from),
        };
        stored.ok_or_else(|| LookupError::NotFound {
            status: 404,
            text: Bytes::from_static(
                b"not found: not stored here, and only stored things were asked for\n",
            ),
        })
    }

    /// The proved answer about a module version, where it is stored.
    ///
    /// # Errors
    /// [`LookupError::Unreachable`] where it is not stored; [`LookupError::Private`],
    /// [`LookupError::Internal`].
    pub(crate) async fn stored_lookup(
        &self,
        module: &ModuleVersion,
    ) -> Result<Arc<ProvedAnswer>, LookupError> {
        if !self.archive.audience().may_be_told(module.path.as_str()) {
            return Err(LookupError::Private);
        }
        let answer = self.stored_answer(module).await?;
        answer
            .map(Arc::new)
            .ok_or_else(|| LookupError::Unreachable {
                reason: "only stored things were asked for, and its answer is not stored"
                    .to_owned(),
                retry_after: None,
            })
    }

    /// The stored answer about a module version.
    pub(super) async fn stored_answer(
        &self,
        module: &ModuleVersion,
    ) -> Result<Option<ProvedAnswer>, LookupError> {
        let (archive, module) = (self.archive.clone(), module.clone());
        blocking("reading a stored answer", move || archive.lookup(&module)).await
    }

    /// A stored tile.
    pub(super) async fn stored_tile(&self, tile: &Tile) -> Result<Option<Vec<u8>>, LookupError> {
        let (archive, tile) = (self.archive.clone(), *tile);
        blocking("reading a stored tile", move || archive.checked_tile(&tile)).await
    }
}
