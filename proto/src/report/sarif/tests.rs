use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::report::sample;

fn log(answer: &Answer) -> Value {
    serde_json::from_str(&super::log(answer).unwrap()).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

/// What the schema of SARIF asks of the properties written, and what services
/// ask beyond it.
fn check(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "verify-build");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[text]["text"].as_str().unwrap().is_empty(), "{rule:#}");
        }
        let same = rules.iter().filter(|other| other["id"] == rule["id"]);
        assert_eq!(same.count(), 1);
    }
    assert!(run["invocations"][0]["exitCode"].is_u64());
    for result in results(log) {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        url::Url::parse("file:///base/").unwrap().join(uri).unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic()), "{uri}");
        assert!(!uri.split('/').next().unwrap().contains(':') || uri.starts_with("file://"));
        assert_eq!(place["region"]["startLine"], 1);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
    }
}

#[test]
fn every_finding_is_a_result_and_so_is_a_check_left_open() {
    let log = log(&sample::plain());
    check(&log);
    let rules: Vec<&str> = results(&log)
        .iter()
        .map(|result| result["ruleId"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["build-tags", "build-tags", "odd-rule", "undecided"]);
    let levels: Vec<&Value> = results(&log)
        .iter()
        .map(|result| &result["level"])
        .collect();
    assert_eq!(levels, ["error", "warning", "note", "warning"]);
    let first = &log["runs"][0]["tool"]["driver"]["rules"][0];
    assert_eq!(
        first["fullDescription"]["text"],
        "Built with different -tags."
    );
    assert_eq!(first["name"], "BuildTags");
}

#[test]
fn fingerprints_outlive_offsets_and_tell_findings_apart() {
    let prints = |sample: &Answer| -> Vec<String> {
        let log = log(sample);
        let print =
            |result: &Value| result["partialFingerprints"]["verifyBuildFinding/v1"].to_string();
        results(&log).iter().map(print).collect()
    };
    let at = |offset: u32| {
        sample::with(move |kind| match kind {
            "place" => format!(".rodata at offset {offset:#x}, {offset} bytes"),
            _ => kind.to_owned(),
        })
    };
    let (one, moved) = (prints(&at(0x1000)), prints(&at(0x2040)));
    assert_eq!(one, moved);
    let mut apart = one.clone();
    apart.sort();
    apart.dedup();
    assert_eq!(apart.len(), one.len());
    let elsewhere = sample::with(|kind| format!("{kind}2"));
    assert_ne!(prints(&elsewhere)[0], one[0]);
}

#[test]
fn titles_read_as_words() {
    assert_eq!(title("cpu-level"), "Cpu level");
    assert_eq!(title(""), "");
    assert_eq!(camel_case("verify-build"), "verifyBuild");
}

#[test]
fn paths_become_addresses() {
    let table = [
        ("dist/tool", "dist/tool"),
        ("/opt/a b", "file:///opt/a%20b"),
        ("c:x", "c%3Ax"),
        ("né#?", "n%C3%A9%23%3F"),
    ];
    for (path, want) in table {
        assert_eq!(uri(path), want);
    }
}

proptest! {
    #[test]
    fn hostile_text_stays_text(text in sample::hostile()) {
        let log = log(&sample::with(|kind| format!("{text}{kind}")));
        check(&log);
        let whole = log.to_string();
        prop_assert!(whole.chars().all(|letter| clean(&letter.to_string()) == letter.to_string()));
    }
}
