//! Many requests of all kinds while everything fails that can: files and records on
//! command, upstream lying, clients leaving. No wrong byte is ever served, and nothing
//! is left behind: no place among the transfers, no descriptor, no task, no memory.

mod client;
mod origin;
mod weather;
mod world;

use std::alloc::System;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use client::{Client, Tally};
use origin::Origin;
use proto::goproxy::list::ProxyList;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use weather::Weather;
use world::{DATABASE, World};

use crate::app::App;
use crate::app::folder::Folder;
use crate::config::{self, Address, Config};
use crate::http::Role;
use crate::ledger::failing::Failing as FailingLedger;
use crate::serve::inherited::Inherited;
use crate::store::failing::Failing as FailingBlobs;
use crate::store::local::Local;

/// Requests of an ordinary run of the tests.
const REQUESTS: u64 = 3000;

/// The variable that says how many requests there are, where the tests run alone.
const REQUESTS_VARIABLE: &str = "SUMWARD_SOAK_REQUESTS";

/// Clients that ask at once.
const CLIENTS: u64 = 48;

/// How long anything may take to be answered right once all faults are over.
const HEALED_WITHIN: Duration = Duration::from_secs(60);

/// Descriptors that a run may add: files that are opened when they are first needed.
const DESCRIPTORS_MORE_MAX: usize = 16;

/// Kilobytes that may be allocated at the end beyond those after a tenth of a run.
const ALLOCATED_MORE_MAX: u64 = 16 << 10;

/// Counts what is allocated and not freed: resident memory tells of the allocator's
/// habits as well, and so hides a leak or feigns it.
#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[tokio::test(flavor = "multi_thread")]
async fn no_byte_is_wrong_and_nothing_is_left_behind_whatever_fails() {
    let alone = requests_of_environment();
    let requests = alone.unwrap_or(REQUESTS);
    let data = tempfile::tempdir().unwrap();
    let world = Arc::new(World::new());
    let weather = Arc::new(Weather::default());
    let origin = Origin::start(Arc::clone(&world), Arc::clone(&weather)).await;
    let server = Server::start(data.path(), &world, &weather, origin.address).await;
    let idle = (server.held(), Figures::now(data.path()));

    let tally = Arc::new(Tally::default());
    server.all_is_right(&world, &tally).await;
    let warm = Figures::now(data.path());
    let started = Instant::now();
    let tenth = requests / 10;
    server.storm(&world, &tally, &weather, 0..tenth).await;
    let stormy = Figures::now(data.path());
    server
        .storm(&world, &tally, &weather, tenth..requests)
        .await;
    println!("{requests} requests in {:.1?}", started.elapsed());
    weather.clear();
    let healing = Instant::now();
    server.all_is_right(&world, &tally).await;
    println!("all is answered right after {:.1?}", healing.elapsed());

    drop(origin);
    let end = server.settled(data.path(), &idle).await;
    println!("idle   {:?} {:?}", idle.0, idle.1);
    println!("warm   {warm:?}");
    println!("storm  {stormy:?}");
    println!("end    {:?} {:?}", end.0, end.1);
    println!("{tally:?}");
    assert_eq!(end.0, idle.0, "something is held on to");
    assert!(end.1.tasks <= idle.1.tasks, "tasks are left: {end:?}");
    let data_max = idle.1.descriptors_of_data + DESCRIPTORS_MORE_MAX;
    assert!(end.1.descriptors_of_data <= data_max, "{end:?}");
    if alone.is_some() {
        let all_max = idle.1.descriptors + DESCRIPTORS_MORE_MAX;
        assert!(end.1.descriptors <= all_max, "{end:?}");
        let allocated_max = stormy.allocated_kb + ALLOCATED_MORE_MAX;
        assert!(end.1.allocated_kb <= allocated_max, "{end:?}");
    }
    let right = tally.right.load(Ordering::Relaxed);
    assert!(right * 2 > requests, "too little was answered: {tally:?}");
    server.stop().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "it is a setting of this test, not of the server"
)]
fn requests_of_environment() -> Option<u64> {
    let count = std::env::var(REQUESTS_VARIABLE).ok()?;
    Some(count.parse().expect("a number of requests"))
}

