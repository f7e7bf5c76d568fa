//! `sumward import`: module caches and the disks of other proxies are taken in, each file
//! proved as an upstream's bytes are.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use testkit::go::{self, Toolchain};
use testkit::module::Module;
use testkit::sumward::Setup;
use testkit::world::{World, target};

const ENDINGS: [&str; 3] = ["info", "mod", "zip"];

fn modules() -> [Module; 2] {
    [
        Module::library("example.com/Thing", "v1.0.0").with_ballast(300_000),
        Module::library("example.com/other", "v1.2.3"),
    ]
}

fn import(setup: &Setup, folder: &Path) -> (bool, Value) {
    let folder = folder.to_string_lossy();
    let (done, said) = setup.tool(&["import", &folder, "--format", "json"]);
    let report = serde_json::from_str(&said);
    (
        done,
        report.unwrap_or_else(|error| panic!("{error}: {said}")),
    )
}

/// Writes a module as Athens lays it out.
fn write_athens(module: &Module, folder: &Path) {
    let tree = TempDir::new().unwrap();
    module.write(tree.path());
    let from = tree.path().join(&target(module, "")[1..]);
    let from = |ending: &str| from.with_file_name(format!("{}.{ending}", module.version));
    let to = folder.join(&module.path).join(&module.version);
    fs::create_dir_all(&to).unwrap();
    for (ending, name) in [
        ("info", format!("{}.info", module.version)),
        ("mod", "go.mod".to_owned()),
        ("zip", "source.zip".to_owned()),
    ] {
        fs::copy(from(ending), to.join(name)).unwrap();
    }
}

#[test]
fn trees_and_athens_are_taken_in_whether_a_server_runs_or_not_and_twice_is_once() {
    let modules = modules();
    for running in [true, false] {
        let world = World::with(&modules.iter().collect::<Vec<_>>());
        let folder = TempDir::new().unwrap();
        // goproxy's cache is a GOPROXY tree.
        let (tree, athens) = (folder.path().join("tree"), folder.path().join("athens"));
        modules[0].write(&tree);
        write_athens(&modules[1], &athens);
        write_athens(&modules[0], &athens);
        let mut server = Some(world.serve());
        if !running {
            drop(server.take());
        }
        let (done, report) = import(&world.setup(), &tree);
        assert!(done, "{report}");
        assert_eq!(report["kept"], 3, "{report}");
        let (done, report) = import(&world.setup(), &athens);
        assert!(done, "{report}");
        assert_eq!((&report["kept"], &report["stored"]), (&3.into(), &3.into()));
        let (done, report) = import(&world.setup(), &athens);
        assert!(done, "{report}");
        assert_eq!((&report["kept"], &report["stored"]), (&0.into(), &6.into()));

        if let Some(server) = server.take() {
            // What a killed one has not flushed yet is judged when it is asked for.
            let (status, said) = server.terminate(Duration::from_secs(60));
            assert!(status.success(), "{said}");
        }
        let (whole, said) = world.setup().tool(&["fsck"]);
        assert!(whole && said.contains("0 not in the index"), "{said}");
        let server = world.setup().with_env("GOPROXY", "off").start();
        for module in &modules {
            for ending in ENDINGS {
                let reply = server.get(&target(module, ending));
                assert_eq!(reply.status, 200, "{}", reply.text());
            }
        }
        for zip in modules.each_ref().map(|it| world.stored(it, "zip")) {
            assert!(zip.exists());
        }
        let asked = world.origin.count(".zip");
        assert_eq!(asked, 0, "nothing but proofs came from upstream");
    }
}

