//! Where settings come from, and which source wins.

mod databases;
mod files;
mod layers;
mod mistakes;
mod named;
mod private;
mod signed;
mod upstreams;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;

use super::load::Loaded;
use super::problem::Problems;
use super::*;
use crate::args::{Args, Flags};
use environment::Environment;

const KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
/// Made for these tests from the seed of 32 zero bytes.
const TEST_NAME: &str = "test.example/db";

fn test_key() -> String {
    proto::note::SignerKey::from_seed(TEST_NAME, [0; 32])
        .unwrap()
        .verifier()
        .to_string()
}

fn flags(line: &[&str]) -> Flags {
    let line = ["sumward"].iter().chain(line);
    Args::try_parse_from(line).unwrap().flags
}

/// Loads from flags, the text of a file, and the environment, where HOME is set.
fn load<const N: usize>(
    line: &[&str],
    file: &str,
    variables: [(&'static str, &str); N],
) -> Result<Loaded, Problems> {
    let folder = tempfile::tempdir().unwrap();
    let mut flags = flags(line);
    let path = folder.path().join("sumward.yaml");
    fs::write(&path, file).unwrap();
    flags.config.push(path);
    let mut environment = Environment::of(variables);
    environment.default_to("HOME", "/home/u");
    Config::load(&flags, &environment)
}

fn good<const N: usize>(line: &[&str], file: &str, variables: [(&'static str, &str); N]) -> Config {
    load(line, file, variables).unwrap().config
}

/// The problems, each without the folder of the test's file.
fn bad<const N: usize>(
    line: &[&str],
    file: &str,
    variables: [(&'static str, &str); N],
) -> Vec<String> {
    let problems = load(line, file, variables).unwrap_err().0;
    problems
        .iter()
        .map(|problem| {
            let text = problem.to_string();
            match text.find("sumward.yaml") {
                Some(at) => text[at..].to_owned(),
                None => text,
            }
        })
        .collect()
}

fn list(config: &Config) -> String {
    config.upstream.list.to_string()
}

#[test]
fn nothing_said_gives_the_defaults() {
    let loaded = load(&[], "", []).unwrap();
    let want = Config::new(PathBuf::from("/home/u/.local/share/sumward"));
    assert_eq!(loaded.config, want);
    assert_eq!(loaded.warnings, [""; 0]);
    assert_eq!(list(&want), "https://proxy.golang.org");
    assert_eq!(want.databases[0].key.to_string(), KEY);
    assert_eq!(want.proof.mode, Mode::Require);
}

#[test]
fn the_documented_file_is_the_defaults() {
    let text = fs::read_to_string(documented()).unwrap();
    assert_eq!(good(&[], &text, []), good(&[], "", []));
}

#[test]
fn the_documented_file_has_every_key() {
    let text = fs::read_to_string(documented()).unwrap();
    let uncommented: String = text
        .lines()
        .map(|line| {
            let body = line.trim_start();
            let indent = &line[..line.len() - body.len()];
            let body = match body.strip_prefix('#') {
                Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase()) => rest,
                _ => body,
            };
            format!("{indent}{body}\n")
        })
        .collect();
    let all = good(&[], &uncommented, []);
    let shown: serde_norway::Value = serde_norway::from_str(&all.show()).unwrap();
    let documented: serde_norway::Value = serde_norway::from_str(&uncommented).unwrap();
    assert_eq!(keys(&shown, ""), keys(&documented, ""));
}

fn documented() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/config/sumward.yaml")
}

fn keys(value: &serde_norway::Value, path: &str) -> Vec<String> {
    let mut all = vec![path.to_owned()];
    // An entry of `databases` may be a text.
    if let Some(entries) = value.as_mapping() {
        for (key, value) in entries {
            all.extend(keys(value, &format!("{path}.{}", key.as_str().unwrap())));
        }
    }
    all.sort();
    all
}

#[test]
fn what_is_shown_is_read_back() {
    let text = "
data: /srv/m
listen: '[::1]:0'
admin: unix:/run/sumward/admin.sock
clients: {trusted_proxies: [10.0.0.0/8, '::1'], proxy_protocol: on}
tls: {certificate: c.pem, key: k.pem}
upstream:
  list: https://a.example/x|file:///srv/y,https://z.example
  ca_file: ca.pem
  netrc: netrc
  http_proxy: proxy.example:3128
  https_proxy: off
  no_proxy: [localhost, .internal]
  private:
    - {modules: [corp.example, '*.corp.example'], list: 'https://proxy.corp.example,off'}
    - modules: elsewhere.example
  redirect_hosts: [cdn.internal:443]
  head_timeout: 40s
  backoff_max: 1m30s
databases:
  - key: KEY
    url: https://db.example/
    modules: example.com/*,*.corp.example
    head_age_max: 3d
  - sum.golang.org
proof: {mode: report, exempt: [a.example, b.example/x], pause: 5m}
cache: {hot_bytes_max: 1234567, absences_max: 5}
limits: {connections_per_address_max: 7, text_fetches_max: 8, waiting_per_address_max: 9, unwatched_max: 0s}
usage: {client_addresses: on, entries_per_day_max: 10}
log: {format: json, level: 'info,server::source::upstream=debug'}
"
    .replace("KEY", &test_key());
    let config = good(&[], &text, []);
    assert_eq!(config.databases[0].name, TEST_NAME);
    assert_eq!(
        config.databases[0].url.as_deref(),
        Some("https://db.example")
    );
    assert_eq!(
        config.upstream.http_proxy,
        HttpProxy {
            http: Some("http://proxy.example:3128".to_owned()),
            https: None,
            except: Some("localhost,.internal".to_owned()),
        }
    );
    let limits = &config.limits;
    assert_eq!(limits.connections_per_address_max, 7);
    assert_eq!(limits.text_fetches_max, 8);
    assert_eq!(limits.waiting_per_address_max, 9);
    assert_eq!(limits.unwatched_max, Duration::ZERO);
    assert_eq!(config.upstream.head_timeout, Duration::from_secs(40));
    assert_eq!(
        config.databases[0].head_age_max,
        Some(3 * PUBLIC_HEAD_AGE_MAX)
    );
    assert!(config.usage.client_addresses);
    assert_eq!(good(&[], &config.show(), []), config);
    let defaults = good(&[], "", []);
    assert_eq!(good(&[], &defaults.show(), []), defaults);
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_environment() {
    let env = [("GOPROXY", "https://env.example")];
    let file = "upstream: {list: https://file.example}";
    let flag = ["--upstream", "https://flag.example"];
    assert_eq!(list(&good(&flag, file, env)), "https://flag.example");
    assert_eq!(list(&good(&[], file, env)), "https://file.example");
    assert_eq!(list(&good(&[], "", env)), "https://env.example");
    // Empty is unset to the go command.
    assert_eq!(
        list(&good(&[], "", [("GOPROXY", "")])),
        "https://proxy.golang.org"
    );
}

#[test]
fn every_flag_overrides_the_file() {
    let file = "
data: /file
listen: 127.0.0.1:1
admin: 127.0.0.1:2
tls: {certificate: file.crt, key: file.key}
upstream: {list: off, ca_file: file.pem, netrc: file.netrc}
databases: [sum.golang.org]
proof: {mode: off, exempt: file.example}
log: {format: text, level: warn}
";
    let key = test_key();
    let config = good(
        &[
            "--data=/flag",
            "--listen=127.0.0.1:3",
            "--admin=127.0.0.1:4",
            "--tls-cert=flag.crt",
            "--tls-key=flag.key",
            "--upstream=https://flag.example",
            "--ca-file=flag.pem",
            "--netrc=flag.netrc",
            "--database",
            &key,
            "--proof=report",
            "--no-proof-for=flag.example",
            "--log-format=json",
            "--log-level=debug",
        ],
        file,
        [],
    );
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(config.data, Path::new("/flag"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:3");
    assert_eq!(config.admin.clone().unwrap().to_string(), "127.0.0.1:4");
    let tls = config.tls.clone().unwrap();
    assert_eq!(Some(tls.certificate), path("flag.crt"));
    assert_eq!(Some(tls.key), path("flag.key"));
    assert_eq!(list(&config), "https://flag.example");
    assert_eq!(config.upstream.ca_file, path("flag.pem"));
    assert_eq!(config.upstream.netrc, path("flag.netrc"));
    assert_eq!(config.databases.len(), 1);
    assert_eq!(config.databases[0].name, TEST_NAME);
    assert_eq!(config.proof.mode, Mode::Report);
    assert_eq!(config.proof.exempt.to_string(), "flag.example");
    assert_eq!(config.log.format, Format::Json);
    assert_eq!(config.log.level, "debug");
}

#[test]
fn the_go_commands_variables_alone_are_a_whole_set_up() {
    let key = test_key();
    let config = good(
        &["--listen", "127.0.0.1:8081", "--data", "D"],
        "",
        [("GOPROXY", "http://10.0.0.1/p"), ("GOSUMDB", &key)],
    );
    assert_eq!(list(&config), "http://10.0.0.1/p");
    assert_eq!(config.databases.len(), 1);
    assert_eq!(config.databases[0].key.to_string(), key);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8081");
    assert_eq!(config.data, Path::new("D"));
    assert_eq!(config.proof.mode, Mode::Require);
}

#[test]
fn what_other_services_set_for_traces_and_reports_counts_here_too() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/otlp/"),
        ("OTEL_SERVICE_NAME", "proxy-3"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("SENTRY_DSN", "https://key@sentry.example/1"),
        ("JOURNAL_STREAM", "8:42"),
        ("INVOCATION_ID", "d00f"),
    ];
    let config = good(&[], "", variables);
    let endpoint = |config: &Config| config.traces.endpoint.clone().unwrap().to_string();
    assert_eq!(endpoint(&config), "http://collector:4318/otlp/v1/traces");
    assert_eq!(Some(config.traces.sample), Ratio::new(0.25));
    assert_eq!(config.log.service_name, "proxy-3");
    assert_eq!(config.log.journal_stream.as_deref(), Some("8:42"));
    assert_eq!(config.errors.invocation_id.as_deref(), Some("d00f"));
    assert_eq!(config.errors.sentry_dsn.unwrap().host(), "sentry.example");
    let name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    let both = [variables[0], (name, "http://traces:4318/in")];
    assert_eq!(endpoint(&good(&[], "", both)), "http://traces:4318/in");
    let config = good(&["--set=traces.endpoint=off"], "", variables);
    assert_eq!(config.traces.endpoint, None);
}

#[test]
fn data_lies_where_the_system_says() {
    let data = |variables: Vec<(&'static str, &str)>| {
        let mut environment = Environment::default();
        for (name, value) in variables {
            environment.default_to(name, value);
        }
        let loaded = Config::load(&Flags::default(), &environment);
        loaded.map(|loaded| loaded.config.data.display().to_string())
    };
    let home = ("HOME", "/home/u");
    for (variables, want) in [
        (vec![home], "/home/u/.local/share/sumward"),
        (vec![home, ("XDG_DATA_HOME", "/x")], "/x/sumward"),
        (
            vec![home, ("XDG_DATA_HOME", "rel")],
            "/home/u/.local/share/sumward",
        ),
        (
            vec![home, ("STATE_DIRECTORY", "/var/lib/sumward:/b")],
            "/var/lib/sumward",
        ),
    ] {
        assert_eq!(data(variables).unwrap(), want);
    }
    assert!(data(vec![]).unwrap_err().to_string().contains("--data"));
}

#[test]
fn settings_are_looked_at_where_there_is_no_home() {
    let look = |line: &[&str]| Config::load_to_look(&flags(line), &Environment::default());
    let loaded = look(&[]).unwrap();
    let [warning] = &loaded.warnings[..] else {
        panic!("{:?}", loaded.warnings);
    };
    assert!(
        warning.starts_with("data: there is no home folder"),
        "{warning}"
    );
    // What nobody said is not shown as said.
    let shown = loaded.show_origins();
    assert!(
        !shown.contains("\ndata:") && shown.starts_with("listen:"),
        "{shown}"
    );
    let json: serde_json::Value = serde_json::from_str(&loaded.show_json(true)).unwrap();
    assert!(json["settings"].get("data").is_none(), "{json}");
    assert!(json["origins"].get("data").is_none(), "{json}");
    let loaded = look(&["--data=/d"]).unwrap();
    assert_eq!(loaded.warnings, [""; 0]);
    assert!(loaded.config.show().starts_with("data: /d\n"));
}

#[test]
fn the_configuration_file_may_be_named_by_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.yaml");
    fs::write(&path, "data: /from/file").unwrap();
    let mut environment = Environment::default();
    environment.default_to("SUMWARD_CONFIG", path.to_str().unwrap());
    let loaded = Config::load(&Flags::default(), &environment).unwrap();
    assert_eq!(loaded.config.data, Path::new("/from/file"));
}

#[test]
fn an_admin_address_equal_to_the_main_one_is_none() {
    let config = good(&["--admin", "127.0.0.1:8080"], "", []);
    assert_eq!(config.admin, None);
    let both = ["--listen=127.0.0.1:0", "--admin=127.0.0.1:0"];
    assert!(good(&both, "", []).admin.is_some());
}

#[test]
fn one_client_never_gets_every_place() {
    for (set, all, want) in [
        (1024, 4096, 1024),
        (1024, 8, 6),
        (1024, 2, 1),
        (1024, 1, 1),
        (3, 100, 3),
    ] {
        let limits = Limits {
            connections_per_address_max: set,
            waiting_max: all,
            waiting_per_address_max: set,
            ..Limits::default()
        };
        assert_eq!(limits.connections_of_one(all), want, "{set} of {all}");
        assert_eq!(limits.waiting_of_one(), want, "{set} of {all}");
    }
}
