//! Made-up answers for the tests of printers: plain ones and hostile ones.

use proptest::prelude::*;

use super::figure::{Card, Cards, Figure, Row, Table, Value};
use super::html::Shown;
use super::{Answer, Tone};
use crate::finding::{Check, Confidence, Evidence, Finding, Level, Status};

/// Cards and a table of an answer's own words.
pub(crate) fn shown(answer: &Answer) -> Shown {
    let words = || answer.summary.clone();
    let value = Value::Code(words());
    let cards = Cards {
        title: words(),
        cards: vec![Card {
            letter: "a".into(),
            title: words(),
            facts: vec![(words(), value.clone())],
        }],
    };
    let table = Table {
        title: words(),
        note: words(),
        columns: vec!["one".into(), words()],
        rows: vec![Row {
            values: vec![Value::Alarm(words()), value],
            agrees: Some(true),
        }],
        left_out: 1,
    };
    Shown {
        figures: vec![Figure::Cards(cards), Figure::Table(table)],
        sides: Vec::new(),
    }
}

/// Two checks, one with a finding of each level.
pub(crate) fn plain() -> Answer {
    with(|kind| format!("{kind} words"))
}

/// One check that passed, and what was found all the same.
pub(crate) fn accepted() -> Answer {
    let mut answer = plain();
    answer.tone = Tone::Accepted;
    answer.checks.truncate(1);
    for check in &mut answer.checks {
        check.status = Status::Passed;
        check.reason = Some("reason words".into());
        check.findings.truncate(1);
        check.findings[0].level = Level::Note;
    }
    answer
}

/// The same shape with other words, by what they are for.
pub(crate) fn with(words: impl Fn(&'static str) -> String) -> Answer {
    let finding = |rule: &str, level, confidence| Finding {
        rule: rule.into(),
        level,
        confidence,
        artifact: words("path"),
        summary: words("finding"),
        evidence: vec![Evidence {
            place: words("place"),
            a: Some(words("left")),
            b: None,
        }],
        fix: words("fix"),
    };
    let check = |status, reason, findings| Check {
        name: words("check"),
        subject: words("subject"),
        status,
        reason,
        findings,
    };
    Answer {
        program: "verify-build",
        version: "1.2.3",
        command: "compare",
        exit_code: 1,
        verdict: "FAILED",
        tone: Tone::Bad,
        is_comparison: true,
        meaning: |rule| (rule == "build-tags").then_some("Built with different -tags."),
        summary: words("summary"),
        notes: vec![words("note")],
        tables: vec![Table {
            title: words("table"),
            note: words("about"),
            columns: vec!["one".into(), words("column")],
            rows: vec![Row {
                values: vec![Value::Words(words("cell")), Value::Code(words("code"))],
                agrees: Some(false),
            }],
            left_out: 1,
        }],
        checks: vec![
            check(
                Status::Failed,
                None,
                vec![
                    finding("build-tags", Level::Error, Some(Confidence::Proven)),
                    finding("build-tags", Level::Warning, Some(Confidence::Possible)),
                    finding("odd-rule", Level::Note, None),
                ],
            ),
            check(Status::Undecided, Some(words("reason")), Vec::new()),
            check(Status::Passed, None, Vec::new()),
        ],
    }
}

/// Text as an enemy would write it into a section name, a path or a value.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("<script>alert(1)</script>".to_owned()),
        Just("\"><img src=x onerror=1>".to_owned()),
        Just("</title></style><style>".to_owned()),
        Just("]]><![CDATA[ &amp; &lt; &#0; -->".to_owned()),
        Just("`code` ```` | **bold** _it_ ~~no~~ $x$".to_owned()),
        Just(
            "[a](https://example.com) ![i](//example.com/x.png) www.example.com @someone #1"
                .to_owned()
        ),
        Just(
            "\n::error::pwned\r\n##[add-mask]x\n# heading\n- [ ] item\n| a | b |\n---\n".to_owned()
        ),
        Just("\u{1b}[31m\u{202e}\u{200b}\u{0}\u{7}\u{85}\u{ffff}\u{feff}\u{2028}".to_owned()),
        Just("%0A%25 a,b:c=d; title=x".to_owned()),
        Just("C:\\dir\\file ../../etc//passwd?q#f".to_owned()),
        any::<String>(),
        "[ -~]{0,40}",
    ];
    prop::collection::vec(pieces, 0..4).prop_map(|pieces| pieces.concat())
}
