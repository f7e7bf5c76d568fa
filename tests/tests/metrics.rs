//! `/metrics` of the real program, and what is shipped to read it: promtool and a real
//! Prometheus take it, and the rules and the dashboard name nothing that it does not have.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use testkit::client;
use testkit::environment;
use testkit::module::Module;
use testkit::sumward::Sumward;
use testkit::world::{World, target, wait_until};

/// Only where the server speaks TLS.
const WITH_TLS: &str = "sumward_tls_certificate_expiry_timestamp_seconds";

const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";

fn greet() -> Module {
    Module::library("example.com/greet", "v1.0.0")
}

/// A server that has fetched a module once and served it again.
fn busy(world: &World) -> Sumward {
    let server = world.serve();
    for ending in ["info", "mod", "zip", "zip"] {
        assert_eq!(server.get(&target(&greet(), ending)).status, 200);
    }
    server
}

#[test]
fn the_text_is_what_promtool_wants() {
    let world = World::with(&[&greet()]);
    let server = busy(&world);
    let reply = server.get("/metrics");
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(reply.header("content-type"), Some(kind));
    assert_eq!(reply.header("vary"), Some("accept"));
    let said = promtool(&["check", "metrics"], &reply.text());
    assert_eq!(said, "");
    for line in [
        r#"sumward_requests_total{kind="zip",status="2xx"} 2"#,
        r#"sumward_requests_total{kind="zip",status="503"} 0"#,
        r#"sumward_cache_lookups_total{kind="zip",found="hot"} 1"#,
        r#"sumward_cache_lookups_total{kind="zip",found="miss"} 1"#,
        r#"sumward_degraded{condition="read_only"} 0"#,
    ] {
        assert!(reply.text().lines().any(|it| it == line), "{line}");
    }
    let series = reply
        .text()
        .lines()
        .filter(|it| !it.starts_with('#'))
        .count();
    assert!(series < 600, "{series} series");
}

#[test]
fn the_process_tells_of_itself() {
    let world = World::with(&[]);
    let before = now();
    let server = world.serve();
    let page = server.get("/metrics").text();
    let value = |name: &str| value(&page, name).unwrap();
    let start = value("process_start_time_seconds");
    assert!(start > before - 2.0 && start < now() + 2.0, "{start}");
    assert!(value("process_cpu_seconds_total") > 0.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
    assert!(value("process_threads") >= 2.0);
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap();
    let apart = value("process_open_fds") - f64::from(u32::try_from(open.count()).unwrap());
    assert!(apart.abs() <= 5.0, "{apart}");
    assert!(value("process_max_fds") >= value("process_open_fds"));
}

#[test]
fn open_metrics_has_the_traces_of_requests() {
    let world = World::with(&[&greet()]);
    let server = busy(&world);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let headers = [("traceparent", parent.as_str())];
    let asked = client::send(server.address(), "GET", &target(&greet(), "mod"), &headers);
    assert_eq!(asked.status, 200);
    let page = client::send(
        server.address(),
        "GET",
        "/metrics",
        &[("accept", OPEN_METRICS)],
    );
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(page.header("content-type"), Some(kind));
    let text = page.text();
    assert!(text.ends_with("# EOF\n"));
    let exemplar = format!("# {{trace_id=\"{trace}\"}} ");
    let shown = text.lines().filter(|line| line.contains(&exemplar));
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown.len(), 1, "{shown:?}");
    assert!(shown[0].starts_with("sumward_request_duration_seconds_bucket{le="));
    assert!(!server.get("/metrics").text().contains(trace));
}

#[test]
fn a_certificate_tells_when_it_expires() {
    let world = World::with(&[]);
    let folder = tempfile::tempdir().unwrap();
    let names = vec!["localhost".to_owned()];
    let mut settings = rcgen::CertificateParams::new(names).unwrap();
    settings.not_after = rcgen::date_time_ymd(2031, 2, 3);
    let key = rcgen::KeyPair::generate().unwrap();
    let made = settings.self_signed(&key).unwrap();
    let file = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(file("tls.crt"), made.pem()).unwrap();
    std::fs::write(file("tls.key"), key.serialize_pem()).unwrap();
    let admin = free_address();
    let setup = world.setup().with_arguments(&[
        "--tls-cert",
        &file("tls.crt"),
        "--tls-key",
        &file("tls.key"),
        "--admin",
        &admin,
    ]);
    let _server = setup.start();
    let page = || client::get(admin.parse().unwrap(), "/metrics").text();
    wait_until("the certificate is told of", || {
        value(&page(), WITH_TLS).is_some()
    });
    assert_eq!(value(&page(), WITH_TLS), Some(1_927_843_200.0));
}

#[test]
fn what_is_stored_is_summed_up_without_a_walk() {
    let world = World::with(&[&greet()]);
    drop(busy(&world));
    let server = world.serve();
    let files = ["mod", "zip"].map(|ending| world.stored(&greet(), ending));
    let bytes: u64 = files.iter().map(|it| it.metadata().unwrap().len()).sum();
    wait_until("what is stored is summed up", || {
        value(&server.get("/metrics").text(), "sumward_store_files")
            .is_some_and(|files| files >= 2.0)
    });
    let page = server.get("/metrics").text();
    let told = value(&page, "sumward_store_bytes").unwrap();
    let info = world.stored(&greet(), "info").metadata().unwrap().len();
    let with_info = bytes + info;
    assert!(
        told.to_string() == bytes.to_string() || told.to_string() == with_info.to_string(),
        "{told}, {bytes} or {with_info}"
    );
}

