use proptest::prelude::*;

use super::*;
use crate::report::sample;

fn report(sample: &Answer) -> (String, Report) {
    let text = document(sample).unwrap();
    let report = Report::deserialize_from_str(&text).unwrap();
    (text, report)
}

#[test]
fn one_case_is_one_check() {
    let (_, report) = report(&sample::plain());
    assert_eq!((report.tests, report.failures, report.errors), (3, 1, 1));
    let cases = &report.test_suites[0].test_cases;
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    // One name thrice would be read as one case.
    assert_eq!(
        names,
        [
            "check words: subject words",
            "check words: subject words (2)",
            "check words: subject words (3)"
        ]
    );
    let TestCaseStatus::NonSuccess {
        message,
        ty,
        description,
        ..
    } = &cases[0].status
    else {
        panic!("{:?}", cases[0]);
    };
    assert_eq!(message.as_deref(), Some("finding words"));
    assert_eq!(ty.as_deref(), Some("build-tags"));
    let description = description.as_deref().unwrap();
    for part in [
        "1. build-tags (proven): finding words",
        "at place words",
        "a: left words",
        "fix: fix words",
    ] {
        assert!(description.contains(part), "{description}");
    }
}

#[test]
fn a_finding_about_one_thing_has_one_value() {
    let mut answer = sample::plain();
    answer.is_comparison = false;
    let (text, _) = report(&answer);
    assert!(text.contains("   at place words: left words\n"), "{text}");
    assert!(!text.contains("(absent)"), "{text}");
}

#[test]
fn a_check_that_passed_in_spite_of_something_says_so() {
    let (_, accepted) = report(&sample::accepted());
    let case = &accepted.test_suites[0].test_cases[0];
    assert_eq!((accepted.tests, accepted.failures), (1, 0));
    let said = case.system_out.as_ref().unwrap().as_str();
    let want = "reason words\n1. build-tags (proven): finding words\n";
    assert!(said.starts_with(want), "{said}");
    // A plain pass has nothing to say.
    let (_, plain) = report(&sample::plain());
    assert_eq!(plain.test_suites[0].test_cases[2].system_out, None);
}

#[test]
fn the_same_answer_gives_the_same_bytes() {
    assert_eq!(report(&sample::plain()).0, report(&sample::plain()).0);
}

proptest! {
    #[test]
    fn hostile_text_stays_text(text in sample::hostile()) {
        let sample = sample::with(|kind| format!("{text}{kind}"));
        let (xml, report) = report(&sample);
        let is_allowed = |letter: char| {
            matches!(letter, '\n' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
        };
        prop_assert!(xml.chars().all(is_allowed));
        prop_assert_eq!(report.tests, 3);
        let name = report.test_suites[0].test_cases[0].name.as_str();
        // Readers take spaces at the ends of an attribute away.
        let want = format!("{}: {}", clean(&format!("{text}check")), clean(&format!("{text}subject")));
        prop_assert_eq!(name.trim(), want.trim());
    }
}
