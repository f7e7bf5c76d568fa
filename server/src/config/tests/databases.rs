//! Databases, and what need not be in them.

use super::*;

#[test]
fn gosumdb_forms_are_read() {
    let key = test_key();
    let with_url = format!("{key} https://db.example/sub");
    for (text, name, url) in [
        ("sum.golang.org", "sum.golang.org", None),
        (KEY, "sum.golang.org", None),
        (
            "sum.golang.org https://mirror.example",
            "sum.golang.org",
            Some("https://mirror.example"),
        ),
        (
            "sum.golang.google.cn",
            "sum.golang.org",
            Some("https://sum.golang.google.cn"),
        ),
        (&key, TEST_NAME, None),
        (&with_url, TEST_NAME, Some("https://db.example/sub")),
    ] {
        let config = good(&[], "", [("GOSUMDB", text)]);
        assert_eq!(config.databases.len(), 1, "{text}");
        assert_eq!(config.databases[0].name, name, "{text}");
        assert_eq!(config.databases[0].url.as_deref(), url, "{text}");
    }
}

#[test]
fn a_database_that_is_not_known_needs_its_key() {
    for text in [
        "sum.example.org",
        "sum.golang.org+033de0ae+AAAA",
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "sum.golang.org ftp://x",
    ] {
        let problems = bad(&[], "", [("GOSUMDB", text)]);
        assert!(problems[0].starts_with("GOSUMDB: "), "{problems:?}");
    }
}

#[test]
fn gonosumdb_exempts_and_goprivate_is_its_default() {
    let exempt = |config: Config| config.proof.exempt.to_string();
    let both = [("GONOSUMDB", "a.example"), ("GOPRIVATE", "b.example")];
    assert_eq!(exempt(good(&[], "", both)), "a.example");
    assert_eq!(
        exempt(good(&[], "", [("GOPRIVATE", "b.example")])),
        "b.example"
    );
    assert_eq!(
        exempt(good(&[], "proof: {exempt: c.example}", both)),
        "c.example"
    );
    // Said to be empty is said.
    assert_eq!(exempt(good(&[], "proof: {exempt: ''}", both)), "");
}

#[test]
fn gosumdb_off_serves_unproved_with_a_warning() {
    let loaded = load(&[], "", [("GOSUMDB", "off")]).unwrap();
    assert_eq!(loaded.config.proof.mode, Mode::Off);
    assert_eq!(loaded.config.databases, [Database::public()]);
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.origins["proof.mode"].at, "GOSUMDB");
    // Said in so many words, it needs no warning.
    let loaded = load(&["--proof", "off"], "databases: off", []).unwrap();
    assert_eq!(loaded.config.proof.mode, Mode::Off);
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn proof_without_a_database_is_refused() {
    for mode in ["require", "report"] {
        let problems = bad(&["--proof", mode], "", [("GOSUMDB", "off")]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains(mode), "{problems:?}");
    }
}

#[test]
fn databases_that_make_no_sense_are_refused() {
    let key = test_key();
    for (file, want) in [
        ("databases: []", "no database"),
        ("databases: sum.golang.org", "want a list"),
        ("databases: [sum.golang.org, sum.golang.org]", "twice"),
        ("databases: [sum.golang.org, off]", "stands alone"),
        (
            "databases: [{url: 'https://x.example'}]",
            "`name` or a `key`",
        ),
        (
            "databases: [{name: other.example, key: KEY}]",
            "its key is of",
        ),
        ("databases: [{name: sum.golang.org, url: x}]", "URL"),
    ] {
        let problems = bad(&[], &file.replace("KEY", &key), []);
        assert!(problems[0].contains(want), "{file}: {problems:?}");
    }
    let twice = ["--database=sum.golang.org", "--database", KEY];
    assert!(bad(&twice, "", [])[0].contains("twice"));
    let off = ["--database=off", "--database", KEY];
    assert!(bad(&off, "", [])[0].contains("stands alone"));
}

#[test]
fn a_database_that_proves_nothing_is_warned_about() {
    let line = ["--database=sum.golang.org", "--database", &test_key()];
    let warnings = load(&line, "", []).unwrap().warnings;
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains(TEST_NAME));
}
