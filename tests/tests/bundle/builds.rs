//! What works behind the gap.

use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::origin::Origin;
use testkit::records::Records;
use testkit::world::World;

use super::Gap;

/// Left as Go has it: the key is the published one that sumward has built in.
const SUMDB: &str = "sum.golang.org";

#[test]
fn real_modules_build_behind_the_gap_with_gosumdb_unchanged() {
    let test = "real_modules_build_behind_the_gap_with_gosumdb_unchanged";
    let Some(records) = Records::or_skip(test) else {
        return;
    };
    let origin = Origin::serve(&records.mirror());
    let gap = Gap::new(&origin.url(), SUMDB);
    let go_sum = records.sample().join("go.sum").display().to_string();
    let said = gap.create("first.bundle", &["--from", &go_sum]);
    assert!(said.contains("module versions"), "{said}");
    drop(origin);

    let verify = [
        "bundle",
        "verify",
        &gap.text("first.bundle"),
        "--trust",
        &gap.trust,
    ];
    let (ok, said) = gap.mirror.tool(&verify);
    assert!(
        ok && said.contains("verified: signed by bundles.example+"),
        "{said}"
    );

    let said = gap.import("first.bundle");
    assert!(said.contains("taken in: "), "{said}");
    let before = gap.state();
    let said = gap.import("first.bundle");
    assert!(
        said.starts_with("nothing to do: this bundle was taken in on"),
        "{said}"
    );
    assert_eq!(gap.state(), before, "twice changes nothing");

    let server = gap.mirror.start();
    for toolchain in Toolchain::both() {
        let go = Go::new(&toolchain, &server.url(), SUMDB);
        let program = go::copy_program(&records.sample());
        go.must(program.path(), &["mod", "download"]);
        go.must(program.path(), &["build", "./..."]);
        go.must(program.path(), &["mod", "vendor"]);
        // With an empty cache and without go.sum everything is looked up anew.
        go.forget_modules();
        std::fs::remove_file(program.path().join("go.sum")).unwrap();
        std::fs::remove_dir_all(program.path().join("vendor")).unwrap();
        go.must(program.path(), &["mod", "tidy"]);
        let sums = std::fs::read_to_string(program.path().join("go.sum")).unwrap();
        let recorded = std::fs::read_to_string(records.sample().join("go.sum")).unwrap();
        assert_eq!(sums, recorded, "go {}", toolchain.version());
        let versions = go.must(
            program.path(),
            &["list", "-m", "-versions", "golang.org/x/mod"],
        );
        assert_eq!(versions.trim(), "golang.org/x/mod v0.20.0");
    }
    drop(server);
    let (ok, said) = gap.mirror.tool(&["fsck"]);
    assert!(ok, "{said}");
}

#[test]
fn what_a_real_go_mod_needs_is_carried() {
    let test = "what_a_real_go_mod_needs_is_carried";
    let Some(records) = Records::or_skip(test) else {
        return;
    };
    let origin = Origin::serve(&records.mirror());
    let gap = Gap::new(&origin.url(), SUMDB);
    let go_mod = records.sample().join("go.mod").display().to_string();
    gap.create("bundle", &["--from", &go_mod]);
    drop(origin);
    gap.import("bundle");
    let server = gap.mirror.start();
    for toolchain in Toolchain::both() {
        let go = Go::new(&toolchain, &server.url(), SUMDB);
        let program = go::copy_program(&records.sample());
        let test = "package main\n\nimport \"testing\"\n\nfunc TestIt(t *testing.T) {}\n";
        std::fs::write(program.path().join("main_test.go"), test).unwrap();
        std::fs::remove_file(program.path().join("go.sum")).unwrap();
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["test", "./..."]);
        go.must(program.path(), &["mod", "vendor"]);
        go.must(program.path(), &["mod", "verify"]);
        go.must(program.path(), &["get", "-u", "golang.org/x/mod"]);
        let said = go.must_fail(program.path(), &["get", "rsc.io/quote@v1.5.2"]);
        assert!(
            said.contains("not in this mirror; last import 20"),
            "{said}"
        );
    }
}

