//! The guides under `deploy/guides`, followed word for word: every `sh` block is run, in
//! order, in one shell, and every line of a `text` block must be in what they print.
//!
//! What a guide calls by a name of the world is put in place here, and nowhere else: see
//! [`Server::stand_ins`]. `systemctl` is a script that starts and stops the program as its
//! unit does.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "guides/machine.rs"]
mod machine;

use testkit::environment;
use testkit::git;
use testkit::module::Module;

use machine::{GREET_ZIP, Server, blocks, greet, tool};

#[test]
fn private_modules_are_served_as_the_guide_says() {
    let server = Server::new();
    let said = server.follow("private-modules.md");
    let told = server.world.origin.count("corp.example");
    assert_eq!(told, 0, "the public upstream heard of it: {said}");
    assert!(server.private.count("corp.example/tools/@v/v1.0.0.zip") > 0);
    let looked_up = "sumdb/sum.corp.example/lookup/corp.example/tools@v1.0.0";
    assert!(
        server.private.count(looked_up) > 0,
        "proved at last: {said}"
    );
    let log = std::fs::read_to_string(server.path("etc/sumward/log")).unwrap();
    assert!(log.contains("go env -w GOSUMDB="));
    let wrong_hint = "go env -w GOSUMDB=sum.corp.example";
    assert!(!log.contains(wrong_hint), "it proves private modules alone");
}

#[test]
fn a_module_is_taken_back_as_the_guide_says() {
    let server = Server::new();
    server.start_with_greet();
    server.follow("take-back-a-module.md");
    assert!(!server.path(GREET_ZIP).exists());
}

#[test]
fn a_data_folder_is_backed_up_and_restored_as_the_guide_says() {
    let server = Server::new();
    server.start_with_greet();
    let before = std::fs::read(server.path(GREET_ZIP)).unwrap();
    server.follow("back-up-and-restore.md");
    let after = std::fs::read(server.path(GREET_ZIP)).unwrap();
    assert_eq!(before, after);
}

#[test]
fn a_published_program_is_built_again_as_the_guide_says() {
    let server = Server::new();
    server.publish_programs();
    let said = server.follow("reproduce.md");
    assert!(
        said.contains("and the go command proved it by sum.example/test"),
        "{said}"
    );
}

#[test]
fn builds_on_two_hosts_are_observed_and_compared_as_the_guide_says() {
    let server = Server::new();
    let source = server.path("home/src/tool");
    std::fs::create_dir_all(source.join("cmd/tool")).unwrap();
    std::fs::write(
        source.join("go.mod"),
        "module example.com/tool\n\ngo 1.21\n",
    )
    .unwrap();
    let main = "package main\n\nfunc main() { println(\"Hello from the tool\") }\n";
    std::fs::write(source.join("cmd/tool/main.go"), main).unwrap();
    git::commit_all(&source);
    server.follow("certify.md");
}

#[test]
fn a_database_of_ones_own_is_kept_as_the_guide_says() {
    let server = Server::new();
    Module::library("corp.example/later", "v1.0.0").write(server.private_tree.path());
    server.follow("own-database.md");
    assert_eq!(server.world.origin.count("corp.example"), 0);
}

#[test]
fn a_mirror_is_looked_after_as_the_guide_says() {
    let server = Server::new();
    server.start_with_greet();
    // What another proxy left on its disk.
    tool("v1.2.0").write(&server.path("backups/goproxy"));
    let said = server.follow("mirror.md");
    assert!(!server.path(GREET_ZIP).exists(), "{said}");
    assert_eq!(server.world.origin.count("tool/@v/v1.2.0.zip"), 0);
}

#[test]
fn modules_are_carried_over_a_gap_as_the_guide_says() {
    let server = Server::new();
    server.start_with_greet();
    let app = server.path("home/app");
    std::fs::create_dir_all(&app).unwrap();
    let go_mod = "module example.com/app\n\ngo 1.21\n\nrequire example.com/greet v1.0.0\n";
    let main =
        "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Name()) }\n";
    for (name, text) in [
        ("go.mod", go_mod),
        ("main.go", main),
        ("go.sum", &greet().go_sum()),
    ] {
        std::fs::write(app.join(name), text).unwrap();
    }
    let said = server.follow("air-gap.md");
    let stored = server.path("lib/mirror/modules/example.com/tool/@v/v1.3.0.zip");
    assert!(stored.exists(), "{said}");
    let page = std::fs::read_to_string(server.path("home/request.html")).unwrap();
    assert!(page.contains("example.com/greet@v1.0.0"), "{page}");
    assert!(server.path("home/drop/imported/second.bundle").exists());
}

#[test]
fn a_build_host_is_looked_at_as_the_guide_says() {
    let server = Server::new();
    server.follow("build-host.md");
}

#[test]
#[ignore = "builds and tests Go's standard library: tests/slow.sh"]
fn a_build_host_is_looked_at_for_long_as_its_guide_says() {
    let server = Server::new();
    let path = environment::checkout().join("deploy/guides/build-host.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let said = server.run(&blocks(&guide, "sh long").concat());
    for words in [
        "localhost was looked up by",
        "gofmt would write",
        "go vet remarks nothing",
        "and no proof of the installation",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn a_server_is_watched_as_the_guide_says() {
    let server = Server::new();
    server.follow("observe.md");
}

#[test]
fn a_configuration_is_signed_as_the_guide_says() {
    let server = Server::new();
    server.follow("signed-configuration.md");
}

#[test]
fn the_packages_are_checked_and_the_server_started_as_the_guide_says() {
    let server = Server::new();
    server.release();
    let said = server.follow("rocky.md");
    assert!(
        server
            .path("backups/before-the-update/modules/example.com/greet")
            .exists(),
        "{said}"
    );
}

/// Some need more than this machine may have; `tests/packages.sh` runs them.
#[test]
fn every_guide_is_followed_by_a_test() {
    let own = include_str!("guides.rs");
    let longer = include_str!("../packages/guide.sh");
    let guides = std::fs::read_dir(environment::checkout().join("deploy/guides")).unwrap();
    let mut seen = 0;
    for guide in guides {
        let name = guide.unwrap().file_name().into_string().unwrap();
        let followed = own.contains(&format!("follow(\"{name}\")"))
            || longer.contains(&format!("deploy/guides/{name}"));
        assert!(followed, "{name}");
        seen += 1;
    }
    assert!(seen >= 4, "only {seen} guides");
}

#[test]
fn blocks_of_a_kind_are_found_in_order() {
    let text = "a\n```sh\none\ntwo\n```\nb\n```text\nsaid\n```\n```sh\nthree\n```\n";
    assert_eq!(blocks(text, "sh"), ["one\ntwo\n", "three\n"]);
    assert_eq!(blocks(text, "text"), ["said\n"]);
}
