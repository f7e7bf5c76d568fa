//! Sources over each other, and every key in each of them.

use super::kind::Part as _;
use super::partial::Partial;
use super::*;

/// A value of each key that is not its default, as `--set` and variables take it.
const OTHERS: &[(&str, &str)] = &[
    ("data", "/other"),
    ("listen", "127.0.0.1:1"),
    ("admin", "127.0.0.1:2"),
    ("clients.trusted_proxies", "10.0.0.0/8"),
    ("clients.proxy_protocol", "on"),
    ("tls.certificate", "c"),
    ("tls.key", "k"),
    ("upstream.list", "https://other.example"),
    ("upstream.private", "[{modules: corp.example}]"),
    ("upstream.redirect_hosts", "[a.internal:443, b.internal:80]"),
    ("upstream.ca_file", "ca"),
    ("upstream.netrc", "netrc"),
    ("upstream.http_proxy", "http://a:1"),
    ("upstream.https_proxy", "http://b:1"),
    ("upstream.no_proxy", "c.example"),
    ("upstream.connect_timeout", "11s"),
    ("upstream.head_timeout", "11s"),
    ("upstream.read_timeout", "11s"),
    ("upstream.attempts", "7"),
    ("upstream.backoff_min", "1s"),
    ("upstream.backoff_max", "11s"),
    ("upstream.breaker.failures_max", "11"),
    ("upstream.breaker.failures_percent", "11"),
    ("upstream.breaker.transfers_min", "11"),
    ("upstream.breaker.window", "11s"),
    ("upstream.breaker.open_min", "11s"),
    ("upstream.breaker.open_max", "11m"),
    ("databases", "[{name: sum.golang.org, modules: a.example}]"),
    ("own.key", "k"),
    ("own.second_key", "s"),
    ("own.high_water", "h"),
    ("own.recheck", "11s"),
    (
        "own.witnesses",
        "['witness.example/w1+2c86bd2f+BI0F3vSsjK9/esQrZF7JN4JsEPTlLURNN2W85t+0DUVz https://witness.example']",
    ),
    ("own.witnesses_needed", "11"),
    ("own.cosigned_within", "11m"),
    ("own.unwitnessed", "stop"),
    ("proof.mode", "report"),
    ("proof.exempt", "[ab].example"),
    ("proof.pause", "11s"),
    ("cache.list_fresh", "11s"),
    ("cache.negative_ttl", "11s"),
    ("cache.negative_entries_max", "11"),
    ("cache.absences_max", "11"),
    ("cache.hot_bytes_max", "11MiB"),
    ("cache.disk_free_min", "11MiB"),
    ("gc.budget", "11GiB"),
    ("gc.pins", "a.example"),
    ("gc.every", "11m"),
    ("limits.connections_max", "11"),
    ("limits.connections_per_address_max", "11"),
    ("limits.header_bytes_max", "11KiB"),
    ("limits.header_read_timeout", "11s"),
    ("limits.idle_timeout", "11s"),
    ("limits.write_stall_timeout", "11s"),
    ("limits.fetches_max", "11"),
    ("limits.text_fetches_max", "11"),
    ("limits.waiting_max", "11"),
    ("limits.waiting_per_address_max", "11"),
    ("limits.unwatched_max", "11s"),
    ("limits.zip_bytes_max", "11MiB"),
    ("limits.mod_bytes_max", "11MiB"),
    ("limits.text_bytes_max", "11MiB"),
    ("limits.drain_timeout", "11s"),
    ("usage.client_addresses", "on"),
    ("usage.entries_per_day_max", "11"),
    (
        "bundle.trust",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    ),
    ("bundle.watch", "drop"),
    ("bundle.settle", "11s"),
    ("log.format", "json"),
    ("log.level", "debug"),
    ("log.service_name", "other"),
    ("log.sample.warn", "0.5"),
    ("log.sample.info", "5%"),
    ("log.journal_socket", "/other"),
    ("traces.endpoint", "http://other.example:4318"),
    ("traces.sample", "0.5"),
    ("errors.sentry_dsn", "https://key@other.example/1"),
    ("events.webhook", "https://hooks.other.example/a"),
    ("events.secret", "s"),
];

/// The other settings that a key cannot be set without.
fn beside(key: &str) -> Option<&'static str> {
    match key {
        "tls.certificate" => Some("tls.key=k"),
        "tls.key" => Some("tls.certificate=c"),
        "events.webhook" => Some("events.secret=e"),
        "events.secret" => Some("events.webhook=https://hooks.example"),
        "clients.proxy_protocol" => Some("clients.trusted_proxies=::1"),
        _ => None,
    }
}

