//! An upstream in memory.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use proto::goproxy::list::Fallback;
use proto::goproxy::sumdb::SumdbRequest;
use proto::tlog::HashTree;

use super::*;
use crate::source::Relay;
use crate::source::upstream::FetchError;
use crate::sumdb::fetch::Fetch;

/// What the upstream says to a request.
#[derive(Clone, Debug)]
pub(super) enum Says {
    File(Vec<u8>),
    NotFound,
    Status(u16),
}

type Answer = Box<dyn Fn(&str) -> Says + Send>;

/// An upstream: entries of a list that relay databases or don't, and a database.
pub(super) struct Fake {
    /// What each entry says to `supported`, and what follows it when it fails.
    pub(super) entries: Vec<(Says, Fallback)>,
    /// What the database says, to paths that follow its name.
    answer: Mutex<Answer>,
    asked: Mutex<Vec<String>>,
    /// What came with each request.
    pub(super) hops: Mutex<Vec<Hops>>,
    asking: AtomicUsize,
    /// The most requests that were answered at once.
    pub(super) asking_max: AtomicUsize,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

impl Default for Fake {
    /// One entry that relays the database, which is down.
    fn default() -> Self {
        Self::with_entries(vec![(Says::File(Vec::new()), Fallback::NotFound)])
    }
}

impl Fake {
    pub(super) fn with_entries(entries: Vec<(Says, Fallback)>) -> Self {
        Self {
            entries,
            answer: Mutex::new(Box::new(|_| Says::Status(503))),
            asked: Mutex::default(),
            hops: Mutex::default(),
            asking: AtomicUsize::new(0),
            asking_max: AtomicUsize::new(0),
        }
    }

    pub(super) fn serve(&self, answer: impl Fn(&str) -> Says + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    pub(super) fn serve_log(&self, log: &Arc<HashTree>, size: u64) {
        let log = Arc::clone(log);
        self.serve(move |path| log_says(&log, size, path));
    }

    pub(super) fn go_down(&self) {
        self.serve(|_| Says::Status(503));
    }

    /// What was asked for since the last call.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    fn begin(&self, hops: &Hops) -> Asking<'_> {
        self.hops.lock().unwrap().push(hops.clone());
        let now = self.asking.fetch_add(1, Ordering::Relaxed) + 1;
        self.asking_max.fetch_max(now, Ordering::Relaxed);
        Asking(&self.asking)
    }

    fn say(&self, place: &str, path: &str, says: &Says) -> Result<Bytes, FetchError> {
        self.asked.lock().unwrap().push(format!("{place}/{path}"));
        match says {
            Says::File(bytes) => Ok(bytes.clone().into()),
            Says::NotFound => Err(FetchError::NotFound {
                upstream: place.into(),
                status: 404,
                text: format!("no {path} here\n").into(),
            }),
            Says::Status(status) => Err(FetchError::Unavailable {
                upstream: place.into(),
                reason: format!("answered {status}"),
                status: Some(*status),
                text: Bytes::new(),
                retry_after: None,
            }),
        }
    }
}

impl Fetch for Fake {
    fn fall_through(&self, index: usize) -> Option<Fallback> {
        self.entries.get(index).map(|(_, then)| *then)
    }

    fn read<'a>(
        &'a self,
        relay: &'a Relay,
        path: &'a str,
        _: u64,
        hops: &'a Hops,
    ) -> BoxFuture<'a, Result<Bytes, FetchError>> {
        Box::pin(async move {
            let _asking = self.begin(hops);
            // Lets those who ask at the same time meet.
            tokio::task::yield_now().await;
            let (place, path) = match relay {
                Relay::Entry(index) => {
                    let path = path.strip_prefix("sumdb/").unwrap();
                    (format!("entry {index}"), path.split_once('/').unwrap().1)
                }
                Relay::Url(base) => (base.clone(), path),
            };
            let says = match (relay, path) {
                (Relay::Entry(index), "supported") => self.entries[*index].0.clone(),
                _ => (self.answer.lock().unwrap())(path),
            };
            self.say(&place, path, &says)
        })
    }
}

/// A request that is being answered.
struct Asking<'a>(&'a AtomicUsize);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the database of a log says that has grown to `size` records.
pub(super) fn log_says(log: &HashTree, size: u64, path: &str) -> Says {
    let file = match SumdbRequest::parse(path).unwrap() {
        SumdbRequest::Supported => Some(Vec::new()),
        SumdbRequest::Latest => Some(head_note(log, size)),
        SumdbRequest::Lookup(module) => {
            let id = module.version.as_str().strip_prefix("v0.0.").unwrap();
            let id = id.parse().unwrap();
            (id < size).then(|| answer(log, id, size))
        }
        SumdbRequest::Tile(tile) => Tile::widest(tile.height, tile.level, tile.index, size)
            .filter(|widest| widest.width >= tile.width)
            .and_then(|_| log.tile(&tile)),
    };
    file.map_or(Says::NotFound, Says::File)
}
