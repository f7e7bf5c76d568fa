//! What came into the log, and when.

use std::io;

use proto::module::ModuleVersion;
use proto::sumdb::own;
use proto::tlog::batch::HEIGHT;

use super::{Error, Own};

impl Own {
    /// Returns at most `limit` records that were logged at `since` or later, in
    /// microseconds since 1970: which module version each is about, and when it was
    /// logged, in the order of time.
    ///
    /// # Errors
    /// What disk or ledger answer.
    pub(crate) async fn index(
        &self,
        since: u64,
        limit: usize,
    ) -> Result<Vec<(ModuleVersion, u64)>, Error> {
        let doing = "reading when records were logged";
        let found = self.log.times.since(since, limit, self.size()).await;
        let found = found.map_err(Error::io(doing))?;
        let mut index = Vec::new();
        // A stored tile is read once, and not for each of its records.
        let of_one_tile = |(one, _): &(u64, u64), (next, _): &(u64, u64)| {
            one + 1 == *next && one >> HEIGHT == next >> HEIGHT
        };
        for run in found.chunk_by(of_one_tile) {
            let records = self.reader.records(run[0].0, run.len()).await?;
            for (record, (id, at)) in records.iter().zip(run) {
                let module = own::parts(record);
                index.push((module.ok_or_else(|| Error::damaged(doing, id))?, *at));
            }
        }
        Ok(index)
    }

    /// Returns how many records there were when: seconds since 1970 and records.
    ///
    /// # Errors
    /// What the ledger answers.
    pub(crate) async fn growth(&self, points: u32) -> io::Result<Vec<(u64, u64)>> {
        self.log.times.growth(points, self.size()).await
    }
}
