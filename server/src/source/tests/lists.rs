use super::kit::{config, open, private, text, want};
use crate::source::Class;
use crate::source::Relay;
use crate::source::upstream::FetchError;
use crate::source::upstream::tests::kit::{Origin, Reply, brief};

#[tokio::test]
async fn private_names_go_to_their_own_list_only() {
    let public = Origin::start(|_| Reply::ok("public")).await;
    let inside = Origin::start(|_| Reply::ok("inside")).await;
    let mut config = config(&public.url());
    config.upstream.private = vec![
        private("m,corp.example/go", Some(&inside.url())),
        private("corp.example", None),
        private("off.example", Some("off")),
        // The first entry that matches decides.
        private("*.example", Some(&public.url())),
    ];
    let sources = open(&config);
    assert_eq!(text(&sources, "m/@v/list").await.expect("a list"), "inside");
    assert!(!sources.is_off_for("m"));
    for (module, wanted) in [("corp.example/x", "private"), ("off.example/x", "off")] {
        let path = format!("{module}/@v/list");
        let error = sources.ask(module, &path, want(Class::Text));
        assert_eq!(
            brief(&error.expect_err("nobody to ask")),
            wanted,
            "{module}"
        );
        assert!(sources.is_off_for(module));
    }
    assert!(public.seen().is_empty());
    let error = sources.ask("corp.example/x", "x", want(Class::Zip));
    let error = error.expect_err("nobody to ask").to_string();
    assert!(error.contains("upstream.private"), "{error}");
    assert!(!sources.is_off_for("golang.org/toolchain"));
}

#[tokio::test]
async fn a_private_list_may_be_a_tree_of_files() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join("m/@v")).expect("folders");
    std::fs::write(folder.path().join("m/@v/list"), "v1.0.0\n").expect("a file");
    let mut config = config("off");
    let tree = format!("file://{}", folder.path().display());
    config.upstream.private = vec![private("m", Some(&tree))];
    let sources = open(&config);
    assert_eq!(
        text(&sources, "m/@v/list").await.expect("a list"),
        "v1.0.0\n"
    );
    assert!(sources.is_off_for("n"));
}

#[tokio::test]
async fn private_lists_are_watched_and_searched_for_this_server_too() {
    let inside = Origin::start(|request| match request.target.as_str() {
        "/.well-known/sumward-instance" => Reply::ok("test-instance\n"),
        _ => Reply::status(404),
    })
    .await;
    let mut config = config("off");
    config.upstream.private = vec![
        private("a", Some(&inside.url())),
        private("b", Some(&inside.url())),
    ];
    let sources = open(&config);
    let labels: Vec<_> = sources.health().into_iter().map(|h| h.label).collect();
    assert_eq!(labels, [inside.url().into()]);
    let found = sources.upstreams().find_self(&[]).await;
    assert_eq!(found, [inside.url().into()]);
}

#[tokio::test]
async fn off_relays_no_database_and_leaves_their_own_addresses() {
    let database = Origin::start(|_| Reply::ok("head")).await;
    let sources = open(&config("off"));
    let error = sources.ask_database(&Relay::Entry(0), "latest", want(Class::Database));
    assert!(matches!(error, Err(FetchError::Off)));
    let relay = Relay::Url(database.url());
    let asking = sources.ask_database(&relay, "latest", want(Class::Database));
    let mut asking = asking.expect("its own address");
    asking.next().await.expect("an answer");
    assert_eq!(database.seen().len(), 1);
}