#[test]
fn every_key_is_reached_by_set_by_a_variable_and_by_a_file() {
    let keys: Vec<_> = OTHERS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(keys, Partial::schema().paths(false));
    for &(key, value) in OTHERS {
        let beside = beside(key).map(|setting| format!("--set={setting}"));
        let line: Vec<_> = beside.iter().map(String::as_str).collect();
        let before = load(&line, "", []).map(|loaded| loaded.config);
        let set = format!("--set={key}={value}");
        let by_set = good(&[&line[..], &[&set]].concat(), "", []);
        assert_ne!(before.ok(), Some(by_set.clone()), "{key}");
        let name: &'static str = environment::variable(key).leak();
        assert_eq!(good(&line, "", [(name, value)]), by_set, "{name}");
        let is_list = value.starts_with('[') && !value.starts_with("[ab]");
        let quoted = if is_list {
            value.to_owned()
        } else {
            format!("'{value}'")
        };
        let mut file = String::new();
        let parts: Vec<_> = key.split('.').collect();
        for (depth, part) in parts.iter().enumerate() {
            file.push_str(&format!("{}{part}:\n", "  ".repeat(depth)));
        }
        let file = format!("{} {quoted}\n", file.trim_end());
        assert_eq!(good(&line, &file, []), by_set, "{file}");
    }
}

#[test]
fn a_variable_has_one_key() {
    let paths = Partial::schema().paths(true);
    let names: std::collections::BTreeSet<_> = paths
        .iter()
        .map(|path| environment::variable(path))
        .collect();
    assert_eq!(names.len(), paths.len());
    assert!(names.contains("SUMWARD_UPSTREAM_LIST"));
    assert!(!names.contains(variables::CONFIG));
}

#[test]
fn a_flag_wins_then_the_servers_variable_then_the_file_then_the_go_commands() {
    let go = ("GOPROXY", "https://go.example");
    let own = ("SUMWARD_UPSTREAM_LIST", "https://own.example");
    let file = "upstream: {list: https://file.example}";
    for flag in [
        "--upstream=https://flag.example",
        "--set=upstream.list=https://flag.example",
    ] {
        assert_eq!(
            list(&good(&[flag], file, [go, own])),
            "https://flag.example"
        );
    }
    assert_eq!(list(&good(&[], file, [go, own])), "https://own.example");
    assert_eq!(list(&good(&[], file, [go])), "https://file.example");
    assert_eq!(list(&good(&[], "", [go])), "https://go.example");
    // An empty variable is unset.
    assert_eq!(
        list(&good(&[], file, [("SUMWARD_UPSTREAM_LIST", "")])),
        "https://file.example"
    );
}

#[test]
fn a_later_file_goes_over_an_earlier_one_key_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let base = write(
        "base.yaml",
        "data: /d\nlimits: {fetches_max: 1, waiting_max: 2}\n",
    );
    let site = write("site.yaml", "limits:\n  fetches_max: 3\n");
    let flags = flags(&["--config", &base, "--config", &site]);
    let loaded = Config::load(&flags, &Environment::default()).unwrap();
    assert_eq!(loaded.config.limits.fetches_max, 3);
    assert_eq!(loaded.config.limits.waiting_max, 2);
    assert_eq!(loaded.config.data, Path::new("/d"));
    assert_eq!(loaded.origins["limits.fetches_max"].at, format!("{site}:2"));
    assert_eq!(loaded.origins["limits.waiting_max"].at, format!("{base}:2"));
}

#[test]
fn a_setting_given_twice_on_one_level_is_refused() {
    let set = "--set=upstream.list=https://b.example";
    let problems = bad(&["--upstream=https://a.example", set], "", []);
    assert_eq!(
        problems,
        ["--set upstream.list: --upstream sets this as well; give one of them"]
    );
    assert_eq!(bad(&[set, set], "", []).len(), 1);
    let variables = [
        ("SUMWARD_CACHE", "{list_fresh: 1s}"),
        ("SUMWARD_CACHE_LIST_FRESH", "2s"),
    ];
    assert!(bad(&[], "", variables)[0].contains("sets this as well"));
}

