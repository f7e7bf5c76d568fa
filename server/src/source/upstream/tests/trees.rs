use std::fs;
use std::path::Path;

use super::kit::{brief, get, open, settings, text};
use crate::source::upstream::Upstreams;

fn tree() -> (tempfile::TempDir, Upstreams) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("go modules");
    write(
        &root.join("m.example/!x/@v/v1.0.0+incompatible.mod"),
        "module",
    );
    write(&root.join("sumdb/sum.example/go/supported"), "");
    write(&folder.path().join("secret"), "secret");
    let url = format!("file://{}", root.display()).replace(' ', "%20");
    let upstreams = open(&settings(&url));
    (folder, upstreams)
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

#[tokio::test]
async fn files_of_a_tree_are_served() {
    let (_folder, upstreams) = tree();
    let fetched = get(&upstreams, "m.example/!x/@v/v1.0.0+incompatible.mod").await;
    let fetched = fetched.expect("a file");
    assert_eq!(fetched.length, Some(6));
    assert_eq!(fetched.bytes().await.expect("whole"), "module");
    assert_eq!(text(&upstreams, "sumdb/sum.example/go/supported").await, "");
}

#[tokio::test]
async fn what_is_no_file_is_not_found() {
    let (_folder, upstreams) = tree();
    for path in [
        "m.example/!x/@v/list",
        "m.example/!x/@v",
        "sumdb/sum.example/go/supported/latest",
        &format!("{}/@v/list", "a".repeat(300)),
    ] {
        let error = get(&upstreams, path).await.expect_err(path);
        assert_eq!(brief(&error), "not found 404", "{path}");
    }
}

#[tokio::test]
async fn nothing_outside_the_tree_is_served() {
    let (folder, upstreams) = tree();
    let root = folder.path().join("go modules");
    std::os::unix::fs::symlink(folder.path(), root.join("out")).expect("linked");
    std::os::unix::fs::symlink(root.join("m.example"), root.join("in")).expect("linked");
    for (path, want) in [
        ("../secret", "path"),
        ("x/../../secret", "path"),
        ("out/secret", "bad"),
    ] {
        let error = get(&upstreams, path).await.expect_err(path);
        assert_eq!(brief(&error), want, "{path}");
    }
    // Percent signs are part of a name here, not an escape.
    let error = get(&upstreams, "%2e%2e/secret")
        .await
        .expect_err("no such name");
    assert_eq!(brief(&error), "not found 404");
    assert_eq!(
        text(&upstreams, "in/!x/@v/v1.0.0+incompatible.mod").await,
        "module"
    );
}

#[tokio::test]
async fn files_are_read_in_pieces_and_bounded() {
    let (folder, upstreams) = tree();
    let long = vec![1u8; 300_000];
    fs::write(folder.path().join("go modules/long"), &long).expect("written");
    let mut fetched = get(&upstreams, "long").await.expect("a file");
    let mut pieces = Vec::new();
    while let Some(piece) = fetched.body.chunk().await.expect("a piece") {
        pieces.push(piece);
    }
    assert!(pieces.len() > 1);
    assert_eq!(pieces.concat(), long);
    let error = upstreams.fetch("long", &upstreams.want(299_999)).await;
    assert_eq!(brief(&error.expect_err("too long")), "too large");
}

#[tokio::test]
async fn a_pipe_is_no_file_and_is_not_waited_for() {
    let (folder, upstreams) = tree();
    let pipe = folder.path().join("go modules/m.example/!x/@v/list");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let asked = get(&upstreams, "m.example/!x/@v/list");
    let answer = tokio::time::timeout(std::time::Duration::from_secs(20), asked).await;
    let error = answer.expect("an answer").expect_err("no file");
    assert_eq!(brief(&error), "not found 404");
}

#[tokio::test]
async fn a_missing_tree_is_unavailable() {
    let upstreams = open(&settings("file:///nonexistent/tree"));
    let error = get(&upstreams, "m/@v/list").await.expect_err("no tree");
    assert_eq!(brief(&error), "unavailable");
}