/// A library that imports another one.
fn importing(path: &str, version: &str, other: &str, require: &str) -> Module {
    let (name, package) = (
        |path: &str| path.rsplit('/').next().unwrap().to_owned(),
        path,
    );
    let source = format!(
        "package {}\n\nimport \"{other}\"\n\nfunc Name() string {{ return {}.Name() }}\n",
        name(package),
        name(other)
    );
    let file = format!("{}.go", name(package));
    Module {
        go_mod: format!("module {path}\n\ngo 1.21\n\nrequire {other} {require}\n"),
        files: vec![testkit::zip::Entry::new(&file, source.as_bytes())],
        ..Module::library(path, version)
    }
}

#[test]
fn a_build_list_is_the_go_commands_own() {
    let modules = [
        importing("example.com/a", "v1.0.0", "example.com/c", "v1.1.0"),
        importing("example.com/b", "v1.0.0", "example.com/c", "v1.2.0"),
        importing("example.com/c", "v1.1.0", "example.com/deep", "v1.9.0"),
        Module::library("example.com/c", "v1.2.0"),
        Module::library("example.com/deep", "v1.9.0"),
    ];
    let world = World::with(&modules.each_ref());
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let requirements = [
        "example.com/a v1.0.0",
        "example.com/b v1.0.0",
        "example.com/c v1.2.0 // indirect",
    ];
    let packages = ["example.com/a", "example.com/b"];
    let program = go::program(&packages, &requirements);
    let go_mod = program.path().join("go.mod").display().to_string();
    let work = program.path().join("go.work");
    std::fs::write(&work, "go 1.21\n\nuse .\n").unwrap();
    gap.create("module", &["--from", &go_mod]);
    gap.create("workspace", &["--from", &work.display().to_string()]);
    std::fs::remove_file(work).unwrap();
    for name in ["module", "workspace"] {
        gap.import(name);
        let server = gap.mirror.start();
        for toolchain in Toolchain::both() {
            let go = Go::new(&toolchain, &server.url(), &world.database.verifier_key());
            let program = go::program(&packages, &requirements);
            go.must(program.path(), &["mod", "tidy"]);
            go.must(program.path(), &["mod", "download", "all"]);
            go.must(program.path(), &["build", "./..."]);
            let all = go.must(program.path(), &["list", "-m", "all"]);
            let all = all.lines().skip(1).map(|line| line.replace(' ', "@"));
            let carried = gap.modules(name);
            assert!(all.clone().count() >= 3);
            for module in all {
                assert_eq!(carried.get(&module), Some(&true), "{name}: {module}");
            }
            assert!(
                !carried.contains_key("example.com/deep@v1.9.0"),
                "{name}: pruned"
            );
        }
        drop(server);
        std::fs::remove_dir_all(gap.path("mirror")).unwrap();
    }
}

