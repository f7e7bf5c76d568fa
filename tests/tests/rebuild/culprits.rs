//! What matters is found: alone, several, together, in the cache, or nowhere.

use std::process::Command;

use crate::bench::{Bench, said};

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn without_trimpath_the_folder_and_the_installation_matter() {
    let bench = Bench::new();
    let answer = bench.rebuild(&["--vary", "source-folder,goroot,umask", "."]);
    assert_eq!(answer.exit, 1, "{:#}", answer.value["summary"]);
    assert_eq!(answer.culprits(), ["source-folder", "goroot"]);
    let causes = answer.value["comparison"]["causes"].as_array().unwrap();
    let first = |pair: u64| {
        let mut of_pair = causes.iter().filter(|cause| cause["files"][1] == pair);
        of_pair.next().map(|cause| cause["cause"].as_str().unwrap())
    };
    assert_eq!(
        [first(1), first(2)],
        [Some("source-path"), Some("goroot-path")]
    );
    assert!(answer.value["claim"].is_null());
    // Temporary paths name nothing once the run is over.
    let summary = answer.value["comparison"]["summary"].as_str().unwrap();
    assert!(!summary.contains("verify-build-"), "{summary}");
}

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn one_alone_and_two_together_are_told_apart() {
    let bench = Bench::new();
    let both = r#"$(test "$(umask)$TZ" = "0077<+14>-14" && echo both)"#;
    let leak = bench.leak(&format!("$(basename \"$HOME\") {both}"));
    let answer = bench.rebuild(&["--vary", "home,umask,time-zone", &leak, "-trimpath", "."]);
    assert_eq!(answer.exit, 1);
    assert_eq!(answer.culprits(), ["home", "umask+time-zone"]);
    let causes = answer.value["comparison"]["causes"].as_array().unwrap();
    assert_eq!(causes[0]["cause"], "ldflags-variable", "{:#}", causes[0]);
    let rules: Vec<_> = answer.value["culprits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["rule"])
        .collect();
    assert_eq!(rules, ["varied-home", "varied-together"]);
}

#[test]
fn a_build_that_differs_from_itself_is_not_halved() {
    let bench = Bench::new();
    let leak = bench.leak("$(date +%N)");
    let answer = bench.rebuild(&["--vary", "umask,locale", &leak, "-trimpath", "."]);
    assert_eq!(answer.exit, 1);
    assert_eq!(answer.culprits(), ["nothing"]);
    assert_eq!(answer.value["builds"].as_array().unwrap().len(), 4);
}

/// Two builds of one day agree, and nothing else would show it.
#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn a_date_that_the_c_compiler_writes_is_the_clocks() {
    let bench = Bench::new();
    let main = "package main\n\n// static const char *day(void) { return __DATE__; }\nimport \"C\"\n\nfunc main() { println(C.GoString(C.day())) }\n";
    bench.write("main.go", main);
    // Of a pattern the one program is built.
    bench.write("library/library.go", "package library\n");
    let words = ["--vary", "clock,umask", "-trimpath", "./..."];
    let mut command = bench.command(&words);
    command.env("CGO_ENABLED", "1");
    let answer = bench.judge(&command.output().unwrap());
    assert_eq!(answer.exit, 1, "{:#}", answer.value["summary"]);
    assert_eq!(answer.culprits(), ["clock"]);
    assert_eq!(answer.value["culprits"][0]["rule"], "varied-clock");
    // Where the date is settled there is no clock to vary.
    command.env("SOURCE_DATE_EPOCH", "1");
    let answer = bench.judge(&command.output().unwrap());
    assert_eq!(answer.exit, 3, "it was asked for");
    assert_eq!(answer.untried().last(), Some(&"clock"));
}

#[test]
#[ignore = "a minute of builds; tests/slow.sh runs it"]
fn a_cache_that_knows_an_old_header_is_told_from_a_cold_one() {
    let bench = Bench::new();
    let main = "package main\n\n// #include \"version.h\"\n// static int version(void) { return VERSION; }\nimport \"C\"\n\nfunc main() { println(C.version()) }\n";
    bench.write("main.go", main);
    bench.write("../include/version.h", "#define VERSION 1\n");
    let (cache, include) = (bench.beside("cache"), bench.beside("include"));
    let flags = format!("-I{}", include.display());
    let go = |command: &mut Command| {
        command
            .env("CGO_ENABLED", "1")
            .env("CGO_CFLAGS", &flags)
            .output()
            .unwrap()
    };
    let mut prime = Command::new(bench.go());
    prime
        .args(["build", "-trimpath", "-o", "/dev/null", "."])
        .current_dir(bench.source())
        .env("HOME", bench.beside("home"))
        .env("GOCACHE", &cache)
        .env("GOTOOLCHAIN", "local");
    let primed = go(&mut prime);
    assert!(primed.status.success(), "{}", said(&primed));
    bench.write("../include/version.h", "#define VERSION 2\n");
    let words = [
        "--vary",
        "umask",
        "--gocache",
        cache.to_str().unwrap(),
        "-trimpath",
        ".",
    ];
    let answer = bench.judge(&go(&mut bench.command(&words)));
    assert_eq!(answer.exit, 1, "{:#}", answer.value["summary"]);
    assert_eq!(answer.culprits(), ["given-cache"]);
    assert_eq!(answer.value["culprits"][0]["rule"], "cache-stale-cgo");
    // A header may have changed, or somebody wrote to the cache.
    assert_eq!(answer.value["culprits"][0]["confidence"], "likely");
    let inputs = &answer.value["records"][0]["inputs"];
    assert!(inputs["cgo"]["compiler"].is_string(), "{inputs:#}");
    assert_eq!(inputs["unstated"][0], "CGO_CFLAGS", "it names a folder");
}
