//! Which modules no public upstream may be asked for.

use super::*;

/// Each entry: its patterns, and its list.
fn private(config: &Config) -> Vec<(String, Option<String>)> {
    let entries = config.upstream.private.iter();
    entries
        .map(|entry| {
            let list = entry.list.as_ref().map(ToString::to_string);
            (entry.modules.to_string(), list)
        })
        .collect()
}

fn alone(patterns: &str) -> Vec<(String, Option<String>)> {
    vec![(patterns.to_owned(), None)]
}

#[test]
fn gonoproxy_and_its_default_goprivate_keep_names_in() {
    let of = |variables| private(&good(&[], "", variables));
    let goprivate = ("GOPRIVATE", "corp.example");
    assert_eq!(of([goprivate, ("GOSUMDB", "")]), alone("corp.example"));
    let both = [goprivate, ("GONOPROXY", "other.example")];
    assert_eq!(of(both), alone("other.example"));
    assert_eq!(of([goprivate, ("GONOPROXY", "none")]), []);
    assert_eq!(of([goprivate, ("GONOPROXY", "")]), alone("corp.example"));
    // Only the proof is waived by GONOSUMDB.
    assert_eq!(of([("GONOSUMDB", "corp.example"), ("GOPRIVATE", ",")]), []);
    let config = good(&[], "", both);
    assert_eq!(config.proof.exempt.to_string(), "corp.example");
}

#[test]
fn the_environment_adds_to_what_higher_layers_name() {
    let file = "upstream: {private: [{modules: corp.example/go, list: 'https://p.example'}]}";
    let loaded = load(&[], file, [("GOPRIVATE", "corp.example")]).unwrap();
    let named = (
        "corp.example/go".to_owned(),
        Some("https://p.example".to_owned()),
    );
    assert_eq!(
        private(&loaded.config),
        [vec![named], alone("corp.example")].concat()
    );
    let origin = &loaded.origins["upstream.private"].at;
    assert!(origin.ends_with("sumward.yaml:1 and GOPRIVATE"), "{origin}");
    let entry = |module| loaded.config.upstream.private_entry(module);
    assert!(entry("corp.example/go/x").unwrap().list.is_some());
    assert!(entry("corp.example/other").unwrap().list.is_none());
    assert_eq!(entry("example.com/public"), None);
}

#[test]
fn entries_that_make_no_sense_are_refused() {
    for (entry, want) in [
        (
            "corp.example",
            "private[0]: want `modules` and `list`, found text",
        ),
        ("{list: 'https://p.example'}", "private[0]: needs `modules`"),
        ("{modules: ''}", "private[0]: needs `modules`"),
        ("{modules: '['}", "private[0]: "),
        (
            "{modules: a.example, list: direct}",
            "private[0]: `direct` is not supported",
        ),
        (
            "{modules: a.example, list: 'http://u:p@b.example'}",
            "plain http",
        ),
        (
            "{modules: a.example, lst: off}",
            "private[0].lst: unknown key; did you mean `list`?",
        ),
    ] {
        let problems = bad(&[], &format!("upstream:\n  private: [{entry}]\n"), []);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(want), "{problems:?}");
    }
    let problems = bad(&[], "upstream: {private: corp.example}", []);
    assert!(problems[0].contains("want a list"), "{problems:?}");
    let problems = bad(&[], "", [("GOPRIVATE", "[")]);
    assert!(problems[0].starts_with("GOPRIVATE: "), "{problems:?}");
}
