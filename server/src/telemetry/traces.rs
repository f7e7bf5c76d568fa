//! The spans of requests and of what upstreams are asked for them, on their way to an
//! OpenTelemetry collector (OTLP by HTTP).
//!
//! Nobody waits for the collector: spans go through a bounded queue to a thread of their
//! own, which sends them in batches. What finds the queue full, and what the collector
//! does not take, is lost and counted; that it takes none is said once.
//!
//! Spans are made of the [`Context`] that log lines tell, and not of spans of the
//! `tracing` crate, so that both name the same trace whoever has begun it. Exporter and
//! encoding are those of OpenTelemetry.

use std::future::Future;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use http::Method;
use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};

use super::context::{Context, SpanId};
use super::queue::{Queue, Sink};
use super::scrub::told;
use crate::config;
use crate::metrics::TraceId;

/// Spans that wait to be sent, at the most.
const QUEUE_SPANS_MAX: usize = 4096;
/// Spans sent at once, at the most.
const BATCH_SPANS_MAX: usize = 512;
/// How long a span is held back for others to go with it.
const BATCH_WAIT: Duration = Duration::from_secs(1);
/// Bytes of one text that a span tells.
const TEXT_BYTES_MAX: usize = 1024;

/// Where the spans of this process go, once that is set up.
static EXPORT: OnceLock<Export> = OnceLock::new();

struct Export {
    queue: Queue<SpanData>,
    sample: config::Ratio,
    scope: InstrumentationScope,
}

/// Why traces are not exported.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The exporter does not take the settings.
    #[error("setting up the export of traces: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// There is no thread to be had.
    #[error("starting the thread that exports traces: {0}")]
    Thread(#[from] std::io::Error),
}

/// Starts the export to the collector of the settings, if they have one.
///
/// # Errors
/// See [`Error`].
pub(crate) fn start(
    settings: &config::Traces,
    service_name: &str,
    client: &reqwest::blocking::Client,
) -> Result<(), Error> {
    let Some(endpoint) = &settings.endpoint else {
        return Ok(());
    };
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client.clone())
        .with_endpoint(endpoint.as_str())
        // Not what a variable says, which may be of gRPC.
        .with_protocol(Protocol::HttpBinary)
        .build()?;
    let resource = Resource::builder_empty()
        .with_service_name(service_name.to_owned())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    exporter.set_resource(&resource.build());
    let batches = Batches {
        exporter,
        held: Vec::new(),
        since: None,
        is_failing: false,
    };
    let export = Export {
        queue: Queue::start("traces", QUEUE_SPANS_MAX, batches)?,
        sample: settings.sample,
        scope: InstrumentationScope::builder("sumward").build(),
    };
    let _ = EXPORT.set(export);
    Ok(())
}

/// Returns which part of the traces that begin here is exported, if any.
pub(crate) fn sample() -> Option<config::Ratio> {
    EXPORT.get().map(|export| export.sample)
}

/// Returns how many spans were lost, ever.
pub(crate) fn lost() -> u64 {
    EXPORT.get().map_or(0, |export| export.queue.lost())
}

/// Waits until the spans that ended are sent, `wait` at the longest.
pub(super) fn flush(wait: Duration) {
    if let Some(export) = EXPORT.get() {
        export.queue.flush(wait);
    }
}

/// A span that has ended.
pub(crate) struct Ended {
    /// What was done, in one of few ways.
    pub(crate) name: String,
    /// When it began.
    pub(crate) began: Instant,
    /// What is told of it.
    pub(crate) attributes: Vec<KeyValue>,
    /// Why it failed, if it did; may be empty.
    pub(crate) failed: Option<String>,
}

/// Exports the span of a request that was answered, if its trace is.
pub(crate) fn answered(ended: impl FnOnce() -> Ended) {
    Context::with(|context| {
        if let Some(context) = context {
            export(context, SpanKind::Server, ended);
        }
    });
}

