//! `sumward monitor`: what is new in a database is told once, under the given patterns, and
//! a database that shows two histories is not followed on.

use serde_json::Value;
use testkit::database::TestDatabase;
use testkit::module::Module;
use testkit::world::{DATABASE, World};

fn monitor(world: &World, more: &[&str]) -> (bool, String) {
    let state = world.data().with_file_name("state");
    let state = state.to_string_lossy();
    let line = ["monitor", DATABASE, "--state", &state, "--once"];
    world.setup().tool(&[&line[..], more].concat())
}

#[test]
fn new_records_under_a_pattern_are_told_once() {
    let first = Module::library("example.com/first", "v1.0.0");
    let mut world = World::with(&[&first]);
    let (done, said) = monitor(&world, &[]);
    assert!(done, "{said}");
    assert_eq!(said, "", "it begins with what comes next");
    world.add(&Module::library("corp.example/tools", "v1.0.0"));
    world.add(&Module::library("example.com/other", "v1.0.0"));
    let mut told = Vec::new();
    for number in 0..300 {
        let version = format!("v1.0.{}", number + 1);
        world
            .database
            .add(&Module::library("corp.example/tools", &version));
        told.push(version);
    }
    world.publish();
    let (done, said) = monitor(&world, &["--match", "corp.example", "--format", "json"]);
    assert!(done, "{said}");
    let lines: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 301);
    assert_eq!(lines[0]["path"], "corp.example/tools");
    assert_eq!(lines[0]["version"], "v1.0.0");
    let versions: Vec<_> = lines[1..].iter().map(|it| it["version"].clone()).collect();
    assert_eq!(versions, told);
    assert_eq!(monitor(&world, &[]), (true, String::new()), "once");
}

#[test]
fn from_the_first_record_on_the_whole_log_is_told() {
    let first = Module::library("example.com/first", "v1.0.0");
    let world = World::with(&[&first]);
    let (done, said) = monitor(&world, &["--from", "0"]);
    assert!(done, "{said}");
    let want = format!("{DATABASE} 10 example.com/first v1.0.0");
    assert!(said.lines().any(|line| line == want), "{said}");
    assert_eq!(said.lines().count(), 11, "{said}");
}

#[test]
fn a_second_history_ends_it_with_evidence() {
    let first = Module::library("example.com/first", "v1.0.0");
    let world = World::with(&[&first]);
    let (done, said) = monitor(&world, &[]);
    assert!(done, "{said}");
    // Under the same key, with other records and more of them.
    let mut other = TestDatabase::new(DATABASE, 7);
    other.add(&Module::library("example.com/forged", "v1.0.0"));
    other.add_filler(30);
    std::fs::remove_dir_all(world.tree().join("sumdb")).unwrap();
    other.publish(world.tree());
    for _ in 0..2 {
        let (done, said) = monitor(&world, &["--from", "0"]);
        assert!(!done, "{said}");
        assert!(said.contains("two histories"), "{said}");
        assert!(!said.contains("forged v1.0.0\n"), "{said}");
    }
}

#[test]
fn what_cannot_be_meant_is_said() {
    let world = World::with(&[]);
    let state = world.data().with_file_name("state").display().to_string();
    for (line, want) in [
        (
            &["monitor", "sum.other.example", "--state", &state][..],
            "is not followed",
        ),
        (
            &["monitor", DATABASE, "--state", &state, "--match", "[a"],
            "--match",
        ),
        (&["monitor", DATABASE], "--state"),
    ] {
        let (done, said) = world.setup().tool(line);
        assert!(!done && said.contains(want), "{line:?}: {said}");
    }
}
