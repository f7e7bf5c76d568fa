//! Made-up outcomes for the tests of printers: plain ones and hostile ones.

use std::io::{self, Write};

use proptest::prelude::*;
use proto::finding::{Check, Confidence, Evidence, Finding, Level, Status};

use super::figure::{Card, Cards, Figure, Row, Table, Value};
use super::printed::Printed;
use super::text::Style;
use crate::exit::Exit;

/// An outcome that is whatever a test wants.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) summary: String,
    pub(crate) notes: Vec<String>,
    pub(crate) checks: Vec<Check>,
}

impl Printed for Sample {
    fn command(&self) -> &'static str {
        "compare"
    }

    fn exit(&self) -> Exit {
        Exit::Different
    }

    fn summary(&self) -> String {
        self.summary.clone()
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn checks(&self) -> Vec<Check> {
        self.checks.clone()
    }

    fn json(&self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn text(&self, _: Style, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn figures(&self) -> Vec<Figure> {
        let value = Value::Code(self.summary.clone());
        let cards = Cards {
            title: self.summary.clone(),
            cards: vec![Card {
                letter: "a".into(),
                title: self.summary.clone(),
                facts: vec![(self.summary.clone(), value.clone())],
            }],
        };
        let table = Table {
            title: self.summary.clone(),
            note: self.summary.clone(),
            columns: vec!["one".into(), self.summary.clone()],
            rows: vec![Row {
                values: vec![Value::Alarm(self.summary.clone()), value],
                agrees: Some(true),
            }],
            left_out: 1,
        };
        vec![Figure::Cards(cards), Figure::Table(table)]
    }
}

/// Two checks, one with a finding of each level.
pub(crate) fn plain() -> Sample {
    with(|kind| format!("{kind} words"))
}

/// The same shape with other words, by what they are for.
pub(crate) fn with(words: impl Fn(&'static str) -> String) -> Sample {
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
    Sample {
        summary: words("summary"),
        notes: vec![words("note")],
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
