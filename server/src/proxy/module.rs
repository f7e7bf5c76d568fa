//! Files of one version that never change: `.info`, `.mod`, `.zip`.

use std::io::{Cursor, Read, Seek};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use proto::dirhash::{self, H1};
use proto::info::Info;
use proto::module::ModuleVersion;
use proto::modzip;
use sha2::{Digest, Sha256};

use super::Proxy;
use super::answer::{Answer, Kind, Reply};
use super::coalesce::{self, Flow};
use super::proof::{Covered, Origin};
use super::transfer::{self, Watched};
use crate::http::Asked;
use crate::http::refusal::Refusal;
use crate::index::{FileRecord, Standing};
use crate::metrics::Lookup;
use crate::store::Stored;
use crate::upstream::Want;

/// A file of a version.
#[derive(Clone, Debug)]
pub(crate) struct VersionFile {
    /// Which version.
    pub(crate) version: ModuleVersion,
    /// Which of its files.
    pub(crate) part: Part,
    /// Its place in the store and below an upstream.
    pub(crate) key: String,
}

/// Which file of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Info,
    Mod,
    Zip,
}

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
        if let Some(answer) = self.stored_version_file(&file).await? {
            self.metrics.lookup(Lookup::Disk);
            return Ok(Reply::Whole(answer));
        }
        if asked.cached_only {
            return Err(Refusal::not_stored());
        }
        if let Some(refusal) = self.negative.get(&file.key, Instant::now()) {
            self.metrics.lookup(Lookup::Negative);
            return Err(refusal);
        }
        let proxy = Arc::clone(self);
        let fetched = file.clone();
        let want = asked.want(file.part.bytes_max(&self.limits));
        let joined = self.fills.join(&file.key, move |flow| async move {
            let result = proxy.fetch_version_file(&fetched, &want, flow).await;
            proxy.remember_refusal(&fetched.key, result)
        })?;
        self.wait_for(joined).await
    }

    /// Returns the stored file, if it is there and may be served.
    async fn stored_version_file(
        self: &Arc<Self>,
        file: &VersionFile,
    ) -> Result<Option<Arc<Answer>>, Refusal> {
        let proxy = Arc::clone(self);
        let key = file.key.clone();
        let found = blocking("reading a stored file", move || {
            let Some(stored) = proxy.store.read(&key)? else {
                return Ok(None);
            };
            Ok(Some((stored, proxy.index.file(&key)?)))
        })
        .await?;
        let Some((stored, record)) = found else {
            return Ok(None);
        };
        let module = file.version.path.as_str();
        let record = match record {
            Some(record)
                if record.size == stored.bytes.len() as u64
                    && self.prover.accepts(module, &record.standing) =>
            {
                record
            }
            // A crash came between the file and its record, somebody put the
            // file there, or the policy has become stricter: judge it now.
            _ => match self.adopt(file, &stored).await? {
                Some(record) => record,
                None => return Ok(None),
            },
        };
        let answer = Arc::new(Answer::new(
            file.part.kind(),
            stored.bytes,
            Some(&record.sha256),
        ));
        self.hot.put(&file.key, &answer);
        Ok(Some(answer))
    }

    /// Judges a file that lies in the tree without a record, and records it.
    /// A file that is not what its database says is moved to the evidence and
    /// counts as absent, so that the truth can be fetched.
    async fn adopt(
        self: &Arc<Self>,
        file: &VersionFile,
        stored: &Stored,
    ) -> Result<Option<FileRecord>, Refusal> {
        let bytes = stored.bytes.clone();
        let subject = file.clone();
        let (sha256, measured) = blocking("hashing a stored file", move || {
            let sha256 = hex::encode(Sha256::digest(&bytes));
            let size = bytes.len() as u64;
            Ok((sha256, measure(&subject, Cursor::new(&bytes), size)))
        })
        .await?;
        let origin = Origin {
            url: format!("file {} of the module tree", file.key),
            sha256: sha256.clone(),
        };
        let judged = match measured {
            Ok(h1) => self.judge(file, h1, origin).await,
            Err(refusal) => Err(refusal),
        };
        match judged {
            Ok((h1, standing)) => {
                let record = new_record(sha256, stored.bytes.len() as u64, h1, standing);
                self.record(&file.key, &record).await?;
                Ok(Some(record))
            }
            // Denied is about the bytes; anything else about not knowing.
            Err(refusal) if refusal.status == 403 => {
                tracing::error!(
                    key = file.key,
                    "removing a stored file that is not what it should be"
                );
                let (proxy, key) = (Arc::clone(self), file.key.clone());
                blocking("removing a stored file", move || {
                    proxy.index.remove(&key)?;
                    proxy.store.remove(&key)
                })
                .await?;
                Ok(None)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// Looks up what the file must be, and judges what it is.
    async fn judge(
        &self,
        file: &VersionFile,
        h1: Option<H1>,
        origin: Origin,
    ) -> Result<(Option<H1>, Standing), Refusal> {
        let (Some(covered), Some(got)) = (file.part.covered(), h1) else {
            return Ok((h1, Standing::Uncovered));
        };
        let expected = self.prover.expected(&file.version).await?;
        let standing = self
            .prover
            .judge(&file.version, covered, got, expected, origin)
            .await?;
        Ok((h1, standing))
    }

    async fn fetch_version_file(
        self: &Arc<Self>,
        file: &VersionFile,
        want: &Want,
        flow: Arc<Flow>,
    ) -> Result<Arc<Answer>, Refusal> {
        self.check_disk()?;
        let _fetching = self.metrics.fetch();
        let started = Instant::now();
        let fetch = self.upstreams.fetch(&file.key, want);
        // Both at once; upstream's 404 goes before the database's.
        let (fetched, expected) = match file.part.covered() {
            None => (fetch.await, None),
            Some(_) => {
                let (fetched, expected) = tokio::join!(fetch, self.prover.expected(&file.version));
                (fetched, Some(expected))
            }
        };
        let fetched = fetched.map_err(Refusal::from_fetch)?;
        let expected = expected.transpose()?;
        let watched = Watched {
            flow,
            whole_bytes_max: match file.part {
                Part::Zip => WHOLE_BYTES_MAX,
                Part::Info | Part::Mod => u64::MAX,
            },
            held_bytes: HELD_BYTES,
        };
        let received = transfer::receive(
            &self.store,
            &self.upstreams,
            &file.key,
            want,
            fetched,
            &watched,
        )
        .await?;
        let subject = file.clone();
        let staged = Arc::clone(received.staged.file());
        let size = received.size;
        let h1 = blocking("hashing a received file", move || {
            Ok(measure(
                &subject,
                std::io::BufReader::with_capacity(64 << 10, &*staged),
                size,
            ))
        })
        .await??;
        let origin = Origin {
            url: received.url.clone(),
            sha256: received.sha256.clone(),
        };
        let standing = match (file.part.covered(), h1, expected) {
            (Some(covered), Some(h1), Some(expected)) => {
                self.prover
                    .judge(&file.version, covered, h1, expected, origin)
                    .await?
            }
            _ => Standing::Uncovered,
        };
        let record = new_record(received.sha256, received.size, h1, standing);
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
            upstream.url = received.url,
            bytes = record.size,
            standing = %record.standing,
            duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "stored"
        );
        let answer = Arc::new(Answer::new(
            file.part.kind(),
            stored.bytes,
            Some(&record.sha256),
        ));
        self.hot.put(&file.key, &answer);
        Ok(answer)
    }

    async fn record(self: &Arc<Self>, key: &str, record: &FileRecord) -> Result<(), Refusal> {
        let (proxy, key, record) = (Arc::clone(self), key.to_owned(), record.clone());
        blocking("writing the index", move || proxy.index.put(&key, &record)).await
    }

    /// Waits for a fill as one of its clients.
    pub(super) async fn wait_for(&self, joined: coalesce::Joined) -> Result<Reply, Refusal> {
        self.metrics.lookup(if joined.began {
            Lookup::Miss
        } else {
            Lookup::Joined
        });
        let _waiting = self.waiting()?;
        coalesce::reply(joined.watcher).await
    }

    /// Remembers what will not change soon: that a thing does not exist, and
    /// that upstream's bytes are wrong.
    pub(super) fn remember_refusal(
        &self,
        key: &str,
        result: Result<Arc<Answer>, Refusal>,
    ) -> Result<Arc<Answer>, Refusal> {
        if let Err(refusal) = &result {
            let duration = match refusal.status {
                403 => self.pause,
                _ if refusal.lasting => self.negative_ttl,
                _ => return result,
            };
            self.negative
                .put(key, refusal.clone(), duration, Instant::now());
        }
        result
    }
}

impl Part {
    /// Returns the part's name as the file's ending.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Mod => "mod",
            Self::Zip => "zip",
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Info => Kind::Info,
            Self::Mod => Kind::Mod,
            Self::Zip => Kind::Zip,
        }
    }

    /// Returns what a database's record says of it.
    pub(crate) fn covered(self) -> Option<Covered> {
        match self {
            Self::Info => None,
            Self::Mod => Some(Covered::Mod),
            Self::Zip => Some(Covered::Zip),
        }
    }

    fn bytes_max(self, limits: &crate::config::Limits) -> u64 {
        match self {
            Self::Info => limits.text_bytes_max,
            Self::Mod => limits.mod_bytes_max,
            Self::Zip => limits.zip_bytes_max,
        }
    }
}

