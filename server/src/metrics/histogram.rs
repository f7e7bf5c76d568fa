//! A histogram of durations that requests can afford.
//!
//! `prometheus_client`'s own takes a lock on each observation; this one adds to
//! three atomic counters, so that no sampling is needed. A page read meanwhile
//! may be one observation apart between them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// Counts of durations by upper bound. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Histogram(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    /// One a bound, and one for what is longer than the last.
    buckets: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

/// Upper bounds in microseconds: from an answer out of memory to a large zip from
/// far away.
const BOUNDS_US: [u64; 14] = [
    50,
    100,
    250,
    500,
    1_000,
    5_000,
    25_000,
    100_000,
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
        let us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX >> 16);
        let bucket = BOUNDS_US.partition_point(|bound| *bound < us);
        self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.sum_us.fetch_add(us, Ordering::Relaxed);
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
