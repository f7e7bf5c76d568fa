//! Room on the data disk.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::StatVfsMountFlags;
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
    /// What was seen last, and when. Held while it is looked at, by one for all who want
    /// to know.
    seen: Mutex<Option<(Disk, Instant)>>,
}

/// How the data disk was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Disk {
    /// Bytes that an unprivileged process may still write.
    pub(crate) free: u64,
    /// Whether it is mounted to be read only.
    pub(crate) is_read_only: bool,
}

/// How long a look is good.
const FRESH: Duration = Duration::from_millis(500);

impl Room {
    /// Watches the disk that holds `data`.
    pub(crate) fn new(data: &Path, live: Live) -> Self {
        Self {
            data: data.to_owned(),
            live,
            seen: Mutex::new(None),
        }
    }

    /// Looks at the disk.
    ///
    /// # Errors
    /// What the file system answers.
    pub(crate) async fn disk(&self) -> io::Result<Disk> {
        let mut seen = self.seen.lock().await;
        if let Some((disk, when)) = *seen
            && when.elapsed() < FRESH
        {
            return Ok(disk);
        }
        let data = self.data.clone();
        let disk = blocking::run_within(CALL_MAX, move || {
            let stat = rustix::fs::statvfs(&data)?;
            Ok(Disk {
                free: stat.f_bavail.saturating_mul(stat.f_frsize),
                is_read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
            })
        })
        .await?;
        *seen = Some((disk, Instant::now()));
        Ok(disk)
    }

    /// Refuses new fetches while the disk is nearly full.
    ///
    /// # Errors
    /// [`Error::DiskNearlyFull`].
    pub(crate) async fn check(&self) -> Result<(), Error> {
        let disk = self.disk().await;
        let disk = disk.map_err(Error::storage("asking for the free space on disk"))?;
        let free = disk.free;
        let floor = self.live.now().disk_free_min;
        if free >= floor {
            return Ok(());
        }
        Err(Error::DiskNearlyFull { free, floor })
    }
}
