//! Which trace the code that runs belongs to.
//!
//! Every request is a span of a trace. The trace is the client's, where it sends a
//! `traceparent`, else a new one. The context goes with the task that answers, with the
//! tasks it begins by [`carried`] and the blocking work it waits for; every log line
//! written there tells it, and every upstream asked from there is sent it.
//!
//! It is a value of the task and no span of the `tracing` crate, whose registry every answer
//! from memory would enter and leave.
//!
//! Source: W3C Trace Context, sections 3.2 and 3.3.

use std::fmt;
use std::future::Future;

use futures_util::future::Either;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Ratio;
use crate::metrics::TraceId;

tokio::task_local! {
    static CURRENT: Context;
}

/// A span: what it is called and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Context {
    /// Never zero.
    pub(crate) trace_id: TraceId,
    /// Never zero.
    pub(crate) span_id: SpanId,
    /// The span it is part of.
    pub(crate) parent: Option<SpanId>,
    /// Whether the parent is another program's.
    pub(crate) is_parent_remote: bool,
    /// Whether it is exported, here and by those who are asked from it.
    pub(crate) is_sampled: bool,
    /// What the client's own tracing sent along, which goes on as it came.
    state: Option<HeaderValue>,
}

/// The name of a span; prints as 16 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanId(pub(crate) u64);

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Bytes of a `tracestate` that are sent on; the standard has 512 be enough.
const STATE_BYTES_MAX: usize = 512;
/// Bytes of a `traceparent` of a later version that are looked at.
const PARENT_BYTES_MAX: usize = 256;

impl Context {
    /// Begins a request's span in the trace that its headers name, else in a new one.
    /// Whoever named the trace has decided whether it is exported; of new ones the part
    /// `new` is.
    pub(crate) fn of_request(headers: &HeaderMap, new: Option<Ratio>) -> Self {
        if let Some((trace_id, parent, is_sampled)) = parent(headers) {
            return Self {
                trace_id,
                span_id: SpanId::random(),
                parent: Some(parent),
                is_parent_remote: true,
                is_sampled,
                state: state(headers),
            };
        }
        Self::begun(new)
    }

    /// Begins a trace with a span; of such traces the part `new` is exported.
    pub(crate) fn begun(new: Option<Ratio>) -> Self {
        let trace_id = TraceId(rand::random::<u128>().max(1));
        Self {
            trace_id,
            span_id: SpanId::random(),
            parent: None,
            is_parent_remote: false,
            is_sampled: new.is_some_and(|ratio| ratio.has(trace_id.0)),
            state: None,
        }
    }

    /// Begins a span that is part of this one.
    pub(crate) fn child(&self) -> Self {
        Self {
            span_id: SpanId::random(),
            parent: Some(self.span_id),
            is_parent_remote: false,
            ..self.clone()
        }
    }

    /// Returns the trace of the task that runs, where somebody records it.
    pub(crate) fn recorded() -> Option<TraceId> {
        Self::with(|of| of.filter(|of| of.is_sampled).map(|of| of.trace_id))
    }

    /// Returns the one of the task or the work that runs.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Looks at the one of the task or the work that runs, without a copy.
    pub(crate) fn with<T>(look: impl FnOnce(Option<&Self>) -> T) -> T {
        // Only one of the two is called; the compiler cannot know.
        let mut look = Some(look);
        let found = CURRENT.try_with(|context| look.take().map(|look| look(Some(context))));
        match (found, look) {
            (Ok(Some(value)), _) => value,
            (_, Some(look)) => look(None),
            (_, None) => unreachable!("a look that was taken has answered"),
        }
    }

    /// Runs `work` as this span.
    pub(crate) fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// Runs `work`, which does not wait, as this span.
    pub(crate) fn scope_blocking<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }

    /// Adds the headers that make whoever is asked part of the trace. They tell names of
    /// traces, and the `tracestate` that the client sent; nothing else of the request.
    pub(crate) fn inject(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.traceparent());
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }

    fn traceparent(&self) -> HeaderValue {
        let Self {
            trace_id, span_id, ..
        } = self;
        let flags = u8::from(self.is_sampled);
        let text = format!("00-{trace_id}-{span_id}-{flags:02x}");
        HeaderValue::try_from(text).expect("digits and hyphens make a header")
    }
}

/// Makes a task's work part of the span that begins it.
pub(crate) fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    match Context::current() {
        Some(context) => Either::Left(context.scope(work)),
        None => Either::Right(work),
    }
}

/// Makes blocking work part of the span that begins it.
pub(crate) fn carried_blocking<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let context = Context::current();
    move || match context {
        Some(context) => context.scope_blocking(work),
        None => work(),
    }
}

impl SpanId {
    fn random() -> Self {
        Self(rand::random::<u64>().max(1))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Reads the one `traceparent`. What is not good is as if it were not there.
fn parent(headers: &HeaderMap) -> Option<(TraceId, SpanId, bool)> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    parse(value.as_bytes())
}

/// Reads `00-<32 digits>-<16 digits>-<2 digits>`, in lower case. A later version may say
/// more behind it.
fn parse(value: &[u8]) -> Option<(TraceId, SpanId, bool)> {
    if value.len() > PARENT_BYTES_MAX {
        return None;
    }
    let (head, rest) = value.split_at_checked(55)?;
    let mut parts = head.split(|&byte| byte == b'-');
    let mut part = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let text = std::str::from_utf8(part).ok()?;
        part.iter().all(is_digit).then_some(text)
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    let is_ended = match version {
        "00" => rest.is_empty(),
        "ff" => return None,
        _ => rest.first().is_none_or(|&byte| byte == b'-'),
    };
    let trace = u128::from_str_radix(trace, 16).ok()?;
    let span = u64::from_str_radix(span, 16).ok()?;
    let flags = u8::from_str_radix(flags, 16).ok()?;
    let is_good = is_ended && trace != 0 && span != 0;
    is_good.then_some((TraceId(trace), SpanId(span), flags & 1 == 1))
}

/// Reads the `tracestate`, whose lines are one list.
fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next()?;
    let mut whole = first.as_bytes().to_vec();
    for value in values {
        whole.push(b',');
        whole.extend_from_slice(value.as_bytes());
        if whole.len() > STATE_BYTES_MAX {
            return None;
        }
    }
    let is_member = |member: &[u8]| {
        let member = member.trim_ascii();
        member.is_empty()
            || member
                .iter()
                .position(|&b| b == b'=')
                .is_some_and(|at| at > 0)
    };
    let is_good = (1..=STATE_BYTES_MAX).contains(&whole.len())
        && whole.iter().all(|&b| (0x20..0x7f).contains(&b))
        && whole.split(|&b| b == b',').all(is_member);
    is_good.then(|| HeaderValue::from_bytes(&whole).ok())?
}

#[cfg(test)]
mod tests;
