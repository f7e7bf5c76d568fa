//! What a server does beside answering, from time to time, until it is told to stop.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

use super::{App, gc, standing, witnesses};
use crate::bundle::failed::Failed;
use crate::bundle::watch::{self, Drops};
use crate::http::Site;

impl App {
    /// Begins all of it.
    pub(super) fn spawn_rounds(&self, tasks: &TaskTracker) {
        let site = || Arc::clone(&self.site);
        self.spawn_round(tasks, keep_up(site()));
        self.spawn_round(tasks, recheck(site()));
        let ledger = Arc::clone(&self.ledger);
        self.spawn_round(tasks, standing::look(site(), ledger, self.is_read_only));
        self.spawn_round(tasks, standing::resolve(site()));
        self.spawn_round(tasks, take_stock(site()));
        if !self.is_read_only {
            self.spawn_round(tasks, gc::tend(site()));
            self.spawn_round(tasks, witnesses::tend(site()));
            self.spawn_round(tasks, watch_bundles(site()));
        }
    }

    /// Begins something that ends with the server, not by itself.
    pub(super) fn spawn_round(
        &self,
        tasks: &TaskTracker,
        round: impl Future<Output = ()> + Send + 'static,
    ) {
        tasks.spawn(self.stop.clone().run_until_cancelled_owned(round));
    }
}

/// How often what was used is written down.
const KEEP_UP: Duration = Duration::from_secs(60);

/// Does what is to be done from time to time.
async fn keep_up(site: Arc<Site>) {
    let mut ticks = tokio::time::interval(KEEP_UP);
    loop {
        ticks.tick().await;
        write_use(&site).await;
        for database in site.databases.all() {
            database.tick().await;
        }
    }
}

/// Sums up what is stored, from time to time: the longer that takes the more seldom, so
/// that it costs a hundredth of a processor at most, but once an hour in any case.
async fn take_stock(site: Arc<Site>) {
    // Not at the start, which has enough to do: there may be millions of records.
    tokio::time::sleep(STOCK_FIRST).await;
    loop {
        let began = Instant::now();
        match site.shelf.stock().await {
            Ok(Some(stock)) => site.metrics.store(stock.files, stock.bytes),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "what is stored is not summed up"),
        }
        let pause = began.elapsed().saturating_mul(100);
        tokio::time::sleep(pause.clamp(STOCK_PAUSE_MIN, STOCK_PAUSE_MAX)).await;
    }
}

/// When the first sum is made, after the start.
const STOCK_FIRST: Duration = Duration::from_secs(5);
/// Bounds of the pause between two sums.
const STOCK_PAUSE_MIN: Duration = Duration::from_secs(15);
const STOCK_PAUSE_MAX: Duration = Duration::from_secs(3600);

/// Compares what is logged of private modules with what upstreams send, one at a time.
async fn recheck(site: Arc<Site>) {
    let (Some(own), Some(pause)) = (site.databases.own(), site.config.own.recheck) else {
        return;
    };
    loop {
        tokio::time::sleep(pause).await;
        site.modules.recheck_next(own).await;
    }
}

/// Takes in what appears in the drop folder for bundles.
async fn watch_bundles(site: Arc<Site>) {
    let mut drops = Drops::default();
    let mut watched = None;
    loop {
        let settings = site.live.now().bundle.clone();
        if watched != settings.watch {
            drops = Drops::default();
            watched.clone_from(&settings.watch);
        }
        let Some(folder) = &watched else {
            tokio::time::sleep(settings.settle).await;
            continue;
        };
        let take = |bundle: PathBuf| -> BoxFuture<'static, Result<(), Failed>> {
            let site = Arc::clone(&site);
            Box::pin(async move {
                let trusted = site.live.now().bundle.trust.clone();
                site.mirror.import(&bundle, &trusted).await?;
                Ok(())
            })
        };
        let turned = watch::turn(&mut drops, folder, take, |text| tracing::warn!("{text}"));
        if let Err(error) = turned.await {
            let folder = folder.display();
            tracing::error!(%folder, %error, "the drop folder for bundles is not looked after");
        }
        tokio::time::sleep(settings.settle).await;
    }
}

/// Writes down what was used, and what was asked for and missing.
pub(super) async fn write_use(site: &Site) {
    if let Err(error) = site.shelf.flush_use().await {
        tracing::warn!(%error, "what was used is not written down");
    }
    if let Err(error) = site.shelf.missing().flush().await {
        tracing::warn!(%error, "what was asked for and missing is not written down");
    }
}