#[test]
fn the_rules_are_good_and_do_as_their_test_says() {
    for arguments in [
        ["check", "rules", "sumward.rules.yml"],
        ["check", "config", "scrape.yml"],
        ["test", "rules", "sumward.rules.test.yml"],
    ] {
        let said = promtool(&arguments, "");
        assert!(said.contains("SUCCESS"), "{arguments:?}: {said}");
    }
    let rules = read("prometheus/sumward.rules.yml");
    let tests = read("prometheus/sumward.rules.test.yml");
    let alerts = rules
        .lines()
        .filter_map(|it| it.trim().strip_prefix("- alert: "));
    let mut seen = 0;
    for alert in alerts {
        assert!(tests.contains(alert), "{alert} is not tested");
        assert!(
            read("guides/observe.md").contains(alert),
            "{alert} is not explained"
        );
        seen += 1;
    }
    assert!(seen >= 10, "{seen} alerts");
}

#[test]
fn the_rules_and_the_dashboard_name_what_there_is() {
    let world = World::with(&[&greet()]);
    let server = busy(&world);
    wait_until("what is stored is summed up", || {
        value(&server.get("/metrics").text(), "sumward_store_files").is_some()
    });
    let there = names(&server.get("/metrics").text());
    let dashboard: Value = serde_json::from_str(&read("grafana/sumward.json")).unwrap();
    let mut shown = String::new();
    expressions(&dashboard, &mut shown);
    let rules = read("prometheus/sumward.rules.yml");
    let wanted = [&rules, &shown, &read("guides/observe.md")].map(|text| names(text));
    let [in_rules, in_dashboard, in_guide] = &wanted;
    assert!(in_rules.len() >= 10 && in_dashboard.len() >= 20 && in_guide.len() >= 10);
    for name in wanted.iter().flatten() {
        let is_there = there.contains(name) || there.contains(&format!("{name}_bucket"));
        assert!(is_there || name == WITH_TLS, "no metric is called {name}");
    }
}

#[test]
fn a_prometheus_scrapes_it() {
    let world = World::with(&[&greet()]);
    let server = busy(&world);
    let folder = tempfile::tempdir().unwrap();
    let settings = read("prometheus/scrape.yml")
        .replace("127.0.0.1:9090", &server.address().to_string())
        .replace("15s", "1s");
    std::fs::write(folder.path().join("prometheus.yml"), settings).unwrap();
    let rules = deploy("prometheus/sumward.rules.yml");
    std::fs::copy(rules, folder.path().join("sumward.rules.yml")).unwrap();
    let address = free_address();
    let _prometheus = Prometheus::start(folder.path(), &address);
    let asked = |query: &str| {
        let query = query
            .replace('{', "%7B")
            .replace('}', "%7D")
            .replace('"', "%22");
        let reply = client::get(
            address.parse().unwrap(),
            &format!("/api/v1/query?query={query}"),
        );
        let answer: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        answer["data"]["result"][0]["value"][1]
            .as_str()
            .map(str::to_owned)
    };
    wait_until("Prometheus listens", || {
        std::net::TcpStream::connect(&address).is_ok()
    });
    wait_until("the server is up for it", || {
        asked("up{job=\"sumward\"}").as_deref() == Some("1")
    });
    let zips = asked("sumward_requests_total{kind=\"zip\",status=\"2xx\"}");
    assert_eq!(zips.as_deref(), Some("2"));
}

/// A Prometheus that ends with the test.
struct Prometheus(Child);

impl Prometheus {
    fn start(folder: &Path, address: &str) -> Self {
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = Command::new("prometheus")
            .current_dir(folder)
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"])
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Self(child.expect("prometheus runs: install the package `prometheus`"))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        if let Err(error) = ended {
            eprintln!("ending prometheus: {error}");
        }
    }
}

/// Runs promtool in the folder of the rules; returns what it prints.
#[track_caller]
fn promtool(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("promtool")
        .args(arguments)
        .current_dir(deploy("prometheus"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool runs: install the package `prometheus`");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let mut said = String::from_utf8(output.stdout).unwrap();
    said.push_str(&String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "promtool {arguments:?}: {said}");
    said
}

/// The value of a series.
fn value(page: &str, series: &str) -> Option<f64> {
    let mut lines = page.lines();
    let rest = lines.find_map(|line| {
        let rest = line.strip_prefix(series)?;
        rest.strip_prefix("{}").unwrap_or(rest).strip_prefix(' ')
    });
    rest?.parse().ok()
}

/// The names of metrics in a text. Names of recorded series have a colon before them.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c| !is_name(c));
    let known = words.filter(|it| it.starts_with("sumward_") || it.starts_with("process_"));
    let whole = known.filter(|it| !it.ends_with('_') && !it.contains(':'));
    whole.map(str::to_owned).collect()
}

/// Gathers what a dashboard asks.
fn expressions(value: &Value, into: &mut String) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (&**name, member) {
                    ("expr", Value::String(text)) => {
                        into.push_str(text);
                        into.push('\n');
                    }
                    _ => expressions(member, into),
                }
            }
        }
        Value::Array(members) => members.iter().for_each(|it| expressions(it, into)),
        _ => {}
    }
}

fn deploy(name: &str) -> PathBuf {
    environment::checkout().join("deploy").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(deploy(name)).unwrap()
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs_f64()
}

/// A port that was free just now.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
