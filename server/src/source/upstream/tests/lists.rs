use http::HeaderMap;

use super::kit::{INSTANCE, Origin, Reply, brief, get, nowhere, open, settings, text};
use crate::source::upstream::FetchError;
use crate::telemetry::context::Context;

#[tokio::test]
async fn asks_as_the_go_command_asks() {
    let origin = Origin::start(|_| Reply::ok("data")).await;
    let upstreams = open(&settings(&format!("{}/goproxy/", origin.url())));
    let path = "github.com/!azure/x/@v/v1.0.0+incompatible.zip";
    let fetched = get(&upstreams, path).await.expect("a file");
    assert_eq!(*fetched.upstream, *format!("{}/goproxy", origin.url()));
    assert_eq!(fetched.length, Some(4));
    assert_eq!(fetched.bytes().await.expect("whole"), "data");
    let [request] = &origin.seen()[..] else {
        panic!("not one request")
    };
    assert_eq!(
        request.target,
        "/goproxy/github.com/%21azure/x/@v/v1.0.0+incompatible.zip"
    );
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("sumward-via"), Some(INSTANCE));
    assert_eq!(request.header("authorization"), None);
    let agent = concat!("sumward/", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(agent));
}

#[tokio::test]
async fn a_post_is_part_of_the_trace_that_asks_for_it_and_else_begins_one() {
    let origin = Origin::start(|_| Reply::ok("taken")).await;
    let upstreams = open(&settings(&origin.url()));
    let url = origin.url();
    let post = || upstreams.post(&url, HeaderMap::new(), "head".into(), 100);
    let context = Context::of_request(&HeaderMap::new(), None);
    let trace = context.trace_id.to_string();
    let posted = context.scope(post()).await.expect("an answer");
    assert_eq!((posted.status, &posted.body[..]), (200, &b"taken"[..]));
    post().await.expect("an answer");
    let seen = origin.seen();
    let traces: Vec<_> = seen.iter().map(|it| it.header("traceparent")).collect();
    let [Some(of_request), Some(own)] = traces[..] else {
        panic!("{traces:?}")
    };
    assert_eq!(of_request[3..35], trace);
    assert!(own.len() == 55 && own[3..35] != trace, "{own}");
}

#[tokio::test]
async fn walks_lists_as_the_go_command_walks_them() {
    let good = Origin::start(|_| Reply::ok("good")).await;
    let origin = Origin::start(|request| {
        let status = request.target[1..4].parse().expect("a status first");
        Reply::status(status)
    })
    .await;
    let dead = format!("http://{}", nowhere().await);
    for (list, want) in [
        ("404,good", "ok"),
        ("410,good", "ok"),
        ("403,good", "refused 403"),
        ("401,good", "refused 401"),
        ("500,good", "unavailable 500"),
        ("503,good", "unavailable 503"),
        ("429,good", "unavailable 429"),
        ("204,good", "bad"),
        ("206,good", "bad"),
        ("304,good", "bad"),
        ("dead,good", "unavailable"),
        ("403|good", "ok"),
        ("500|good", "ok"),
        ("206|good", "ok"),
        ("dead|good", "ok"),
        ("404,410", "not found 410"),
        ("503|404", "unavailable 503"),
        ("404,403", "refused 403"),
        ("dead|404", "unavailable"),
        ("404,off", "not found 404"),
        ("404,direct", "not found 404"),
        ("404|off|good", "not found 404"),
        ("off", "off"),
        ("direct", "off"),
    ] {
        let mut urls = String::new();
        for piece in list.split_inclusive([',', '|']) {
            let (name, separator) = match piece.find([',', '|']) {
                Some(at) => piece.split_at(at),
                None => (piece, ""),
            };
            urls += &match name {
                "good" => good.url(),
                "dead" => dead.clone(),
                "off" | "direct" => name.to_owned(),
                status => format!("{}/{status}", origin.url()),
            };
            urls += separator;
        }
        let got = match get(&open(&settings(&urls)), "m/@v/list").await {
            Ok(_) => "ok".to_owned(),
            Err(error) => brief(&error),
        };
        assert_eq!(got, want, "{list}");
    }
}

