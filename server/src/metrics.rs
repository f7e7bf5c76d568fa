//! Every metric, and how it is counted; names and helps are in `register`.
//!
//! Labels come from enums, from the configured upstreams and from the configured
//! databases, never from a request, so the number of series is fixed at start.
//! What a request counts is a few atomic additions, without a lock or a look-up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::standing::{Condition, Held};
use exposition::with_exemplars;
use histogram::Histogram;
use process::Process;

mod exemplar;
mod exposition;
mod histogram;
mod label;
mod process;
mod register;

pub use exemplar::TraceId;
pub use exposition::Format;
pub use label::{Breaker, Kind, Lookup, Outcome, Proof, Refused};

/// The counters and gauges of one server.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    process: Process,
    requests: [[Counter; STATUS.len()]; Kind::ALL.len()],
    durations: [Histogram; Kind::ALL.len()],
    bytes: [Counter; Kind::ALL.len()],
    cache: [[Counter; Lookup::ALL.len()]; CACHED.len()],
    proofs: [Counter; Proof::ALL.len()],
    upstreams: BTreeMap<String, Upstream>,
    databases: BTreeMap<String, DatabaseCounts>,
    /// By database, without a series for one that has no head yet, or signs its own.
    head_ages: Family<[(&'static str, String); 1], Gauge<u64, AtomicU64>>,
    connections: Gauge,
    fetches: Gauge,
    waiting: Gauge,
    hot_bytes: Gauge,
    disk_free: Gauge<u64, AtomicU64>,
    /// Recorded module files, and their bytes; without a series until they are summed up.
    store: [Family<[Label; 0], Gauge<u64, AtomicU64>>; 2],
    /// Without a series until a certificate is served.
    certificate: Family<[Label; 0], Gauge<u64, AtomicU64>>,
    refused: [Counter; Refused::ALL.len()],
    log_dropped: Counter,
    /// By condition.
    degraded: [Gauge; Condition::ALL.len()],
    reload_success: Gauge,
    reload_time: Gauge<u64, AtomicU64>,
    /// Warnings and information.
    log_sampled_out: [Counter; 2],
    /// Spans, reports of errors, and events.
    export_dropped: [Counter; 3],
    /// Files that were let go, and their bytes.
    evicted: [Counter; 2],
}

#[derive(Debug, Default)]
struct Upstream {
    outcomes: [Counter; Outcome::ALL.len()],
    duration: Histogram,
    breaker: Gauge,
}

#[derive(Debug, Default)]
struct DatabaseCounts {
    head: Gauge<u64, AtomicU64>,
    standing_still: Gauge,
    stopped: Gauge,
    cosignatures: Gauge<u64, AtomicU64>,
    look_alikes: Gauge<u64, AtomicU64>,
    unwitnessed: Gauge,
}

/// Counts as one until it is dropped.
#[derive(Debug)]
#[must_use = "it counts only while it is kept"]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Registers everything. `upstreams` are the hosts of the configured list and
    /// `databases` the names of the configured databases.
    pub fn new<'a>(
        upstreams: impl IntoIterator<Item = &'a str>,
        databases: impl IntoIterator<Item = &'a str>,
    ) -> Arc<Self> {
        let mut registry = Registry::with_prefix("sumward");
        let build = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The running program", Info::new(build));
        let upstreams = upstreams
            .into_iter()
            .chain([OTHER])
            .map(|host| (host.to_owned(), Upstream::default()))
            .collect();
        let databases = databases
            .into_iter()
            .map(|name| (name.to_owned(), DatabaseCounts::default()))
            .collect();
        let mut metrics = Self {
            registry,
            process: Process::new(),
            requests: Default::default(),
            durations: Default::default(),
            bytes: Default::default(),
            cache: Default::default(),
            proofs: Default::default(),
            upstreams,
            databases,
            head_ages: Family::default(),
            connections: Gauge::default(),
            fetches: Gauge::default(),
            waiting: Gauge::default(),
            hot_bytes: Gauge::default(),
            disk_free: Gauge::default(),
            store: Default::default(),
            certificate: Family::default(),
            refused: Default::default(),
            log_dropped: Counter::default(),
            degraded: Default::default(),
            reload_success: Gauge::default(),
            reload_time: Gauge::default(),
            log_sampled_out: Default::default(),
            export_dropped: Default::default(),
            evicted: Default::default(),
        };
        metrics.register_requests();
        metrics.register_upstreams();
        metrics.register_databases();
        metrics.register_levels();
        metrics.register_process();
        metrics.register_standing();
        Arc::new(metrics)
    }

    /// Counts one answered request, `bytes` of body sent. One that belongs to a trace
    /// is shown as an example of how long such requests take.
    pub fn request(
        &self,
        kind: Kind,
        status: u16,
        duration: Duration,
        bytes: u64,
        trace: Option<TraceId>,
    ) {
        self.requests[kind as usize][status_index(status)].inc();
        self.durations[kind as usize].observe(duration);
        self.bytes[kind as usize].inc_by(bytes);
        if let Some(trace) = trace {
            self.durations[kind as usize].exemplify(duration, trace);
        }
    }

    /// Counts where an answer was found.
    pub fn lookup(&self, kind: Kind, lookup: Lookup) {
        let kind = (kind as usize).min(CACHED.len() - 1);
        self.cache[kind][lookup as usize].inc();
    }

    /// Counts what came of proving one module version.
    pub fn proof(&self, proof: Proof) {
        self.proofs[proof as usize].inc();
    }

    /// Counts one request to an upstream. A host that is not in the configured
    /// list counts under `other`.
    pub fn upstream(&self, host: &str, outcome: Outcome, duration: Duration) {
        if let Some(upstream) = self.upstream_of(host) {
            upstream.outcomes[outcome as usize].inc();
            if outcome != Outcome::BreakerOpen {
                upstream.duration.observe(duration);
            }
        }
    }

    /// Notes the state of an upstream's breaker.
    pub fn breaker(&self, host: &str, state: Breaker) {
        if let Some(upstream) = self.upstream_of(host) {
            upstream.breaker.set(state as i64);
        }
    }

    /// Notes how long ago a database's newest head was accepted, where one was, and whether
    /// that is longer than it may be.
    pub fn database_head_age(&self, name: &str, age: Option<Duration>, standing_still: bool) {
        if let Some(database) = self.databases.get(name) {
            if let Some(age) = age {
                let label = [("database", name.to_owned())];
                self.head_ages.get_or_create(&label).set(age.as_secs());
            }
            database.standing_still.set(i64::from(standing_still));
        }
    }

    /// Notes the size of a database's newest head.
    pub fn database_head(&self, name: &str, size: u64) {
        if let Some(database) = self.databases.get(name) {
            database.head.set(size);
        }
    }

    /// Notes whether a database is stopped.
    pub fn database_stopped(&self, name: &str, stopped: bool) {
        if let Some(database) = self.databases.get(name) {
            database.stopped.set(i64::from(stopped));
        }
    }

    /// Notes how many modules of a database look like others.
    pub fn database_look_alikes(&self, name: &str, count: u64) {
        if let Some(database) = self.databases.get(name) {
            database.look_alikes.set(count);
        }
    }

    /// Notes how many witnesses have cosigned the newest head of a database, and whether
    /// that is too few.
    pub fn database_witnesses(&self, name: &str, cosignatures: u64, are_too_few: bool) {
        if let Some(database) = self.databases.get(name) {
            database.cosignatures.set(cosignatures);
            database.unwitnessed.set(i64::from(are_too_few));
        }
    }

    /// Counts a connection that was closed before a request was read.
    pub fn refused_connection(&self, why: Refused) {
        self.refused[why as usize].inc();
    }

    /// Notes how many log lines were dropped, ever.
    pub fn log_dropped(&self, lines: u64) {
        self.log_dropped.inner().store(lines, Ordering::Relaxed);
    }

    /// Notes what is wrong that the server serves in spite of.
    pub fn degraded(&self, held: &Held) {
        for (gauge, condition) in self.degraded.iter().zip(Condition::ALL) {
            gauge.set(i64::from(held.contains_key(&condition)));
        }
    }

    /// Notes that settings came into effect `when` (seconds since 1970), or that those
    /// that were read last were refused.
    pub fn settings_read(&self, when: Option<u64>) {
        self.reload_success.set(i64::from(when.is_some()));
        if let Some(when) = when {
            self.reload_time.set(when);
        }
    }

    /// Notes how many log lines were left out by sampling, ever: warnings, information.
    pub fn log_sampled_out(&self, warn: u64, info: u64) {
        let [warnings, information] = &self.log_sampled_out;
        warnings.inner().store(warn, Ordering::Relaxed);
        information.inner().store(info, Ordering::Relaxed);
    }

    /// Notes how much was lost, ever, of what leaves the process: spans, reports of errors,
    /// events.
    pub fn export_dropped(&self, lost: [u64; 3]) {
        for (counter, lost) in self.export_dropped.iter().zip(lost) {
            counter.inner().store(lost, Ordering::Relaxed);
        }
    }

    /// Counts files that were let go, and their bytes.
    pub fn evicted(&self, files: u64, bytes: u64) {
        self.evicted[0].inc_by(files);
        self.evicted[1].inc_by(bytes);
    }

    /// Counts an open connection until the guard goes.
    pub fn connection(&self) -> InFlight {
        in_flight(&self.connections)
    }

    /// Counts an upstream transfer until the guard goes.
    pub fn fetch(&self) -> InFlight {
        in_flight(&self.fetches)
    }

    /// Counts a waiting client until the guard goes.
    pub fn waiting(&self) -> InFlight {
        in_flight(&self.waiting)
    }

    /// Notes how many bytes the hot cache holds.
    pub fn hot_bytes(&self, bytes: u64) {
        self.hot_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Notes how many bytes are free on the data disk.
    pub fn disk_free(&self, bytes: u64) {
        self.disk_free.set(bytes);
    }

    /// Notes how many module files are recorded, and how many bytes they have.
    pub fn store(&self, files: u64, bytes: u64) {
        self.store[0].get_or_create(&[]).set(files);
        self.store[1].get_or_create(&[]).set(bytes);
    }

    /// Notes when the first certificate of the served chain expires, in seconds since
    /// 1970.
    pub fn certificate_expiry(&self, at: u64) {
        self.certificate.get_or_create(&[]).set(at);
    }

    /// Brings what the kernel tells of the process up to date. Blocks.
    pub fn measure_process(&self) {
        self.process.measure();
    }

    /// Returns the page of `/metrics` in a format; its media type is
    /// [`Format::content_type`].
    pub fn encode(&self, format: Format) -> String {
        let mut page = String::new();
        let mut add = |registry| encode_registry(&mut page, registry);
        let added = add(self.process.registry()).and_then(|()| add(&self.registry));
        let ended = added.and_then(|()| encode_eof(&mut page));
        ended.expect("writing to a string does not fail");
        match format {
            Format::OpenMetrics => with_exemplars(&page, &self.exemplars()),
            Format::Text => exposition::as_text(&page),
        }
    }

    /// Returns what is to stand behind which series of the page.
    fn exemplars(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for kind in Kind::ALL {
            for (bound, exemplar) in self.durations[kind as usize].exemplars() {
                let labels = format!("{{le=\"{bound}\",kind=\"{}\"}}", kind.label());
                all.insert(format!("{DURATION_BUCKET}{labels}"), exemplar.to_string());
            }
        }
        all
    }

    fn upstream_of(&self, host: &str) -> Option<&Upstream> {
        self.upstreams
            .get(host)
            .or_else(|| self.upstreams.get(OTHER))
    }
}

/// The series that have examples, without their labels.
const DURATION_BUCKET: &str = "sumward_request_duration_seconds_bucket";

type Label = (&'static str, &'static str);

/// The host label of what is not in the configured list.
const OTHER: &str = "other";

/// The status labels: by hundreds, and apart from them the one that says "not now", which
/// a server full of work or without its upstreams gives.
const STATUS: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "503"];

fn status_index(status: u16) -> usize {
    match status {
        503 => 5,
        _ => usize::from(status / 100).clamp(1, 5) - 1,
    }
}

/// The kinds of requests whose answers are looked for, in the order of [`Kind`]; the last
/// stands for all others.
const CACHED: [&str; 6] = ["list", "latest", "info", "mod", "zip", "other"];

fn in_flight(gauge: &Gauge) -> InFlight {
    gauge.inc();
    InFlight(gauge.clone())
}

#[cfg(test)]
mod tests;