/// The server between the weather and its clients.
struct Server {
    app: Arc<App>,
    main: SocketAddr,
    admin: SocketAddr,
    running: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// What is held for requests, and given back behind them.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    rooms: [usize; 3],
    modules: crate::modules::Held,
    fills: usize,
    connections: usize,
}

impl Server {
    async fn start(
        data: &Path,
        world: &World,
        weather: &Arc<Weather>,
        upstream: SocketAddr,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = settings(data, world, upstream);
        let skies = Arc::clone(weather);
        let app = tokio::task::spawn_blocking(move || {
            let mut folder = Folder::open(&config).unwrap();
            let blobs = Local::open(&config.data, &folder.staging).unwrap();
            let blobs = FailingBlobs::new(blobs);
            let ledger = FailingLedger::new(folder.sled.clone().unwrap());
            let over_ledger = Arc::clone(&skies);
            blobs.fail(move |call| skies.blobs(call));
            ledger.fail(move |call| over_ledger.ledger(call));
            folder.blobs = Arc::new(blobs);
            folder.ledger = Arc::new(ledger);
            App::of(config, folder).unwrap()
        });
        let app = app.await.unwrap();
        let bound = Arc::clone(&app).bind(&mut Inherited::none()).await.unwrap();
        let address = |wanted: fn(Role) -> bool| {
            let mut endpoints = bound.endpoints.iter();
            let endpoint = endpoints.find(|it| wanted(it.role)).unwrap();
            match endpoint.listener.address().unwrap() {
                Address::Tcp(address) => address,
                other => panic!("bound to {other}"),
            }
        };
        let main = address(|role| matches!(role, Role::Main { .. }));
        let admin = address(|role| role == Role::Admin);
        let (ready, is_ready) = tokio::sync::oneshot::channel();
        let running = tokio::spawn(bound.run(|_, _| {
            let _ = ready.send(());
        }));
        is_ready.await.unwrap();
        Self {
            app,
            main,
            admin,
            running,
        }
    }

    fn client(&self, world: &Arc<World>, tally: &Arc<Tally>, seed: u64) -> Client {
        Client::new(world, tally, (self.main, self.admin), seed)
    }

    /// Asks for things of these numbers while the weather changes.
    async fn storm(
        &self,
        world: &Arc<World>,
        tally: &Arc<Tally>,
        weather: &Arc<Weather>,
        numbers: Range<u64>,
    ) {
        let (asked, end) = (Arc::new(AtomicU64::new(numbers.start)), numbers.end);
        let clients = (0..CLIENTS).map(|seed| {
            let mut client = self.client(world, tally, seed);
            let (asked, weather) = (Arc::clone(&asked), Arc::clone(weather));
            tokio::spawn(async move {
                loop {
                    let number = asked.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    weather.at(number);
                    if number.is_multiple_of(500) {
                        client.world.grow();
                    }
                    client.one().await;
                }
            })
        });
        let clients: Vec<_> = clients.collect();
        for client in clients {
            client.await.expect("every answer is right");
        }
    }