/// Checks that a file is what its name says, and returns its h1 where it has
/// one.
pub(crate) fn measure<R: Read + Seek>(
    file: &VersionFile,
    mut bytes: R,
    size: u64,
) -> Result<Option<H1>, Refusal> {
    let failed = |error: std::io::Error| Refusal::internal("reading a file back", &error);
    match file.part {
        Part::Zip => {
            let limits = modzip::Limits::default();
            match modzip::verify(bytes, size, &file.version, &limits) {
                Ok(verified) => Ok(Some(verified.h1)),
                Err(error) => Err(Refusal::denied(format!(
                    "{}: upstream's zip breaks the rules for module zips: {error}\n",
                    file.version
                ))),
            }
        }
        Part::Mod => {
            let mut text = Vec::new();
            bytes.read_to_end(&mut text).map_err(failed)?;
            Ok(Some(dirhash::go_mod(&text)))
        }
        Part::Info => {
            let mut text = Vec::new();
            bytes.read_to_end(&mut text).map_err(failed)?;
            check_info(&file.version, &text)?;
            Ok(None)
        }
    }
}

/// Refuses an `.info` that is none, or that tells of another version: the go
/// command would stop at it with less to go by.
fn check_info(version: &ModuleVersion, text: &[u8]) -> Result<(), Refusal> {
    match Info::parse(text) {
        Err(error) => Err(Refusal::bad_upstream(format!(
            "upstream's .info of {version} is not one: {error}\n"
        ))),
        Ok(info) if info.version != version.version.as_str() => {
            Err(Refusal::bad_upstream(format!(
                "upstream's .info of {version} tells of version {}\n",
                info.version.chars().take(100).collect::<String>()
            )))
        }
        Ok(_) => Ok(()),
    }
}

/// Makes the record of a file stored now.
pub(crate) fn new_record(
    sha256: String,
    size: u64,
    h1: Option<H1>,
    standing: Standing,
) -> FileRecord {
    FileRecord {
        sha256,
        size,
        h1: h1.map(|h1| h1.to_string()),
        standing,
        stored_at: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
    }
}

/// Runs blocking work off the async threads.
pub(super) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(std::io::Error::other)
        .flatten()
        .map_err(|error| Refusal::internal(what, &error))
}
