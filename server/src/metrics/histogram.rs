//! A histogram of durations that requests can afford.
//!
//! `prometheus_client`'s own takes a lock on each observation; this one adds to
//! three atomic counters, so that no sampling is needed. A page read meanwhile
//! may be one observation apart between them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

use super::exemplar::{Exemplar, TraceId};

/// Counts of durations by upper bound. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Histogram(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// One a bound, and one for what is longer than the last.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
    /// The newest example of each bucket. Whoever finds it held leaves it as it is: an
    /// example is not worth waiting for.
    exemplars: Mutex<[Option<Exemplar>; BOUNDS_US.len() + 1]>,
}

/// Upper bounds in microseconds: from an answer out of memory to a large zip from
/// far away.
const BOUNDS_US: [u64; 15] = [
    50,
    100,
    250,
    500,
    1_000,
    5_000,
    25_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    5_000_000,
    15_000_000,
    60_000_000,
    300_000_000,
];

impl Histogram {
    /// Counts one duration.
    pub(super) fn observe(&self, duration: Duration) {
        let (us, bucket) = place(duration);
        self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Keeps a request of a trace as the example of the bucket its duration falls in.
    pub(super) fn exemplify(&self, duration: Duration, trace: TraceId) {
        let (_, bucket) = place(duration);
        if let Ok(mut exemplars) = self.0.exemplars.try_lock() {
            exemplars[bucket] = Some(Exemplar::now(trace, duration));
        }
    }

    /// Returns the examples, each with the bound of its bucket as the page prints it.
    pub(super) fn exemplars(&self) -> Vec<(String, Exemplar)> {
        let Ok(exemplars) = self.0.exemplars.lock() else {
            return Vec::new();
        };
        let bound = |index: usize| match BOUNDS_US.get(index) {
            Some(us) => Duration::from_micros(*us).as_secs_f64().to_string(),
            None => "+Inf".to_owned(),
        };
        let all = exemplars.iter().enumerate();
        all.filter_map(|(index, exemplar)| Some((print(bound(index)), (*exemplar)?)))
            .collect()
    }
}

/// Returns a duration in microseconds, and the bucket it falls in.
fn place(duration: Duration) -> (u64, usize) {
    let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX >> 16);
    (us, BOUNDS_US.partition_point(|bound| *bound < us))
}

/// The library writes whole numbers as `1.0`.
fn print(bound: String) -> String {
    match bound.bytes().all(|b| b.is_ascii_digit()) {
        true => bound + ".0",
        false => bound,
    }
}

impl TypedMetric for Histogram {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Histogram {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        let mut count = 0;
        let mut buckets = [(f64::INFINITY, 0); BOUNDS_US.len() + 1];
        for (index, (bound, total)) in buckets.iter_mut().enumerate() {
            if let Some(us) = BOUNDS_US.get(index) {
                *bound = Duration::from_micros(*us).as_secs_f64();
            }
            *total = self.0.buckets[index].load(Ordering::Relaxed);
            count += *total;
        }
        let sum = Duration::from_micros(self.0.sum_us.load(Ordering::Relaxed)).as_secs_f64();
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}
