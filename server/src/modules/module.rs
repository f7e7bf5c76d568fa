//! Files of one version, which never change: served as stored, or fetched, proved
//! and stored.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use futures_util::future::{MaybeDone, maybe_done};
use proto::dirhash::Summary;
use proto::module::ModuleVersion;

use super::Modules;
use super::error::Error;
use super::file::{Part, VersionFile, new_record};
use super::fill::Flow;
use super::proof::Expected;
use super::stored::{Rejection, Seen};
use super::transfer::{Received, Watched};
use crate::ask::Asked;
use crate::journal;
use crate::ledger::{Change, Contents, FileRecord, Standing, Table};
use crate::metrics::Lookup;
use crate::shelf::Kept;
use crate::shelf::answer::{Answer, Reply};
use crate::source::{Asking, Class};
use crate::sumdb::{Hops, LookupError};
use crate::telemetry::context::carried;

/// Zips up to this size are proved whole before their first byte leaves.
const WHOLE_BYTES_MAX: u64 = 4 << 20;

impl Modules {
    /// Answers a request for a file of a version: stored, or fetched and proved.
    ///
    /// # Errors
    /// Why it is not answered.
    pub(super) async fn version_file(
        self: &Arc<Self>,
        file: VersionFile,
        asked: Asked,
    ) -> Result<Reply, Error> {
        let kind = file.part.kind().metric();
        let seen = self.look(&file).await?;
        if let Seen::Good(answer) = seen {
            self.metrics.lookup(kind, Lookup::Disk);
            return Ok(Reply::Whole(answer));
        }
        if asked.cached_only {
            return self.stored_only(&file, seen).await.map(Reply::Whole);
        }
        if let Some(error) = self.shelf.refused(&file.key) {
            self.metrics.lookup(kind, Lookup::Negative);
            return Err(error);
        }
        match self.filled(&file, &asked).await {
            Err(error) => Err(self.or_absent(&file.key, error).await),
            reply => reply,
        }
    }

    async fn filled(self: &Arc<Self>, file: &VersionFile, asked: &Asked) -> Result<Reply, Error> {
        self.check_ring(asked).await?;
        let (modules, wanted, on_behalf) = (Arc::clone(self), file.clone(), asked.clone());
        let watching = self.join(&file.key, asked, move |flow| async move {
            let result = modules.fill(&wanted, &on_behalf, flow).await;
            modules.remember(&wanted.key, result).await
        })?;
        self.wait_for(file.part.kind().metric(), watching).await
    }

    /// Judges what lies there without asking anybody, databases included. A wrong file
    /// stays for one who may fetch the right one, so what was found is remembered: else
    /// every request would hash it and leave evidence.
    async fn stored_only(
        self: &Arc<Self>,
        file: &VersionFile,
        seen: Seen,
    ) -> Result<Arc<Answer>, Error> {
        let found = match seen {
            Seen::Good(answer) => return Ok(answer),
            Seen::Unjudged(found) => found,
            Seen::Unreadable(error) => return Err(error),
            Seen::Absent => return Err(Error::NotStored),
        };
        if let Some(error) = self.shelf.refused(&file.key) {
            return Err(error);
        }
        let judged = self.judge_stored(file, found, None).await;
        let judged = judged.map_err(|rejection| match rejection {
            // Its proof is not stored, so as far as stored things go it is not there.
            Rejection::Unknown(Error::Lookup {
                error: LookupError::Unreachable { .. },
                ..
            }) => Error::NotStored,
            rejection => rejection.into(),
        });
        self.remember(&file.key, judged).await
    }

    /// Comes by a file: the one task that does it for all who wait.
    async fn fill(
        self: &Arc<Self>,
        file: &VersionFile,
        asked: &Asked,
        flow: Arc<Flow>,
    ) -> Result<Arc<Answer>, Error> {
        // Another fill may have ended between our look and our joining.
        match self.look(file).await? {
            Seen::Good(answer) => return Ok(answer),
            Seen::Absent => {}
            // The right one can be fetched.
            Seen::Unreadable(_) if self.may_fetch(file.module()) => self.discard(file).await?,
            Seen::Unreadable(error) => return Err(error),
            Seen::Unjudged(found) => match self
                .judge_stored(file, found, Some(&Hops::from(asked)))
                .await
            {
                Ok(answer) => return Ok(answer),
                Err(Rejection::Wrong(_)) if self.may_fetch(file.module()) => {
                    self.discard(file).await?;
                }
                Err(rejection) => return Err(rejection.into()),
            },
        }
        self.check_room().await?;
        let class = match file.part {
            Part::Zip => Class::Zip,
            Part::Info | Part::Mod => Class::Text,
        };
        let want = self.want(asked, file.part.bytes_max(&self.limits), class);
        let mut asking = self.sources.ask(file.module(), file.key.as_str(), want)?;
        let _fetching = self.metrics.fetch();
        self.fetch(file, asked, &mut asking, flow).await
    }

