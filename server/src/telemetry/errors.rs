//! Errors on their way to a Sentry server: each line of the log at level error, that of a
//! panic among them.
//!
//! A report tells what the line does, the trace (tag `trace_id`) and the run of the
//! service (tag `invocation_id`, by which the journal finds it). What looks like a secret
//! is taken out of every text of it. Nobody waits for the server: reports go through
//! a bounded queue to a thread of their own.
//!
//! Of Sentry's crates only the format is used: their hub keeps its scopes by thread, and
//! our requests change threads; their transports bring other TLS.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use sentry_types::Dsn;
use sentry_types::protocol::v7::{self as protocol, Envelope};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;

use super::context::Context;
use super::queue::{Queue, Sink};
use super::scrub::told;
use crate::config;

/// Reports that wait to be sent, at the most.
const QUEUE_REPORTS_MAX: usize = 256;
/// Bytes of one text of a report.
const TEXT_BYTES_MAX: usize = 8 << 10;
/// How long the server may ask to be left alone; it counts in minutes.
const PAUSE_MAX: Duration = Duration::from_secs(3600);
/// How long it is left alone when it asks for that and says no time.
const PAUSE: Duration = Duration::from_secs(60);

const CLIENT: &str = concat!("sumward/", env!("CARGO_PKG_VERSION"));

/// Where the errors of this process are reported, once that is set up.
static REPORTS: OnceLock<Reports> = OnceLock::new();

struct Reports {
    queue: Queue<Vec<u8>>,
    /// What every report is tagged with.
    tags: BTreeMap<String, String>,
}

/// Starts reporting to the server of the settings, if they have one.
///
/// # Errors
/// There is no thread to be had.
pub(crate) fn start(
    settings: &config::Errors,
    service_name: &str,
    client: &reqwest::blocking::Client,
) -> std::io::Result<()> {
    let Some(dsn) = &settings.sentry_dsn else {
        return Ok(());
    };
    let sender = ReportSender::new(dsn, client.clone());
    let reports = Reports {
        queue: Queue::start("errors", QUEUE_REPORTS_MAX, sender)?,
        tags: tags(service_name, settings.invocation_id.as_deref()),
    };
    let _ = REPORTS.set(reports);
    Ok(())
}

fn tags(service_name: &str, invocation_id: Option<&str>) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::from([("service_name".to_owned(), service_name.to_owned())]);
    if let Some(id) = invocation_id {
        tags.insert("invocation_id".to_owned(), id.to_owned());
    }
    tags
}

/// Returns how many reports were lost, ever.
pub(crate) fn lost() -> u64 {
    REPORTS.get().map_or(0, |reports| reports.queue.lost())
}

/// Waits until the reports that were made are sent, `wait` at the longest.
pub(super) fn flush(wait: Duration) {
    if let Some(reports) = REPORTS.get() {
        reports.queue.flush(wait);
    }
}

/// Makes reports of errors, once there is somebody to take them.
pub(super) struct Reporting;

impl<S: Subscriber> Layer<S> for Reporting {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        if let Some(reports) = REPORTS.get()
            && *event.metadata().level() == Level::ERROR
        {
            reports.queue.put(report(event, &reports.tags));
        }
    }
}

/// Returns the envelope that tells of an event.
fn report(event: &Event<'_>, tags: &BTreeMap<String, String>) -> Vec<u8> {
    let metadata = event.metadata();
    let mut texts = Texts::default();
    event.record(&mut texts);
    let mut report = protocol::Event {
        level: protocol::Level::Error,
        message: Some(texts.message),
        logger: Some(metadata.target().to_owned()),
        platform: "native".into(),
        release: Some(concat!("sumward@", env!("CARGO_PKG_VERSION")).into()),
        ..protocol::Event::default()
    };
    for (name, value) in tags {
        report.tags.insert(name.clone(), value.clone());
    }
    for (name, value) in texts.fields {
        report.extra.insert(name.to_owned(), value.into());
    }
    if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
        let place = format!("{file}:{line}");
        report.extra.insert("code".to_owned(), place.into());
    }
    Context::with(|context| {
        if let Some(of) = context {
            let trace = protocol::TraceContext {
                trace_id: of.trace_id.0.to_be_bytes().into(),
                span_id: of.span_id.0.to_be_bytes().into(),
                ..protocol::TraceContext::default()
            };
            report.contexts.insert("trace".to_owned(), trace.into());
            let (trace, span) = (of.trace_id.to_string(), of.span_id.to_string());
            report.tags.insert("trace_id".to_owned(), trace);
            report.tags.insert("span_id".to_owned(), span);
        }
    });
    let mut bytes = Vec::new();
    let written = Envelope::from(report).to_writer(&mut bytes);
    written.expect("writing texts to memory does not fail");
    bytes
}

