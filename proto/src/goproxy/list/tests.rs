use proptest::prelude::*;

use super::*;

fn entries(list: &str) -> Vec<(String, Fallback)> {
    let text = |proxy: &Proxy| match proxy {
        Proxy::Url(url) => url.clone(),
        other => other.to_string(),
    };
    let list = ProxyList::parse(list).unwrap();
    list.entries()
        .iter()
        .map(|e| (text(&e.proxy), e.separator))
        .collect()
}

#[test]
fn reads_lists_as_the_go_command_does() {
    use Fallback::{AnyError, NotFound};
    let cases: &[(&str, &[(&str, Fallback)])] = &[
        ("https://a.example", &[("https://a.example", NotFound)]),
        (
            "https://a.example,direct",
            &[("https://a.example", NotFound), ("direct", NotFound)],
        ),
        (
            " https://a.example/x/ | b.example ,, off,http://c.example",
            &[
                ("https://a.example/x", AnyError),
                ("https://b.example", NotFound),
                ("off", NotFound),
            ],
        ),
        ("direct|http://c.example", &[("direct", AnyError)]),
        ("localhost:8080", &[("https://localhost:8080", NotFound)]),
        ("HTTP://[::1]:80/a/b", &[("http://[::1]:80/a/b", NotFound)]),
        (
            "https://u:p@a.example/x",
            &[("https://u:p@a.example/x", NotFound)],
        ),
        ("file:///srv/go mod/", &[("file:///srv/go mod", NotFound)]),
        // More than the go command takes off; what it leaves helps nobody.
        (
            "https://a.example/x//",
            &[("https://a.example/x", NotFound)],
        ),
        ("file:/srv", &[("file:///srv", NotFound)]),
        ("|a.example|", &[("https://a.example", AnyError)]),
    ];
    for &(list, want) in cases {
        let want: Vec<_> = want.iter().map(|&(url, f)| (url.to_owned(), f)).collect();
        assert_eq!(entries(list), want, "{list}");
    }
}

#[test]
fn refuses_what_cannot_be_a_proxy() {
    for list in ["", ",", " | ,"] {
        assert_eq!(ProxyList::parse(list), Err(Error::Empty), "{list}");
    }
    for list in [
        "proxy",
        "none",
        "/srv/mirror",
        "a.example,Direct",
        "://a.example",
    ] {
        assert!(
            matches!(ProxyList::parse(list), Err(Error::Scheme { .. })),
            "{list}"
        );
    }
    for list in ["ftp://a.example", "git+ssh://a.example", "c:/go"] {
        assert!(
            matches!(ProxyList::parse(list), Err(Error::UnknownScheme { .. })),
            "{list}"
        );
    }
    for list in [
        "https://",
        "https:///x",
        "https:/x",
        "http://:80",
        "https://u@/",
        "http://a b",
        "http://a\\b",
    ] {
        assert!(
            matches!(ProxyList::parse(list), Err(Error::Host { .. })),
            "{list}"
        );
    }
    for list in [
        "file://",
        "file:///",
        "file://host/srv",
        "file:////srv",
        "file:///srv\u{c}/",
    ] {
        assert!(
            matches!(ProxyList::parse(list), Err(Error::File { .. })),
            "{list}"
        );
    }
    for list in [
        "https://a.example?x",
        "https://a.example/#x",
        "file:///srv?x",
    ] {
        assert!(
            matches!(ProxyList::parse(list), Err(Error::Query { .. })),
            "{list}"
        );
    }
    let many = "a.example,".repeat(ENTRIES_MAX + 1);
    assert_eq!(
        ProxyList::parse(&many),
        Err(Error::TooMany { max: ENTRIES_MAX })
    );
}

#[test]
fn never_prints_passwords() {
    let list = ProxyList::parse("https://u:secret@a.example/x|direct").unwrap();
    assert_eq!(list.to_string(), "https://xxxxx@a.example/x|direct");
    assert!(!format!("{list:?}").contains("secret"));
    for bad in [
        "ftp://u:secret@a",
        "https://u:secret@a?x",
        "https://u:se@cret@",
        "u:secret@h/x y",
    ] {
        let error = format!("{:?}", ProxyList::parse(bad).unwrap_err());
        assert!(!error.contains("cret"), "{error}");
    }
}

proptest! {
    #[test]
    fn parse_and_print_are_inverses(list in "(https?://[a-z]{1,5}(/[a-z]{1,3})?[,|]){0,3}(off|direct|https://z)") {
        prop_assert_eq!(ProxyList::parse(&list).unwrap().to_string(), list);
    }
}
