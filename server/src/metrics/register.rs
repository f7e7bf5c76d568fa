//! The metrics that come once for each upstream and each database, registered.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

use super::Metrics;
use super::histogram::Histogram;
use super::label::Outcome;

impl Metrics {
    pub(super) fn register_upstreams(&mut self) {
        let outcomes = Family::<[(&str, String); 2], Counter>::default();
        let durations = Family::<[(&str, String); 1], Histogram>::default();
        let breakers = Family::<[(&str, String); 1], Gauge>::default();
        for (host, upstream) in &mut self.upstreams {
            let label = ("host", host.clone());
            for outcome in Outcome::ALL {
                let labels = [label.clone(), ("outcome", outcome.label().to_owned())];
                upstream.outcomes[outcome as usize] = outcomes.get_or_create_owned(&labels);
            }
            let label = [label];
            upstream.duration = durations.get_or_create_owned(&label);
            upstream.breaker = breakers.get_or_create_owned(&label);
        }
        let r = &mut self.registry;
        r.register("upstream_requests", "Requests to upstreams", outcomes);
        r.register_with_unit(
            "upstream_request_duration",
            "From asking an upstream to the last byte of its answer",
            Unit::Seconds,
            durations,
        );
        r.register(
            "upstream_breaker",
            "0 closed, 1 trying whether the upstream is back, 2 open",
            breakers,
        );
    }

    pub(super) fn register_databases(&mut self) {
        let heads = Family::<[(&str, String); 1], Gauge<u64, AtomicU64>>::default();
        let standing_still = Family::<[(&str, String); 1], Gauge>::default();
        let stopped = Family::<[(&str, String); 1], Gauge>::default();
        let cosignatures = Family::<[(&str, String); 1], Gauge<u64, AtomicU64>>::default();
        let look_alikes = Family::<[(&str, String); 1], Gauge<u64, AtomicU64>>::default();
        let unwitnessed = Family::<[(&str, String); 1], Gauge>::default();
        for (name, database) in &mut self.databases {
            let label = [("database", name.clone())];
            database.head = heads.get_or_create_owned(&label);
            database.standing_still = standing_still.get_or_create_owned(&label);
            database.stopped = stopped.get_or_create_owned(&label);
            database.cosignatures = cosignatures.get_or_create_owned(&label);
            database.look_alikes = look_alikes.get_or_create_owned(&label);
            database.unwitnessed = unwitnessed.get_or_create_owned(&label);
        }
        let ages = self.head_ages.clone();
        let r = &mut self.registry;
        r.register(
            "database_head",
            "Records in the newest head followed",
            heads,
        );
        r.register_with_unit(
            "database_head_age",
            "Since the newest head followed was accepted",
            Unit::Seconds,
            ages,
        );
        r.register(
            "database_standing_still",
            "1 while the newest head is older than head_age_max allows",
            standing_still,
        );
        r.register(
            "database_stopped",
            "1 while a fork stops the database until a person acts",
            stopped,
        );
        r.register(
            "database_cosignatures",
            "Witnesses that have cosigned the newest head of our own log lately",
            cosignatures,
        );
        r.register(
            "database_look_alikes",
            "Modules logged since the start whose names look like those of others",
            look_alikes,
        );
        r.register(
            "database_unwitnessed",
            "1 while too few witnesses have cosigned the newest head of our own log",
            unwitnessed,
        );
    }
}
