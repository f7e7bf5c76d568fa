//! Whether an upstream is this very server.
//!
//! GOPROXY is often set to sumward itself in the environment it is started from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::target::{Place, Target};
use super::{Upstreams, address};

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

    async fn is_self(&self, target: &Target, listen: &[SocketAddr]) -> bool {
        let Place::Http(site) = &target.place else {
            return false;
        };
        if self.client.is_proxied(&site.base) {
            return false;
        }
        let (Some(host), Some(port)) = (site.base.host(), site.base.port_or_known_default()) else {
            return false;
        };
        let host = host.to_string();
        let name = host.trim_matches(['[', ']']);
        let Ok(addresses) = self.client.lookup(name).await else {
            return false;
        };
        let addresses = addresses.iter().map(|found| found.ip().to_canonical());
        let addresses: Vec<_> = addresses.collect();
        if addresses
            .iter()
            .any(|address| listens(listen, *address, port))
        {
            return true;
        }
        addresses.iter().all(|found| address::is_internal(*found))
            && self.tells_our_name(&site.base).await
    }

    async fn tells_our_name(&self, base: &Url) -> bool {
        let mut url = base.clone();
        url.set_path(PATH);
        let Some(mut response) = self.client.probe(url).await else {
            return false;
        };
        let mut answer = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            answer.extend_from_slice(&chunk);
            if answer.len() > ANSWER_BYTES_MAX {
                return false;
            }
        }
        response.status().as_u16() == 200 && answer.trim_ascii() == self.instance.as_bytes()
    }
}

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
