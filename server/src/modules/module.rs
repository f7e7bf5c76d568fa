//! Files of one version, which never change: served as stored, or fetched, proved
//! and stored.

use std::io::BufReader;
use std::sync::Arc;
use std::time::Instant;

use proto::dirhash::H1;

use super::file::{Misfit, Part, VersionFile, measure, new_record};
use super::fill::{self, Flow};
use super::proof::{Origin, Rejection};
use super::stored::Seen;
use super::transfer::{self, Received, Watched};
use super::{Proxy, blocking};
use crate::ask::Asked;
use crate::http::refusal::{Refusal, Remember};
use crate::ledger::Standing;
use crate::metrics::Lookup;
use crate::shelf::answer::{Answer, Reply};
use crate::source::upstream::{Fetched, Want};
use crate::store::map;

/// Zips up to this size are proved whole before their first byte leaves.
const WHOLE_BYTES_MAX: u64 = 4 << 20;
/// The end of a larger zip that waits for the proof: enough to hold the end of
/// its central directory, so that nothing can be unpacked from what left before.
const HELD_BYTES: u64 = 64 << 10;

impl Proxy {
    /// Answers a request for a file of a version: stored, or fetched and proved.
    ///
    /// # Errors
    /// A refusal.
    pub(crate) async fn version_file(
        self: &Arc<Self>,
        file: VersionFile,
        asked: Asked,
    ) -> Result<Reply, Refusal> {
        let seen = self.look(&file).await?;
        if let Seen::Good(answer) = seen {
            self.metrics.lookup(Lookup::Disk);
            return Ok(Reply::Whole(answer));
        }
        if asked.cached_only {
            return self.stored_only(&file, seen).await.map(Reply::Whole);
        }
        if let Some(refusal) = self.negative.get(&file.key, Instant::now()) {
            self.metrics.lookup(Lookup::Negative);
            return Err(refusal);
        }
        let proxy = Arc::clone(self);
        let wanted = file.clone();
        let want = asked.want(file.part.bytes_max(&self.limits));
        let joined = self
            .fills
            .join(&asked.fill_key(&file.key), move |flow| async move {
                let result = proxy.fill(&wanted, &want, flow).await;
                proxy.remember_refusal(&wanted.key, result)
            })?;
        self.wait_for(joined).await
    }

    /// Judges what lies there without fetching anything. A wrong file stays for
    /// one who may fetch the right one, so what was found is remembered: else
    /// every request would hash it and leave evidence.
    async fn stored_only(
        self: &Arc<Self>,
        file: &VersionFile,
        seen: Seen,
    ) -> Result<Arc<Answer>, Refusal> {
        let unjudged = match seen {
            Seen::Good(answer) => return Ok(answer),
            Seen::Unjudged(unjudged) => unjudged,
            Seen::Absent => return Err(Refusal::not_stored()),
        };
        if let Some(refusal) = self.negative.get(&file.key, Instant::now()) {
            return Err(refusal);
        }
        let judged = self.adopt(file, unjudged).await.map_err(Refusal::from);
        self.remember_refusal(&file.key, judged)
    }

    /// Comes by a file: the one task that does it for all who wait.
    async fn fill(
        self: &Arc<Self>,
        file: &VersionFile,
        want: &Want,
        flow: Arc<Flow>,
    ) -> Result<Arc<Answer>, Refusal> {
        // Another fill may have ended between our look and our joining.
        match self.look(file).await? {
            Seen::Good(answer) => return Ok(answer),
            Seen::Absent => {}
            Seen::Unjudged(unjudged) => match self.adopt(file, unjudged).await {
                Ok(answer) => return Ok(answer),
                Err(Rejection::Wrong(_)) => self.discard(&file.key).await?,
                Err(Rejection::Unknown(refusal)) => return Err(refusal),
            },
        }
        self.check_disk()?;
        let _fetching = self.metrics.fetch();
        let fetched = self
            .upstreams
            .fetch(&file.key, want)
            .await
            .map_err(Refusal::from_fetch)?;
        if fetched.is_html() {
            return Err(Refusal::bad_upstream(format!(
                "{}: upstream sent a page for people, a sign-in page perhaps\n",
                file.version
            )));
        }
        self.fetch(file, want, fetched, flow).await
    }

