//! Where files come from, before anything of them is proved.
//!
//! [`Sources`] decides by a module's path which list may be told its name, and hands
//! out an [`Asking`]: one file being asked for, down that list. Everything that asks
//! upstream asks through it, so there is one place that limits transfers
//! ([`rooms`]), one that asks again, and one that goes on to the next entry.

use std::sync::Arc;

use proto::goproxy::list::Fallback;

mod asking;
mod rooms;
#[cfg(test)]
mod tests;
pub(crate) mod upstream;

pub(crate) use asking::Asking;
#[cfg(test)]
pub(crate) use asking::{Facts, Origin};
pub(crate) use rooms::Class;
pub(crate) use upstream::check;

use crate::config::{self, Config};
use crate::metrics::Metrics;
use rooms::Rooms;
use upstream::{Entry, Error, FetchError, Health, List, Upstreams, Want};

/// Everything that files can be asked of.
#[derive(Debug)]
pub(crate) struct Sources {
    upstreams: Arc<Upstreams>,
    /// The databases that have addresses of their own.
    databases: Vec<Entry>,
    /// Tells private modules, and which entry they come under.
    settings: config::Upstream,
    rooms: Rooms,
}

/// A way to come by the files of a module. Module proxies are the only one now;
/// version control and bundles have their place here.
#[derive(Debug, Clone)]
enum Source {
    /// A list of module proxies, asked in order.
    Proxies(List),
}

/// Where a checksum database is asked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Relay {
    /// An entry of the main list, by its place, which relays it.
    Entry(usize),
    /// An address of the database's own.
    Url(String),
}

impl Sources {
    /// Sets up whatever the settings name. `instance` is this server's name: letters,
    /// digits and hyphens. Blocks on reading the files of certificates and credentials.
    ///
    /// # Errors
    /// An entry, a file or a proxy of the settings cannot be used.
    pub(crate) fn new(
        config: &Config,
        instance: &str,
        metrics: Arc<Metrics>,
    ) -> Result<Self, Error> {
        let upstreams = Upstreams::new(&config.upstream, instance, metrics)?;
        let urls = config.databases.iter().filter_map(|it| it.url.as_deref());
        Ok(Self {
            databases: urls
                .filter_map(|url| upstreams.database(url).ok())
                .collect(),
            upstreams: Arc::new(upstreams),
            settings: config.upstream.clone(),
            rooms: Rooms::new(&config.limits),
        })
    }

    /// Returns how many transfers there is room for: zips, texts, databases.
    #[cfg(test)]
    pub(crate) fn rooms_free(&self) -> [usize; 3] {
        self.rooms.free()
    }

    /// Begins asking for a file of a module. `path` is escaped as module paths are
    /// (`!azure`) and has no leading slash. Nothing is sent before
    /// [`Asking::next`].
    ///
    /// # Errors
    /// [`FetchError::Private`] when the module is private and no list is named for it,
    /// [`FetchError::Off`] when there is nobody to ask.
    pub(crate) fn ask(
        self: &Arc<Self>,
        module: &str,
        path: &str,
        want: Want,
    ) -> Result<Asking, FetchError> {
        let Some(Source::Proxies(list)) = self.source(module) else {
            let module = module.to_owned();
            return Err(FetchError::Private { module });
        };
        if list.is_empty() {
            return Err(FetchError::Off);
        }
        Ok(Asking::new(Arc::clone(self), list, path, want))
    }

    /// Begins asking for a file of a checksum database: `latest`, `lookup/…`,
    /// `tile/…`, after `sumdb/<name>/` where an entry of the list relays it.
    ///
    /// # Errors
    /// [`FetchError::Off`] when there is no such entry; `BadAnswer` for a URL that
    /// cannot be asked.
    pub(crate) fn ask_database(
        self: &Arc<Self>,
        relay: &Relay,
        path: &str,
        want: Want,
    ) -> Result<Asking, FetchError> {
        let (list, at): (List, usize) = match relay {
            Relay::Entry(at) => (Arc::clone(self.upstreams.main()), *at),
            Relay::Url(url) => (Arc::new([self.upstreams.database(url)?]), 0),
        };
        if at >= list.len() {
            return Err(FetchError::Off);
        }
        Ok(Asking::new(Arc::clone(self), list, path, want).only(at))
    }

    /// Says whether there is nobody who may be asked for a module.
    pub(crate) fn is_off_for(&self, module: &str) -> bool {
        match self.source(module) {
            Some(Source::Proxies(list)) => list.is_empty(),
            None => true,
        }
    }

    /// Returns what comes after the failure of an entry of the main list; `None` when
    /// there is no such entry.
    pub(crate) fn fall_through(&self, index: usize) -> Option<Fallback> {
        self.upstreams.fall_through(index)
    }

    /// Tells whether the upstream list, or a database's own address, leads back to a
    /// server that a request has passed.
    pub(crate) async fn leads_back(&self, via: &http::HeaderValue) -> bool {
        self.upstreams.leads_back(via, &self.databases).await
    }

    /// Returns how each upstream is doing.
    pub(crate) fn health(&self) -> Vec<Health> {
        self.upstreams.health()
    }

    /// Returns the upstreams themselves.
    pub(crate) fn upstreams(&self) -> &Arc<Upstreams> {
        &self.upstreams
    }

    /// Returns where a module comes from; `None` when it is private and nobody may be
    /// told its name.
    fn source(&self, module: &str) -> Option<Source> {
        let entries = self.settings.private.iter();
        let list = match self.settings.private_entry(module) {
            None => Some(self.upstreams.main()),
            Some(entry) => entries
                .zip(self.upstreams.private())
                .find(|(known, _)| std::ptr::eq(*known, entry))
                .and_then(|(_, list)| list.as_ref()),
        };
        list.map(|list| Source::Proxies(Arc::clone(list)))
    }
}
