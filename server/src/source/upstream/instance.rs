//! Whether an upstream is this very server.
//!
//! GOPROXY is often set to sumward itself in the environment it is started from.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use url::Url;

use super::target::{Place, Target};
use super::{Entry, Upstreams, address};

/// Where a sumward tells its instance name, as plain text.
pub(crate) const PATH: &str = "/.well-known/sumward-instance";

/// For all entries together.
const TIMEOUT: Duration = Duration::from_secs(2);

/// An instance name and a line end are far shorter.
const ANSWER_BYTES_MAX: usize = 256;

impl Upstreams {
    /// Returns the labels of the entries that lead back to this server: those at an
    /// address it listens on, and those inside that answer with its instance name.
    /// Hosts on public addresses are not asked. Takes at most two seconds; what
    /// could not be told by then is taken for another server.
    pub(crate) async fn find_self(&self, listen: &[SocketAddr]) -> Vec<Arc<str>> {
        let checks = self.all().into_iter().map(|entry| async move {
            let found = tokio::time::timeout(TIMEOUT, self.is_self(&entry.target, listen)).await;
            found
                .unwrap_or(false)
                .then(|| Arc::clone(&entry.target.label))
        });
        let found = futures_util::future::join_all(checks).await;
        found.into_iter().flatten().collect()
    }

    /// Returns the hosts of the lists that have no address now, of those that are asked
    /// without a proxy.
    pub(crate) async fn unresolved(&self) -> Vec<String> {
        let lookups = self.all().into_iter().map(|entry| async move {
            let Place::Http(site) = &entry.target.place else {
                return None;
            };
            let is_unresolved = !self.client.is_proxied(&site.base)
                && self.addresses(&entry.target).await.is_none();
            is_unresolved
                .then(|| site.base.host_str().map(str::to_owned))
                .flatten()
        });
        let mut hosts: Vec<_> = futures_util::future::join_all(lookups)
            .await
            .into_iter()
            .flatten()
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }

    async fn is_self(&self, target: &Target, listen: &[SocketAddr]) -> bool {
        let Some((base, port, addresses)) = self.addresses(target).await else {
            return false;
        };
        let mut listening = addresses.iter();
        listening.any(|address| listens(listen, *address, port))
            || (addresses.iter().all(|found| address::is_internal(*found))
                && self.instance_at(base).await.as_deref() == Some(&*self.instance))
    }

    /// Resolves the host of an entry that is asked without a proxy.
    async fn addresses<'a>(&self, target: &'a Target) -> Option<(&'a Url, u16, Vec<IpAddr>)> {
        let Place::Http(site) = &target.place else {
            return None;
        };
        if self.client.is_proxied(&site.base) {
            return None;
        }
        let (host, port) = (site.base.host()?, site.base.port_or_known_default()?);
        let host = host.to_string();
        let name = host.trim_matches(['[', ']']);
        let found = self.client.lookup(name).await.ok()?;
        let addresses = found.iter().map(|found| found.ip().to_canonical());
        let addresses = addresses.collect();
        Some((&site.base, port, addresses))
    }

    /// Asks a server for its instance name, and notes it: a request that has passed
    /// that server must not be sent there again.
    async fn instance_at(&self, base: &Url) -> Option<String> {
        let mut url = base.clone();
        url.set_path(PATH);
        let mut response = self.client.probe(url).await?;
        let mut answer = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            answer.extend_from_slice(&chunk);
            if answer.len() > ANSWER_BYTES_MAX {
                return None;
            }
        }
        let name = std::str::from_utf8(answer.trim_ascii()).ok()?;
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if response.status().as_u16() != 200 || !is_name {
            return None;
        }
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.len() < PEERS_MAX {
            peers.insert(name.to_owned());
        }
        Some(name.to_owned())
    }

    /// Tells whether an upstream, or one of `databases`, is a server that a request has
    /// passed, by the request's `Sumward-Via`. Those inside are asked for their names,
    /// now and then, when it is not known.
    pub(in crate::source) async fn leads_back(
        &self,
        via: &HeaderValue,
        databases: &[Entry],
    ) -> bool {
        if self.knows_peer_of(via) {
            return true;
        }
        let mut asked = self.peers_asked.lock().await;
        if asked.is_none_or(|when| when.elapsed() >= PEERS_FRESH) {
            let all = self.all().into_iter().chain(databases);
            let questions = all.map(|entry| async move {
                let (base, _, addresses) = self.addresses(&entry.target).await?;
                let inside = addresses.iter().all(|found| address::is_internal(*found));
                if inside {
                    self.instance_at(base).await;
                }
                Some(())
            });
            let all = futures_util::future::join_all(questions);
            let _ = tokio::time::timeout(PEERS_TIMEOUT, all).await;
            *asked = Some(tokio::time::Instant::now());
        }
        self.knows_peer_of(via)
    }

    fn knows_peer_of(&self, via: &HeaderValue) -> bool {
        let Ok(via) = via.to_str() else { return false };
        let peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        via.split(',').any(|name| peers.contains(name.trim()))
    }
}

/// How long the names of upstreams are taken for all there are.
const PEERS_FRESH: Duration = Duration::from_secs(10);

/// For the names of all upstreams together.
const PEERS_TIMEOUT: Duration = Duration::from_secs(1);

/// Instance names that are remembered: each restart of an upstream has a new one.
const PEERS_MAX: usize = 4096;

fn listens(listen: &[SocketAddr], address: IpAddr, port: u16) -> bool {
    listen.iter().any(|listen| {
        listen.port() == port
            && (listen.ip().to_canonical() == address
                || (listen.ip().is_unspecified() && is_of_this_machine(address)))
    })
}

/// Says whether an address is one of this machine's. The kernel picks an address of
/// ours as the source of what we send, and for our own addresses that very one.
/// Connecting a UDP socket sends nothing.
fn is_of_this_machine(address: IpAddr) -> bool {
    if address.is_loopback() || address.is_unspecified() {
        return true;
    }
    let any: SocketAddr = match address {
        IpAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let source = || {
        let socket = std::net::UdpSocket::bind(any)?;
        socket.connect((address, 9))?;
        socket.local_addr()
    };
    source().is_ok_and(|source| source.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_addresses_it_listens_on() {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts
                .iter()
                .map(|text| text.parse().expect("an address"))
                .collect()
        };
        for (listen, address, port, want) in [
            (&["127.0.0.1:8080"][..], "127.0.0.1", 8080, true),
            (&["127.0.0.1:8080"], "127.0.0.1", 8081, false),
            (&["127.0.0.1:8080"], "127.0.0.2", 8080, false),
            (&["0.0.0.0:8080"], "127.0.0.2", 8080, true),
            (&["[::]:8080"], "127.0.0.1", 8080, true),
            (&["0.0.0.0:8080"], "192.0.2.1", 8080, false),
            (&["10.0.0.1:1", "[::1]:2"], "::1", 2, true),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(
                listens(&addresses(listen), address, port),
                want,
                "{listen:?} {address}"
            );
        }
    }
}