    /// Receives, judges and stores a file, from the next upstream where the list lets
    /// an unfit answer through. The database is asked at the same time.
    async fn fetch(
        self: &Arc<Self>,
        file: &VersionFile,
        asked: &Asked,
        asking: &mut Asking,
        flow: Arc<Flow>,
    ) -> Result<Arc<Answer>, Error> {
        let started = Instant::now();
        let watched = Watched {
            flow,
            whole_bytes_max: match file.part {
                Part::Zip => WHOLE_BYTES_MAX,
                Part::Info | Part::Mod => u64::MAX,
            },
        };
        let mut expected = pin!(maybe_done(self.expected(file, asked)));
        let mut fetched = beside(asking.next(), expected.as_mut()).await?;
        loop {
            let taken = self
                .take(file, asking, fetched, &watched, expected.as_mut())
                .await;
            let error = match taken {
                Ok((received, h1, contents, standing)) => {
                    let record = new_record(received.sha256.clone(), received.size, h1, standing);
                    let answer = self
                        .keep(file, received, record.clone(), started, asked)
                        .await?;
                    let is_ours = answer.tag.as_deref() == Some(&*record.sha256);
                    // Its bytes do not go on where those of another file have left.
                    if !is_ours && watched.flow.has_begun() {
                        return Err(Error::Taken {
                            file: file.to_string(),
                        });
                    }
                    // Nobody waits for it: the zip tells its files as well.
                    if let Some(contents) = contents
                        && is_ours
                    {
                        let (modules, version) = (Arc::clone(self), file.version.clone());
                        self.tasks.spawn(carried(async move {
                            modules.keep_contents(&version, &record, &contents).await;
                        }));
                    }
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let is_of_the_bytes = matches!(
                error,
                Error::Unfit { .. }
                    | Error::Rules { .. }
                    | Error::Mismatch(_)
                    | Error::Changed { .. }
            );
            // What has begun to leave cannot become another file.
            if !is_of_the_bytes || watched.flow.has_begun() || !asking.unfit(error.to_string()) {
                return Err(error);
            }
            // The error of this answer says more than that of the next.
            let next = asking.next().await;
            fetched = next.map_err(|_| error)?;
        }
    }

    pub(super) async fn expected(
        &self,
        file: &VersionFile,
        asked: &Asked,
    ) -> Result<Option<Expected>, Error> {
        match file.part.covered() {
            Some(_) => self
                .prover
                .expected(&file.version, Some(&Hops::from(asked)))
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    /// Gives a judged file its name and its record.
    pub(super) async fn keep(
        self: &Arc<Self>,
        file: &VersionFile,
        received: Received,
        record: FileRecord,
        started: Instant,
        asked: &Asked,
    ) -> Result<Arc<Answer>, Error> {
        let url = received.url.clone();
        let kept = self.shelf.keep(&file.key, received.staged, &record).await;
        match kept.map_err(Error::storage("storing a file"))? {
            Kept::Stored(found) => {
                tracing::info!(
                    module.path = file.module(),
                    version = file.version.version.as_str(),
                    part = file.part.name(),
                    upstream.url = url,
                    bytes = record.size,
                    standing = %record.standing,
                    duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    "stored"
                );
                Ok(self.good(file, found.blob.content, &record, found.since))
            }
            // Somebody put a file there meanwhile. It is judged like any other.
            Kept::Taken => {
                tracing::warn!(key = %file.key, security = true, "another file has the name already");
                let taken = || Error::Taken {
                    file: file.to_string(),
                };
                match self.look(file).await? {
                    Seen::Good(answer) => Ok(answer),
                    Seen::Unjudged(found) => self
                        .judge_stored(file, found, Some(&Hops::from(asked)))
                        .await
                        .map_err(|_| taken()),
                    Seen::Unreadable(_) | Seen::Absent => Err(taken()),
                }
            }
        }
    }

    pub(super) async fn keep_contents(
        &self,
        version: &ModuleVersion,
        record: &FileRecord,
        files: &Summary,
    ) {
        let Standing::Proved { .. } = record.standing else {
            return;
        };
        let Some(h1) = record.h1.clone() else { return };
        let files = files
            .files()
            .map(|(name, sha256)| (name.to_owned(), hex::encode(sha256)))
            .collect();
        let contents = Contents { h1, files };
        let Ok(change) = Change::put(Table::Contents, version.escaped(), &contents) else {
            return;
        };
        let entry = journal::Entry::Contents {
            version: version.escaped(),
            h1: contents.h1,
            files: contents.files,
        };
        self.shelf.keep_contents(entry, change).await;
    }
}

/// Waits for `main` and lets `side` go on meanwhile.
async fn beside<T, F: Future>(
    main: impl Future<Output = T>,
    mut side: Pin<&mut MaybeDone<F>>,
) -> T {
    let mut main = pin!(main);
    std::future::poll_fn(move |context| {
        let _ = side.as_mut().poll(context);
        match main.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(value),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
