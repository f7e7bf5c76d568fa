//! The long checks, with programs that stand in for those that take minutes: what each is told
//! and what its answer becomes. tests/slow.sh has them done by the real go command.

use serde_json::Value;

use super::house::{GO, House, rules};

/// A go command that builds, vets and tests as told: it writes down what it was given.
fn deep(test: &str) -> House {
    let mut house = House::fit();
    let log = house.text("log");
    let program = "#!/bin/sh\\necho true true\\necho \"go package net: hostLookupOrder(localhost) = cgo\" >&2\\n";
    let more = format!(
        "build) printf '{program}' >\"$4\"; /bin/chmod 755 \"$4\" ;;\n\
         vet) echo '# runtime' >&2; echo 'runtime/x.go:12:3: odd' >&2; exit 1 ;;\n\
         test) echo \"$*\" >>{log}; /usr/bin/env | /usr/bin/sort >>{log}; {test} ;;\nesac\n"
    );
    let script = GO.replace("\nesac\n", &format!("\n{more}"));
    house.write("root/usr/local/go/bin/go", &script);
    house.write(
        "root/usr/local/go/bin/gofmt",
        "#!/bin/sh\necho \"$2/runtime/odd.go\"\n",
    );
    for program in ["go", "gofmt"] {
        house.mode(&format!("root/usr/local/go/bin/{program}"), 0o755);
    }
    house.write(
        "root/usr/local/go/src/net/dial_test.go",
        "package net\n\nfunc TestFar(t *testing.T) {\n\ttestenv.MustHaveExternalNetwork(t)\n}\n",
    );
    house.write("root/etc/hosts", "127.0.0.1 localhost\n");
    // There is no sqlite3 here.
    house.program(
        "pkg-config",
        "#!/bin/sh\n[ \"$1\" = --exists ] && exit 1\necho 1.7.3\n",
    );
    house.set("SOMETHING_ELSE", "canary-5531");
    house
}

/// What is said of the trial whose name begins so.
fn said(report: &Value, name: &str) -> String {
    let trials = report["facts"]["trials"].as_array().unwrap();
    let mut found = trials
        .iter()
        .filter(|trial| trial["name"].as_str().unwrap().starts_with(name));
    let trial = found.next().unwrap_or_else(|| panic!("{trials:#?}"));
    trial["said"].as_str().unwrap().to_owned()
}

#[test]
fn the_long_checks_build_trace_vet_and_test() {
    let house = deep("echo 'ok   fmt 0.1s'; echo 'ok   net 0.2s'");
    let (exit, report) = house.report(&["--deep"]);
    assert_eq!((exit, rules(&report)), (0, Vec::new()), "{report:#}");
    let net = said(&report, "a program with cgo");
    // The dynamic linker tells of a script what its shell loads.
    assert!(net.starts_with("built, loads /"), "{net}");
    assert!(
        net.ends_with("; localhost was looked up by the C library (cgo)"),
        "{net}"
    );
    assert!(said(&report, "gofmt").contains("1 file otherwise (odd.go)"));
    assert!(said(&report, "go vet").contains("1 line (x.go:12)"));
    let tests = said(&report, "go test");
    assert!(
        tests.contains("2 packages pass") && tests.contains("no proof of the installation"),
        "{tests}"
    );
    assert!(said(&report, "a program that calls libsqlite3").contains("knows no sqlite3"));
    // No test that needs the network, no server, and nothing else of the environment.
    let told = std::fs::read_to_string(house.path("log")).unwrap();
    assert!(
        told.starts_with(
            "test -vet=off -short -skip ^(TestFar|TestTransportEventTraceRealDNS)$ std\n"
        ),
        "{told}"
    );
    assert!(told.contains("GOPROXY=off"), "{told}");
    assert!(!told.contains("canary-5531"), "{told}");
    let folder = house.text("temp");
    assert!(told.contains(&format!("GOCACHE={folder}/")), "{told}");
    assert_eq!(
        std::fs::read_dir(folder).unwrap().count(),
        0,
        "its folder goes away again"
    );
}

#[test]
fn tests_that_fail_are_named_and_prove_nothing() {
    let house = deep(
        "echo 'ok   fmt 0.1s'; echo '--- FAIL: TestLookup (0.00s)'; echo FAIL; echo 'FAIL net 0.2s'; exit 1",
    );
    let (exit, report) = house.report(&["--deep"]);
    assert_eq!((exit, rules(&report)), (1, vec!["std-tests-fail".into()]));
    assert_eq!(
        said(&report, "go test"),
        "1 of 2 packages fail: net (TestLookup)"
    );
}

#[test]
fn where_a_name_might_be_asked_for_elsewhere_none_is() {
    let house = deep("echo 'ok   fmt 0.1s'");
    house.remove("root/etc/hosts");
    let (exit, report) = house.report(&["--deep"]);
    assert_eq!((exit, rules(&report)), (0, Vec::new()), "{report:#}");
    assert!(said(&report, "a program with cgo").contains("/etc/hosts has no localhost"));
}