#[test]
fn off_takes_away_what_a_lower_layer_says() {
    let file = "admin: 127.0.0.1:2\ntls: {certificate: c, key: k}\nupstream: {ca_file: ca}\n";
    let line = [
        "--admin=off",
        "--set=tls={certificate: off, key: off}",
        "--set=upstream.ca_file=off",
    ];
    let config = good(&line, file, []);
    assert_eq!(config, good(&[], "", []));
    let age = "databases: [{name: sum.golang.org, head_age_max: off}]";
    assert_eq!(good(&[], age, []).databases[0].head_age_max, None);
}

#[test]
fn brackets_that_are_not_a_list_are_text() {
    let line = [
        "--set=listen=[::1]:81",
        "--set=upstream.redirect_hosts=[::1]:443",
    ];
    let config = good(&line, "", [("SUMWARD_PROOF_EXEMPT", "[ab].example/x")]);
    assert_eq!(config.listen.to_string(), "[::1]:81");
    assert_eq!(config.upstream.redirect_hosts, ["[::1]:443"]);
    assert!(config.proof.exempt.matches("b.example/x"));
}

#[test]
fn what_set_and_variables_get_wrong_names_them() {
    for (set, want) in [
        (
            "upstream.lst=off",
            "--set upstream.lst: unknown key; did you mean `list`?",
        ),
        (
            "upstream.list.x=off",
            "--set upstream.list.x: unknown key; `upstream.list` has no keys in it",
        ),
        ("listen", "--set: `listen` has no `=`"),
        (
            "cache=1",
            "--set cache: want keys and values, found a number",
        ),
        ("databases=[secret", "--set databases: is not YAML: "),
        (
            "databases=[{nme: a}]",
            "--set databases[0].nme: unknown key; did you mean `name`?",
        ),
        (
            "limits.fetches_max=0",
            "--set limits.fetches_max: `0` is not a whole number",
        ),
    ] {
        let problems = bad(&[&format!("--set={set}")], "", []);
        assert!(problems[0].starts_with(want), "{problems:?}");
        assert!(!problems[0].contains("secret"), "{problems:?}");
    }
    let problems = bad(&[], "", [("SUMWARD_LIMITS_FETCHES_MAX", "0")]);
    assert!(
        problems[0].starts_with("SUMWARD_LIMITS_FETCHES_MAX: `0`"),
        "{problems:?}"
    );
    let problems = bad(&[], "", [("SUMWARD_LIMITS", "{fetches: 0}")]);
    assert!(
        problems[0].starts_with("SUMWARD_LIMITS: limits.fetches: unknown"),
        "{problems:?}"
    );
}

#[test]
fn variables_that_mean_nothing_are_warned_about() {
    let variables = [
        ("SUMWARD_UPSTREAM_LITS", "off"),
        ("SUMWARD_4_COLOURS", "red"),
    ];
    let loaded = load(&[], "", variables).unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "the variable SUMWARD_4_COLOURS is not a setting",
            "the variable SUMWARD_UPSTREAM_LITS is not a setting; did you mean SUMWARD_UPSTREAM_LIST?",
        ]
    );
}

#[test]
fn where_each_key_was_set_is_shown() {
    let loaded = load(
        &["--proof=report", "--set=limits.fetches_max=8"],
        "\ncache:\n  list_fresh: 2m\n",
        [
            ("GOPROXY", "https://go.example"),
            ("SUMWARD_LOG_LEVEL", "warn"),
        ],
    )
    .unwrap();
    let shown = loaded.show_origins();
    for line in [
        "data: /home/u/.local/share/sumward  # HOME",
        "listen: 127.0.0.1:8080  # default",
        "  list: https://go.example  # GOPROXY",
        "databases:  # default",
        "  mode: report  # --proof",
        "  fetches_max: 8  # --set",
        "  level: warn  # SUMWARD_LOG_LEVEL",
    ] {
        assert!(shown.lines().any(|it| it == line), "{line}\n{shown}");
    }
    let file = shown
        .lines()
        .find(|line| line.starts_with("  list_fresh: 2m  # "))
        .unwrap();
    assert!(file.ends_with("sumward.yaml:3"), "{file}");
    let mut read_back = good(&[], &shown, []);
    read_back
        .upstream
        .netrc
        .clone_from(&loaded.config.upstream.netrc);
    assert_eq!(read_back, loaded.config);
}

#[test]
fn systemds_runtime_folder_is_the_first_of_the_list() {
    let config = good(&[], "", [("RUNTIME_DIRECTORY", "/run/sumward:/run/b")]);
    assert_eq!(config.runtime.as_deref(), Some(Path::new("/run/sumward")));
    assert_eq!(good(&[], "", []).runtime, None);
}
