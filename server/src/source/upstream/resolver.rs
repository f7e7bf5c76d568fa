//! Resolving names: few at a time, and within reach.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::http_proxy::Rules;
use super::reach::Reach;
use crate::flight::{UnderWay, Work};

/// What the refusal of a name says that leads out of reach.
pub(super) const REFUSED_INSIDE: &str = "internal address";

/// Names looked up at once. A look-up holds a thread of the pool that reads of files
/// need too, for as long as the system's resolver takes to give up: where DNS is dead
/// that is many seconds.
const LOOKUPS_MAX: usize = 16;

/// The look-ups under way: at most [`LOOKUPS_MAX`], and one for each name, however
/// many wait for it. Nothing is remembered; that is the system's to do.
pub(super) struct Lookups {
    slots: Arc<Semaphore>,
    running: Arc<UnderWay<String, Lookup>>,
    /// Blocks.
    system: Arc<System>,
}

type System = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;
type Found = Result<Arc<[SocketAddr]>, Failure>;
type Lookup = Shared<BoxFuture<'static, Found>>;

/// An error that all who wait for a look-up have.
#[derive(Debug, Clone)]
struct Failure {
    kind: io::ErrorKind,
    reason: String,
}

impl std::fmt::Debug for Lookups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lookups")
    }
}

impl Default for Lookups {
    fn default() -> Self {
        Self::new(|name| Ok((name, 0).to_socket_addrs()?.collect()))
    }
}

impl Lookups {
    fn new(system: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            running: Arc::default(),
            system: Arc::new(system),
        }
    }

    /// Returns the addresses of a name, each with port 0.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn find(&self, name: &str) -> io::Result<Arc<[SocketAddr]>> {
        let name = name.to_owned();
        let begin = |_| {
            let lookup = self.begin(name.clone());
            Ok::<_, Infallible>((lookup.clone(), lookup))
        };
        let Ok(joined) = self.running.join(&name, begin);
        let found = joined.seat.await;
        found.map_err(|Failure { kind, reason }| io::Error::new(kind, reason))
    }

    /// Begins a look-up, which goes on when those who wait for it leave: its thread
    /// cannot be called back, so its slot is taken until it ends.
    fn begin(&self, name: String) -> Lookup {
        let (slots, system) = (Arc::clone(&self.slots), Arc::clone(&self.system));
        let asked = name.clone();
        let find = async move {
            let _slot = slots.acquire_owned().await.map_err(io::Error::other)?;
            tokio::task::spawn_blocking(move || system(&asked))
                .await
                .map_err(io::Error::other)?
        };
        let lookup = find.map(|found: io::Result<Vec<_>>| {
            found.map(Arc::from).map_err(|error| Failure {
                kind: error.kind(),
                reason: error.to_string(),
            })
        });
        let lookup = lookup.boxed().shared();
        let (ended, running) = (lookup.clone(), Arc::clone(&self.running));
        tokio::spawn(async move {
            let _ = ended.await;
            running.remove_if(&name, Work::is_over);
        });
        lookup
    }
}

impl Work for Lookup {
    type Seat = Self;

    fn join(&self) -> Option<Self> {
        (!self.is_over()).then(|| self.clone())
    }

    fn is_over(&self) -> bool {
        self.peek().is_some()
    }
}

/// Resolves names as the system does and refuses those that lead out of reach, at the
/// moment of connecting: a name that changes its address in between gains nothing.
#[derive(Debug, Clone)]
pub(super) struct Within {
    pub(super) reach: Reach,
    pub(super) lookups: Arc<Lookups>,
    pub(super) rules: Arc<Rules>,
}

