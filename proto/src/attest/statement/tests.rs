use super::*;

const HELLO: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";

/// A statement with these subjects.
fn text(subjects: &str) -> Vec<u8> {
    format!(r#"{{"_type":"{TYPE}","predicate":{{}},"predicateType":"p","subject":[{subjects}]}}"#)
        .into_bytes()
}

fn subject(name: &str, sha256: &str) -> String {
    format!(r#"{{"digest":{{"sha256":"{sha256}"}},"name":"{name}"}}"#)
}

#[test]
fn a_subject_is_found_wherever_it_stands_and_whatever_it_is_called() {
    let other = "00".repeat(32);
    let subjects = [subject("b", &other), subject("../\u{202e}a", HELLO)].join(",");
    let statement = Statement::parse(&text(&subjects)).unwrap();
    assert!(statement.is_about(&Digest::of(b"hello\n")));
    assert!(!statement.is_about(&Digest::of(b"hello")));
    assert_eq!(statement.bytes().unwrap(), text(&subjects));
}

#[test]
fn digests_that_are_short_or_of_another_kind_are_refused() {
    for bad in [
        String::new(),
        subject("a", &HELLO[..40]),
        subject("a", &HELLO.to_uppercase()),
        subject("a", ""),
        r#"{"digest":{"sha1":"f572d396fae9206628714fb2ce00f72e94f2258f"},"name":"a"}"#.to_owned(),
        r#"{"digest":{},"name":"a"}"#.to_owned(),
        r#"{"name":"a"}"#.to_owned(),
        format!(r#"{{"digest":{{"SHA256":"{HELLO}"}}}}"#),
        format!("{},{}", subject("a", HELLO), subject("b", "1")),
        vec![subject("a", HELLO); SUBJECTS_MAX + 1].join(","),
    ] {
        let error = Statement::parse(&text(&bad));
        assert!(
            error.is_err(),
            "{}",
            bad.chars().take(90).collect::<String>()
        );
    }
}

#[test]
fn other_types_and_versions_are_refused() {
    let good = String::from_utf8(text(&subject("a", HELLO))).unwrap();
    for (from, to) in [
        ("Statement/v1", "Statement/v0.1"),
        ("_type", "type"),
        ("predicateType", "predicatetype"),
        ("\"predicate\":{}", "\"predicate\":1.5"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert!(Statement::parse(bad.as_bytes()).is_err(), "{to}");
    }
    let mut envelope = Statement::parse(good.as_bytes())
        .unwrap()
        .sign(&[])
        .unwrap();
    assert!(Statement::of(&envelope).is_ok());
    for other in [
        "application/vnd.in-toto+JSON",
        "application/vnd.in-toto.x+json",
        "",
    ] {
        envelope.payload_type = other.to_owned();
        assert!(matches!(
            Statement::of(&envelope),
            Err(Error::PayloadType { .. })
        ));
    }
}

#[test]
fn members_that_are_not_known_are_ignored() {
    let good = String::from_utf8(text(&subject("a", HELLO))).unwrap();
    let more = good.replacen('{', r#"{"more":[1],"#, 1);
    assert_eq!(
        Statement::parse(more.as_bytes()).unwrap(),
        Statement::parse(good.as_bytes()).unwrap()
    );
}
