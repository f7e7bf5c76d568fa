//! Checks as JUnit XML, the form that test reports of CI services take in.
//!
//! One test case is one check: for a comparison, one pair of files. A check that
//! could not be decided is an error and not a skipped test, so that no service
//! counts it as fine. What a check that passed was found with all the same stands in
//! `system-out`, which services show of such a test. There is no time and no host in the file: the same answer
//! gives the same bytes.
//!
//! What readers ask for (GitLab, Jenkins, the usual GitHub actions): `classname`
//! and `name` unique together, the reason as the content of `failure`, `time`.

use std::collections::HashMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::Answer;
use crate::finding::{Check, Finding, Status};
use crate::visible::clean;

/// The most checks written; GitLab reads 500,000.
const CHECKS_MAX: usize = 100_000;

/// The most pieces of evidence written for one finding.
const EVIDENCE_MAX: usize = 50;

/// Returns all checks as XML.
///
/// # Errors
/// None in practice: what was cleaned has no letter that XML refuses.
pub fn document(answer: &Answer) -> Result<String, quick_junit::SerializeError> {
    let class = format!("{}.{}", answer.program, answer.command.replace(' ', "-"));
    let mut suite = TestSuite::new(class.as_str());
    suite.set_time(Duration::ZERO);
    suite.add_property(("version", answer.version));
    suite.add_property(("summary", clean(&answer.summary).as_str()));
    for note in &answer.notes {
        suite.add_property(("note", clean(note).as_str()));
    }
    let mut names = HashMap::new();
    for check in answer.checks.iter().take(CHECKS_MAX) {
        suite.add_test_case(case(check, answer.is_comparison, &class, &mut names));
    }
    let mut report = Report::new(answer.program);
    report.set_time(Duration::ZERO);
    report.add_test_suite(suite);
    report.to_string()
}

fn case(
    check: &Check,
    two_sided: bool,
    class: &str,
    names: &mut HashMap<String, usize>,
) -> TestCase {
    let mut case = TestCase::new(unique(name(check), names), status(check, two_sided));
    case.set_classname(class);
    case.set_time(Duration::ZERO);
    if check.status == Status::Passed {
        let said = description(check, two_sided);
        if !said.is_empty() {
            case.set_system_out(said);
        }
    }
    case
}

fn name(check: &Check) -> String {
    match (check.name.is_empty(), check.subject.is_empty()) {
        (_, true) => clean(&check.name),
        (true, false) => clean(&check.subject),
        (false, false) => format!("{}: {}", clean(&check.name), clean(&check.subject)),
    }
}

/// Readers keep only the first of several cases of one name.
fn unique(name: String, names: &mut HashMap<String, usize>) -> String {
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    match *count {
        1 => name,
        again => format!("{name} ({again})"),
    }
}

fn status(check: &Check, two_sided: bool) -> TestCaseStatus {
    let kind = match check.status {
        Status::Passed => return TestCaseStatus::success(),
        Status::Failed => NonSuccessKind::Failure,
        Status::Undecided => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    let first = check.findings.first();
    let found = first.map(|finding| finding.summary.as_str());
    let message = found.or(check.reason.as_deref());
    let rule = first.map_or("undecided", |finding| finding.rule.as_str());
    status.set_message(clean(message.unwrap_or("this check did not pass")));
    status.set_type(clean(rule));
    status.set_description(description(check, two_sided));
    status
}

/// Services show this text alone, so it says everything.
fn description(check: &Check, two_sided: bool) -> String {
    let mut text = String::new();
    if let Some(reason) = &check.reason {
        text.push_str(&clean(reason));
        text.push('\n');
    }
    for (index, finding) in check.findings.iter().enumerate() {
        describe(index + 1, finding, two_sided, &mut text);
    }
    text
}

fn describe(number: usize, finding: &Finding, two_sided: bool, text: &mut String) {
    let mut line = |words: String| {
        text.push_str(&words);
        text.push('\n');
    };
    line(format!(
        "{number}. {} ({}): {}",
        clean(&finding.rule),
        finding.weight(),
        clean(&finding.summary)
    ));
    // A finding about one thing has one value.
    let two_sided = two_sided || finding.evidence.iter().any(|one| one.b.is_some());
    let side = |value: &Option<String>| value.as_deref().map_or_else(|| "(absent)".into(), clean);
    for evidence in finding.evidence.iter().take(EVIDENCE_MAX) {
        let place = clean(&evidence.place);
        if two_sided {
            line(format!("   at {place}"));
            line(format!("     a: {}", side(&evidence.a)));
            line(format!("     b: {}", side(&evidence.b)));
        } else {
            line(format!("   at {place}: {}", side(&evidence.a)));
        }
    }
    let left_out = finding.evidence.len().saturating_sub(EVIDENCE_MAX);
    if left_out > 0 {
        line(format!("   {left_out} more places, in --format json"));
    }
    if !finding.fix.is_empty() {
        line(format!("   fix: {}", clean(&finding.fix)));
    }
}

#[cfg(test)]
mod tests;