impl Resolve for Within {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        // The HTTP proxy of the configuration may well live inside.
        let reach = match self.rules.names(&name) {
            true => Reach::Anywhere,
            false => self.reach,
        };
        let lookups = Arc::clone(&self.lookups);
        Box::pin(async move {
            if !reach.includes_name(&name) {
                return Err(outside(&name));
            }
            let found = lookups.find(&name).await?;
            let found = found.to_vec();
            if !found.iter().all(|found| reach.includes(found.ip())) {
                return Err(outside(&name));
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

fn outside(name: &str) -> Box<dyn std::error::Error + Send + Sync> {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{name} has an {REFUSED_INSIDE}"),
    )
    .into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, Mutex};

    use futures_util::future::join_all;

    use super::*;

    /// A resolver that answers nobody before it is let go.
    #[derive(Default)]
    struct Dead {
        asked: AtomicUsize,
        gone: Mutex<bool>,
        let_go: Condvar,
    }

    impl Dead {
        fn answer(&self) -> io::Result<Vec<SocketAddr>> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let mut gone = self.gone.lock().expect("not poisoned");
            while !*gone {
                gone = self.let_go.wait(gone).expect("not poisoned");
            }
            Ok(vec![([192, 0, 2, 1], 0).into()])
        }

        fn let_go(&self) {
            *self.gone.lock().expect("not poisoned") = true;
            self.let_go.notify_all();
        }

        fn lookups(self: &Arc<Self>) -> Lookups {
            let dead = Arc::clone(self);
            Lookups::new(move |_| dead.answer())
        }
    }

    #[tokio::test]
    async fn a_dead_resolver_holds_few_threads() {
        let dead = Arc::new(Dead::default());
        let lookups = dead.lookups();
        let names: Vec<_> = (0..100).map(|n| format!("n{n}.example")).collect();
        let all = join_all(names.iter().map(|name| lookups.find(name)));
        let mut all = std::pin::pin!(all);
        while dead.asked.load(Ordering::SeqCst) < LOOKUPS_MAX {
            assert!((&mut all).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        // Reads of files still have threads.
        tokio::task::spawn_blocking(|| ()).await.expect("a thread");
        assert_eq!(dead.asked.load(Ordering::SeqCst), LOOKUPS_MAX);
        dead.let_go();
        assert!(all.await.iter().all(Result::is_ok));
        // The last one may not have left the table yet.
        while lookups.running.len() > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn one_name_is_looked_up_once_for_all_who_wait() {
        let dead = Arc::new(Dead::default());
        let lookups = dead.lookups();
        let all = join_all((0..50).map(|_| lookups.find("a.example")));
        let mut all = std::pin::pin!(all);
        assert!((&mut all).now_or_never().is_none());
        dead.let_go();
        assert_eq!(all.await.len(), 50);
        assert_eq!(dead.asked.load(Ordering::SeqCst), 1);
        lookups.find("a.example").await.expect("an address");
        assert_eq!(dead.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn names_that_lead_out_of_reach_are_refused() {
        let lookups = Arc::new(Lookups::new(|name| {
            let address = match name {
                "public.example" => "203.0.114.1:0",
                "metadata.example" => "169.254.169.254:0",
                _ => "10.0.0.1:0",
            };
            Ok(vec![address.parse().expect("an address")])
        }));
        let rules = crate::config::HttpProxy {
            http: Some("http://proxy.example:3128".to_owned()),
            ..Default::default()
        };
        let rules = Arc::new(Rules::new(&rules).expect("a proxy"));
        for (reach, name, want) in [
            (Reach::Anywhere, "metadata.example", true),
            (Reach::Network, "metadata.example", false),
            (Reach::Network, "inside.example", true),
            (Reach::Public, "inside.example", false),
            (Reach::Public, "localhost", false),
            (Reach::Public, "public.example", true),
            // The HTTP proxy of the configuration may live inside.
            (Reach::Public, "proxy.example", true),
        ] {
            let within = Within {
                reach,
                lookups: Arc::clone(&lookups),
                rules: Arc::clone(&rules),
            };
            let found = within.resolve(name.parse().expect("a name")).await;
            assert_eq!(found.is_ok(), want, "{name}");
        }
    }
}
