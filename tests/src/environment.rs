//! The only reader of the environment in the tests, and where built things lie.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The checkout's root.
#[must_use]
pub fn checkout() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("the tests crate lies one folder under the root")
        .to_path_buf()
}

/// A program that this workspace builds, beside the test executable that asks.
///
/// # Panics
/// When it is not built: `cargo build --workspace --all-targets` makes it.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let path = profile_folder().join(name);
    assert!(
        path.is_file(),
        "{} is not built; run tests/run.sh, or cargo build --workspace --all-targets",
        path.display()
    );
    path
}

/// The same program, to be run with nothing of our environment.
#[must_use]
pub fn command(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.env_clear();
    command
}

/// A folder under `target/` for what is worth keeping from run to run, such as
/// the go command's build cache.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn kept(name: &str) -> PathBuf {
    let folder = checkout().join("target/kept").join(name);
    std::fs::create_dir_all(&folder).expect("create a folder under target/");
    folder
}

/// The folder that `SUMWARD_RECORDS` names, if it is set.
#[must_use]
pub fn records_folder() -> Option<PathBuf> {
    read("SUMWARD_RECORDS").map(PathBuf::from)
}

/// Says whether `SUMWARD_WRITE_GOLDEN` asks for the kept texts to be written anew.
#[must_use]
pub fn writes_golden() -> bool {
    read("SUMWARD_WRITE_GOLDEN").is_some()
}

/// The number that a variable holds, if it is set to one.
#[must_use]
pub fn number(name: &str) -> Option<u64> {
    read(name)?.parse().ok()
}

/// `PATH` as the tests were started with it: child programs get nothing else of
/// the environment.
#[must_use]
pub fn path() -> String {
    read("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned())
}

/// `target/<profile>`: tests lie in its `deps`, benchmarks in its `examples`.
fn profile_folder() -> PathBuf {
    let executable = std::env::current_exe().expect("the path of the running test");
    let mut folder = executable.parent().expect("an executable lies in a folder");
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder = folder.parent().expect("it lies in a profile folder");
    }
    folder.to_path_buf()
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration file; this module is where they read the environment"
)]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
