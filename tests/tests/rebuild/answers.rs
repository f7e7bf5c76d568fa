//! Verdicts and culprits.

use crate::bench::{Bench, json};

#[test]
fn a_trimmed_program_is_reproducible_whatever_is_varied() {
    let bench = Bench::new();
    let (kept, output) = (bench.beside("kept"), bench.beside("out"));
    let (keep, out) = (kept.to_str().unwrap(), output.to_str().unwrap());
    let answer = bench.rebuild(&["--keep", keep, "-o", out, "-trimpath", "."]);
    assert_eq!(answer.exit, 0, "{:#}", answer.value["summary"]);
    assert_eq!(answer.value["verdict"], "reproducible");
    assert_eq!(answer.value["claim"]["level"], "L1");
    let builds = answer.value["builds"].as_array().unwrap();
    let modes: Vec<&str> = builds
        .iter()
        .map(|build| build["cache"].as_str().unwrap())
        .collect();
    assert_eq!(modes, ["cold", "warm", "cold"]);
    let varied = answer.value["varied"].as_array().unwrap().len();
    assert_eq!(builds[2]["varied"].as_array().unwrap().len(), varied);
    assert_eq!(varied + answer.untried().len(), 17);
    assert!(answer.untried().contains(&"clock"));
    // What is kept is what was told, and the program is delivered.
    let first = std::fs::read(kept.join("build-1/out")).unwrap();
    assert_eq!(first, std::fs::read(&output).unwrap());
    assert_eq!(json(&kept.join("build-1.json")), answer.value["records"][0]);
}

#[test]
fn without_trimpath_the_folder_and_the_installation_matter() {
    let bench = Bench::new();
    let answer = bench.rebuild(&["--vary", "source-folder,goroot,umask,locale", "."]);
    assert_eq!(answer.exit, 1, "{:#}", answer.value["summary"]);
    assert_eq!(answer.culprits(), ["source-folder", "goroot"]);
    let causes = answer.value["comparison"]["causes"].as_array().unwrap();
    let first = |pair: u64| {
        let of_pair = |cause: &&serde_json::Value| cause["files"][1] == pair;
        causes
            .iter()
            .find(of_pair)
            .map(|cause| cause["cause"].as_str().unwrap())
    };
    assert_eq!(first(1), Some("source-path"));
    assert_eq!(first(2), Some("goroot-path"));
    assert!(answer.value["claim"].is_null());
}
