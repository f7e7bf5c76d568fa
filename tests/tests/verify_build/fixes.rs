//! Fixes followed: a given program, one built differently, what verify-build says to run
//! so that the second becomes equal to the first; that run, and both compared again.

#[path = "fixes/c_image.rs"]
mod c_image;
#[path = "fixes/commits.rs"]
mod commits;
#[path = "fixes/desk.rs"]
mod desk;
#[path = "fixes/folders.rs"]
mod folders;
#[path = "fixes/modules.rs"]
mod modules;
#[path = "fixes/settings.rs"]
mod settings;

use serde_json::Value;

use desk::Desk;

/// Words for both builds stay where nothing is given.
#[test]
fn nothing_is_given() {
    let desk = Desk::new();
    let built = desk.both("go build -trimpath -tags=x .", "go build -trimpath .");
    let run = |arguments: &[&str]| {
        let output = crate::workshop::verify_build()
            .args(["--format", "json"])
            .args(arguments)
            .args([&built.a, &built.b])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        testkit::schema::check(&report);
        let fix = report["causes"][0]["fix"].as_str().unwrap().to_owned();
        (fix, report["comparisons"][0]["next"].clone())
    };
    let (fix, next) = run(&["--given", "none"]);
    assert_eq!(fix, "pass the same -tags to both builds");
    assert_eq!(next, Value::Null);
    let (fix, next) = run(&["--given", "b"]);
    assert_eq!(fix, "build a without -tags");
    assert_eq!(next["given"], 1);
    let (fix, next) = run(&[]);
    assert_eq!(fix, "build b with -tags=x");
    assert_eq!(next["given"], 0);
}
