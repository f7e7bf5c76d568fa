//! The main job on real input: the real go command builds a real program from
//! real modules through sumward, each proved by the real database's key, and
//! goes on building when everything upstream of sumward is gone.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use testkit::go::{self, Go, Toolchain};
use testkit::origin::{Fault, Origin};
use testkit::records::Records;
use testkit::sumward::{Setup, Sumward};
use testkit::world::wait_until;

/// Left as Go has it: the key is the published one that sumward has built in.
const SUMDB: &str = "sum.golang.org";

/// The zip that is in the middle of its way when the server is killed.
const BIG_ZIP: &str = "golang.org/x/sys/@v/v0.29.0.zip";

#[test]
fn go_1_21_builds_cold_offline_restarted_and_rebuilt() {
    let Some(records) = Records::or_skip("go_1_21_builds_cold_offline_restarted_and_rebuilt")
    else {
        return;
    };
    builds_cold_offline_restarted_and_rebuilt(&records, &Toolchain::find("1.21."));
}

#[test]
fn go_1_27_builds_cold_offline_restarted_and_rebuilt() {
    let Some(records) = Records::or_skip("go_1_27_builds_cold_offline_restarted_and_rebuilt")
    else {
        return;
    };
    builds_cold_offline_restarted_and_rebuilt(&records, &Toolchain::find("1.27."));
}

fn builds_cold_offline_restarted_and_rebuilt(records: &Records, toolchain: &Toolchain) {
    let mut origin = Origin::serve(&records.mirror());
    let data = tempfile::tempdir().unwrap();
    let setup = Setup::new(&data.path().join("data"), &origin.url(), SUMDB);

    let server = setup.start();
    tidy_and_build(records, toolchain, &server);
    assert_one_fetch_per_file(&origin);

    origin.stop();
    tidy_and_build(records, toolchain, &server);

    let (status, log) = server.terminate(Duration::from_secs(20));
    assert!(status.success(), "{status}: {log}");
    let server = setup.start();
    tidy_and_build(records, toolchain, &server);
    drop(server);

    let (ok, said) = setup.tool(&["index", "rebuild"]);
    assert!(ok, "index rebuild: {said}");
    let server = setup.start();
    tidy_and_build(records, toolchain, &server);
    drop(server);

    let (ok, said) = setup.tool(&["fsck"]);
    assert!(ok, "fsck: {said}");
}

#[test]
fn killed_in_a_cold_download_it_comes_back_and_builds() {
    let Some(records) = Records::or_skip("killed_in_a_cold_download_it_comes_back_and_builds")
    else {
        return;
    };
    for toolchain in Toolchain::both() {
        let mut origin = Origin::serve(&records.mirror());
        let data = tempfile::tempdir().unwrap();
        let setup = Setup::new(&data.path().join("data"), &origin.url(), SUMDB);
        let server = setup.start();

        // 2 MB at this rate are some eight seconds: enough to be in the middle of.
        origin.fault(BIG_ZIP, Fault::Throttle(250_000));
        let program = sample_without_sums(&records);
        let go = Go::new(&toolchain, &server.url(), SUMDB);
        let mut tidy = go
            .command(program.path())
            .args(["mod", "tidy"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the big zip is on its way", || {
            origin.count(BIG_ZIP) == 1 && origin.open_answers() > 0
        });
        std::thread::sleep(Duration::from_millis(500));
        server.kill();
        assert!(!tidy.wait().unwrap().success(), "go cannot have got it all");
        let stored = data.path().join("data/modules").join(BIG_ZIP);
        assert!(!stored.exists(), "a half-fetched zip has its name");

        origin.heal();
        let server = setup.start();
        tidy_and_build(&records, &toolchain, &server);
        origin.stop();
        tidy_and_build(&records, &toolchain, &server);
        let staging = data.path().join("data/staging");
        let left = std::fs::read_dir(staging).map_or(0, Iterator::count);
        assert_eq!(left, 0, "staged files are left over");
    }
}

