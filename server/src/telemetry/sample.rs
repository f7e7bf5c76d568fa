//! Which lines of requests are left out of the log, so that a busy server logs no more
//! than its reader takes.
//!
//! Errors are never left out, nor what a refusal for safety says: an event that has the
//! field `security`. Of the rest the trace decides, so that a trace is logged whole at a
//! level, and what is kept at a smaller part is kept at a larger one too. Lines that
//! belong to no request are kept.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::subscriber::Interest;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context as LayerContext, Filter};

use super::context::Context;
use crate::config;

/// The field of events that are never left out.
const SECURITY: &str = "security";

/// Lets through what is kept.
#[derive(Clone, Debug)]
pub(super) struct Sampling(pub(super) config::Sample);

/// Lines that were left out, by level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SampledOut {
    /// Warnings.
    pub warn: u64,
    /// Information.
    pub info: u64,
}

static WARN: AtomicU64 = AtomicU64::new(0);
static INFO: AtomicU64 = AtomicU64::new(0);

/// Returns how many lines were left out, ever.
pub fn sampled_out() -> SampledOut {
    SampledOut {
        warn: WARN.load(Ordering::Relaxed),
        info: INFO.load(Ordering::Relaxed),
    }
}

impl Sampling {
    fn keeps(&self, metadata: &Metadata<'_>) -> bool {
        let Self(sample) = self;
        let (ratio, count) = match *metadata.level() {
            Level::WARN => (sample.warn, &WARN),
            Level::INFO => (sample.info, &INFO),
            // Who asks for debug wants all of it.
            _ => return true,
        };
        if !metadata.is_event() || metadata.fields().field(SECURITY).is_some() {
            return true;
        }
        let keeps = Context::with(|of| of.is_none_or(|of| ratio.has(of.trace_id.0)));
        if !keeps {
            count.fetch_add(1, Ordering::Relaxed);
        }
        keeps
    }
}

impl<S> Filter<S> for Sampling {
    fn enabled(&self, metadata: &Metadata<'_>, _: &LayerContext<'_, S>) -> bool {
        self.keeps(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // None of its own: without a hint, that of the level would not count.
        Some(LevelFilter::TRACE)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match *metadata.level() {
            Level::WARN | Level::INFO => Interest::sometimes(),
            _ => Interest::always(),
        }
    }
}