#[test]
fn without_tests_less_is_carried_and_the_bundle_says_so() {
    let direct = Module {
        go_mod: "module example.com/direct\n\ngo 1.21\n\nrequire example.com/fortests v1.0.0\n"
            .to_owned(),
        ..Module::library("example.com/direct", "v1.0.0")
    };
    let for_tests = Module::library("example.com/fortests", "v1.0.0");
    let world = World::with(&[&direct, &for_tests]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let go_mod = gap.path("go.mod");
    let text = "module example.com/m\n\ngo 1.21\n\nrequire example.com/direct v1.0.0\n";
    std::fs::write(&go_mod, text).unwrap();
    let go_mod = go_mod.display().to_string();
    gap.create("whole", &["--from", &go_mod]);
    let said = gap.create("less", &["--from", &go_mod, "--no-tests"]);
    assert!(
        said.contains("`go mod tidy` does not work with it"),
        "{said}"
    );
    let name = "example.com/fortests@v1.0.0";
    assert!(gap.modules("whole")[name]);
    assert!(!gap.modules("less")[name], "its go.mod alone");
}

#[test]
fn lists_programs_and_caches_name_modules_too() {
    let (old, new) = ("v1.0.0", "v1.1.0");
    let modules = [old, new].map(|it| Module::library("example.com/thing", it));
    let pre = Module::library("example.com/thing", "v1.2.0-rc.1");
    let world = World::with(&[&modules[0], &modules[1], &pre]);
    let folder = world.tree().join("example.com/thing/@v");
    std::fs::write(folder.join("list"), "v1.0.0\nv1.2.0-rc.1\nv1.1.0\n").unwrap();
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let list = gap.path("wanted.txt");
    std::fs::write(&list, "# what we need\nexample.com/thing@latest\n").unwrap();
    gap.create("list", &["--from", &list.display().to_string()]);
    let latest = "example.com/thing@v1.1.0".to_owned();
    assert_eq!(
        gap.modules("list").into_keys().collect::<Vec<_>>(),
        [latest]
    );
    let (_, said) = gap.online.tool(&["bundle", "show", &gap.text("list")]);
    let words = "asked for: example.com/thing@latest: example.com/thing@v1.1.0";
    assert!(said.contains(words), "{said}");

    let toolchain = Toolchain::find("1.27.");
    let server = gap.online.start();
    let go = Go::new(&toolchain, &server.url(), &world.database.verifier_key());
    let program = go::program(&["example.com/thing"], &["example.com/thing v1.0.0"]);
    go.must(program.path(), &["mod", "tidy"]);
    go.must(program.path(), &["build", "-o", "program", "."]);
    let built = program.path().join("program").display().to_string();
    gap.create("program", &["--from", &built]);
    let cache = go.module_cache().display().to_string();
    gap.create("cache", &["--from", &cache]);
    for name in ["program", "cache"] {
        assert!(gap.modules(name)["example.com/thing@v1.0.0"], "{name}");
        assert_eq!(gap.modules(name).len(), 1, "{name}");
    }
}

#[test]
fn an_unpacked_bundle_is_a_proxy_with_its_checksum_database() {
    let thing = Module::library("example.com/thing", "v1.0.0");
    let world = World::with(&[&thing]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let list = gap.path("go.sum");
    std::fs::write(&list, thing.go_sum()).unwrap();
    gap.create("bundle", &["--from", &list.display().to_string()]);
    let tree = gap.path("tree");
    gap.unpack("bundle", &tree);
    for toolchain in Toolchain::both() {
        let url = format!("file://{}", tree.display());
        let go = Go::new(&toolchain, &url, &world.database.verifier_key());
        let program = go::program(&["example.com/thing"], &["example.com/thing v1.0.0"]);
        go.must(program.path(), &["mod", "tidy"]);
        go.must(program.path(), &["build", "./..."]);
        let versions = go.must(
            program.path(),
            &["list", "-m", "-versions", "example.com/thing"],
        );
        assert_eq!(versions.trim(), "example.com/thing v1.0.0");
    }
}

#[test]
fn a_database_of_ones_own_is_followed_behind_the_gap() {
    let private = Module::library("corp.example/tools", "v1.0.0");
    let public = Module::library("example.com/thing", "v1.0.0");
    let world = World::with(&[&public, &private]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let own = gap.text("own");
    let keygen = gap
        .online
        .command(&["keygen", "sum.corp.example", "--out", &own])
        .output();
    let said = String::from_utf8(keygen.unwrap().stdout).unwrap();
    let key = said
        .lines()
        .find_map(|line| line.strip_prefix("GOSUMDB="))
        .unwrap();
    let list = gap.path("go.sum");
    std::fs::write(&list, private.go_sum() + &public.go_sum()).unwrap();
    gap.create(
        "bundle",
        &[
            "--from",
            &list.display().to_string(),
            "--own-database",
            &own,
        ],
    );
    let import = [
        "bundle",
        "import",
        &gap.text("bundle"),
        "--trust",
        &gap.trust,
        "--database",
        key,
    ];
    let (ok, said) = gap.mirror.tool(&import);
    assert!(ok, "{said}");
    let server = gap
        .mirror
        .clone()
        .with_arguments(&["--database", key])
        .start();
    let go = Go::new(&Toolchain::find("1.27."), &server.url(), key);
    let packages = ["corp.example/tools", "example.com/thing"];
    let program = go::program(
        &packages,
        &["corp.example/tools v1.0.0", "example.com/thing v1.0.0"],
    );
    go.must(program.path(), &["mod", "tidy"]);
    go.must(program.path(), &["build", "./..."]);
}

#[test]
fn the_same_input_under_the_same_heads_gives_the_same_bytes() {
    let world = World::with(&[&Module::library("example.com/thing", "v1.0.0")]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let list = gap.path("go.sum");
    std::fs::write(
        &list,
        Module::library("example.com/thing", "v1.0.0").go_sum(),
    )
    .unwrap();
    let list = list.display().to_string();
    gap.create("one", &["--from", &list]);
    // Another data folder, filled anew.
    std::fs::remove_dir_all(gap.path("online")).unwrap();
    gap.create("two", &["--from", &list]);
    let read = |name| std::fs::read(gap.path(name)).unwrap();
    assert_eq!(read("one"), read("two"));
}