#[test]
fn a_cache_of_the_go_command_is_taken_in_and_serves_a_build_without_an_upstream() {
    let modules = modules();
    let world = World::with(&modules.iter().collect::<Vec<_>>());
    for toolchain in Toolchain::both() {
        let requirements = ["example.com/Thing v1.0.0", "example.com/other v1.2.3"];
        let packages = ["example.com/Thing", "example.com/other"];
        let program = go::program(&packages, &requirements);
        let desk = {
            let server = world.serve();
            let desk = world.go(&toolchain, &server);
            desk.must(program.path(), &["mod", "tidy"]);
            desk
        };
        let mirror = TempDir::new().unwrap();
        let data = mirror.path().join("data");
        let setup = Setup::new(&data, &world.origin.url(), &world.database.verifier_key());
        let (done, report) = import(&setup, &desk.module_cache());
        assert!(done, "{report}");
        assert!(report["kept"].as_u64() >= Some(4), "{report}");
        assert_ne!(report["passed_over"], 0, "{report}");
        let server = setup.with_env("GOPROXY", "off").start();
        let away = world.go(&toolchain, &server);
        away.must(program.path(), &["build", "-o", "program", "."]);
    }
}

#[test]
fn what_is_not_what_the_database_has_is_listed_and_not_kept() {
    let modules = modules();
    for running in [true, false] {
        let world = World::with(&modules.iter().collect::<Vec<_>>());
        let folder = TempDir::new().unwrap();
        Module::library("example.com/Thing", "v1.0.0")
            .with_ballast(5)
            .write(folder.path());
        Module::library("example.com/unknown", "v1.0.0").write(folder.path());
        modules[1].write(folder.path());
        let other = folder.path().join("example.com/other/@v");
        fs::write(other.join("v1.2.4.zip"), b"no zip").unwrap();
        fs::write(other.join("v1.2.5.info"), b"{\"Version\":\"v1.2.5\"}").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", other.join("v1.2.6.mod")).unwrap();
        fs::write(other.join("v1.2.7.mod"), vec![b' '; (16 << 20) + 1]).unwrap();
        fs::write(other.join("readme"), b"").unwrap();
        let server = running.then(|| world.serve());
        let (done, report) = import(&world.setup(), folder.path());
        assert!(!done, "{report}");
        // The go.mod of the changed module is what it was.
        assert_eq!(report["kept"], 5, "{report}");
        let refused = report["refused"].as_array().unwrap();
        let reason = |file: &str| {
            let found = refused.iter().find(|it| it["file"] == file);
            let found = found.unwrap_or_else(|| panic!("{file}: {report}"));
            found["reason"].as_str().unwrap().to_owned()
        };
        for (file, want) in [
            ("example.com/!thing/@v/v1.0.0.zip", "h1:"),
            ("example.com/unknown/@v/v1.0.0.mod", "database"),
            ("example.com/unknown/@v/v1.0.0.zip", "database"),
            (
                "example.com/unknown/@v/v1.0.0.info",
                "nothing proves a .info",
            ),
            ("example.com/other/@v/v1.2.4.zip", "zip"),
            ("example.com/other/@v/v1.2.5.info", "nothing proves a .info"),
            ("example.com/other/@v/v1.2.6.mod", "a link"),
            ("example.com/other/@v/v1.2.7.mod", "larger than"),
            ("example.com/other/@v/readme", "has such a file"),
        ] {
            let reason = reason(file);
            assert!(reason.contains(want), "{file}: {reason}");
        }
        assert_eq!(refused.len(), 9, "{report}");
        assert!(!world.stored(&modules[0], "zip").exists());
        assert!(world.stored(&modules[1], "zip").exists());
        drop(server);
        let (whole, said) = world.setup().tool(&["fsck"]);
        assert!(whole, "{said}");
        // The right one comes from upstream as if nothing had been brought.
        let server = world.serve();
        let reply = server.get(&target(&modules[0], "zip"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(world.staged_files(), 0);
    }
}

#[test]
fn exempt_modules_are_not_taken_in_and_a_folder_that_is_none_is_named() {
    let module = Module::library("example.com/exempt", "v1.0.0");
    let world = World::with(&[]);
    let folder = TempDir::new().unwrap();
    module.write(folder.path());
    let setup = world.setup().with_env("GONOSUMDB", "example.com");
    let (done, report) = import(&setup, folder.path());
    assert!(!done, "{report}");
    assert_eq!(report["kept"], 0, "{report}");
    assert!(
        report.to_string().contains("no database proves it: exempt"),
        "{report}"
    );
    let (done, said) = world.setup().tool(&["import", "/no/such/folder"]);
    assert!(!done && said.contains("/no/such/folder"), "{said}");
}
