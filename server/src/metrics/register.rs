//! The metrics, registered: names, helps and labels.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Unit;

use super::histogram::Histogram;
use super::label::{Kind, Lookup, Outcome, Proof, Refused};
use super::{CACHED, Label, Metrics, STATUS};
use crate::standing::Condition;

impl Metrics {
    pub(super) fn register_requests(&mut self) {
        let requests = Family::<[Label; 2], Counter>::default();
        let durations = Family::<[Label; 1], Histogram>::default();
        let bytes = Family::<[Label; 1], Counter>::default();
        for kind in Kind::ALL {
            let label = ("kind", kind.label());
            for (index, status) in STATUS.into_iter().enumerate() {
                let labels = [label, ("status", status)];
                self.requests[kind as usize][index] = requests.get_or_create_owned(&labels);
            }
            self.durations[kind as usize] = durations.get_or_create_owned(&[label]);
            self.bytes[kind as usize] = bytes.get_or_create_owned(&[label]);
        }
        let cache = Family::<[Label; 2], Counter>::default();
        for (kind, counters) in CACHED.into_iter().zip(&mut self.cache) {
            for lookup in Lookup::ALL {
                let labels = [("kind", kind), ("found", lookup.label())];
                counters[lookup as usize] = cache.get_or_create_owned(&labels);
            }
        }
        let proofs = Family::<[Label; 1], Counter>::default();
        for proof in Proof::ALL {
            self.proofs[proof as usize] = proofs.get_or_create_owned(&[("outcome", proof.label())]);
        }
        let r = &mut self.registry;
        r.register("requests", "Answered requests", requests);
        r.register_with_unit(
            "request_duration",
            "From a request's head read to its answer's head made",
            Unit::Seconds,
            durations,
        );
        r.register_with_unit("sent", "Bytes of answers sent", Unit::Bytes, bytes);
        r.register("cache_lookups", "Where answers were found", cache);
        r.register("proofs", "Module versions proved or not", proofs);
    }

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

    pub(super) fn register_levels(&mut self) {
        let r = &mut self.registry;
        let connections = self.connections.clone();
        r.register("connections", "Open client connections", connections);
        let fetches = self.fetches.clone();
        r.register("fetches", "Upstream transfers under way", fetches);
        let waiting = self.waiting.clone();
        r.register("waiting", "Clients waiting for transfers", waiting);
        let hot = self.hot_bytes.clone();
        r.register_with_unit("hot", "Answers kept in memory", Unit::Bytes, hot);
        let free = self.disk_free.clone();
        r.register_with_unit("disk_free", "Free on the data disk", Unit::Bytes, free);
        let [files, bytes] = self.store.clone();
        r.register(
            "store_files",
            "Module files stored, as recorded; summed up from time to time",
            files,
        );
        r.register_with_unit("store", "Bytes of those files", Unit::Bytes, bytes);
        let certificate = self.certificate.clone();
        r.register_with_unit(
            "tls_certificate_expiry_timestamp",
            "When the first certificate of the chain that is served expires, since 1970",
            Unit::Seconds,
            certificate,
        );
    }

    pub(super) fn register_standing(&mut self) {
        let degraded = Family::<[Label; 1], Gauge>::default();
        for (index, condition) in Condition::ALL.into_iter().enumerate() {
            let label = [("condition", condition.label())];
            self.degraded[index] = degraded.get_or_create_owned(&label);
        }
        let r = &mut self.registry;
        r.register(
            "degraded",
            "1 while something is wrong that the server serves in spite of",
            degraded,
        );
        r.register(
            "config_reload_success",
            "1 when the settings that were read last are in effect, 0 when they were refused",
            self.reload_success.clone(),
        );
        r.register_with_unit(
            "config_reload_success_timestamp",
            "When settings came into effect last, since 1970",
            Unit::Seconds,
            self.reload_time.clone(),
        );
    }

    pub(super) fn register_process(&mut self) {
        let refused = Family::<[Label; 1], Counter>::default();
        for why in Refused::ALL {
            self.refused[why as usize] = refused.get_or_create_owned(&[("reason", why.label())]);
        }
        let r = &mut self.registry;
        r.register(
            "refused_connections",
            "Client connections closed before a request was read",
            refused,
        );
        let [files, bytes] = self.evicted.clone();
        r.register(
            "evicted_files",
            "Module files let go for want of room",
            files,
        );
        r.register_with_unit("evicted", "Bytes of those files", Unit::Bytes, bytes);
        let dropped = self.log_dropped.clone();
        r.register(
            "log_lines_dropped",
            "Log lines that standard error or the journal did not take",
            dropped,
        );
        let sampled_out = Family::<[Label; 1], Counter>::default();
        for (index, level) in ["warn", "info"].into_iter().enumerate() {
            self.log_sampled_out[index] = sampled_out.get_or_create_owned(&[("level", level)]);
        }
        let r = &mut self.registry;
        r.register(
            "log_sampled_out",
            "Log lines that log.sample left out",
            sampled_out,
        );
        let [spans, reports, events] = self.export_dropped.clone();
        r.register(
            "trace_spans_dropped",
            "Spans that the collector of traces.endpoint did not take",
            spans,
        );
        r.register(
            "error_reports_dropped",
            "Errors that the server of errors.sentry_dsn did not take",
            reports,
        );
        r.register(
            "events_dropped",
            "Events that the web hook of events.webhook did not take",
            events,
        );
    }
}
