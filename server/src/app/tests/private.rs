//! Names of private modules.

use proto::goproxy::list::ProxyList;
use proto::module::pattern::Patterns;

use super::*;
use crate::config;

fn private(list: Option<&str>) -> config::Private {
    config::Private {
        modules: Patterns::parse("corp.example").unwrap(),
        list: list.map(|list| ProxyList::parse(list).unwrap()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_name_for_which_nobody_is_named_is_told_to_nobody() {
    let public = Origin::start(|_| Reply::ok("v1.0.0\n")).await;
    let server = Server::start(&public.url(), |config| {
        config.upstream.private = vec![private(None)];
    })
    .await;
    for path in [
        "corp.example/x/@v/list",
        "corp.example/x/@latest",
        "corp.example/x/@v/v1.0.0.zip",
        "corp.example/x/@v/main.info",
    ] {
        let (status, text) = server.get(path).await;
        assert_eq!(status, 403, "{text}");
        assert!(text.contains("upstream.private"), "{text}");
        let cached_only = server.get(&format!("cached-only/{path}")).await;
        assert_eq!(cached_only.0, 403);
    }
    assert!(asked(&public).is_empty(), "{:?}", asked(&public));
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_is_said_of_a_private_path_only_beside_a_module() {
    let public = Origin::start(|_| Reply::ok("v1.0.0\n")).await;
    let inside = Origin::start(|request| match &*request.target {
        "/corp.example/tools/@v/list" => Reply::ok("v1.0.0\n"),
        "/corp.example/late/@v/list" => Reply::new(404, &PLAIN, b"not found: fetch timed out"),
        _ => Reply::new(404, &PLAIN, b"not found: nothing there"),
    })
    .await;
    let server = Server::start(&public.url(), |config| {
        config.upstream.private = vec![private(Some(&inside.url()))];
    })
    .await;
    for (path, want) in [
        ("corp.example/tools/@v/list", 200),
        ("corp.example/tools/cmd/x/@v/list", 404),
        ("corp.example/tools/cmd/x/@latest", 404),
        ("corp.example/none/x/@v/list", 403),
        // Nobody has said that it is absent.
        ("corp.example/late/@v/list", 503),
    ] {
        let (status, text) = server.get(path).await;
        assert_eq!(status, want, "{path}: {text}");
    }
    assert!(asked(&public).is_empty(), "{:?}", asked(&public));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_off_the_store_says_which_private_modules_there_are() {
    let data = tempfile::tempdir().unwrap();
    store(data.path(), "corp.example/tools/@v/list", b"v1.0.0\n", HOUR);
    let server = Server::start_in(data, "off", |config| {
        config.upstream.private = vec![private(Some("off"))];
    })
    .await;
    for (path, want) in [
        ("corp.example/tools/@v/list", 200),
        ("corp.example/tools/cmd/x/@v/list", 404),
        ("corp.example/none/@v/list", 403),
    ] {
        let (status, text) = server.get(path).await;
        assert_eq!(status, want, "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_path_that_is_public_counts_as_a_module_too() {
    let public = Origin::start(|request| match &*request.target {
        "/open.example/tools/@v/list" => Reply::ok("v1.0.0\n"),
        _ => Reply::new(404, &PLAIN, b"not found"),
    })
    .await;
    let inside = Origin::start(|_| Reply::new(404, &PLAIN, b"not found")).await;
    let server = Server::start(&public.url(), |config| {
        config.upstream.private = vec![config::Private {
            modules: Patterns::parse("open.example/tools/internal").unwrap(),
            ..private(Some(&inside.url()))
        }];
    })
    .await;
    let path = "open.example/tools/internal/x/@v/list";
    assert_eq!(server.get(path).await.0, 404);
    let told = asked(&public);
    assert!(
        told.iter().all(|target| !target.contains("internal")),
        "{told:?}"
    );
}
