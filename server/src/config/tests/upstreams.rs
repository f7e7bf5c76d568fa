//! Upstreams, and proxies on the way to them.

use super::*;

#[test]
fn direct_is_refused_with_what_to_write() {
    for (text, instead) in [
        (
            "https://proxy.golang.org,direct",
            "`https://proxy.golang.org`",
        ),
        (
            "https://a.example|https://b.example,direct",
            "`https://a.example|https://b.example`",
        ),
        ("direct", "`https://proxy.golang.org`"),
        ("https://u:p@a.example,direct", "`https://xxxxx@a.example`"),
    ] {
        let problems = bad(&[], "", [("GOPROXY", text)]);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("GOPROXY: `direct`"), "{problems:?}");
        assert!(problems[0].ends_with(instead), "{problems:?}");
    }
    // A variable that is overridden does no harm.
    let env = [("GOPROXY", "direct"), ("GOSUMDB", "nonsense")];
    let line = ["--upstream=off", "--database=sum.golang.org"];
    assert_eq!(list(&good(&line, "", env)), "off");
}

#[test]
fn upstreams_must_be_addresses_of_proxies() {
    for text in [
        "ftp://a.example",
        "https://a.example?x=1",
        "https://a.example/#x",
        "https://a.example:99999",
        "http://u:secret@nexus.example.com/go",
        "https://a.example|http://u@b.example",
        "http://",
    ] {
        let problems = bad(&["--upstream", text], "", []);
        assert!(problems[0].starts_with("--upstream: "), "{problems:?}");
    }
    for text in [
        "ftp://u:secret@a.example",
        "http://u:secret@a.example",
        "https://u:secret@a.example:99999",
    ] {
        let problems = bad(&["--upstream", text], "", []);
        assert!(!problems[0].contains("secret"), "{problems:?}");
    }
    // To this machine nothing goes over the network.
    let line = [
        "--upstream",
        "http://u:p@localhost:3000,http://u:p@127.0.0.1,http://u:p@[::1]",
    ];
    good(&line, "", []);
    let database = "databases: [{name: sum.golang.org, url: 'http://u:secret@a.example'}]";
    assert!(bad(&[], database, [])[0].contains("plain http"));
}

#[test]
fn proxies_on_the_way_come_from_the_environment_unless_the_file_has_one() {
    let env = [
        ("HTTPS_PROXY", "http://u:p@up.example:3128"),
        ("http_proxy", "lower.example:1"),
        ("NO_PROXY", "localhost"),
    ];
    let config = good(&[], "", env);
    let proxy = &config.upstream.http_proxy;
    assert_eq!(proxy.https.as_deref(), Some("http://u:p@up.example:3128"));
    assert_eq!(proxy.http.as_deref(), Some("http://lower.example:1"));
    assert_eq!(proxy.except.as_deref(), Some("localhost"));
    assert!(!config.show().contains("u:p"));
    let config = good(&[], "upstream: {https_proxy: off}", env);
    assert_eq!(config.upstream.http_proxy, HttpProxy::default());
    assert!(bad(&[], "", [("HTTPS_PROXY", "socks5://x:1")])[0].starts_with("HTTPS_PROXY"));
}