    /// Takes a file that upstream has: receives, judges and stores it.
    async fn fetch(
        self: &Arc<Self>,
        file: &VersionFile,
        want: &Want,
        fetched: Fetched,
        flow: Arc<Flow>,
    ) -> Result<Arc<Answer>, Refusal> {
        let started = Instant::now();
        let watched = Watched {
            flow,
            whole_bytes_max: match file.part {
                Part::Zip => WHOLE_BYTES_MAX,
                Part::Info | Part::Mod => u64::MAX,
            },
            held_bytes: HELD_BYTES,
        };
        let receive = transfer::receive(
            &self.store,
            &self.upstreams,
            &file.key,
            want,
            fetched,
            &watched,
        );
        // Only now is the database asked: a name that upstream does not know is
        // nobody else's business. What it says is needed when the bytes are here.
        let expected = async {
            match file.part.covered() {
                Some(_) => self.prover.expected(&file.version).await.map(Some),
                None => Ok(None),
            }
        };
        let (received, expected) = tokio::try_join!(receive, expected)?;
        let h1 = self.measure_received(file, &received).await?;
        let standing = match (file.part.covered(), h1, expected) {
            (Some(covered), Some(h1), Some(expected)) => {
                let origin = received_origin(&received)?;
                self.prover
                    .judge(&file.version, covered, h1, expected, origin)
                    .await?
            }
            _ => Standing::Uncovered,
        };
        self.keep(file, received, h1, standing, started).await
    }

    async fn measure_received(
        &self,
        file: &VersionFile,
        received: &Received,
    ) -> Result<Option<H1>, Refusal> {
        let _turn = self.measuring.acquire().await;
        let (subject, size) = (file.clone(), received.size);
        let staged = Arc::clone(received.staged.file());
        let measured = blocking("hashing a received file", move || {
            let reader = BufReader::with_capacity(64 << 10, &*staged);
            Ok(measure(&subject, reader, size))
        })
        .await?;
        match measured {
            Ok(h1) => Ok(h1),
            Err(misfit) => {
                let refusal = misfit.refusal();
                if matches!(misfit, Misfit::Rules(_)) {
                    let origin = received_origin(received)?;
                    self.prover
                        .keep_misfit(&file.version, &refusal, origin)
                        .await;
                }
                Err(refusal)
            }
        }
    }

    /// Gives a judged file its name and its record.
    async fn keep(
        self: &Arc<Self>,
        file: &VersionFile,
        received: Received,
        h1: Option<H1>,
        standing: Standing,
        started: Instant,
    ) -> Result<Arc<Answer>, Refusal> {
        let url = received.url.clone();
        let record = new_record(received.sha256.clone(), received.size, h1, standing);
        let (proxy, key, kept) = (Arc::clone(self), file.key.clone(), record.clone());
        let stored = blocking("storing a file", move || {
            proxy.store.publish(received.staged, &key)?;
            proxy.index.put(&key, &kept)?;
            proxy.store.read(&key)
        })
        .await?
        .ok_or_else(|| Refusal::internal("reading a file just stored", &"it is gone"))?;
        tracing::info!(
            module.path = file.version.path.as_str(),
            version = file.version.version.as_str(),
            part = file.part.name(),
            upstream.url = url,
            bytes = record.size,
            standing = %record.standing,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "stored"
        );
        Ok(self.good(file, stored, &record))
    }

    /// Waits for a fill as one of its clients.
    pub(super) async fn wait_for(&self, joined: fill::Joined) -> Result<Reply, Refusal> {
        self.metrics.lookup(if joined.began {
            Lookup::Miss
        } else {
            Lookup::Joined
        });
        let waiting = self.waiting()?;
        fill::reply(joined.watcher, waiting).await
    }

    /// Remembers what will not change soon: that a thing does not exist, and
    /// that upstream's bytes are wrong.
    pub(super) fn remember_refusal(
        &self,
        key: &str,
        result: Result<Arc<Answer>, Refusal>,
    ) -> Result<Arc<Answer>, Refusal> {
        if let Err(refusal) = &result {
            self.remember(key, refusal);
        }
        result
    }

    /// Remembers a refusal for as long as it says.
    pub(crate) fn remember(&self, key: &str, refusal: &Refusal) {
        let duration = match refusal.remember {
            Remember::No => return,
            Remember::Briefly => self.negative_ttl,
            Remember::Pause => self.pause,
        };
        self.negative
            .put(key, refusal.clone(), duration, Instant::now());
    }
}

/// Tells where received bytes came from. The staged file is whole and nobody
/// writes to it again, so it can be mapped.
fn received_origin(received: &Received) -> Result<Origin, Refusal> {
    let bytes = map::map(received.staged.file())
        .map_err(|error| Refusal::storage("reading a received file", &error))?;
    Ok(Origin {
        bytes,
        url: received.url.clone(),
        sha256: received.sha256.clone(),
    })
}
