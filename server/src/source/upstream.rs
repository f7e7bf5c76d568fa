//! Where files come from: the GOPROXY list, entry by entry.
//!
//! A fetch walks the list as the go command does (`walk`), skips hosts that are
//! left alone (`breaker`), tries each a few times (`attempt`, `backoff`), and
//! returns the bytes as they come (`body`), verbatim. What the bytes are worth is
//! the caller's to say.
//!
//! Absent here: any cache, any notion of modules or checksums, any task of its own
//! (connections are kept by reqwest and end with [`Upstreams`]), any reading
//! of the environment.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use proto::goproxy::list::{Fallback, Proxy, ProxyList};

mod address;
mod attempt;
mod backoff;
mod body;
mod breaker;
mod check;
mod client;
mod coding;
mod error;
mod fetched;
mod host;
mod http_proxy;
pub(crate) mod instance;
mod netrc;
mod no_proxy;
pub(crate) mod post;
mod reach;
mod redirect;
pub(crate) mod reporting;
mod resolver;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod tree;
mod trust;
pub(crate) mod via;
pub(super) mod walk;
mod window;

pub(crate) use body::Body;
pub(super) use body::Broken;
pub(super) use error::error_of_transfer;
pub(crate) use error::{Error, FetchError, TransferError, is_timeout_in_disguise};
pub(super) use fetched::is_html;
pub(crate) use fetched::{Fetched, Want};
pub(crate) use host::Health;

use crate::config::{self, file};
use crate::metrics::Metrics;
use crate::source::Class;
use attempt::Patience;
use backoff::Backoff;
use client::Client;
use host::Host;
use netrc::Netrc;
use target::{Place, Target};

