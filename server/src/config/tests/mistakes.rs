//! Mistakes, and what is said of them.

use super::*;

#[test]
fn unknown_keys_name_the_nearest_known_and_the_line() {
    let file = "
listen: 127.0.0.1:0
upstream:
  lst: https://a.example
  breaker:
    open_minn: 5s
databases:
  - name: sum.golang.org
    urll: https://x.example
colour: red
";
    assert_eq!(
        bad(&[], file, []),
        [
            "sumward.yaml:4: upstream.lst: unknown key; did you mean `list`?",
            "sumward.yaml:6: upstream.breaker.open_minn: unknown key; did you mean `open_min`?",
            "sumward.yaml:9: databases[0].urll: unknown key; did you mean `url`?",
            "sumward.yaml:10: colour: unknown key; known here: data, listen, admin, clients, tls, upstream, databases, own, proof, cache, gc, limits, usage, bundle, log, traces, errors, events",
        ]
    );
}

#[test]
fn every_error_is_reported_at_once() {
    let file = "
listen: nowhere
upstream: {attempts: 0, read_timeout: 0s, backoff_min: 10s, backoff_max: 1s}
cache: {hot_bytes_max: lots}
limits: [1]
log: {level: inof}
";
    let problems = bad(&["--proof", "maybe"], file, []);
    for want in [
        "--proof: `maybe`",
        "sumward.yaml:2: listen: ",
        "sumward.yaml:3: upstream.attempts: ",
        "sumward.yaml:3: upstream.read_timeout: ",
        "sumward.yaml:3: upstream.backoff_max: ",
        "sumward.yaml:4: cache.hot_bytes_max: ",
        "sumward.yaml:5: limits: want keys and values, found a list",
        "sumward.yaml:6: log.level: `inof`",
    ] {
        let found = problems.iter().any(|it| it.starts_with(want));
        assert!(found, "{want}: {problems:#?}");
    }
    assert_eq!(problems.len(), 8, "{problems:#?}");
}

#[test]
fn a_file_that_is_no_yaml_or_not_there_is_one_error() {
    let problems = bad(&[], "listen: [", []);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("sumward.yaml:"), "{problems:?}");
    let problems = bad(&[], "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", []);
    assert_eq!(problems.len(), 1, "{problems:?}");
    let flags = flags(&["--config", "/absent/sumward.yaml"]);
    let environment = Environment::of([("HOME", "/home/u")]);
    let problems = Config::load(&flags, &environment).unwrap_err();
    assert!(problems.to_string().contains("cannot be read"));
}

#[test]
fn a_certificate_and_its_key_come_together() {
    assert!(bad(&["--tls-cert", "c"], "", [])[0].contains("--tls-key"));
    assert!(bad(&["--tls-key", "k"], "", [])[0].contains("--tls-cert"));
    let config = good(&["--tls-cert", "c"], "tls: {key: k}", []);
    assert!(config.tls.is_some());
}

#[test]
fn checking_names_the_files_that_cannot_be_read() {
    let line = [
        "--tls-cert=/absent.crt",
        "--tls-key=/absent.key",
        "--ca-file=/absent.pem",
    ];
    let config = good(&line, "upstream: {netrc: /absent.netrc}", []);
    let problems = config.check_files();
    let keys: Vec<_> = problems.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "tls.certificate",
            "tls.key",
            "upstream.ca_file",
            "upstream.netrc"
        ]
    );
    for (_, message) in problems {
        assert!(message.contains(" cannot be read: "), "{message}");
    }
    assert_eq!(good(&[], "", []).check_files(), []);
}

#[test]
fn a_key_that_is_gone_says_what_became_of_it() {
    let want = "cache.list_stale_max: is gone: stored lists are served for ever";
    let problems = bad(&[], "cache: {list_stale_max: 30d}", []);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with(&format!("sumward.yaml:1: {want}")),
        "{problems:?}"
    );
    let problems = bad(&["--set", "cache.list_stale_max=30d"], "", []);
    assert!(problems[0].contains("is gone"), "{problems:?}");
    let problems = bad(&[], "", [("SUMWARD_CACHE_LIST_STALE_MAX", "30d")]);
    assert!(problems[0].contains("is gone"), "{problems:?}");
}

#[test]
fn the_longest_pauses_are_not_shorter_than_the_first_ones() {
    for (file, want) in [
        (
            "upstream: {backoff_min: 1h}",
            "sumward.yaml:1: upstream.backoff_min: is longer",
        ),
        (
            "upstream: {breaker: {open_max: 1s}}",
            "sumward.yaml:1: upstream.breaker.open_max: is shorter",
        ),
    ] {
        assert!(bad(&[], file, [])[0].starts_with(want));
    }
}

#[test]
fn a_proxy_protocol_that_nobody_may_speak_is_refused() {
    let problems = bad(&[], "clients: {proxy_protocol: on}", []);
    assert!(
        problems[0].starts_with("sumward.yaml:1: clients.proxy_protocol: nobody"),
        "{problems:?}"
    );
}

#[test]
fn a_ca_file_must_have_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let check = |text: &str| {
        fs::write(&path, text).unwrap();
        let config = good(&["--ca-file", path.to_str().unwrap()], "", []);
        config.check_files()
    };
    for text in [
        "",
        "certificate\n",
        "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n",
    ] {
        let problems = check(text);
        let [(key, _)] = &problems[..] else {
            panic!("{text}: {problems:?}");
        };
        assert_eq!(key, "upstream.ca_file", "{text}");
    }
    let certified = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
    assert_eq!(check(&certified.cert.pem()), []);
}

#[test]
fn what_others_refuse_is_said_of_the_place_where_it_was_set() {
    let loaded = load(&["--ca-file=c"], "", []).unwrap();
    assert_eq!(loaded.refuse([]), Ok(()));
    let found = ["upstream.ca_file", "listen"].map(|key| (key.to_owned(), "no".to_owned()));
    assert_eq!(
        loaded.refuse(found).unwrap_err().to_string(),
        "--ca-file: upstream.ca_file: no\nlisten: no"
    );
}

#[test]
fn a_path_that_is_not_utf_8_is_refused_and_not_changed() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(b"/d\xff"));
    let mut flags = flags(&[]);
    flags.data = Some(path);
    let problems = Config::load(&flags, &Environment::default()).unwrap_err();
    let text = problems.to_string();
    assert!(
        text.starts_with("--data: `/d\u{fffd}` is not UTF-8"),
        "{text}"
    );
}