#[tokio::test]
async fn hands_on_the_words_of_an_upstream() {
    let origin = Origin::start(|request| {
        let long = "x".repeat(100_000);
        match request.target.as_str() {
            "/html" => Reply::new(404, &[("Content-Type", "text/html")], b"<p>no"),
            "/long" => Reply::new(403, &[("Content-Type", "Text/Plain")], long.as_bytes()),
            "/cut" => Reply::new(
                404,
                &[("Content-Type", "text/plain"), ("Content-Length", "100")],
                b"not found: cut",
            ),
            _ => Reply::new(
                410,
                &[("Content-Type", "text/plain; charset=utf-8")],
                b"not found: m@v1: gone\n\tline 2",
            ),
        }
    })
    .await;
    let upstreams = open(&settings(&origin.url()));
    for (path, want) in [
        ("plain", "not found: m@v1: gone\n\tline 2"),
        ("html", ""),
        ("long", &"x".repeat(4096)),
        ("cut", "not found: cut"),
    ] {
        let error = get(&upstreams, path).await.expect_err(path);
        let (FetchError::NotFound { text, .. } | FetchError::Refused { text, .. }) = error else {
            panic!("{path}: {error}");
        };
        assert_eq!(text, want, "{path}");
    }
}

#[tokio::test]
async fn entries_and_other_urls_are_asked_apart() {
    let one = Origin::start(|_| Reply::ok("one")).await;
    let two = Origin::start(|_| Reply::ok("two")).await;
    let base = Origin::start(|_| Reply::ok("database")).await;
    let upstreams = open(&settings(&format!("{},{}", one.url(), two.url())));
    let want = upstreams.want(100);
    let labels: Vec<_> = upstreams
        .health()
        .into_iter()
        .map(|health| health.label.to_string())
        .collect();
    assert_eq!(labels, [one.url(), two.url()]);
    let fetched = upstreams.fetch_from(1, "sumdb/s/supported", &want).await;
    assert_eq!(
        fetched.expect("a file").bytes().await.expect("whole"),
        "two"
    );
    let error = upstreams
        .fetch_from(2, "x", &want)
        .await
        .expect_err("no entry");
    assert_eq!(brief(&error), "off");
    let fetched = upstreams.fetch_url(&base.url(), "latest", &want).await;
    assert_eq!(
        fetched.expect("a file").bytes().await.expect("whole"),
        "database"
    );
    assert!(one.seen().is_empty());
    let error = upstreams.fetch_url("ftp://x", "latest", &want).await;
    assert_eq!(brief(&error.expect_err("no scheme of ours")), "bad");
}

#[tokio::test]
async fn finds_itself_in_the_list() {
    let me = Origin::start(|request| match request.target.as_str() {
        "/.well-known/sumward-instance" => Reply::ok("test-instance\n"),
        _ => Reply::status(404),
    })
    .await;
    let other = Origin::start(|_| Reply::ok("someone-else")).await;
    let silent = Origin::start(|_| Reply::default().then_hang()).await;
    let listen = nowhere().await;
    let list = format!(
        "{}/prefix,{},{},http://localhost:{},file:///tmp,http://{}",
        me.url(),
        other.url(),
        silent.url(),
        listen.port(),
        listen,
    );
    let upstreams = open(&settings(&list));
    let found = upstreams.find_self(&[listen]).await;
    let want = [
        format!("{}/prefix", me.url()),
        format!("http://localhost:{}", listen.port()),
        format!("http://{listen}"),
    ];
    assert!(
        found
            .iter()
            .map(|label| &**label)
            .eq(want.iter().map(String::as_str)),
        "{found:?}"
    );
    assert_eq!(text(&upstreams, "x").await, "someone-else");
}
