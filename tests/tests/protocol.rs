//! The GOPROXY protocol as clients see it: endpoints, statuses, headers, and
//! what is relayed word for word.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use testkit::client;
use testkit::module::Module;
use testkit::origin::Fault;
use testkit::world::{DATABASE, World, target};

const LATEST: &str = r#"{"Version":"v1.1.0","Origin":{"VCS":"git"}, "Extra":[1]}"#;

fn world() -> (World, Module) {
    let module = Module::library("example.com/Upper/thing", "v1.1.0").with_ballast(5000);
    let world = World::with(&[
        &Module::library("example.com/Upper/thing", "v1.0.0"),
        &module,
    ]);
    let folder = world.tree().join("example.com/!upper/thing");
    std::fs::write(folder.join("@latest"), LATEST).unwrap();
    std::fs::write(folder.join("@v/main.info"), LATEST).unwrap();
    (world, module)
}

#[test]
fn every_endpoint_answers_with_its_type_and_caching() {
    let (world, module) = world();
    let server = world.serve();
    let text = "text/plain; charset=utf-8";
    let sumdb = format!("/sumdb/{DATABASE}");
    let lookup = format!("{sumdb}/lookup/example.com/!upper/thing@v1.1.0");
    // First: the answer to a query would be kept as the version's `.info`.
    let info = server.get(&target(&module, "info"));
    assert_eq!(info.header("content-type"), Some("application/json"));
    assert!(info.text().contains("2024-05-06T07:08:09Z"));
    for (path, content_type, lasting) in [
        ("/example.com/!upper/thing/@v/list", text, false),
        (
            "/example.com/!upper/thing/@latest",
            "application/json",
            false,
        ),
        (
            "/example.com/!upper/thing/@v/main.info",
            "application/json",
            false,
        ),
        ("/example.com/!upper/thing/@v/v1.1.0.mod", text, true),
        (
            "/example.com/!upper/thing/@v/v1.1.0.zip",
            "application/zip",
            true,
        ),
        (&format!("{sumdb}/latest"), text, false),
        (&lookup, text, false),
        (
            &format!("{sumdb}/tile/8/0/000.p/3"),
            "application/octet-stream",
            false,
        ),
    ] {
        let reply = server.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some(content_type), "{path}");
        let length = reply.body.len().to_string();
        assert_eq!(
            reply.header("content-length"),
            Some(length.as_str()),
            "{path}"
        );
        let caching = reply.header("cache-control").unwrap_or_default();
        if lasting {
            assert!(caching.contains("immutable"), "{path}: {caching}");
            let etag = reply.header("etag").unwrap_or_default();
            assert!(
                etag.starts_with('"') && etag.ends_with('"'),
                "{path}: {etag}"
            );
        } else {
            assert!(!caching.contains("immutable"), "{path}: {caching}");
        }
        // Verbatim, but for what only a proof can change: the head a lookup carries.
        let ours = world.tree().join(path.trim_start_matches('/'));
        if ours.is_file() && !path.contains("/lookup/") {
            assert_eq!(reply.body, std::fs::read(ours).unwrap(), "{path}");
        }
        let head = client::send(server.address(), "HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0), "HEAD {path}");
        assert_eq!(
            head.header("content-length"),
            Some(length.as_str()),
            "HEAD {path}"
        );
    }
}

#[test]
fn zips_answer_ranges_and_conditions() {
    let (world, module) = world();
    let server = world.serve();
    let (path, zip) = (target(&module, "zip"), module.zip());
    let whole = server.get(&path);
    let etag = whole.header("etag").unwrap().to_owned();
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let ask = |headers: &[(&str, &str)]| client::send(server.address(), "GET", &path, headers);
    let length = zip.len();
    for (range, part) in [
        ("bytes=0-9", 0..10),
        ("bytes=100-100", 100..101),
        ("bytes=200-", 200..length),
        ("bytes=-5", length - 5..length),
        ("bytes=0-99999999", 0..length),
    ] {
        let reply = ask(&[("Range", range)]);
        assert_eq!(reply.status, 206, "{range}");
        let shown = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        assert_eq!(reply.header("content-range"), Some(shown.as_str()));
        assert_eq!(reply.body, zip[part], "{range}");
    }
    let reply = ask(&[("Range", "bytes=99999999-")]);
    assert_eq!(reply.status, 416);
    // What is not understood is ignored, as RFC 9110 has it.
    for range in ["lines=1-2", "bytes=9-1", "bytes=x"] {
        assert_eq!(ask(&[("Range", range)]).body, zip, "{range}");
    }
    let not_modified = ask(&[("If-None-Match", &etag)]);
    assert_eq!((not_modified.status, not_modified.body.len()), (304, 0));
    assert_eq!(not_modified.header("etag"), Some(etag.as_str()));
    assert_eq!(ask(&[("If-None-Match", "\"other\"")]).status, 200);
    let changed = ask(&[("Range", "bytes=0-9"), ("If-Range", "\"other\"")]);
    assert_eq!((changed.status, changed.body.len()), (200, length));
    let same = ask(&[("Range", "bytes=0-9"), ("If-Range", &etag)]);
    assert_eq!(same.status, 206);
}

