//! Room on the data disk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::error::Error;
use crate::blocking::{self, CALL_MAX};

/// How much the data disk may still take.
#[derive(Debug)]
pub(crate) struct Room {
    data: PathBuf,
    /// Free bytes below which nothing new is fetched.
    floor: u64,
    /// Free bytes when they were counted last.
    free: AtomicU64,
    /// When that was. Held while they are counted, by one for all who want to know.
    counted: Mutex<Option<Instant>>,
}

/// How long a count is good.
const FRESH: Duration = Duration::from_millis(500);

impl Room {
    /// Watches the disk that holds `data`.
    pub(crate) fn new(data: &Path, floor: u64) -> Self {
        Self {
            data: data.to_owned(),
            floor,
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
        if free >= self.floor {
            return Ok(());
        }
        let floor = self.floor;
        Err(Error::DiskNearlyFull { free, floor })
    }
}