    /// Asks for everything until it is answered right.
    async fn all_is_right(&self, world: &Arc<World>, tally: &Arc<Tally>) {
        let mut paths = world.paths.clone();
        for module in &world.modules {
            let path = &module.path;
            paths.extend([format!("{path}/@v/list"), format!("{path}/@latest")]);
            for version in &module.versions {
                paths.push(format!("sumdb/{DATABASE}/lookup/{path}@{version}"));
            }
        }
        let deadline = Instant::now() + HEALED_WITHIN;
        let share = paths.len().div_ceil(8);
        let clients: Vec<_> = paths
            .chunks(share)
            .map(|share| {
                let (share, mut client) = (share.to_vec(), self.client(world, tally, 0));
                tokio::spawn(async move {
                    for path in share {
                        let left = deadline.saturating_duration_since(Instant::now());
                        client.until_right(&path, left).await;
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("everything is answered right");
        }
    }

    fn held(&self) -> Held {
        let site = &self.app.site;
        Held {
            rooms: site.sources.rooms_free(),
            modules: site.modules.held(),
            fills: self.app.fills.len(),
            connections: self.app.connections.len(),
        }
    }

    /// Returns what is held once that no longer changes, or cannot be waited for longer.
    async fn settled(&self, data: &Path, idle: &(Held, Figures)) -> (Held, Figures) {
        let deadline = Instant::now() + HEALED_WITHIN;
        loop {
            let now = (self.held(), Figures::now(data));
            let settled = now.0 == idle.0 && now.1.tasks <= idle.1.tasks;
            if settled || Instant::now() > deadline {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) {
        self.app.stop.cancel();
        self.running.await.unwrap().unwrap();
    }
}

fn settings(data: &Path, world: &World, upstream: SocketAddr) -> Config {
    let mut config = Config::new(data.to_owned());
    let any = Address::Tcp("127.0.0.1:0".parse().unwrap());
    config.listen = any.clone();
    config.admin = Some(any);
    config.clients.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let list = format!("http://{upstream}/a,http://{upstream}/b");
    config.upstream = config::Upstream {
        list: ProxyList::parse(&list).unwrap(),
        head_timeout: Duration::from_millis(300),
        read_timeout: Duration::from_millis(300),
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_millis(4),
        breaker: config::Breaker {
            failures_max: 5,
            open_min: Duration::from_millis(20),
            open_max: Duration::from_millis(100),
            ..config::Breaker::default()
        },
        ..config::Upstream::default()
    };
    config.databases = vec![config::Database {
        name: DATABASE.to_owned(),
        key: world.key(),
        url: Some(format!("http://{upstream}/db")),
        modules: None,
        head_age_max: None,
    }];
    config.proof.pause = Duration::from_millis(50);
    config.cache.list_fresh = Duration::from_secs(1);
    config.cache.negative_ttl = Duration::from_millis(50);
    // Too little for everything, so that disk and records are looked at again and again.
    config.cache.hot_bytes_max = 1 << 20;
    config.cache.disk_free_min = 0;
    config.limits.unwatched_max = Duration::from_millis(500);
    config.usage.client_addresses = true;
    config
}

/// What the process has.
#[derive(Debug)]
#[expect(dead_code, reason = "all of it is printed, some of it is compared")]
struct Figures {
    descriptors: usize,
    /// Those that lead into the data folder, which no other test has.
    descriptors_of_data: usize,
    /// All memory that is resident, maps of files included.
    resident_kb: u64,
    /// Memory of its own that is resident.
    memory_kb: u64,
    /// What is allocated and not freed, clients and upstream included.
    allocated_kb: u64,
    /// Of this runtime.
    tasks: usize,
    data_files: usize,
}

impl Figures {
    fn now(data: &Path) -> Self {
        let links = std::fs::read_dir("/proc/self/fd").unwrap();
        let links: Vec<_> = links
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .collect();
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let kilobytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let counted = COUNTED.stats();
        let allocated = counted
            .bytes_allocated
            .saturating_sub(counted.bytes_deallocated);
        Self {
            descriptors: links.len(),
            descriptors_of_data: links.iter().filter(|it| it.starts_with(data)).count(),
            resident_kb: kilobytes("VmRSS:"),
            memory_kb: kilobytes("RssAnon:"),
            allocated_kb: allocated as u64 >> 10,
            tasks: tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks(),
            data_files: files_below(data),
        }
    }
}

fn files_below(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path()),
            _ => 1,
        })
        .sum()
}
