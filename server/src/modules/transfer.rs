//! Bringing a file from upstream into staging.

use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use sha2::{Digest, Sha256};

use super::fill::Flow;
use crate::http::refusal::Refusal;
use crate::source::upstream::{Fetched, TransferError, Upstreams, Want};
use crate::store::Store;
use crate::store::durable::Staged;

/// A file that arrived whole.
#[derive(Debug)]
pub(crate) struct Received {
    /// The file, not yet named.
    pub(crate) staged: Staged,
    /// SHA-256 of its bytes, in hex.
    pub(crate) sha256: String,
    /// Its bytes.
    pub(crate) size: u64,
    /// Where it came from, without secrets.
    pub(crate) url: String,
}

/// Who watches a transfer, and what they may see of it.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The watchers.
    pub(crate) flow: Arc<Flow>,
    /// Bytes of a file below which nothing leaves before the proof: a refusal
    /// then reaches the user as text and not as a cut connection.
    pub(crate) whole_bytes_max: u64,
    /// The last bytes of a larger file, which wait for the proof.
    pub(crate) held_bytes: u64,
}

/// Transfers that break are begun again this often. Connections that are not
/// even answered are tried again inside the upstream client.
pub(super) const RESTARTS_MAX: u32 = 3;
/// The pause before the first restart; the later ones wait longer.
const RESTART_PAUSE: Duration = Duration::from_millis(200);
/// Bytes gathered before they are written: one system call and one wake-up of
/// the watchers for many small reads.
const BATCH_BYTES: usize = 256 << 10;

/// Receives the body of `fetched`, and asks for it again when it breaks off.
///
/// # Errors
/// A refusal when it cannot be had, or when a second transfer brings other
/// bytes than those that have already left.
pub(crate) async fn receive(
    store: &Store,
    upstreams: &Upstreams,
    path: &str,
    want: &Want,
    fetched: Fetched,
    watched: &Watched,
) -> Result<Received, Refusal> {
    let staged = store
        .create()
        .map_err(|error| Refusal::storage("making a file in staging", &error))?;
    let mut receiver = Receiver {
        staged,
        hasher: Sha256::new(),
        size: 0,
        position: 0,
        length: fetched.length,
    };
    let mut source = Source::new(fetched);
    let mut restarts = 0;
    loop {
        match receiver.drain(&mut source, watched).await {
            Ok(()) => return Ok(receiver.finish(source.fetched.url.to_string())),
            Err(Broken::Transfer(error)) if error.retryable() && restarts < RESTARTS_MAX => {
                restarts += 1;
                tracing::info!(path, %error, restarts, "transfer broke off, asking again");
                tokio::time::sleep(RESTART_PAUSE * restarts).await;
                let fetched = upstreams
                    .fetch(path, want)
                    .await
                    .map_err(Refusal::from_fetch)?;
                receiver.restart(fetched.length, watched)?;
                source = Source::new(fetched);
            }
            Err(Broken::Transfer(error)) => return Err(Refusal::from_transfer(&error)),
            Err(Broken::Refused(refusal)) => return Err(refusal),
        }
    }
}

/// A file on its way in.
struct Receiver {
    staged: Staged,
    /// Over the first `size` bytes.
    hasher: Sha256,
    /// Bytes in the file.
    size: u64,
    /// Bytes of the present transfer; below `size` after a restart, when what
    /// comes is compared and not written.
    position: u64,
    length: Option<u64>,
}

enum Broken {
    Transfer(TransferError),
    Refused(Refusal),
}

impl Receiver {
    async fn drain(&mut self, source: &mut Source, watched: &Watched) -> Result<(), Broken> {
        while let Some(batch) = source.batch().await.map_err(Broken::Transfer)? {
            self.take(batch).await.map_err(Broken::Refused)?;
            self.show(watched);
        }
        if self.position < self.size {
            return Err(Broken::Refused(changed()));
        }
        Ok(())
    }

    /// Begins again. What has left stays: the new transfer must repeat it.
    fn restart(&mut self, length: Option<u64>, watched: &Watched) -> Result<(), Refusal> {
        self.position = 0;
        if watched.flow.has_begun() {
            return if length == self.length {
                Ok(())
            } else {
                Err(changed())
            };
        }
        self.length = length;
        self.hasher = Sha256::new();
        self.size = 0;
        self.staged
            .file()
            .set_len(0)
            .map_err(|error| Refusal::storage("emptying a file in staging", &error))
    }

    async fn take(&mut self, batch: Bytes) -> Result<(), Refusal> {
        let (position, size) = (self.position, self.size);
        let file = Arc::clone(self.staged.file());
        let mut hasher = self.hasher.clone();
        let length = batch.len() as u64;
        let work = move || -> std::io::Result<Option<(Sha256, u64)>> {
            let known = usize::try_from(size.saturating_sub(position).min(length)).unwrap_or(0);
            if known > 0 {
                let mut before = vec![0; known];
                file.read_exact_at(&mut before, position)?;
                if before != batch[..known] {
                    return Ok(None);
                }
            }
            let fresh = &batch[known..];
            file.write_all_at(fresh, size)?;
            hasher.update(fresh);
            Ok(Some((hasher, fresh.len() as u64)))
        };
        let written = tokio::task::spawn_blocking(work)
            .await
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| Refusal::storage("writing a file in staging", &error))?;
        let Some((hasher, fresh)) = written else {
            return Err(changed());
        };
        self.hasher = hasher;
        self.size += fresh;
        self.position += length;
        Ok(())
    }

    /// Lets watchers have what may leave.
    fn show(&self, watched: &Watched) {
        let total = self.length.unwrap_or(self.size);
        if total <= watched.whole_bytes_max {
            return;
        }
        // Of a length that upstream has not told, the end may be here already.
        let end = total.min(self.size);
        let available = match self.length {
            Some(length) => end.min(length.saturating_sub(watched.held_bytes)),
            None => end.saturating_sub(watched.held_bytes),
        };
        if available > 0 {
            watched
                .flow
                .advance(self.staged.file(), self.length, available);
        }
    }

    fn finish(self, url: String) -> Received {
        Received {
            sha256: hex::encode(self.hasher.finalize()),
            size: self.size,
            staged: self.staged,
            url,
        }
    }
}

/// A body read in batches.
struct Source {
    fetched: Fetched,
    /// The end or the error that came right behind a batch.
    end: Option<Result<(), TransferError>>,
}

impl Source {
    fn new(fetched: Fetched) -> Self {
        Self { fetched, end: None }
    }

    /// Returns what has arrived: waits for the first bytes, then takes what is
    /// there without waiting again. `None` at the end.
    async fn batch(&mut self) -> Result<Option<Bytes>, TransferError> {
        if let Some(end) = self.end.take() {
            return end.map(|()| None);
        }
        let Some(first) = self.fetched.body.chunk().await? else {
            return Ok(None);
        };
        let mut batch = BytesMut::from(first);
        while batch.len() < BATCH_BYTES {
            match self.fetched.body.chunk().now_or_never() {
                Some(Ok(Some(chunk))) => batch.extend_from_slice(&chunk),
                Some(Ok(None)) => self.end = Some(Ok(())),
                Some(Err(error)) => self.end = Some(Err(error)),
                None => break,
            }
            if self.end.is_some() {
                break;
            }
        }
        Ok(Some(batch.freeze()))
    }
}

fn changed() -> Refusal {
    Refusal::bad_upstream(
        "upstream sent another file when it was asked again after a broken transfer\n",
    )
}
