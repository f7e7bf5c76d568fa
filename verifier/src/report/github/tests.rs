use proptest::prelude::*;

use super::*;
use crate::report::sample::{self, Sample};

fn lines(sample: &Sample) -> Vec<String> {
    let mut out = Vec::new();
    write(sample, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().map(str::to_owned).collect()
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
fn ten_of_a_kind_are_all_that_a_runner_shows() {
    let mut sample = sample::plain();
    let finding = sample.checks[0].findings[0].clone();
    sample.checks.truncate(1);
    sample.checks[0].findings = vec![finding; 10];
    let errors = |sample: &Sample| {
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

#[test]
fn a_summary_is_added_to_what_is_there_and_never_grows_too_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.md");
    std::fs::write(&path, "before\n").unwrap();
    summarise(&sample::plain(), &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with("before\n### verify-build compare: "),
        "{text}"
    );
    let almost = usize::try_from(SUMMARY_BYTES_MAX).unwrap() - 100;
    std::fs::write(&path, " ".repeat(almost)).unwrap();
    summarise(&sample::plain(), &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.ends_with(" verify-build compare: see the log\n"));
    std::fs::write(&path, " ".repeat(almost + 95)).unwrap();
    summarise(&sample::plain(), &path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), almost as u64 + 95);
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
