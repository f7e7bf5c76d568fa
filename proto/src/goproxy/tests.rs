use proptest::prelude::*;

use super::*;

fn parse(raw: &str) -> Result<Request, Error> {
    Request::parse(decode(raw)?.trim_start_matches('/'))
}

#[test]
fn parse_and_path_are_inverses() {
    for path in [
        "golang.org/x/text/@v/list",
        "golang.org/x/text/@latest",
        "golang.org/x/text/@v/v0.3.0.info",
        "golang.org/x/text/@v/v0.3.0.mod",
        "golang.org/x/text/@v/v0.3.0.zip",
        "github.com/!burnt!sushi/toml/@v/v1.5.0.zip",
        "github.com/dgrijalva/jwt-go/@v/v3.2.0+incompatible.zip",
        "gopkg.in/yaml.v3/@v/v3.0.1.zip",
        "gopkg.in/check.v1/@v/v0.0.0-20161208181325-20d25e280405.mod",
        "golang.org/toolchain/@v/v0.0.1-go1.27.3.linux-amd64.zip",
        "golang.org/x/text/@v/master.info",
        "golang.org/x/text/@v/release-branch.go1.27.info",
        "golang.org/x/text/@v/!feature_!x.info",
        "golang.org/x/text/@v/list.info",
        "golang.org/x/text/@v/v2.0.0.info",
        "a.b/v2/@v/v2.0.0-!r!c1.zip",
    ] {
        let request = parse(&format!("/{path}")).unwrap();
        assert_eq!(request.path(), path);
        assert_eq!(parse(&encode(&format!("/{path}"))).unwrap(), request);
    }
}

#[test]
fn names_the_version_asked_for() {
    let version = |path: &str| parse(path).unwrap().version().map(|m| m.to_string());
    assert_eq!(
        version("a.b/c/@v/v1.0.0.info").as_deref(),
        Some("a.b/c@v1.0.0")
    );
    assert_eq!(
        version("a.b/c/@v/v1.0.0.zip").as_deref(),
        Some("a.b/c@v1.0.0")
    );
    assert_eq!(version("a.b/c/@v/v1.info"), None);
    // A query may be asked that no module version answers.
    assert_eq!(version("a.b/c/@v/v2.0.0.info"), None);
    assert_eq!(version("a.b/c/@v/list"), None);
}

#[test]
fn decodes_once() {
    assert_eq!(decode("/").unwrap(), "/");
    assert_eq!(decode("").unwrap(), "");
    assert_eq!(decode("/a%21b%2Bc+d").unwrap(), "/a!b+c+d");
    assert_eq!(decode("/%C3%A9").unwrap(), "/é");
}

#[test]
fn refuses_paths_that_could_be_read_two_ways() {
    for raw in [
        "%2f", "a%2Fb", "a%00", "a%0a", "a%7f", "a\u{1}", "a\\b", "a%5cb", "a%C2%85", "a%2521",
        "a%252f", "a%25",
    ] {
        assert!(matches!(decode(raw), Err(Error::Character { .. })), "{raw}");
    }
    for raw in [
        "//",
        "/a//b",
        "a/",
        "//a",
        "/.",
        "/../a",
        "a/./b",
        "a/..",
        "%2e%2e/a",
        "/a/.%2e/b",
    ] {
        assert_eq!(decode(raw), Err(Error::Element), "{raw}");
    }
    for raw in ["%", "a%2", "%zz", "%+1", "%ff", "%C3"] {
        assert_eq!(decode(raw), Err(Error::Encoding), "{raw}");
    }
    let long = "a".repeat(REQUEST_LEN_MAX + 1);
    assert!(matches!(decode(&long), Err(Error::TooLong { .. })));
}

#[test]
fn refuses_what_is_no_request() {
    for path in [
        "",
        "a.b/c",
        "a.b/c/@v",
        "a.b/c/@v/",
        "a.b/c/@v/v1.0.0",
        "a.b/c/@v/v1.0.0.tar",
        "a.b/c/@v/v1.0.0.ZIP",
        "a.b/c/@v/x/list",
        "a.b/@v/@v/list",
        "a.b/c/@v/x/v1.0.0.zip",
        "a.b/c/@V/list",
        "a.b/c/@latest/x",
    ] {
        assert_eq!(Request::parse(path), Err(Error::Unknown), "{path}");
    }
    for path in [
        "/@latest",
        "/@v/list",
        "a/@v/list",
        "a.b/C/@v/list",
        "a.b/!/@v/list",
        "a.b/!!c/@v/list",
        "a.b/!1/@v/list",
        "a.b/c!/@v/list",
        "A.b/c/@v/list",
        "!a.b/c/@v/list",
        "a.b/con/@v/list",
        "a.b/v1/@v/list",
        "a.b/c@v/@v/list",
        "a.b/é/@v/list",
        "a.b/c/@v/.info",
        "a.b/c/@v/V1.info",
        "a.b/c/@v/a!.info",
        "a.b/c/@v/!!a.info",
        "a.b/c/@v/nul.info",
        "a.b/c/@v/a..info",
        "a.b/c/@v/a:b.info",
        "a.b/c/@v/v1.zip",
        "a.b/c/@v/master.mod",
        "a.b/c/@v/v1.0.0+meta.mod",
        "a.b/c/@v/v1.0.0+incompatible.mod",
        "a.b/c/@v/v2.0.0.mod",
        "a.b/c/v2/@v/v1.0.0.mod",
        "a.b/c/v2/@v/v2.0.0+incompatible.mod",
    ] {
        assert!(
            matches!(Request::parse(path), Err(Error::Module(_))),
            "{path}"
        );
    }
    let query = "-x".to_owned();
    assert_eq!(
        Request::parse("a.b/c/@v/-x.info"),
        Err(Error::Query { query })
    );
}

#[test]
fn bounds_names_to_what_file_systems_take() {
    let too_long = [
        format!("a.b/{}/@v/list", "x".repeat(256)),
        format!("a.b/{}/@v/list", "!x".repeat(128)),
        format!("a.b{}/@v/list", "/x".repeat(600)),
        format!("a.b/c/@v/{}.info", "x".repeat(241)),
        format!("a.b/c/@v/{}.info", "!x".repeat(121)),
        format!("a.b/c/@v/v1.0.0-{}.mod", "x".repeat(240)),
    ];
    for path in too_long {
        let error = Request::parse(&path).unwrap_err();
        assert!(
            matches!(error, Error::Module(module::Error::TooLong { .. })),
            "{path}: {error}"
        );
    }
}

proptest! {
    #[test]
    fn decode_undoes_encode(path in "/?[ -\\[\\]-~é]{1,20}") {
        if let Ok(decoded) = decode(&encode(&path)) {
            prop_assert_eq!(decoded, path);
        }
    }

    #[test]
    fn what_parses_prints_as_itself(path in "[a-z]\\.[a-z]/[!a-z]{1,3}/@(latest|v/([!a-z]{1,4}|v[012]\\.0\\.[0-9])\\.(info|mod|zip))") {
        if let Ok(request) = Request::parse(&path) {
            prop_assert_eq!(request.path(), path);
        }
    }
}
