//! Bringing a file from upstream into staging.

use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use proto::modzip;
use sha2::{Digest, Sha256};

use super::error::Error;
use super::fill::Flow;
use super::suspect::{Suspect, SuspectBytes};
use crate::blocking::{self, CALL_MAX};
use crate::source::Asking;
use crate::source::upstream::{Fetched, TransferError};
use crate::store::Staged;

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

impl Received {
    /// Writes the file to the disk.
    ///
    /// # Errors
    /// What the file system answers, which it tells once: the file must not be kept then.
    pub(super) fn synced(&self) -> impl Future<Output = std::io::Result<()>> + 'static {
        let file = Arc::clone(self.staged.file());
        blocking::run_within(SYNC_MAX, move || file.sync_all())
    }

    /// Returns the file as something that is to be judged.
    pub(crate) fn suspect(&self) -> Suspect {
        Suspect {
            bytes: SuspectBytes::Staged(Arc::clone(self.staged.file())),
            url: self.url.clone(),
            sha256: self.sha256.clone(),
        }
    }
}

/// Who watches a transfer, and what they may see of it.
#[derive(Debug)]
pub(crate) struct Watched {
    /// The watchers.
    pub(crate) flow: Arc<Flow>,
    /// Bytes of a file below which nothing leaves before the proof: a refusal
    /// then reaches the user as text and not as a cut connection.
    pub(crate) whole_bytes_max: u64,
}

impl Watched {
    /// Nobody watches: only the whole file is wanted.
    pub(crate) fn by_nobody() -> Self {
        Self {
            flow: Arc::new(Flow::unwatched()),
            whole_bytes_max: u64::MAX,
        }
    }
}

/// Bytes gathered before they are written: one system call and one wake-up of
/// the watchers for many small reads.
const BATCH_BYTES: usize = 256 << 10;
/// In each such time a transfer must bring [`PROGRESS_BYTES_MIN`], or it holds its
/// place for nothing.
const PROGRESS_TIME: Duration = Duration::from_secs(60);
/// How long a file may take to reach the disk.
const SYNC_MAX: Duration = Duration::from_secs(300);
/// Two kilobytes a second.
const PROGRESS_BYTES_MIN: u64 = 128 << 10;

/// Receives the body of `fetched`, and asks for it again when it breaks off.
///
/// # Errors
/// Why it cannot be had, [`Error::Unfit`] when a second transfer brings other bytes
/// than those that have already left.
pub(crate) async fn receive(
    staged: Staged,
    asking: &mut Asking,
    fetched: Fetched,
    watched: &Watched,
) -> Result<Received, Error> {
    let mut receiver = Receiver {
        staged,
        hasher: Sha256::new(),
        arriving: modzip::Arriving::new(),
        size: 0,
        position: 0,
        length: fetched.length,
    };
    let mut body = Incoming::new(fetched);
    loop {
        match receiver.drain(&mut body, watched).await {
            Ok(()) => return Ok(receiver.finish(body.fetched.url.clone())),
            Err(Broken::Transfer(error)) => {
                // Its place among the transfers is free while the next is asked for.
                drop(body);
                asking.broke(error);
                let fetched = asking.next().await?;
                receiver.restart(fetched.length, watched).await?;
                body = Incoming::new(fetched);
            }
            Err(Broken::Refused(error)) => return Err(error),
        }
    }
}

/// A file on its way in.
struct Receiver {
    staged: Staged,
    /// Over the first `size` bytes.
    hasher: Sha256,
    /// Over the same.
    arriving: modzip::Arriving,
    /// Bytes in the file.
    size: u64,
    /// Bytes of the present transfer; below `size` after a restart, when what
    /// comes is compared and not written.
    position: u64,
    length: Option<u64>,
}

enum Broken {
    Transfer(TransferError),
    Refused(Error),
}

/// What became of a batch that was written.
struct Written {
    hasher: Sha256,
    arriving: modzip::Arriving,
    fresh: u64,
}

impl Receiver {
    async fn drain(&mut self, body: &mut Incoming, watched: &Watched) -> Result<(), Broken> {
        while let Some(batch) = body.batch().await.map_err(Broken::Transfer)? {
            self.take(batch).await.map_err(Broken::Refused)?;
            self.show(watched);
        }
        if self.position < self.size {
            return Err(Broken::Refused(changed()));
        }
        Ok(())
    }

    /// Begins again. What has left stays: the new transfer must repeat it.
    async fn restart(&mut self, length: Option<u64>, watched: &Watched) -> Result<(), Error> {
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
        self.arriving = modzip::Arriving::new();
        self.size = 0;
        let file = Arc::clone(self.staged.file());
        blocking::run_within(CALL_MAX, move || file.set_len(0))
            .await
            .map_err(Error::storage("emptying a file in staging"))
    }

    async fn take(&mut self, batch: Bytes) -> Result<(), Error> {
        let (position, size) = (self.position, self.size);
        let file = Arc::clone(self.staged.file());
        let (mut hasher, mut arriving) = (self.hasher.clone(), self.arriving.clone());
        let length = batch.len() as u64;
        let work = move || -> std::io::Result<Option<Written>> {
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
            arriving.push(fresh);
            Ok(Some(Written {
                hasher,
                arriving,
                fresh: fresh.len() as u64,
            }))
        };
        let written = blocking::run_within(CALL_MAX, work)
            .await
            .map_err(Error::storage("writing a file in staging"))?;
        let Some(written) = written else {
            return Err(changed());
        };
        self.hasher = written.hasher;
        self.arriving = written.arriving;
        self.size += written.fresh;
        self.position += length;
        Ok(())
    }

    /// Lets watchers have what may leave.
    fn show(&self, watched: &Watched) {
        let total = self.length.unwrap_or(self.size);
        if total <= watched.whole_bytes_max {
            return;
        }
        let available = self.arriving.showable();
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
struct Incoming {
    fetched: Fetched,
    /// The end or the error that came right behind a batch.
    end: Option<Result<(), TransferError>>,
    /// Bytes that came, and since when they are counted.
    progress: (u64, Instant),
}

impl Incoming {
    fn new(fetched: Fetched) -> Self {
        Self {
            fetched,
            end: None,
            progress: (0, Instant::now()),
        }
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
        self.check_progress(batch.len() as u64)?;
        Ok(Some(batch.freeze()))
    }

    /// Ends a transfer that trickles: one byte now and then holds a place among the
    /// transfers as a fast one does.
    fn check_progress(&mut self, bytes: u64) -> Result<(), TransferError> {
        let (before, since) = self.progress;
        let got = before + bytes;
        let elapsed = since.elapsed();
        if elapsed < PROGRESS_TIME {
            self.progress = (got, since);
            return Ok(());
        }
        self.progress = (0, Instant::now());
        if got < PROGRESS_BYTES_MIN && self.end.is_none() {
            return Err(TransferError::Broken {
                got,
                reason: format!(
                    "{got} bytes in {} s, too slow to wait for",
                    elapsed.as_secs()
                ),
            });
        }
        Ok(())
    }
}

fn changed() -> Error {
    Error::Unfit {
        reason: "upstream sent another file when it was asked again after a broken transfer"
            .to_owned(),
    }
}
