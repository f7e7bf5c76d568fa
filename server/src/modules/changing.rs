//! Answers that change: version lists, `@latest`, and what a branch, a tag or a
//! commit comes to.
//!
//! They lie in the module tree like everything else; the file's time says when
//! upstream last said so. Younger than `cache.list_fresh`: served as it is.
//! Up to [`BACKGROUND_MAX`]: served as it is while upstream is asked again.
//! Older: upstream is asked first, and the stored answer serves when upstream
//! fails, for ever. Nothing proves these answers; the versions they name are proved
//! when they are fetched.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use proto::info::{Info, versions};
use proto::module::{ModulePath, ModuleVersion, Version};

use super::error::Error;
use super::file::{VersionFile, new_record};
use super::{Modules, Watching};
use crate::ask::Asked;
use crate::ledger::Standing;
use crate::metrics::Lookup;
use crate::shelf::answer::{Answer, Kind, Reply};
use crate::source::Class;
use crate::store::Key;

/// How long a client waits for upstream while an older answer is at hand.
const PATIENCE: Duration = Duration::from_secs(3);
/// Ages up to this are answered at once and refreshed behind the client's back.
const BACKGROUND_MAX: Duration = Duration::from_secs(600);
/// How long a failing upstream is not asked again for the same changing thing.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// Something of a module that changes.
#[derive(Clone, Debug)]
pub(crate) struct Changing {
    /// The module.
    pub(crate) module: ModulePath,
    /// What of it.
    pub(crate) kind: Kind,
    /// Its place in the store and below an upstream.
    pub(crate) key: Key,
}