/// The configured upstreams, and the client that reaches them.
#[derive(Debug)]
pub(crate) struct Upstreams {
    /// The main list.
    entries: List,
    /// The lists of private modules, as they are configured.
    private: Vec<Option<List>>,
    client: Client,
    netrc: Netrc,
    patience: Patience,
    breaker: breaker::Limits,
    /// This server's name among sumwards.
    instance: Arc<str>,
    metrics: Arc<Metrics>,
    /// Instance names of the upstreams that are sumwards, as far as they were asked.
    /// Held for a look-up at a time.
    peers: Mutex<HashSet<String>>,
    /// When they were asked last. Held while they are asked, by one for all.
    peers_asked: tokio::sync::Mutex<Option<tokio::time::Instant>>,
    /// Hosts by origin, those of entries and those of databases. Held for a look-up
    /// at a time, never across an await.
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

/// An entry of a list.
#[derive(Debug)]
pub(super) struct Entry {
    target: Target,
    host: Arc<Host>,
    pub(super) then: Fallback,
}

/// The entries of a GOPROXY list that can be asked, in order.
pub(super) type List = Arc<[Entry]>;

/// Hosts remembered in all. Beyond, breakers are made anew for each request; only a
/// configuration with as many databases gets there.
const HOSTS_MAX: usize = 1024;

impl Upstreams {
    /// Sets up the client and the entries of a list. `instance` is this server's name:
    /// letters, digits and hyphens.
    ///
    /// Blocks on reading the files of certificates and credentials.
    ///
    /// # Errors
    /// An entry, a file or a proxy of the settings cannot be used.
    pub(crate) fn new(
        settings: &config::Upstream,
        instance: &str,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Error> {
        if let Some((_, error)) = check::problems(settings).into_iter().next() {
            return Err(error);
        }
        let mut upstreams = Self {
            entries: List::default(),
            private: Vec::new(),
            client: Client::new(settings)?,
            netrc: read_netrc(settings)?,
            patience: Patience {
                attempts: settings.attempts,
                backoff: Backoff {
                    min: settings.backoff_min,
                    max: settings.backoff_max,
                },
                stall: settings.read_timeout,
            },
            breaker: breaker::Limits {
                failures_max: settings.breaker.failures_max,
                failures_percent: settings.breaker.failures_percent,
                transfers_min: settings.breaker.transfers_min,
                window: settings.breaker.window,
                open_min: settings.breaker.open_min,
                open_max: settings.breaker.open_max,
            },
            instance: instance.into(),
            metrics,
            peers: Mutex::new(HashSet::new()),
            peers_asked: tokio::sync::Mutex::new(None),
            hosts: Mutex::new(HashMap::new()),
        };
        upstreams.entries = upstreams.list(&settings.list)?;
        for private in &settings.private {
            let list = private.list.as_ref();
            let list = list.map(|list| upstreams.list(list)).transpose()?;
            upstreams.private.push(list);
        }
        Ok(upstreams)
    }

    fn list(&self, list: &ProxyList) -> Result<List, Error> {
        let mut entries = Vec::new();
        for entry in list.entries() {
            // Nothing follows `off`, nor `direct`: repositories are for clients to ask.
            let Proxy::Url(base) = &entry.proxy else {
                break;
            };
            entries.push(self.entry(base, entry.separator)?);
        }
        Ok(entries.into())
    }

    /// Returns a base URL as an entry of a list.
    fn entry(&self, base: &str, then: Fallback) -> Result<Entry, Error> {
        let target = Target::parse(base, &self.netrc)?;
        let host = self.host(&target);
        Ok(Entry { target, host, then })
    }

    /// Returns the base URL of a database as an entry.
    ///
    /// # Errors
    /// `BadAnswer` when the URL cannot be asked.
    pub(super) fn database(&self, base: &str) -> Result<Entry, FetchError> {
        let entry = self.entry(base, Fallback::NotFound);
        entry.map_err(|error| FetchError::BadAnswer {
            upstream: "database".into(),
            reason: error.to_string(),
        })
    }

    /// Returns the main list.
    pub(super) fn main(&self) -> &List {
        &self.entries
    }

    /// Returns the lists of private modules, in the order of the settings.
    pub(super) fn private(&self) -> &[Option<List>] {
        &self.private
    }

    /// Returns the entries of all lists, each base URL once.
    fn all(&self) -> Vec<&Entry> {
        let private = self.private.iter().flatten().flat_map(|list| list.iter());
        let mut all: Vec<&Entry> = Vec::new();
        for entry in self.entries.iter().chain(private) {
            let label = &entry.target.label;
            if !all.iter().any(|known| known.target.label == *label) {
                all.push(entry);
            }
        }
        all
    }

    /// Returns the names under which the hosts of a list are counted, for
    /// [`Metrics::new`]. Entries that [`Self::new`] will refuse have none.
    pub(crate) fn host_names(settings: &config::Upstream) -> Vec<String> {
        let private = settings.private.iter().filter_map(|p| p.list.as_ref());
        std::iter::once(&settings.list)
            .chain(private)
            .flat_map(ProxyList::entries)
            .filter_map(|entry| match &entry.proxy {
                Proxy::Url(base) => Target::parse(base, &Netrc::default()).ok(),
                Proxy::Direct | Proxy::Off => None,
            })
            .map(|target| target.host_name())
            .collect()
    }

    /// Returns what comes after an entry's failure.
    pub(crate) fn fall_through(&self, index: usize) -> Option<Fallback> {
        self.entries.get(index).map(|entry| entry.then)
    }

    /// Returns how each entry is doing: those of the main list in order, then those
    /// of private modules.
    pub(crate) fn health(&self) -> Vec<Health> {
        self.all()
            .into_iter()
            .map(|entry| entry.host.health(Arc::clone(&entry.target.label)))
            .collect()
    }

    /// Returns what is wanted by this server itself, for no client.
    pub(crate) fn want(&self, body_max: u64) -> Want {
        // Checked where instance names are made; a name that fits no header is
        // sent as none, and rings are then found by the others.
        let via = HeaderValue::from_str(&self.instance);
        Want {
            body_max,
            via: via.unwrap_or_else(|_| HeaderValue::from_static("")),
            class: Class::Text,
        }
    }

    /// Asks one entry for a file, or again for one whose transfer broke off.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub(super) async fn ask_again(
        &self,
        Entry { target, host, .. }: &Entry,
        path: &str,
        want: &Want,
        broken: &Broken,
    ) -> Result<Fetched, FetchError> {
        match &target.place {
            Place::Http(site) => {
                attempt::fetch(
                    &self.client,
                    &self.patience,
                    (target, site, host),
                    path,
                    want,
                    broken.take(),
                )
                .await
            }
            Place::Tree(root) => tree::open(&target.label, (root, host), path, want).await,
        }
    }

    fn host(&self, target: &Target) -> Arc<Host> {
        let origin = target.origin();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(&origin) {
            return Arc::clone(host);
        }
        let metrics = Arc::clone(&self.metrics);
        let host = Arc::new(Host::new(&target.host_name(), self.breaker, metrics));
        if hosts.len() < HOSTS_MAX {
            hosts.insert(origin, Arc::clone(&host));
        }
        host
    }
}

impl Entry {
    /// Returns the base URL without userinfo.
    pub(super) fn label(&self) -> Arc<str> {
        Arc::clone(&self.target.label)
    }
}

/// Returns what is wrong with settings: keys such as `upstream.list`, each with what is
/// wrong with its value. Reads the files of certificates and credentials.
pub(crate) fn check(settings: &config::Upstream) -> Vec<(String, String)> {
    let problems = check::problems(settings).into_iter();
    problems
        .map(|(key, error)| (key.to_owned(), error.to_string()))
        .collect()
}

fn read_netrc(settings: &config::Upstream) -> Result<Netrc, Error> {
    // Most people have none.
    let is_there = |path: &&PathBuf| !matches!(path.try_exists(), Ok(false));
    let Some(path) = settings.netrc.as_ref().filter(is_there) else {
        return Ok(Netrc::default());
    };
    let fail = |reason| Error::Netrc {
        path: path.clone(),
        reason,
    };
    let bytes = file::read(path).map_err(fail)?;
    let text = file::text(&bytes).map_err(|line| fail(format!("line {line} is not UTF-8")))?;
    Ok(Netrc::parse(text))
}
