//! Repositories of git.

use std::path::Path;
use std::process::Command;

/// When every commit was made; the offset from UTC is not the machine's.
const DATE: &str = "2024-01-02T03:04:05+02:00";

/// Makes a repository of a folder, with all that is in it in one commit. By whom and when
/// is always the same, so that equal files are a commit of one name wherever it is made.
///
/// # Panics
/// With what git said, when it fails.
#[track_caller]
pub fn commit_all(folder: &Path) {
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "--message=all"]);
}

#[track_caller]
fn git(folder: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "me")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "me@example.com")))
        .envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, DATE)))
        .output()
        .expect("start git");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {said}", arguments[0]);
}
