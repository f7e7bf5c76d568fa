//! What one client address has of something, bounded.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::timeout;

use super::peer::ClientAddress;

/// Counts by client address. An address is kept only while it has something.
#[derive(Debug)]
pub(crate) struct PerAddress {
    max: usize,
    /// Held for a look-up at a time, never across an await.
    counts: Mutex<HashMap<IpAddr, Count>>,
    /// A place was given back.
    freed: Notify,
}

#[derive(Debug)]
struct Count {
    places: usize,
    /// When it was last told that there were too many.
    told: Option<Instant>,
}

/// One of the places of an address, given back when dropped.
#[derive(Debug)]
#[must_use = "it counts only while it is kept"]
pub(crate) struct Place(Option<(Arc<PerAddress>, IpAddr)>);

/// An address has all the places it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one client address has all {max} places that one may have")]
pub(crate) struct Full {
    /// The places that one address may have.
    pub(crate) max: usize,
    /// Whether it is worth telling: the last time was a minute ago, or never.
    pub(crate) is_news: bool,
}

impl PerAddress {
    /// Allows each address `max` places.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            counts: Mutex::default(),
            freed: Notify::new(),
        })
    }

    /// Takes a place for as long as the result is kept. Clients at unix sockets are
    /// not counted: who may open those is said by the file's rights.
    ///
    /// # Errors
    /// The address has all the places that one may have.
    pub(crate) fn enter(self: &Arc<Self>, address: ClientAddress) -> Result<Place, Full> {
        let ClientAddress::Ip(address) = address else {
            return Ok(Place(None));
        };
        let key = group(address);
        let mut counts = self.lock();
        let count = counts.entry(key).or_insert(Count {
            places: 0,
            told: None,
        });
        if count.places >= self.max {
            let is_news = count.told.is_none_or(|told| told.elapsed() >= TELL_AGAIN);
            if is_news {
                count.told = Some(Instant::now());
            }
            if count.places == 0 {
                counts.remove(&key);
            }
            return Err(Full {
                max: self.max,
                is_news,
            });
        }
        count.places += 1;
        Ok(Place(Some((Arc::clone(self), key))))
    }

    /// Takes a place as [`enter`](Self::enter) does, and waits up to `within` for an
    /// address that has all it may have to give one back.
    ///
    /// # Errors
    /// It has not.
    pub(crate) async fn enter_within(
        self: &Arc<Self>,
        address: ClientAddress,
        within: Duration,
    ) -> Result<Place, Full> {
        let entered = async {
            loop {
                // Before the look, so that nothing that is given back is missed.
                let freed = self.freed.notified();
                if let Ok(place) = self.enter(address) {
                    return place;
                }
                freed.await;
            }
        };
        match timeout(within, entered).await {
            Ok(place) => Ok(place),
            Err(_) => self.enter(address),
        }
    }

    /// Returns how many addresses have something.
    #[cfg(test)]
    pub(crate) fn addresses(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Count>> {
        // Nothing in here can leave the counts half changed.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((all, key)) = self.0.take() else {
            return;
        };
        let mut counts = all.lock();
        if let Entry::Occupied(mut entry) = counts.entry(key) {
            entry.get_mut().places -= 1;
            if entry.get().places == 0 {
                entry.remove();
            }
        }
        drop(counts);
        all.freed.notify_waiters();
    }
}

/// How often it is told that one address has too many.
const TELL_AGAIN: Duration = Duration::from_secs(60);

/// A single host has a whole /64 of IPv6 addresses to itself.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> ClientAddress {
        ClientAddress::Ip(text.parse().unwrap())
    }

    #[test]
    fn an_address_has_its_places_and_others_have_theirs() {
        let counts = PerAddress::new(2);
        let first = counts.enter(ip("192.0.2.1")).unwrap();
        let _second = counts.enter(ip("::ffff:192.0.2.1")).unwrap();
        assert!(counts.enter(ip("192.0.2.1")).unwrap_err().is_news);
        assert!(!counts.enter(ip("192.0.2.1")).unwrap_err().is_news);
        let _other = counts.enter(ip("192.0.2.2")).unwrap();
        drop(first);
        let _again = counts.enter(ip("192.0.2.1")).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_that_is_given_back_is_waited_for() {
        let counts = PerAddress::new(1);
        let first = counts.enter(ip("192.0.2.1")).unwrap();
        let within = Duration::from_millis(250);
        let began = tokio::time::Instant::now();
        let second = counts.enter_within(ip("192.0.2.1"), within);
        second.await.unwrap_err();
        assert_eq!(began.elapsed(), within);
        let second = tokio::spawn({
            let counts = Arc::clone(&counts);
            async move { counts.enter_within(ip("192.0.2.1"), within).await }
        });
        tokio::time::sleep(within / 2).await;
        drop(first);
        let _second = second.await.unwrap().unwrap();
        assert_eq!(began.elapsed(), within + within / 2);
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let counts = PerAddress::new(1);
        let _place = counts.enter(ip("2001:db8::1")).unwrap();
        counts.enter(ip("2001:db8::ffff:1")).unwrap_err();
        let _other = counts.enter(ip("2001:db8:0:1::1")).unwrap();
    }

    #[test]
    fn unix_sockets_are_not_counted() {
        let counts = PerAddress::new(0);
        let _place = counts.enter(ClientAddress::Unix).unwrap();
    }

    #[test]
    fn addresses_that_have_nothing_are_forgotten() {
        let counts = PerAddress::new(3);
        for n in 0..1000_u32 {
            let address = IpAddr::from(n.to_be_bytes());
            let places = [(); 3].map(|()| counts.enter(ClientAddress::Ip(address)).unwrap());
            counts.enter(ClientAddress::Ip(address)).unwrap_err();
            drop(places);
        }
        assert!(counts.lock().is_empty());
        let none = PerAddress::new(0);
        none.enter(ip("192.0.2.1")).unwrap_err();
        assert!(none.lock().is_empty());
    }
}
