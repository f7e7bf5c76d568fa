//! What works without an upstream, for ever.

use super::*;

const INFO: &str = "{\"Version\":\"v1.1.0\",\"Time\":\"2026-01-02T03:04:05Z\"}";

#[tokio::test(flavor = "multi_thread")]
async fn what_upstream_did_not_have_is_said_again_without_it() {
    let origin = Origin::start(|_| Reply::new(404, &PLAIN, b"not found: no module there")).await;
    let server = Server::start(&origin.url(), |_| {}).await;
    let keys = [
        "m.example/x/cmd/@v/list",
        "m.example/x/cmd/@v/v1.0.0.info",
        "m.example/x/cmd/@latest",
    ];
    for key in keys {
        assert_eq!(server.get(key).await.0, 404);
    }
    let data = server.stop().await;
    let url = origin.url();
    drop(origin);
    let server = Server::start_in(data, &url, |_| {}).await;
    for key in keys {
        let (status, text) = server.get(key).await;
        assert_eq!(status, 404, "{text}");
        assert_eq!(text, "not found: no module there");
    }
    // Of what nobody has asked for, nobody has said anything.
    assert_eq!(server.get("m.example/other/@v/list").await.0, 503);
    let server = Server::start_in(server.stop().await, "off", |_| {}).await;
    for key in keys {
        assert_eq!(server.get(key).await.0, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_query_serves_as_the_info_of_its_version() {
    let origin = Origin::start(|_| Reply::ok(INFO)).await;
    for query in ["m.example/x/@latest", "m.example/x/@v/main.info"] {
        let server = Server::start(&origin.url(), |_| {}).await;
        assert_eq!(server.get(query).await, (200, INFO.to_owned()));
        let server = Server::start_in(server.stop().await, "off", |_| {}).await;
        let info = server.get("m.example/x/@v/v1.1.0.info").await;
        assert_eq!(info, (200, INFO.to_owned()), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_latest_are_made_of_stored_versions() {
    let data = tempfile::tempdir().unwrap();
    let folder = "m.example/x/@v";
    let info = |version: &str| INFO.replace("v1.1.0", version);
    for version in [
        "v1.0.0",
        "v1.1.0",
        "v1.2.0-rc.1",
        "v1.3.1-0.20260101000000-abcdefabcdef",
    ] {
        let key = format!("{folder}/{version}.info");
        store(data.path(), &key, info(version).as_bytes(), HOUR);
    }
    let server = Server::start_in(data, "off", |_| {}).await;
    let list = "v1.0.0\nv1.1.0\nv1.2.0-rc.1\n".to_owned();
    assert_eq!(server.get(&format!("{folder}/list")).await, (200, list));
    // Only what was judged counts as the newest.
    for version in ["v1.0.0", "v1.1.0"] {
        let key = format!("{folder}/{version}.info");
        assert_eq!(server.get(&key).await.0, 200);
    }
    let latest = server.get("m.example/x/@latest").await;
    assert_eq!(latest, (200, info("v1.1.0")));
}
