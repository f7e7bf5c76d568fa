//! What leaves the server for those who watch it: entries of the journal, traces, reports of
//! errors; each as its receiver gets it, and with a receiver that takes nothing.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::net::SocketAddr;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use sentry_types::protocol::v7::Envelope;
use testkit::client::{self, Reply};
use testkit::module::Module;
use testkit::world::{World, target, wait_until};

use receiver::{Journal, Receiver};

#[path = "telemetry/receiver.rs"]
mod receiver;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// How long anything may take that should happen at once, on a loaded machine.
const SOON: Duration = Duration::from_secs(20);

fn world() -> (World, Module) {
    let module = Module::library("example.com/thing", "v1.0.0");
    (World::with(&[&module]), module)
}

/// Asks as part of a trace that is exported.
fn ask(address: SocketAddr, target: &str) -> Reply {
    let parent = format!("00-{TRACE}-{PARENT}-01");
    client::send(address, "GET", target, &[("traceparent", &parent)])
}

fn spans(receiver: &Receiver) -> Vec<Span> {
    let mut spans = Vec::new();
    for request in receiver.requests() {
        assert_eq!(request.path, "/v1/traces");
        let told = ExportTraceServiceRequest::decode(&*request.body).unwrap();
        for resource in told.resource_spans {
            let named = format!("{:?}", resource.resource);
            assert!(named.contains("proxy-3"), "{named}");
            spans.extend(resource.scope_spans.into_iter().flat_map(|it| it.spans));
        }
    }
    spans
}

#[test]
fn a_request_is_a_span_of_its_clients_trace_and_what_is_asked_for_it_is_part_of_it() {
    let (world, module) = world();
    let collector = Receiver::that_answers();
    let server = world
        .setup()
        .with_env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url())
        .with_env("OTEL_SERVICE_NAME", "proxy-3")
        // What the machine's other services may need.
        .with_env("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        .with_env("OTEL_EXPORTER_OTLP_HEADERS", "x-key=of-the-collector")
        .with_arguments(&["--log-format", "json", "--log-level", "debug"])
        .start();
    let path = target(&module, "mod");
    assert_eq!(ask(server.address(), &path).status, 200);
    let of_kind = |kind: SpanKind| move |span: &Span| span.kind == kind as i32;
    wait_until("the request's span is there", || {
        spans(&collector).iter().any(of_kind(SpanKind::Server))
    });
    let head = &collector.requests()[0].head;
    assert!(head.contains("x-key: of-the-collector"), "{head}");
    let spans = spans(&collector);
    let request = spans
        .iter()
        .find(|it| of_kind(SpanKind::Server)(it))
        .unwrap();
    assert_eq!(hex::encode(&request.trace_id), TRACE);
    assert_eq!(hex::encode(&request.parent_span_id), PARENT);
    assert_eq!(request.name, "GET mod");
    assert!(format!("{:?}", request.attributes).contains(&path));
    let asked: Vec<_> = spans
        .iter()
        .filter(|it| of_kind(SpanKind::Client)(it))
        .collect();
    assert!(asked.len() >= 2, "upstream and database: {spans:?}");
    for span in &asked {
        assert_eq!(span.trace_id, request.trace_id);
        assert_eq!(span.parent_span_id, request.span_id);
    }
    // Each upstream request names the span it is.
    let sent = world.origin.asked();
    let sent: Vec<_> = sent.iter().filter(|it| it.path.contains("thing")).collect();
    assert!(sent.len() >= 2, "{sent:?}");
    for request in sent {
        let header = request.header("traceparent").unwrap();
        let (trace, span) = (&header[3..35], &header[36..52]);
        assert_eq!(trace, TRACE);
        assert!(
            asked.iter().any(|it| hex::encode(&it.span_id) == span),
            "{header}"
        );
        assert_eq!(request.header("tracestate"), None);
    }
    server.wait_for("\"http_status\":200");
    let log = server.log();
    let line = log
        .lines()
        .find(|line| line.contains("\"message\":\"request\""));
    let line: serde_json::Value = serde_json::from_str(line.unwrap()).unwrap();
    assert_eq!(line["trace_id"], TRACE);
    assert_eq!(line["span_id"], hex::encode(&request.span_id));
    assert_eq!(line["service_name"], "proxy-3");
    assert_eq!(line["kind"], "mod");
}

