//! Answers that change: version lists, `@latest`, and what a branch, a tag or a
//! commit comes to.
//!
//! They lie in the module tree like everything else; the file's time says when
//! upstream last said so. Younger than `cache.list_fresh`: served as it is.
//! Up to [`BACKGROUND_MAX`]: served as it is while upstream is asked again.
//! Older: upstream is asked first, and the stored answer serves when upstream
//! fails. Nothing proves these answers; the versions they name are proved when
//! they are fetched.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use proto::info::{Info, versions};

use super::transfer::RESTARTS_MAX;
use super::{Proxy, blocking};
use crate::ask::Asked;
use crate::http::refusal::Refusal;
use crate::metrics::Lookup;
use crate::shelf::answer::{Answer, Kind, Reply};
use crate::source::upstream::Want;

/// How long a client waits for upstream while an older answer is at hand.
const PATIENCE: Duration = Duration::from_secs(3);
/// Ages up to this are answered at once and refreshed behind the client's back.
const BACKGROUND_MAX: Duration = Duration::from_secs(600);

impl Proxy {
    /// Answers a request for something that changes.
    ///
    /// # Errors
    /// A refusal.
    pub(crate) async fn changing(
        self: &Arc<Self>,
        key: String,
        kind: Kind,
        asked: Asked,
    ) -> Result<Reply, Refusal> {
        let stored = self.stored_changing(&key, kind).await?;
        let Some((answer, age)) = stored else {
            if asked.cached_only {
                return Err(Refusal::not_stored());
            }
            if let Some(refusal) = self.negative.get(&key, Instant::now()) {
                self.metrics.lookup(Lookup::Negative);
                return Err(refusal);
            }
            return self.wait_for(self.refresh(&key, kind, &asked)?).await;
        };
        // Without an upstream nobody can say better, however old it is.
        if asked.cached_only || age < self.list_fresh || self.upstreams.is_off() {
            self.metrics.lookup(Lookup::Disk);
            return Ok(Reply::Whole(answer));
        }
        let refreshed = self.refreshed(&key, kind, &asked, age).await;
        match refreshed {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(refusal)) if refusal.status < 500 => Err(refusal),
            Some(Err(_)) | None => {
                self.metrics.lookup(Lookup::Stale);
                Ok(Reply::Whole(answer))
            }
        }
    }

    /// Asks upstream again about something of which an answer of this age is
    /// stored. Returns `None` when the client need not wait, or not longer: the
    /// question goes on by itself, and the next client has its answer.
    async fn refreshed(
        self: &Arc<Self>,
        key: &str,
        kind: Kind,
        asked: &Asked,
        age: Duration,
    ) -> Option<Result<Reply, Refusal>> {
        if let Some(refusal) = self.negative.get(key, Instant::now()) {
            return Some(Err(refusal));
        }
        let joined = match self.refresh(key, kind, asked) {
            Ok(joined) => joined,
            Err(refusal) => return Some(Err(refusal)),
        };
        if age < BACKGROUND_MAX {
            return None;
        }
        tokio::time::timeout(PATIENCE, self.wait_for(joined))
            .await
            .ok()
    }

    /// Asks upstream, or joins those who ask already.
    fn refresh(
        self: &Arc<Self>,
        key: &str,
        kind: Kind,
        asked: &Asked,
    ) -> Result<super::fill::Joined, Refusal> {
        let (proxy, owned) = (Arc::clone(self), key.to_owned());
        let want = asked.want(self.limits.text_bytes_max);
        self.fills
            .join(&asked.fill_key(key), move |_flow| async move {
                let result = proxy.fetch_changing(&owned, kind, &want).await;
                // A failing upstream is asked again soon, but not by every request.
                if let Err(refusal) = &result
                    && refusal.status >= 500
                {
                    proxy.negative.put(
                        &owned,
                        refusal.clone(),
                        FAILURE_PAUSE.min(proxy.negative_ttl),
                        Instant::now(),
                    );
                }
                proxy.remember_refusal(&owned, result)
            })
    }

    async fn stored_changing(
        self: &Arc<Self>,
        key: &str,
        kind: Kind,
    ) -> Result<Option<(Arc<Answer>, Duration)>, Refusal> {
        let (proxy, owned) = (Arc::clone(self), key.to_owned());
        let Some(stored) =
            blocking("reading a stored answer", move || proxy.store.read(&owned)).await?
        else {
            return Ok(None);
        };
        // A clock that was set back makes an answer look as if it came from the
        // future: take it for fresh no longer than a fresh one.
        let age = SystemTime::now()
            .duration_since(stored.modified)
            .unwrap_or(self.list_fresh);
        let fresh_until = Instant::now() + self.list_fresh.saturating_sub(age);
        let answer = Arc::new(Answer::new(kind, stored.bytes, None).fresh_until(fresh_until));
        if age < self.list_fresh {
            self.hot.put(key, &answer);
        }
        Ok(Some((answer, age)))
    }

    async fn fetch_changing(
        self: &Arc<Self>,
        key: &str,
        kind: Kind,
        want: &Want,
    ) -> Result<Arc<Answer>, Refusal> {
        self.check_disk()?;
        let _fetching = self.metrics.fetch();
        let bytes = self.fetch_text(key, want).await?;
        check(kind, key, &bytes)?;
        let (proxy, owned, kept) = (Arc::clone(self), key.to_owned(), bytes.clone());
        blocking("storing an answer", move || {
            match proxy.store.read(&owned)? {
                Some(stored) if stored.bytes == kept => proxy.store.touch(&owned),
                _ => proxy.store.write(&owned, &kept),
            }
        })
        .await?;
        let fresh_until = Instant::now() + self.list_fresh;
        let answer = Arc::new(Answer::new(kind, bytes, None).fresh_until(fresh_until));
        self.hot.put(key, &answer);
        Ok(answer)
    }
}

impl Proxy {
    /// Fetches a small answer, again when it breaks off.
    async fn fetch_text(&self, key: &str, want: &Want) -> Result<Bytes, Refusal> {
        let mut restarts = 0;
        loop {
            let fetched = self
                .upstreams
                .fetch(key, want)
                .await
                .map_err(Refusal::from_fetch)?;
            match fetched.bytes().await {
                Ok(bytes) => return Ok(bytes),
                Err(error) if error.retryable() && restarts < RESTARTS_MAX => restarts += 1,
                Err(error) => return Err(Refusal::from_transfer(&error)),
            }
        }
    }
}

/// How long a failing upstream is not asked again for the same changing thing.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// Refuses what is not what was asked for, an error page sent as 200, say: it
/// would be stored, and served when upstream is gone.
fn check(kind: Kind, key: &str, bytes: &Bytes) -> Result<(), Refusal> {
    let checked = match kind {
        Kind::List => versions::parse(bytes).map(|_| ()),
        _ => Info::parse(bytes).map(|_| ()),
    };
    checked.map_err(|error| {
        Refusal::bad_upstream(format!(
            "upstream's answer for {key} cannot be read: {error}\n"
        ))
    })
}