/// Asks somebody else as a span of its own, part of the one that runs; what no request
/// has caused begins a trace. `tell` says how it ended.
pub(crate) async fn asking<T>(
    work: impl Future<Output = T>,
    tell: impl FnOnce(&T, Instant) -> Ended,
) -> T {
    let span = match Context::current() {
        None => Context::begun(sample()),
        Some(context) if context.is_sampled && EXPORT.get().is_some() => context.child(),
        // Nobody is told of a span of its own, so the request's is named.
        Some(_) => return work.await,
    };
    let began = Instant::now();
    let answer = span.clone().scope(work).await;
    export(&span, SpanKind::Client, || tell(&answer, began));
    answer
}

/// Says something of a span, without what looks like a secret. A text that is too long is
/// cut.
pub(crate) fn text(key: &'static str, value: &str) -> KeyValue {
    KeyValue::new(key, told(value, TEXT_BYTES_MAX))
}

/// Says by which method, of which there are few: a client can make up others.
pub(crate) fn method(method: &Method) -> &str {
    match *method {
        Method::GET | Method::HEAD | Method::PUT | Method::POST | Method::DELETE => method.as_str(),
        _ => "_OTHER",
    }
}

/// Says the status of an answer.
pub(crate) fn status(status: u16) -> KeyValue {
    KeyValue::new("http.response.status_code", i64::from(status))
}

fn export(context: &Context, kind: SpanKind, ended: impl FnOnce() -> Ended) {
    let Some(export) = EXPORT.get().filter(|_| context.is_sampled) else {
        return;
    };
    export
        .queue
        .put(data(context, kind, ended(), export.scope.clone()));
}

fn data(
    context: &Context,
    span_kind: SpanKind,
    ended: Ended,
    instrumentation_scope: InstrumentationScope,
) -> SpanData {
    let end_time = SystemTime::now();
    let took = ended.began.elapsed();
    SpanData {
        span_context: span_context(context.trace_id, context.span_id),
        parent_span_id: context.parent.map_or(0, |SpanId(id)| id).into(),
        parent_span_is_remote: context.is_parent_remote,
        span_kind,
        name: ended.name.into(),
        start_time: end_time.checked_sub(took).unwrap_or(end_time),
        end_time,
        attributes: ended.attributes,
        dropped_attributes_count: 0,
        events: Default::default(),
        links: Default::default(),
        status: ended.failed.map_or(Status::Unset, |why| {
            Status::error(told(&why, TEXT_BYTES_MAX))
        }),
        instrumentation_scope,
    }
}

fn span_context(TraceId(trace): TraceId, SpanId(span): SpanId) -> SpanContext {
    let flags = TraceFlags::SAMPLED;
    SpanContext::new(trace.into(), span.into(), flags, false, TraceState::NONE)
}

/// Sends spans in batches.
struct Batches<E> {
    exporter: E,
    held: Vec<SpanData>,
    /// Since when the first one is held.
    since: Option<Instant>,
    is_failing: bool,
}

