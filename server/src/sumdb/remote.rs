//! Where a database is asked, and what its answers can be.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use proto::goproxy::list::{Fallback, Proxy};
use proto::sumdb::cut_records;
use proto::tlog::{Level, Tile};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::LookupError;
use super::fetch::{Fetch, Hops};
use crate::config;
use crate::flight::{Flights, Landed};
use crate::source::Relay;
use crate::source::upstream::FetchError;

/// A database as it is reached through the upstreams.
///
/// A database with an address of its own in the settings is asked there and nowhere
/// else, so that its modules' names are told to nobody. Any other is asked as the
/// go command does: at the first entry of the upstream list that relays it, else at
/// `https://<name>`; but where the list says `off`, nobody is asked instead.
#[derive(Debug)]
pub(super) struct Remote {
    name: String,
    /// The address in the settings.
    url: Option<String>,
    /// Whether the upstream list says `off` in the end.
    off: bool,
    fetch: Arc<dyn Fetch>,
    /// Where the database was found last, and when. Held for a look at a time.
    found: Mutex<Option<(Relay, Instant)>>,
    searches: Flights<(), Result<Relay, LookupError>>,
    tiles: Flights<Tile, Result<Bytes, LookupError>>,
    /// Requests at once.
    places: Semaphore,
}

/// A tile that has come and is not yet on disk.
pub(super) type FetchedTile = Landed<Result<Bytes, LookupError>>;

/// How long a place is taken for the right one without asking again.
const FOUND_FRESH: Duration = Duration::from_secs(600);
/// Requests to one database at once.
const REQUESTS_MAX: usize = 32;

impl Remote {
    pub(super) fn new(
        settings: &config::Database,
        upstream: &config::Upstream,
        fetch: Arc<dyn Fetch>,
    ) -> Self {
        let url = settings.url.as_deref();
        let mut entries = upstream.list.entries().iter();
        Self {
            name: settings.key.name().to_owned(),
            url: url.map(|url| url.trim_end_matches('/').to_owned()),
            off: entries.any(|entry| matches!(entry.proxy, Proxy::Off)),
            fetch,
            found: Mutex::new(None),
            searches: Flights::default(),
            tiles: Flights::default(),
            places: Semaphore::new(REQUESTS_MAX),
        }
    }

    /// Whether there is anybody to ask.
    pub(super) fn is_reachable(&self) -> bool {
        self.url.is_some() || !self.off || self.fetch.fall_through(0).is_some()
    }

    /// Reads a file of the database: `latest`, `lookup/…` or `tile/…`.
    ///
    /// # Errors
    /// [`LookupError::NotFound`] and [`LookupError::Unreachable`].
    pub(super) async fn read(
        self: &Arc<Self>,
        path: &str,
        bytes_max: u64,
        hops: &Hops,
    ) -> Result<Bytes, LookupError> {
        let relay = self.relay(hops).await?;
        let answer = self.read_at(&relay, path, bytes_max, hops).await;
        answer.map_err(|error| {
            // Whatever relays databases may stop to: look again next time.
            if !matches!(error, FetchError::NotFound { .. }) {
                self.forget();
            }
            into_lookup_error(error)
        })
    }

    /// Reads a tile, once for all who want it: as it is asked for, else the full one
    /// cut to it, as the go command does. Logs may give up partial tiles once the full
    /// one is there. Nobody has checked the bytes. They are there for others as well
    /// until what comes with them is dropped, which is when they are on disk.
    ///
    /// # Errors
    /// [`LookupError::NotFound`] in upstream's words about the tile that was asked for,
    /// and [`LookupError::Unreachable`].
    pub(super) async fn tile(
        self: &Arc<Self>,
        tile: &Tile,
        hops: &Hops,
    ) -> Result<(Bytes, FetchedTile), LookupError> {
        let (this, wanted, way) = (Arc::clone(self), *tile, hops.clone());
        let work = async move { this.read_tile(&wanted, &way).await };
        let (answer, landed) = self.tiles.join_and_stay(*tile, work).await;
        answer.map(|bytes| (bytes, landed))
    }

    /// Asks anew for a tile the next time: what came does not hold.
    pub(super) fn forget_tile(&self, tile: &Tile) {
        self.tiles.forget(tile);
    }