#[test]
fn a_collector_that_does_not_take_traces_costs_no_request_and_is_spoken_of_once() {
    let (world, module) = world();
    let nobody = "http://127.0.0.1:9";
    let hanging = Receiver::that_hangs();
    for (collector, asked) in [(nobody.to_owned(), 1), (hanging.url(), 6000)] {
        let server = world
            .setup()
            .with_arguments(&["--set", &format!("traces.endpoint={collector}")])
            .start();
        let path = target(&module, "mod");
        for _ in 0..asked {
            assert_eq!(ask(server.address(), &path).status, 200);
        }
        let lost = || counted(server.address(), "sumward_trace_spans_dropped_total");
        wait_until("spans are dropped", || lost() > 0);
        let before = lost();
        assert_eq!(ask(server.address(), &path).status, 200);
        if collector == nobody {
            wait_until("more spans are dropped", || lost() > before);
            let log = server.log();
            let told = log.matches("does not take traces").count();
            assert_eq!(told, 1, "{log}");
        }
        let (status, log) = server.terminate(SOON);
        assert!(status.success(), "{log}");
    }
}

fn counted(address: SocketAddr, name: &str) -> u64 {
    let page = client::get(address, "/metrics").text();
    let mut lines = page.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap().parse().unwrap()
}

#[test]
fn an_error_is_reported_with_its_trace_and_without_secrets() {
    let (world, module) = world();
    let sentry = Receiver::that_answers();
    let dsn = sentry.url().replace("http://", "http://public@") + "/42";
    let file = world.tree().join("example.com/thing/@v/v1.0.0.mod");
    std::fs::write(file, "module example.com/thing\n\n// other bytes\n").unwrap();
    let upstream = world.origin.url().replace("http://", "http://user:canary@");
    let server = world
        .setup()
        .with_env("GOPROXY", &upstream)
        .with_env("SENTRY_DSN", &dsn)
        .with_env("INVOCATION_ID", "d00f")
        .start();
    assert_eq!(ask(server.address(), &target(&module, "mod")).status, 403);
    wait_until("the report is there", || !sentry.requests().is_empty());
    let request = &sentry.requests()[0];
    assert_eq!(request.path, "/api/42/envelope/");
    assert!(
        request.head.contains("sentry_key=public"),
        "{}",
        request.head
    );
    let envelope = Envelope::from_slice(&request.body).unwrap();
    let event = envelope.event().unwrap();
    assert_eq!(event.tags["trace_id"], TRACE);
    assert_eq!(event.tags["invocation_id"], "d00f");
    let text = String::from_utf8_lossy(&request.body);
    assert!(text.contains("example.com/thing"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn an_address_that_cannot_be_one_ends_the_start_and_says_how_to_write_it() {
    let (world, _) = world();
    for (setting, key, way_out) in [
        (
            "errors.sentry_dsn=https://sentry.example/canary",
            "errors.sentry_dsn: is not a DSN",
            "write https://KEY@HOST/PROJECT",
        ),
        (
            "traces.endpoint=grpc://collector.example:4317",
            "traces.endpoint: `grpc:` is not spoken",
            "write http://HOST:4318",
        ),
    ] {
        let setup = world.setup().with_arguments(&["--set", setting]);
        let (status, said) = setup.run_to_end();
        assert_eq!(status.code(), Some(64), "{said}");
        assert!(said.contains(key) && said.contains(way_out), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn the_journal_gets_entries_that_tell_status_and_trace() {
    let (world, module) = world();
    let journal = Journal::bind();
    let file = world.tree().join("example.com/thing/@v/v1.0.0.mod");
    std::fs::write(file, "module example.com/thing\n\n// other bytes\n").unwrap();
    let server = world
        .setup()
        .with_config(&format!(
            "log: {{format: journal, journal_socket: {}, sample: {{info: 0}}}}\n",
            journal.path.display()
        ))
        .start();
    assert_eq!(ask(server.address(), &target(&module, "mod")).status, 403);
    let entry = journal.entry_with("SECURITY=true\n");
    assert!(entry.contains("refused"), "{entry}");
    for field in [
        "HTTP_STATUS=403",
        "SERVICE_NAME=sumward",
        "PRIORITY=6",
        "SECURITY=true",
        &format!("TRACE_ID={TRACE}"),
        "CODE_FILE=server/src/http/told.rs",
    ] {
        assert!(entry.contains(&format!("{field}\n")), "{field}: {entry}");
    }
    assert!(!server.log().contains("refused"), "{}", server.log());
}

#[test]
fn a_journal_that_is_stopped_costs_no_request_and_no_signal() {
    let (world, module) = world();
    // Nobody reads it.
    let journal = Journal::bind();
    let server = world
        .setup()
        .with_config(&format!(
            "log: {{format: journal, level: debug, journal_socket: {}}}\n",
            journal.path.display()
        ))
        .start();
    let path = target(&module, "mod");
    for _ in 0..6000 {
        assert_eq!(client::get(server.address(), &path).status, 200);
    }
    assert!(counted(server.address(), "sumward_log_lines_dropped_total") > 0);
    let (status, log) = server.terminate(SOON);
    assert!(status.success(), "{log}");
}