impl<E: opentelemetry_sdk::trace::SpanExporter + 'static> Sink<SpanData> for Batches<E> {
    fn take(&mut self, span: SpanData) -> u64 {
        self.held.push(span);
        let since = *self.since.get_or_insert_with(Instant::now);
        if self.held.len() < BATCH_SPANS_MAX && since.elapsed() < BATCH_WAIT {
            return 0;
        }
        self.flush()
    }

    fn flush(&mut self) -> u64 {
        self.since = None;
        let batch = std::mem::take(&mut self.held);
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        if count == 0 {
            return 0;
        }
        // It blocks: the client is one that does, and this thread is for that.
        let sent = futures_executor::block_on(self.exporter.export(batch));
        match (sent, self.is_failing) {
            (Ok(()), false) => 0,
            (Ok(()), true) => {
                tracing::info!("the collector takes traces again");
                self.is_failing = false;
                0
            }
            (Err(error), is_failing) => {
                if !is_failing {
                    tracing::warn!(%error, "the collector does not take traces; they are dropped and counted until it does");
                }
                self.is_failing = true;
                count
            }
        }
    }

    fn patience(&self) -> Option<Duration> {
        self.since
            .map(|since| BATCH_WAIT.saturating_sub(since.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::HeaderMap;
    use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};

    use super::*;

    /// Takes nothing while it is down.
    #[derive(Clone, Debug, Default)]
    struct Collector(Arc<Mutex<(bool, Vec<SpanData>)>>);

    impl opentelemetry_sdk::trace::SpanExporter for Collector {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            let (is_down, taken) = &mut *self.0.lock().unwrap();
            if *is_down {
                return Err(OTelSdkError::InternalFailure("down".to_owned()));
            }
            taken.extend(batch);
            Ok(())
        }
    }

    fn ended() -> Ended {
        Ended {
            name: "GET zip".to_owned(),
            began: Instant::now(),
            attributes: vec![status(200)],
            failed: None,
        }
    }

    fn span() -> SpanData {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", parent.parse().unwrap());
        let context = Context::of_request(&headers, None);
        let scope = InstrumentationScope::builder("sumward").build();
        data(&context, SpanKind::Server, ended(), scope)
    }

    #[test]
    fn spans_go_in_batches_and_what_is_not_taken_is_counted() {
        let collector = Collector::default();
        let mut batches = Batches {
            exporter: collector.clone(),
            held: Vec::new(),
            since: None,
            is_failing: false,
        };
        assert_eq!(batches.patience(), None);
        for _ in 1..BATCH_SPANS_MAX {
            assert_eq!(batches.take(span()), 0);
        }
        assert!(batches.patience().is_some_and(|wait| wait <= BATCH_WAIT));
        assert_eq!(collector.0.lock().unwrap().1.len(), 0);
        assert_eq!(batches.take(span()), 0);
        assert_eq!(collector.0.lock().unwrap().1.len(), BATCH_SPANS_MAX);
        collector.0.lock().unwrap().0 = true;
        assert_eq!(batches.take(span()) + batches.flush(), 1);
        assert!(batches.is_failing);
        collector.0.lock().unwrap().0 = false;
        assert_eq!(batches.take(span()) + batches.flush(), 0);
        assert!(!batches.is_failing);
    }

    #[test]
    fn a_span_tells_its_parent() {
        let span = span();
        let trace = span.span_context.trace_id().to_string();
        assert_eq!(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span.parent_span_id.to_string(), "00f067aa0ba902b7");
        assert!(span.parent_span_is_remote);
        assert!(span.start_time <= span.end_time);
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let cut = text("url.path", &"é".repeat(TEXT_BYTES_MAX));
        assert_eq!(cut.value.as_str().len(), TEXT_BYTES_MAX);
        let cut = text("url.path", &format!("x{}", "é".repeat(TEXT_BYTES_MAX)));
        assert_eq!(cut.value.as_str().len(), TEXT_BYTES_MAX - 1);
    }

    #[test]
    fn a_span_tells_no_secret_and_no_method_that_a_client_made_up() {
        let why = "asking https://user:canary@proxy.example/x?sig=canary failed";
        let context = Context::begun(None);
        let scope = InstrumentationScope::builder("sumward").build();
        let ended = Ended {
            failed: Some(why.to_owned()),
            attributes: vec![text("error.message", why)],
            ..ended()
        };
        let told = format!("{:?}", data(&context, SpanKind::Client, ended, scope));
        assert!(!told.contains("canary"), "{told}");
        assert!(told.contains("proxy.example"), "{told}");
        assert_eq!(method(&Method::GET), "GET");
        assert_eq!(method(&Method::from_bytes(b"CANARY").unwrap()), "_OTHER");
    }
}
