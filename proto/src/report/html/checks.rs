//! Checks and their findings on the page.

use maud::{Markup, html};

use crate::finding::{Check, Confidence, Evidence, Finding, Level, Status};
use crate::report::Answer;
use crate::visible::clean;

/// Checks shown in full.
const CHECKS_SHOWN: usize = 500;

/// Pieces of evidence shown for one finding.
const EVIDENCE_SHOWN: usize = 30;

/// Passed checks listed before the list is folded.
const PASSED_OPEN: usize = 10;

/// Characters of a value shown.
const VALUE_SHOWN: usize = 2000;

pub(super) fn draw(answer: &Answer, sides: &[Option<[String; 2]>]) -> Markup {
    let checks = &answer.checks;
    let sides = |index: usize| sides.get(index).and_then(Option::as_ref);
    let (passed, open): (Vec<_>, Vec<_>) = checks
        .iter()
        .enumerate()
        .partition(|(_, check)| check.is_plain_pass());
    // One check needs no name of its own: the banner has said what it is about.
    let alone = checks.len() == 1;
    html! {
        @for (index, check) in open.iter().take(CHECKS_SHOWN) {
            (section(check, sides(*index), alone))
        }
        @if open.len() > CHECKS_SHOWN {
            p class="small" { (open.len() - CHECKS_SHOWN) " more checks did not pass; --format json has them all." }
        }
        @if !passed.is_empty() && !alone {
            section {
                h2 { "Passed" }
                @if passed.len() > PASSED_OPEN {
                    details { summary { (passed.len()) " checks" } (list(&passed)) }
                } @else { (list(&passed)) }
            }
        }
    }
}

fn list(passed: &[(usize, &Check)]) -> Markup {
    html! {
        ul class="passed" {
            @for (_, check) in passed.iter().take(CHECKS_SHOWN) {
                li {
                    span class="chip good" { "passed" } " " (clean(&check.name)) ": " code { (clean(&check.subject)) }
                    @if let Some(reason) = &check.reason { div class="small" { (clean(reason)) } }
                }
            }
            @if passed.len() > CHECKS_SHOWN { li { "and " (passed.len() - CHECKS_SHOWN) " more" } }
        }
    }
}

fn section(check: &Check, sides: Option<&[String; 2]>, alone: bool) -> Markup {
    let (word, class) = match check.status {
        Status::Passed => ("passed", "good"),
        Status::Failed => ("failed", "bad"),
        Status::Undecided => ("undecided", "open"),
    };
    html! {
        section {
            @if !alone {
                h2 { span class=(format!("chip {class}")) { (word) } " " (clean(&check.name))
                    @if let Some([a, b]) = sides { ": " (a) " and " (b) } }
                @if !check.subject.is_empty() { p class="subject" { code { (clean(&check.subject)) } } }
            } @else if !check.findings.is_empty() {
                h2 { "Why, and what to change" }
            }
            @if let Some(reason) = check.reason.as_ref().filter(|_| !alone || check.status != Status::Undecided) {
                p { (clean(reason)) }
            }
            ol class="findings" {
                @for (index, one) in check.findings.iter().enumerate() {
                    (finding(index + 1, one, sides))
                }
            }
        }
    }
}

fn finding(number: usize, finding: &Finding, sides: Option<&[String; 2]>) -> Markup {
    let class = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "info",
    };
    html! {
        li class=(format!("finding {class}")) {
            h3 {
                span class="number" { (number) } " "
                code { (clean(&finding.rule)) }
                " "
                @match finding.confidence {
                    Some(sure) => (confidence(sure)),
                    None => (level(finding.level)),
                }
            }
            p class="what" { (clean(&finding.summary)) }
            @if !finding.evidence.is_empty() { (evidence(&finding.evidence, sides)) }
            @if !finding.fix.is_empty() {
                p class="fix" { strong { "Fix" } " " span { (clean(&finding.fix)) } }
            }
        }
    }
}

fn level(level: Level) -> Markup {
    let class = match level {
        Level::Error => "bad",
        Level::Warning => "open",
        Level::Note => "info",
    };
    html! { span class=(format!("chip {class}")) { (level.as_str()) } }
}

fn confidence(confidence: Confidence) -> Markup {
    let (class, meaning) = match confidence {
        Confidence::Proven => ("proven", "the files themselves show it"),
        Confidence::Likely => (
            "likely",
            "the traces fit it, and little else known would leave them",
        ),
        Confidence::Possible => (
            "possible",
            "it would leave these traces, and so would others",
        ),
    };
    html! { span class=(format!("chip {class}")) title=(meaning) { (confidence.as_str()) } }
}

fn evidence(all: &[Evidence], sides: Option<&[String; 2]>) -> Markup {
    // A finding about one file has one value; its table has no second column.
    let one_sided = sides.is_none() && all.iter().all(|evidence| evidence.b.is_none());
    let letters = match sides {
        Some([a, b]) => [a.as_str(), b.as_str()],
        None => ["a", "b"],
    };
    let left_out = all.len().saturating_sub(EVIDENCE_SHOWN);
    html! {
        div class="scroll" { table class=(if one_sided { "evidence" } else { "evidence sides" }) {
            thead { tr {
                th scope="col" { "where" }
                @if one_sided { th scope="col" { "what is there" } }
                @else { @for letter in letters { th scope="col" { (letter) } } }
            } }
            tbody {
                @for one in all.iter().take(EVIDENCE_SHOWN) {
                    tr {
                        th scope="row" { (clean(&one.place)) }
                        (value(one.a.as_deref(), letters[0]))
                        @if !one_sided { (value(one.b.as_deref(), letters[1])) }
                    }
                }
            }
        } }
        @if left_out > 0 { p class="small" { (left_out) " more places; --format json has them." } }
    }
}

fn value(text: Option<&str>, letter: &str) -> Markup {
    html! {
        td data-side=(letter) {
            @match text {
                Some("") => span class="absent" { "empty" },
                Some(text) => code { (shortened(text)) },
                None => span class="absent" { "absent" },
            }
        }
    }
}

pub(super) fn shortened(text: &str) -> String {
    let text = clean(text);
    match text.char_indices().nth(VALUE_SHOWN) {
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
        None => text,
    }
}
