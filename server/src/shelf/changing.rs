//! Small files whose bytes are at hand: lists, `@latest` and queries, which change, and
//! an `.info` that a query brought, of which the first stays.

use std::io;
use std::sync::Arc;

use super::Shelf;
use super::hot::Since;
use crate::blocking::{self, CALL_MAX};
use crate::ledger::FileRecord;
use crate::store::{Blob, If, Key, Published, Staged};

impl<E: Clone> Shelf<E> {
    /// Looks for a file alone: no record speaks for a list, `@latest`, a query.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn look_changing(&self, key: &Key) -> io::Result<Option<(Blob, Since)>> {
        let since = self.hot.now();
        Ok(self.blobs.read(key).await?.map(|blob| (blob, since)))
    }

    /// Writes something that changes: a list, `@latest`, a query. The same bytes
    /// again only renew its time.
    ///
    /// # Errors
    /// What the disk answers.
    pub(crate) async fn keep_changing(&self, key: &Key, bytes: &[u8]) -> io::Result<()> {
        if self.has_bytes(key, bytes).await {
            return self.blobs.touch(key).await;
        }
        let staged = self.stage_bytes(bytes).await?;
        let (Published::Stored | Published::Same | Published::Taken) =
            self.blobs.publish(staged, key, If::Any).await?;
        self.absences.forget(key).await;
        Ok(())
    }

    /// Tells whether a file has these bytes, as far as it can be read.
    async fn has_bytes(&self, key: &Key, bytes: &[u8]) -> bool {
        let Ok(Some(stored)) = self.blobs.read(key).await else {
            return false;
        };
        let length = bytes.len();
        if stored.content.len() != length as u64 {
            return false;
        }
        let there = blocking::run_within(CALL_MAX, move || stored.content.bytes(length)).await;
        there.is_ok_and(|there| there == bytes)
    }

    /// Gives small bytes a name that nothing has yet; other bytes that have it stay.
    ///
    /// # Errors
    /// What disk or journal answer.
    pub(crate) async fn keep_first(
        &self,
        key: &Key,
        bytes: &[u8],
        record: &FileRecord,
    ) -> io::Result<()> {
        if self.blobs.read(key).await?.is_some() {
            return Ok(());
        }
        let staged = self.stage_bytes(bytes).await?;
        self.keep(key, staged, record).await.map(drop)
    }

    pub(super) async fn stage_bytes(&self, bytes: &[u8]) -> io::Result<Staged> {
        let staged = self.blobs.stage().await?;
        let (file, bytes) = (Arc::clone(staged.file()), bytes.to_vec());
        let write = move || std::os::unix::fs::FileExt::write_all_at(&*file, &bytes, 0);
        blocking::run_within(CALL_MAX, write).await?;
        Ok(staged)
    }
}