/// The texts of an event, without secrets.
#[derive(Default)]
struct Texts {
    message: String,
    fields: Vec<(&'static str, String)>,
}

impl Texts {
    fn add(&mut self, field: &Field, text: &str) {
        let text = told(text, TEXT_BYTES_MAX);
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }
}

impl Visit for Texts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, &format!("{value:?}"));
    }
}

/// Posts envelopes.
struct ReportSender {
    client: reqwest::blocking::Client,
    url: url::Url,
    auth: String,
    /// Until when the server is left alone, as it asked.
    pause: Option<Instant>,
    is_failing: bool,
}

impl ReportSender {
    fn new(dsn: &Dsn, client: reqwest::blocking::Client) -> Self {
        Self {
            client,
            url: dsn.envelope_api_url(),
            auth: dsn.to_auth(Some(CLIENT)).to_string(),
            pause: None,
            is_failing: false,
        }
    }

    fn send(&mut self, envelope: Vec<u8>) -> Result<(), String> {
        let sent = self
            .client
            .post(self.url.clone())
            .header("X-Sentry-Auth", &self.auth)
            .header(CONTENT_TYPE, "application/x-sentry-envelope")
            .body(envelope)
            .send();
        // The URL names the project, which the log need not.
        let answer = sent.map_err(|error| error.without_url().to_string())?;
        let status = answer.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let asked = answer.headers().get(RETRY_AFTER);
            let asked = asked.and_then(|value| value.to_str().ok()?.parse().ok());
            let pause = asked.map_or(PAUSE, Duration::from_secs).min(PAUSE_MAX);
            self.pause = Instant::now().checked_add(pause);
        }
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("it answered {}", status.as_u16())),
        }
    }
}

impl Sink<Vec<u8>> for ReportSender {
    fn take(&mut self, envelope: Vec<u8>) -> u64 {
        if self.pause.is_some_and(|until| Instant::now() < until) {
            return 1;
        }
        self.pause = None;
        match (self.send(envelope), self.is_failing) {
            (Ok(()), is_failing) => {
                if is_failing {
                    tracing::info!("the Sentry server takes reports again");
                }
                self.is_failing = false;
                0
            }
            (Err(error), is_failing) => {
                if !is_failing {
                    tracing::warn!(
                        error,
                        "the Sentry server does not take reports; they are dropped and counted until it does"
                    );
                }
                self.is_failing = true;
                1
            }
        }
    }

    fn flush(&mut self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::HeaderMap;
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps the reports of its events.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Vec<u8>>>>);

    impl<S: Subscriber> Layer<S> for Kept {
        fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
            let report = report(event, &tags("proxy-3", Some("d00f")));
            self.0.lock().unwrap().push(report);
        }
    }

    fn reported(log: impl FnOnce()) -> String {
        let kept = Kept::default();
        with_default(tracing_subscriber::registry().with(kept.clone()), log);
        let mut reports = kept.0.lock().unwrap().clone();
        assert_eq!(reports.len(), 1);
        String::from_utf8(reports.remove(0)).unwrap()
    }

    #[test]
    fn a_report_tells_the_line_its_trace_and_the_run() {
        let context = Context::of_request(&HeaderMap::new(), None);
        let text = reported(|| {
            context.clone().scope_blocking(|| {
                tracing::error!(database = "sum.example", tries = 3, "checksum mismatch");
            });
        });
        let envelope = Envelope::from_slice(text.as_bytes()).unwrap();
        let event = envelope.event().unwrap();
        assert_eq!(event.message.as_deref(), Some("checksum mismatch"));
        assert_eq!(event.level, protocol::Level::Error);
        assert_eq!(event.extra["database"], "sum.example");
        assert_eq!(event.extra["tries"], "3");
        let trace = context.trace_id.to_string();
        assert_eq!(event.tags["trace_id"], trace);
        assert_eq!(event.tags["invocation_id"], "d00f");
        assert_eq!(event.tags["service_name"], "proxy-3");
        let protocol::Context::Trace(told) = &event.contexts["trace"] else {
            panic!("{text}");
        };
        assert_eq!(told.trace_id.to_string(), trace);
    }

    #[test]
    fn a_canary_never_leaves() {
        let long = format!("{} https://u:canary@h/", "x".repeat(TEXT_BYTES_MAX - 14));
        let text = reported(|| {
            tracing::error!(
                url = "https://user:canary@proxy.example/x?sig=canary",
                header = ?("Authorization", "Basic canary"),
                netrc = "machine proxy.example login me password canary",
                long,
                "asking https://canary@proxy.example failed"
            );
        });
        assert!(!text.contains("canary"), "{text}");
        assert!(text.contains("proxy.example"), "{text}");
    }
}