impl Modules {
    /// Answers a request for something that changes.
    ///
    /// # Errors
    /// Why it is not answered.
    pub(super) async fn changing(
        self: &Arc<Self>,
        wanted: Changing,
        asked: Asked,
    ) -> Result<Reply, Error> {
        let stored = self.stored_changing(&wanted).await;
        let Some((answer, age)) = stored else {
            return self.first(&wanted, &asked).await;
        };
        // Without an upstream nobody can say better, however old it is.
        if asked.cached_only
            || age < self.live.now().list_fresh
            || !self.may_fetch(wanted.module.as_str())
        {
            self.metrics.lookup(wanted.kind.metric(), Lookup::Disk);
            return Ok(Reply::Whole(answer));
        }
        match self.refreshed(&wanted, &asked, age).await {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(error)) if !error.is_trouble() => Err(error),
            Some(Err(_)) | None => {
                self.metrics.lookup(wanted.kind.metric(), Lookup::Stale);
                Ok(Reply::Whole(answer))
            }
        }
    }

    /// Answers for the first time: from upstream, else from what is stored of the
    /// module's versions.
    async fn first(self: &Arc<Self>, wanted: &Changing, asked: &Asked) -> Result<Reply, Error> {
        if asked.cached_only {
            return match self.of_stored_versions(wanted).await {
                Some(answer) => Ok(Reply::Whole(answer)),
                None => Err(Error::NotStored),
            };
        }
        let error = match self.shelf.refused(&wanted.key) {
            Some(error) => {
                self.metrics.lookup(wanted.kind.metric(), Lookup::Negative);
                error
            }
            None => match self.asked_first(wanted, asked).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            },
        };
        if error.is_trouble()
            && let Some(answer) = self.of_stored_versions(wanted).await
        {
            self.metrics.lookup(wanted.kind.metric(), Lookup::Stale);
            return Ok(Reply::Whole(answer));
        }
        Err(self.or_absent(&wanted.key, error).await)
    }

    pub(super) async fn asked_first(
        self: &Arc<Self>,
        wanted: &Changing,
        asked: &Asked,
    ) -> Result<Reply, Error> {
        self.check_ring(asked).await?;
        let watching = self.refresh(wanted, asked)?;
        self.wait_for(wanted.kind.metric(), watching).await
    }

    /// Asks upstream again about something of which an answer of this age is
    /// stored. Returns `None` when the client need not wait, or not longer: the
    /// question goes on by itself, and the next client has its answer.
    async fn refreshed(
        self: &Arc<Self>,
        wanted: &Changing,
        asked: &Asked,
        age: Duration,
    ) -> Option<Result<Reply, Error>> {
        if let Some(error) = self.shelf.refused(&wanted.key) {
            return Some(Err(error));
        }
        if let Err(error) = self.check_ring(asked).await {
            return Some(Err(error));
        }
        let watching = match self.refresh(wanted, asked) {
            Ok(watching) => watching,
            Err(error) => return Some(Err(error)),
        };
        if age < BACKGROUND_MAX {
            return None;
        }
        tokio::time::timeout(PATIENCE, self.wait_for(wanted.kind.metric(), watching))
            .await
            .ok()
    }

    /// Asks upstream, or joins those who ask already.
    fn refresh(self: &Arc<Self>, wanted: &Changing, asked: &Asked) -> Result<Watching, Error> {
        let (modules, owned, on_behalf) = (Arc::clone(self), wanted.clone(), asked.clone());
        self.join(&wanted.key, asked, move |_flow| async move {
            let result = modules.fetch_changing(&owned, &on_behalf).await;
            // A failing upstream is asked again soon, but not by every request.
            if let Err(error) = &result
                && error.is_trouble()
                && !matches!(error, Error::Busy { .. } | Error::Ring)
            {
                let pause = FAILURE_PAUSE.min(modules.live.now().negative_ttl);
                modules.shelf.refuse(&owned.key, error.clone(), pause);
            }
            modules.remember(&owned.key, result).await
        })
    }

    /// Returns what is stored, and how old it is. What cannot be read is asked for
    /// anew.
    pub(super) async fn stored_changing(
        &self,
        wanted: &Changing,
    ) -> Option<(Arc<Answer>, Duration)> {
        let found = self.shelf.look_changing(&wanted.key).await;
        let found = found.unwrap_or_else(|error| {
            tracing::error!(key = %wanted.key, %error, "a stored answer cannot be read");
            None
        });
        let (blob, since) = found?;
        let list_fresh = self.live.now().list_fresh;
        // A clock that was set back makes an answer look as if it came from the
        // future: take it for fresh no longer than a fresh one.
        let age = SystemTime::now()
            .duration_since(blob.modified)
            .unwrap_or(list_fresh);
        let fresh_until = Instant::now() + list_fresh.saturating_sub(age);
        let answer = Answer::new(wanted.kind, blob.content, None).fresh_until(fresh_until);
        let answer = Arc::new(answer);
        if age < list_fresh {
            self.shelf.put_hot(&wanted.key, &answer, since);
        }
        Some((answer, age))
    }

    async fn fetch_changing(
        self: &Arc<Self>,
        wanted: &Changing,
        asked: &Asked,
    ) -> Result<Arc<Answer>, Error> {
        self.check_room().await?;
        let want = self.want(asked, self.limits.text_bytes_max, Class::Text);
        let module = wanted.module.as_str();
        let asking = self.sources.ask(module, wanted.key.as_str(), want)?;
        let _fetching = self.metrics.fetch();
        let (kind, key) = (wanted.kind, wanted.key.clone());
        let fetched = asking.text(|bytes, _| check(kind, &key, bytes)).await;
        let (info, bytes, _) = fetched.map_err(Error::from)?;
        let since = self.shelf.now();
        self.shelf
            .keep_changing(&wanted.key, &bytes)
            .await
            .map_err(Error::storage("storing an answer"))?;
        if let Some(info) = info {
            self.keep_as_info(&wanted.module, &info, &bytes).await;
        }
        let fresh_until = Instant::now() + self.live.now().list_fresh;
        let answer = Answer::of_bytes(wanted.kind, bytes, None).fresh_until(fresh_until);
        let answer = Arc::new(answer);
        self.shelf.put_hot(&wanted.key, &answer, since);
        Ok(answer)
    }

    /// Keeps the answer to a query as the `.info` of the version it names, too: with
    /// upstream gone `go mod download` asks for that.
    async fn keep_as_info(&self, module: &ModulePath, info: &Info, bytes: &Bytes) {
        let version = Version::parse(&info.version).ok();
        let version = version.and_then(|it| ModuleVersion::new(module.clone(), it).ok());
        let Some(version) = version else { return };
        let file = VersionFile::info(version);
        let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes));
        let record = new_record(sha256, bytes.len() as u64, None, Standing::Uncovered);
        if let Err(error) = self.shelf.keep_first(&file.key, bytes, &record).await {
            tracing::warn!(key = %file.key, %error, "the answer to a query is not kept as .info");
        }
    }
}

/// Refuses what is not what was asked for, an error page sent as 200, say: it
/// would be stored, and served when upstream is gone. Returns what an answer about one
/// version says.
fn check(kind: Kind, key: &Key, bytes: &Bytes) -> Result<Option<Info>, String> {
    let checked = match kind {
        Kind::List => versions::parse(bytes).map(|_| None),
        _ => Info::parse(bytes).map(Some),
    };
    checked.map_err(|error| format!("upstream's answer for {key} cannot be read: {error}"))
}
