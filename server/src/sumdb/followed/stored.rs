//! What a database gives without asking anybody.

use std::sync::Arc;

use bytes::Bytes;
use proto::goproxy::sumdb::SumdbRequest;

use super::Database;
use crate::sumdb::LookupError;
use crate::sumdb::remote::Fetch;
use crate::sumdb::tiles::{self, blocking};

impl<F: Fetch> Database<F> {
    /// The stored answer to a request, all of which were proved before they were
    /// stored.
    ///
    /// # Errors
    /// [`LookupError::NotFound`] for what is not stored, [`LookupError::Internal`].
    pub(crate) async fn held(
        self: &Arc<Self>,
        request: &SumdbRequest,
    ) -> Result<Bytes, LookupError> {
        let held = match request {
            SumdbRequest::Supported => Some(Bytes::new()),
            SumdbRequest::Latest => self.current().map(|head| head.note.into()),
            SumdbRequest::Lookup(module) => {
                let (store, module) = (self.store.clone(), module.clone());
                blocking("reading a stored answer", move || store.lookup(&module))
                    .await?
                    .map(Bytes::from)
            }
            SumdbRequest::Tile(tile) => tiles::held_one(&self.store, *tile).await?.map(Bytes::from),
        };
        held.ok_or_else(|| LookupError::NotFound {
            status: 404,
            text: Bytes::from_static(
                b"not found: not stored here, and only stored things were asked for\n",
            ),
        })
    }
}