#[test]
fn other_methods_are_405_and_say_what_is_allowed() {
    let (world, module) = world();
    let server = world.serve();
    for method in ["POST", "PUT", "PATCH", "OPTIONS"] {
        let reply = client::send(
            server.address(),
            method,
            &target(&module, "mod"),
            &[("Content-Length", "0")],
        );
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"), "{method}");
    }
    assert_eq!(world.origin.asked().len(), 0);
}

#[test]
fn each_file_is_fetched_alone() {
    let (world, module) = world();
    let server = world.serve();
    for ending in ["info", "mod", "zip"] {
        assert_eq!(server.get(&target(&module, ending)).status, 200);
        assert_eq!(world.origin.count(&format!("v1.1.0.{ending}")), 1);
    }
    assert_eq!(world.origin.count("/@v/list"), 0);
    assert_eq!(world.origin.count("lookup/"), 1);
}

#[test]
fn upstream_says_no_in_its_own_words() {
    let (world, module) = world();
    let server = world.serve();
    for (status, want, part) in [
        (404, 404, "list"),
        (410, 410, "@latest"),
        (403, 403, "v1.1.0.info"),
        (451, 451, "v1.1.0.mod"),
    ] {
        let words = format!("not found: module x: the {status} reason\n\ttold in two lines\n");
        world
            .origin
            .fault(part, Fault::Status(status, words.clone()));
        let path = match part {
            "list" => "/example.com/!upper/thing/@v/list".to_owned(),
            "@latest" => "/example.com/!upper/thing/@latest".to_owned(),
            "v1.1.0.info" => target(&module, "info"),
            _ => target(&module, "mod"),
        };
        let reply = server.get(&path);
        assert_eq!(reply.status, want, "{part}");
        if status == 404 || status == 410 {
            assert_eq!(reply.text(), words, "{part}");
        } else {
            // A refusal says whose it is.
            let whose = format!("upstream {} refused: {words}", world.origin.url());
            assert_eq!(
                reply.text().split_whitespace().collect::<Vec<_>>(),
                whose.split_whitespace().collect::<Vec<_>>(),
                "{part}"
            );
        }
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

#[test]
fn upstream_trouble_is_never_not_found() {
    let (world, module) = world();
    let server = world.serve();
    for status in [500, 502, 503, 504, 429] {
        world
            .origin
            .fault("", Fault::Status(status, "overloaded\n".to_owned()));
        for ending in ["info", "mod", "zip"] {
            let reply = server.get(&target(&module, ending));
            assert!(
                (500..600).contains(&reply.status) || reply.status == 429,
                "{status} became {}: {}",
                reply.status,
                reply.text()
            );
        }
        world.origin.heal();
    }
}

#[test]
fn cached_only_never_asks_upstream() {
    let (world, module) = world();
    let server = world.serve();
    let zip = target(&module, "zip");
    let cached = format!("/cached-only{zip}");
    let disabled = || {
        let header = [("Disable-Module-Fetch", "true")];
        client::send(server.address(), "GET", &zip, &header)
    };
    for reply in [server.get(&cached), disabled()] {
        assert_eq!(reply.status, 404, "{}", reply.text());
    }
    assert_eq!(world.origin.asked().len(), 0);
    assert_eq!(server.get(&zip).status, 200);
    for reply in [server.get(&cached), disabled()] {
        assert_eq!((reply.status, reply.body), (200, module.zip()));
    }
}

#[test]
fn an_info_of_another_version_is_no_answer() {
    let (world, module) = world();
    let server = world.serve();
    let other = br#"{"Version":"v1.0.0"}"#.to_vec();
    world.origin.fault("v1.1.0.info", Fault::Body(other));
    assert_eq!(server.get(&target(&module, "info")).status, 502);
    world
        .origin
        .fault("v1.1.0.info", Fault::Body(b"<html>".to_vec()));
    assert_eq!(server.get(&target(&module, "info")).status, 502);
    world.origin.heal();
    assert_eq!(server.get(&target(&module, "info")).status, 200);
}
