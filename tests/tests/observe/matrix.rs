//! Several hosts side by side.

use std::path::Path;

use crate::yard::{Answer, Yard, answer, poison, verify_build};

fn matrix(folders: &[&Path], flags: &[&str]) -> Answer {
    let output = verify_build(&["matrix", "--format", "json"])
        .args(folders)
        .args(flags)
        .output()
        .unwrap();
    answer("matrix-v1", &output)
}

/// A host that builds cold and warm, and says this of itself.
fn host(name: &str, zone: &str, arguments: &[&str]) -> Yard {
    let yard = Yard::new("1.27.");
    let (name, zone) = (format!("name={name}"), format!("zone={zone}"));
    let more = [
        &["--fact", &name, "--fact", &zone],
        arguments,
        &["--", "-trimpath", "."],
    ]
    .concat();
    yard.signed(&more);
    yard
}

#[test]
fn hosts_that_agree_are_one_group_and_the_odd_cache_is_named() {
    let (one, two) = (host("one", "a", &[]), host("two", "b", &[]));
    let folders = [&one, &two].map(|yard| yard.path("obs"));
    let folders: Vec<&Path> = folders.iter().map(|path| path.as_path()).collect();
    let agreed = matrix(&folders, &[]);
    assert_eq!(agreed.exit, 0, "{}", agreed.said);
    assert_eq!(agreed.value["verdict"], "agree");
    let table = &agreed.value["tables"][0];
    assert_eq!(table["columns"], serde_json::json!(["cold", "warm"]));
    assert_eq!(table["rows"].as_array().unwrap().len(), 2);
    assert_eq!(table["groups"].as_array().unwrap().len(), 1);

    let odd = Yard::new("1.27.");
    let cache = odd.gocache("shared");
    poison(&cache, "hello from here", "hello from hell");
    let cache = cache.to_str().unwrap();
    odd.signed(&[
        "--fact",
        "name=odd",
        "--fact",
        "zone=a",
        "--gocache",
        cache,
        "--",
        "-trimpath",
        ".",
    ]);
    let obs = odd.path("obs");
    let page = odd.path("page.html");
    let folders = [folders, vec![&obs]].concat();
    let differs = matrix(&folders, &["--html", page.to_str().unwrap()]);
    assert_eq!(differs.exit, 1, "{}", differs.said);
    let table = &differs.value["tables"][0];
    let groups = table["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2);
    assert_eq!(groups[0]["hosts"].as_array().unwrap().len(), 3);
    assert_eq!(groups[1]["is_minority"], true);
    assert!(groups[1]["hosts"][0].as_str().unwrap().starts_with("odd ("));
    // The link's inputs name contents, which the poisoned package's header still has.
    assert_eq!(groups[1]["pattern"], "===X");
    assert_eq!(groups[1]["causes_known_by"], "compared");
    let split = &table["splits"][0];
    assert_eq!(split["facts"], serde_json::json!(["cache"]), "{split}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("What goes with the difference") && page.contains("b "));
}

#[test]
fn what_is_no_observation_is_named_and_names_do_no_harm() {
    let one = host("<script>alert(1)</script>", "| a |", &[]);
    let obs = one.path("obs");
    std::fs::write(obs.join("x.observation.json"), "{}").unwrap();
    let page = one.path("page.html");
    let shown = matrix(&[&obs], &["--html", page.to_str().unwrap()]);
    assert_eq!(shown.exit, 3, "{}", shown.said);
    assert!(
        shown.value["refused"][0]["file"]
            .as_str()
            .unwrap()
            .ends_with("x.observation.json")
    );
    let page = std::fs::read_to_string(page).unwrap();
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    let nothing = one.path("nothing");
    std::fs::create_dir(&nothing).unwrap();
    assert_eq!(matrix(&[&nothing], &[]).exit, 2);
}
