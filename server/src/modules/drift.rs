//! Drift: whether upstreams still send what is logged of private modules.
//!
//! A moved tag or changed bytes do no harm to those who ask here, as what was logged is
//! what is served; but somebody should know. So one logged version at a time is fetched
//! again, with pauses, and held against its record.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use proto::goproxy::Request;
use proto::module::ModuleVersion;
use proto::sumdb::own;

use super::Modules;
use super::error::{Error, Mismatch};
use super::file::{Part, VersionFile};
use super::transfer::{self, Watched};
use crate::own::Own;
use crate::source::Class;
use crate::source::upstream::Want;
use crate::store::Key;
use crate::sumdb::Record;

/// Records that are looked at for a private one at a time.
const LOOKED_AT_MAX: u64 = 256;

impl Modules {
    /// Fetches the next private version of the log again and compares it. Upstream that
    /// does not have it any more, or does not answer, is no drift.
    pub(crate) async fn recheck_next(self: &Arc<Self>, own: &Own) {
        if self.check_room().await.is_err() {
            return;
        }
        let Some(version) = self.next_private(own).await else {
            return;
        };
        if let Err(error) = self.recheck(own, &version).await {
            tracing::info!(%version, %error, "a logged version cannot be compared with its upstream");
        }
    }

    async fn next_private(&self, own: &Own) -> Option<ModuleVersion> {
        let size = own.size();
        for _ in 0..LOOKED_AT_MAX.min(size) {
            let id = self.rechecked.fetch_add(1, Ordering::Relaxed) % size;
            let record = own.record(id).await.ok()?;
            let version = own::parts(&record)?;
            if own.proves(version.path.as_str()) && own.denied(&version).is_none() {
                return Some(version);
            }
        }
        None
    }

    async fn recheck(self: &Arc<Self>, own: &Own, version: &ModuleVersion) -> Result<(), Error> {
        let file = VersionFile {
            version: version.clone(),
            part: Part::Zip,
            key: Key::of(&Request::Zip(version.clone())),
        };
        let answered = own.logged(version).await.ok().flatten();
        let Some(answered) = answered else {
            return Ok(());
        };
        let ours = self.sources.upstreams().want(self.limits.zip_bytes_max);
        let want = Want {
            class: Class::Zip,
            ..ours
        };
        let mut asking = self.sources.ask(file.module(), file.key.as_str(), want)?;
        let fetched = asking.next().await?;
        let staged = self.shelf.stage().await;
        let staged = staged.map_err(Error::storage("making a file in staging"))?;
        let received =
            transfer::receive(staged, &mut asking, fetched, &Watched::by_nobody()).await?;
        let measured = self.measure_received(&file, &received).await?;
        let record = Record::parse(&answered.record).ok();
        let want = record.and_then(|record| record.h1(version));
        if let (Some(want), Some(got)) = (want, measured.h1)
            && want != got
        {
            let mismatch = Mismatch {
                line: format!("{} {}", version.path, version.version),
                database: own.name().to_owned(),
                want,
                got,
            };
            let suspect = received.suspect();
            self.prover
                .keep_drift(&mismatch, answered.bytes.into(), suspect)
                .await;
        }
        Ok(())
    }
}
