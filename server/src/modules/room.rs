//! Room on the data disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::error::Error;
use crate::blocking::{self, CALL_MAX};
use crate::config::live::Live;

/// How much the data disk may still take.
#[derive(Debug)]
pub(crate) struct Room {
    data: PathBuf,
    /// Says below how many free bytes nothing new is fetched.
    live: Live,
    /// Free bytes when they were counted last.
    free: AtomicU64,
    /// When that was. Held while they are counted, by one for all who want to know.
    counted: Mutex<Option<Instant>>,
}

/// How long a count is good.
const FRESH: Duration = Duration::from_millis(500);

impl Room {
    /// Watches the disk that holds `data`.
    pub(crate) fn new(data: &Path, live: Live) -> Self {
        Self {
            data: data.to_owned(),
            live,
            free: AtomicU64::new(0),
            counted: Mutex::new(None),
        }
    }

    /// Returns the bytes that an unprivileged process may still write.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) async fn free(&self) -> io::Result<u64> {
        let mut counted = self.counted.lock().await;
        if counted.is_some_and(|when| when.elapsed() < FRESH) {
            return Ok(self.free.load(Ordering::Relaxed));
        }
        let data = self.data.clone();
        let free = blocking::run_within(CALL_MAX, move || {
            let stat = rustix::fs::statvfs(&data)?;
            Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
        })
        .await?;
        self.free.store(free, Ordering::Relaxed);
        *counted = Some(Instant::now());
        Ok(free)
    }

    /// Refuses new fetches while the disk is nearly full.
    ///
    /// # Errors
    /// [`Error::DiskNearlyFull`].
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let free = self.free().await;
        let free = free.map_err(Error::storage("asking for the free space on disk"))?;
        let floor = self.live.now().disk_free_min;
        if free >= floor {
            return Ok(());
        }
        Err(Error::DiskNearlyFull { free, floor })
    }
}
