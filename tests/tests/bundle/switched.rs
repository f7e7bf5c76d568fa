//! Go toolchains behind the gap: a go command that is told to be another one fetches and
//! proves it there.

use testkit::go::{self, Go, Toolchain};
use testkit::module::Module;
use testkit::world::World;
use testkit::zip::Entry;

use super::Gap;

/// A release that nobody has: what it is called, and a go command that only says so. The
/// folders are those that unpacking looks into.
const RELEASE: &str = "go1.99.1";
const PROGRAM: &str = "#!/bin/sh\necho \"go version go1.99.1 of the mirror\"\n";

fn release() -> Module {
    Module {
        go_mod: "module golang.org/toolchain\n".to_owned(),
        files: vec![
            Entry::new("bin/go", PROGRAM.as_bytes()),
            Entry::new("bin/gofmt", PROGRAM.as_bytes()),
            Entry::new("lib/wasm/go_js_wasm_exec", PROGRAM.as_bytes()),
            Entry::new("pkg/tool/linux_amd64/compile", PROGRAM.as_bytes()),
            Entry::new("VERSION", RELEASE.as_bytes()),
        ],
        ..Module::library("golang.org/toolchain", "v0.0.1-go1.99.1.linux-amd64")
    }
}

#[test]
fn a_toolchain_is_switched_to_behind_the_gap() {
    let release = release();
    let world = World::with(&[&release]);
    let gap = Gap::new(&world.origin.url(), &world.database.verifier_key());
    let wanted = ["--toolchain", "go1.99.1:linux/amd64"];
    gap.create("bundle", &wanted);
    gap.import("bundle");
    let server = gap.mirror.start();
    for toolchain in Toolchain::both() {
        let key = world.database.verifier_key();
        let told_to_be =
            |release| Go::new(&toolchain, &server.url(), &key).with("GOTOOLCHAIN", release);
        let program = go::program(&[], &[]);
        let said = told_to_be(RELEASE).must(program.path(), &["version"]);
        assert!(said.contains("go1.99.1 of the mirror"), "{said}");
        let said = told_to_be("go1.98.0").must_fail(program.path(), &["version"]);
        assert!(said.contains("toolchain not available"), "{said}");
    }
}
