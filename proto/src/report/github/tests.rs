use proptest::prelude::*;

use super::*;
use crate::report::sample;

fn lines(sample: &Answer) -> Vec<String> {
    commands(sample).lines().map(str::to_owned).collect()
}

#[test]
fn findings_become_annotations_by_level() {
    assert_eq!(
        lines(&sample::plain()),
        [
            "verify-build: summary words",
            "::error title=build-tags (proven)%3A subject words::finding words%0AFix: fix words",
            "::warning title=build-tags (possible)%3A subject words::finding words%0AFix: fix words",
            "::warning title=check words%3A subject words::reason words",
            "::notice title=odd-rule%3A subject words::finding words%0AFix: fix words",
            "::notice title=verify-build::note words",
        ]
    );
}

#[test]
fn a_check_that_passed_in_spite_of_something_says_so() {
    assert_eq!(
        lines(&sample::accepted()),
        [
            "verify-build: summary words",
            "::notice title=check words%3A subject words::reason words",
            "::notice title=build-tags (proven)%3A subject words::finding words%0AFix: fix words",
            "::notice title=verify-build::note words",
        ]
    );
}

#[test]
fn ten_of_a_kind_are_all_that_a_runner_shows() {
    let mut sample = sample::plain();
    let finding = sample.checks[0].findings[0].clone();
    sample.checks.truncate(1);
    sample.checks[0].findings = vec![finding; 10];
    let errors = |sample: &Answer| {
        let all = lines(sample);
        let errors = all.iter().filter(|line| line.starts_with("::error "));
        errors.cloned().collect::<Vec<_>>()
    };
    assert_eq!(errors(&sample).len(), 10);
    assert!(!errors(&sample)[9].contains("more; "));
    let more = sample.checks[0].clone();
    sample.checks.push(more);
    assert_eq!(errors(&sample).len(), 10);
    assert!(errors(&sample)[9].ends_with("::11 more; the step summary lists them"));
}

proptest! {
    #[test]
    fn hostile_text_starts_no_command(text in sample::hostile()) {
        let plain = lines(&sample::plain());
        let hostile = lines(&sample::with(|kind| format!("{text}{kind}")));
        prop_assert_eq!(plain.len(), hostile.len());
        for (plain, hostile) in plain.iter().zip(&hostile) {
            let head = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
            prop_assert_eq!(head(plain), head(hostile));
            prop_assert!(!hostile.contains("##["));
            if let Some(command) = hostile.strip_prefix("::") {
                let (properties, _) = command.split_once("::").unwrap();
                let (_, title) = properties.split_once(" title=").unwrap();
                prop_assert!(!title.contains([':', ',', '\r']), "{}", title);
            }
        }
    }
}