    async fn read_tile(self: &Arc<Self>, tile: &Tile, hops: &Hops) -> Result<Bytes, LookupError> {
        let missing = match self.read(&tile.path(), tile_bytes_max(tile), hops).await {
            Err(error @ LookupError::NotFound { .. }) if !tile.is_full() => error,
            answer => return answer,
        };
        let full = tile.to_full();
        let bytes = match self.read(&full.path(), tile_bytes_max(&full), hops).await {
            Err(LookupError::NotFound { .. }) => return Err(missing),
            answer => answer?,
        };
        let cut = match tile.level {
            Level::Hashes(_) => tile.cut(&full, &bytes).ok().map(Bytes::copy_from_slice),
            Level::Data => cut_records(tile, &full, &bytes).ok().map(Bytes::from),
        };
        // One that is not a full tile goes to the proof as it is, and fails there.
        Ok(cut.unwrap_or(bytes))
    }

    async fn read_at(
        &self,
        relay: &Relay,
        path: &str,
        bytes_max: u64,
        hops: &Hops,
    ) -> Result<Bytes, FetchError> {
        // It is never closed.
        let _place = self.places.acquire().await;
        match relay {
            Relay::Entry(_) => {
                let path = format!("sumdb/{}/{path}", self.name);
                self.fetch.read(relay, &path, bytes_max, hops).await
            }
            Relay::Url(_) => self.fetch.read(relay, path, bytes_max, hops).await,
        }
    }

    async fn relay(self: &Arc<Self>, hops: &Hops) -> Result<Relay, LookupError> {
        if let Some(url) = &self.url {
            return Ok(Relay::Url(url.clone()));
        }
        if let Some(relay) = self.remembered() {
            return Ok(relay);
        }
        let (this, way) = (Arc::clone(self), hops.clone());
        self.searches
            .join((), async move { this.search(&way).await })
            .await
    }

    /// Asks the upstream list, entry by entry, who relays the database.
    ///
    /// Source: cmd/go/internal/modfetch/sumdb.go, initBase
    async fn search(&self, hops: &Hops) -> Result<Relay, LookupError> {
        let path = format!("sumdb/{}/supported", self.name);
        let mut failed = None;
        let mut index = 0;
        while let Some(then) = self.fetch.fall_through(index) {
            let relay = Relay::Entry(index);
            let supported = self.fetch.read(&relay, &path, SUPPORTED_BYTES_MAX, hops);
            match supported.await {
                Ok(_) => return Ok(self.remember(relay)),
                Err(FetchError::NotFound { .. }) => {}
                Err(error) => {
                    let error = into_lookup_error(error);
                    match then {
                        Fallback::NotFound => return Err(error),
                        Fallback::AnyError => failed = Some(error),
                    }
                }
            }
            index += 1;
        }
        match failed {
            Some(error) => Err(error),
            None if self.off => Err(LookupError::Unreachable {
                reason: "upstream.list is off, and the database has no url of its own".to_owned(),
                retry_after: None,
            }),
            None => Ok(self.remember(Relay::Url(format!("https://{}", self.name)))),
        }
    }

    fn remembered(&self) -> Option<Relay> {
        match &*self.found() {
            Some((relay, when)) if when.elapsed() < FOUND_FRESH => Some(relay.clone()),
            _ => None,
        }
    }

    fn remember(&self, relay: Relay) -> Relay {
        *self.found() = Some((relay.clone(), Instant::now()));
        relay
    }

    fn forget(&self) {
        *self.found() = None;
    }

    fn found(&self) -> std::sync::MutexGuard<'_, Option<(Relay, Instant)>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The most bytes that are read for a tile. One more than it should have, so that a
/// longer one is seen to be wrong instead of failing to arrive.
fn tile_bytes_max(tile: &Tile) -> u64 {
    match tile.level {
        Level::Hashes(_) => tile.hashes_len() as u64 + 1,
        Level::Data => DATA_BYTES_MAX,
    }
}

/// The longest answer: a tile of records, of which a full one has some 60 KB.
pub(super) const DATA_BYTES_MAX: u64 = 4 << 20;
/// The body of `supported` says nothing.
const SUPPORTED_BYTES_MAX: u64 = 64 << 10;

/// Only "not here" may become "not found"; all else is a database out of reach.
fn into_lookup_error(error: FetchError) -> LookupError {
    match error {
        FetchError::NotFound { status, text, .. } => LookupError::NotFound { status, text },
        FetchError::Unavailable {
            ref text,
            retry_after,
            ..
        } => LookupError::Unreachable {
            reason: with_text(&error, text),
            retry_after,
        },
        FetchError::Refused { ref text, .. } => LookupError::Unreachable {
            reason: with_text(&error, text),
            retry_after: None,
        },
        error => LookupError::Unreachable {
            reason: error.to_string(),
            retry_after: None,
        },
    }
}

fn with_text(error: &FetchError, text: &[u8]) -> String {
    match String::from_utf8_lossy(text).lines().next() {
        Some(line) if !line.trim().is_empty() => format!("{error}: {}", line.trim()),
        _ => error.to_string(),
    }
}