#[test]
fn files_are_as_good_an_upstream_as_http() {
    let Some(records) = Records::or_skip("files_are_as_good_an_upstream_as_http") else {
        return;
    };
    // A copy that can be taken away, as an upstream that dies.
    let upstream = tempfile::tempdir().unwrap();
    let mirror = upstream.path().join("mirror");
    copy(&records.mirror(), &mirror);
    let url = format!("file://{}", mirror.display());
    let data = tempfile::tempdir().unwrap();
    let setup = Setup::new(&data.path().join("data"), &url, SUMDB);
    let server = setup.start();
    for toolchain in Toolchain::both() {
        tidy_and_build(&records, &toolchain, &server);
    }
    std::fs::rename(&mirror, upstream.path().join("gone")).unwrap();
    for toolchain in Toolchain::both() {
        tidy_and_build(&records, &toolchain, &server);
    }
}

#[test]
fn the_module_store_is_itself_a_proxy() {
    let Some(records) = Records::or_skip("the_module_store_is_itself_a_proxy") else {
        return;
    };
    let origin = Origin::serve(&records.mirror());
    let data = tempfile::tempdir().unwrap();
    let setup = Setup::new(&data.path().join("data"), &origin.url(), SUMDB);
    let server = setup.start();
    let toolchain = Toolchain::find("1.27.");
    tidy_and_build(&records, &toolchain, &server);
    drop(server);
    drop(origin);

    // Promise 2: the data outlives the program. go.sum stands in for the
    // database, which a file tree without sumdb/ cannot answer for.
    let modules = data.path().join("data/modules");
    let go = Go::new(&toolchain, &format!("file://{}", modules.display()), SUMDB);
    let program = go::copy_program(&records.sample());
    go.must(program.path(), &["build", "-o", "sample", "."]);
    for file in files_under(&modules) {
        let theirs = records.mirror().join(file.strip_prefix(&modules).unwrap());
        if theirs.is_file() && !file.ends_with("list") {
            let same = std::fs::read(&file).unwrap() == std::fs::read(&theirs).unwrap();
            assert!(same, "{} is not verbatim", file.display());
        }
    }
}

/// A person's first build: empty caches, no go.sum. The go.sum that comes of it
/// must be the recorded one, and the program must run.
#[track_caller]
fn tidy_and_build(records: &Records, toolchain: &Toolchain, server: &Sumward) {
    let program = sample_without_sums(records);
    let go = Go::new(toolchain, &server.url(), SUMDB);
    go.must(program.path(), &["mod", "tidy"]);
    let sums = std::fs::read_to_string(program.path().join("go.sum")).unwrap();
    let recorded = std::fs::read_to_string(records.sample().join("go.sum")).unwrap();
    assert_eq!(sums, recorded, "go {}", toolchain.version());
    go.must(program.path(), &["build", "-o", "sample", "."]);
    let output = std::process::Command::new(program.path().join("sample"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && printed.lines().count() == 2,
        "{printed}"
    );
}

fn sample_without_sums(records: &Records) -> TempDir {
    let program = go::copy_program(&records.sample());
    std::fs::remove_file(program.path().join("go.sum")).unwrap();
    program
}

/// No `.zip` or `.mod` was asked of the upstream twice.
#[track_caller]
fn assert_one_fetch_per_file(origin: &Origin) {
    let mut counts = BTreeMap::<String, usize>::new();
    for asked in origin.asked() {
        *counts.entry(asked.path).or_default() += 1;
    }
    let zips = counts.keys().filter(|path| path.ends_with(".zip")).count();
    assert!(zips >= 15, "the sample needs more zips than {zips}");
    for (path, count) in counts {
        if path.ends_with(".zip") || path.ends_with(".mod") || path.contains("/lookup/") {
            assert_eq!(count, 1, "{path} was asked {count} times");
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for file in files_under(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, std::fs::read(file).unwrap()).unwrap();
    }
}

fn files_under(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else {
            files.push(path);
        }
    }
    files
}
