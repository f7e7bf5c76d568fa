//! Three and more files: which are the rule and which the exception.

use serde_json::json;

use crate::workshop::{Workshop, compare, verify_build};

#[test]
fn the_minority_is_named_with_what_it_shares() {
    let mut shop = Workshop::new();
    let odd = shop.build(&[], &["-tags=extra"]);
    let copy = shop.output();
    std::fs::copy(&odd, &copy).unwrap();
    let rule = [(); 3].map(|()| shop.build(&[], &[]));
    let files = [&*odd, &*rule[0], &*rule[1], &*copy, &*rule[2]];
    let answer = compare(&files);
    assert_eq!(answer.exit, 1);
    let summary = answer.report["summary"].as_str().unwrap();
    let start = "2 of 5 files differ from the rest: a, d (all agree in C of the build ID); ";
    assert!(summary.starts_with(start), "{summary}");
    let clusters = &answer.report["clusters"];
    assert_eq!(
        (&clusters["base"], &clusters["minority"]),
        (&json!(1), &json!([0, 3]))
    );
    assert_eq!(
        clusters["groups"],
        json!([
            { "files": [1, 2, 4], "shares": ["A", "B", "C", "D"], "differs": [] },
            { "files": [0, 3], "shares": ["C"], "differs": ["A", "B", "D"] },
        ])
    );
    let part = |index: usize| {
        let values = clusters["parts"][index]["values"].as_array().unwrap();
        values
            .iter()
            .map(|value| value["files"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(part(0), [json!([1, 2, 4]), json!([0, 3])]);
    assert_eq!(part(2), [json!([0, 1, 2, 3, 4])]);

    // Every file is measured by the rule, and equal ones are looked into once.
    let pairs = answer.report["comparisons"].as_array().unwrap();
    let seen: Vec<_> = pairs
        .iter()
        .map(|pair| {
            (
                &pair["files"],
                pair["verdict"].as_str().unwrap(),
                &pair["same_as"],
            )
        })
        .collect();
    let none = json!(null);
    assert_eq!(
        seen,
        [
            (&json!([0, 1]), "different", &none),
            (&json!([1, 2]), "identical", &none),
            (&json!([1, 3]), "different", &json!([0, 1])),
            (&json!([1, 4]), "identical", &none),
        ]
    );
    assert_eq!(answer.causes(), ["build-tags", "build-tags"]);
    for cause in answer.report["causes"].as_array().unwrap() {
        assert_eq!(cause["sets_apart"], json!([0, 3]));
    }

    let output = verify_build().args(files).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "  b, c, e              3 files\n",
        "  a, d                 2 files; build ID as in the first group in C, another in A, B and D\n",
        "  by part of the build ID: A: b, c, e | a, d; B: b, c, e | a, d; C: a, b, c, d, e; D: ",
        "the same bytes as a and b: what is said of those holds here\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn without_a_largest_group_nobody_is_called_the_exception() {
    let mut shop = Workshop::new();
    let plain = shop.build(&[], &[]);
    let tagged = shop.build(&[], &["-tags=extra"]);
    let stamped = shop.build(&[], &["-ldflags=-X main.stamp=monday"]);
    let answer = compare(&[&plain, &tagged, &stamped]);
    assert!(answer.report["clusters"]["minority"].is_null());
    let summary = answer.report["summary"].as_str().unwrap();
    let start = "no two of 3 files are equal (all agree in C of the build ID); ";
    assert!(summary.starts_with(start), "{summary}");
    let answer = compare(&[&plain, &tagged, &plain, &tagged]);
    let summary = answer.report["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("4 files are of 2 kinds, none of them the most frequent"),
        "{summary}"
    );
    // Two of them are one file on disk, twice.
    assert_eq!(answer.report["notes"].as_array().unwrap().len(), 2);
    // What is not a build does not become the measure, however often it comes.
    let cut = shop.output();
    std::fs::write(&cut, &std::fs::read(&plain).unwrap()[..4096]).unwrap();
    let answer = compare(&[&cut, &cut, &plain, &tagged]);
    assert_eq!(answer.report["clusters"]["base"], 2);
    assert_eq!(answer.report["verdict"], "different");
}
