//! Letting files go while the server answers: from time to time, and when the disk is
//! nearly full, so that a full disk needs no person.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::blocking;
use crate::bundle::pinned::places;
use crate::config::Gc;
use crate::http::Site;
use crate::maintain::gc::{self, Order, Task};

/// How often the disk is looked at.
const LOOK: Duration = Duration::from_secs(60);

/// Lets files go as the settings of the moment say.
pub(super) async fn tend(site: Arc<Site>) {
    let mut last: Option<Instant> = None;
    loop {
        let every = site.live.now().gc.every;
        // Not at the start, which has enough to do: all files would be listed.
        tokio::time::sleep(every.map_or(LOOK, |every| LOOK.min(every))).await;
        let settings = site.live.now().gc.clone();
        let (Some(_), Some(every)) = (settings.budget, settings.every) else {
            continue;
        };
        let is_due = last.is_none_or(|last| last.elapsed() >= every);
        let short_by = short_by(&site).await;
        if !is_due && short_by == 0 {
            continue;
        }
        last = Some(Instant::now());
        if let Err(error) = once(&site, settings, short_by).await {
            tracing::error!(error, "no files are let go");
        }
    }
}

/// Returns how many bytes the disk is short of what fetches need, and as much again.
async fn short_by(site: &Site) -> u64 {
    let floor = site.live.now().disk_free_min;
    match site.modules.disk().await {
        Ok(disk) if disk.free < floor => floor.saturating_mul(2) - disk.free,
        Ok(_) => 0,
        Err(error) => {
            tracing::warn!(%error, "the free space on the data disk is not known");
            0
        }
    }
}

/// Lets files go once. Where the disk is short, so many more that it is not.
async fn once(site: &Arc<Site>, settings: Gc, short_by: u64) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let _turn = site.gc.lock().await;
    let task = blocking::run(move || Ok(Task::new(&settings, &Order::default(), &places))).await;
    let task = task.map_err(|error| said(&error))?;
    let mut task = task.map_err(|error| said(&error))?;
    task.short_by = short_by;
    let report = gc::run(site.around_gc(), &task, |_| {}).await;
    let report = report.map_err(|error| said(&error))?;
    let removed = report.removed;
    site.metrics.evicted(removed.files as u64, removed.bytes);
    if removed.files > 0 {
        tracing::info!(
            files = removed.files,
            bytes = removed.bytes,
            "files were let go"
        );
    }
    if report.over > 0 {
        let over = report.over;
        tracing::warn!(
            over,
            "what may not be let go takes more room than the budget: `sumward gc --dry-run` says what it is"
        );
    }
    Ok(())
}
