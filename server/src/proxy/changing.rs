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
use proto::info::{self, Info};

use super::Proxy;
use super::answer::{Answer, Kind, Reply};
use super::module::blocking;
use crate::http::Asked;
use crate::http::refusal::Refusal;
use crate::metrics::Lookup;
use crate::upstream::Want;

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
        if asked.cached_only || age < self.list_fresh {
            self.metrics.lookup(Lookup::Disk);
            return Ok(Reply::Whole(answer));
        }
        if age < BACKGROUND_MAX {
            self.metrics.lookup(Lookup::Stale);
            if self.negative.get(&key, Instant::now()).is_none() {
                // It goes on by itself; when too many wait, the next request tries.
                let _ = self.refresh(&key, kind, &asked);
            }
            return Ok(Reply::Whole(answer));
        }
        let refreshed = match self.negative.get(&key, Instant::now()) {
            Some(refusal) => Err(refusal),
            None => self.wait_for(self.refresh(&key, kind, &asked)?).await,
        };
        match refreshed {
            Err(refusal) if refusal.status >= 500 && age < self.list_stale_max => {
                self.metrics.lookup(Lookup::Stale);
                tracing::info!(
                    key,
                    age_s = age.as_secs(),
                    "upstream fails, serving what it said before"
                );
                Ok(Reply::Whole(answer))
            }
            other => other,
        }
    }

    /// Asks upstream, or joins those who ask already.
    fn refresh(
        self: &Arc<Self>,
        key: &str,
        kind: Kind,
        asked: &Asked,
    ) -> Result<super::coalesce::Joined, Refusal> {
        let (proxy, owned) = (Arc::clone(self), key.to_owned());
        let want = asked.want(self.limits.text_bytes_max);
        self.fills.join(key, move |_flow| async move {
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
        let fetched = self
            .upstreams
            .fetch(key, want)
            .await
            .map_err(Refusal::from_fetch)?;
        let bytes = fetched
            .bytes()
            .await
            .map_err(|error| Refusal::from_transfer(&error))?;
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

/// How long a failing upstream is not asked again for the same changing thing.
const FAILURE_PAUSE: Duration = Duration::from_secs(5);

/// Refuses what is not what was asked for, an error page sent as 200, say: it
/// would be stored, and served when upstream is gone.
fn check(kind: Kind, key: &str, bytes: &Bytes) -> Result<(), Refusal> {
    let checked = match kind {
        Kind::List => info::version_list(bytes).map(|_| ()),
        _ => Info::parse(bytes).map(|_| ()),
    };
    checked.map_err(|error| {
        Refusal::bad_upstream(format!(
            "upstream's answer for {key} cannot be read: {error}\n"
        ))
    })
}
