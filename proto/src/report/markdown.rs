//! A summary in Markdown, for comments on changes and for step summaries.
//!
//! Services cut or refuse long comments (GitHub at 65,536 characters), so this
//! ends by itself and says what it left out.

mod escape;
mod table;

use super::Answer;
use crate::finding::{Check, Finding, Status};
use crate::quantity;
use escape::{code, code_in_table, text};

/// The longest page, in bytes.
const BYTES_MAX: usize = 60_000;

/// Bytes kept free for the closing lines.
const CLOSING_BYTES: usize = 600;

/// Pieces of evidence shown for one finding.
const EVIDENCE_SHOWN: usize = 5;

/// Characters of a value shown.
const VALUE_SHOWN: usize = 120;

/// Characters of a sentence or path shown.
const WORDS_SHOWN: usize = 1000;

/// Returns the summary.
pub fn page(answer: &Answer) -> String {
    let mut page = Page::default();
    page.push(&format!(
        "### {} {}: {}\n\n{}\n",
        answer.program,
        text(answer.command),
        answer.verdict,
        sentence(&answer.summary)
    ));
    for note in &answer.notes {
        page.push(&format!("\n> **Note** {}\n", sentence(note)));
    }
    for table in &answer.tables {
        page.push(&table::of(table));
    }
    let (passed, open): (Vec<&Check>, Vec<&Check>) = answer
        .checks
        .iter()
        .partition(|check| check.is_plain_pass());
    for check in open {
        page.check(check, answer.is_comparison);
    }
    page.passed(&passed);
    page.finish()
}

#[derive(Default)]
struct Page {
    text: String,
    left_out: usize,
}

impl Page {
    /// Takes a block in whole or not at all: half a table is not a table.
    fn push(&mut self, block: &str) {
        if self.left_out == 0 && self.text.len() + block.len() + CLOSING_BYTES <= BYTES_MAX {
            self.text.push_str(block);
        } else {
            self.left_out += 1;
        }
    }

    fn check(&mut self, check: &Check, two_sided: bool) {
        let mark = match check.status {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::Undecided => "undecided",
        };
        let subject = if check.subject.is_empty() {
            String::new()
        } else {
            format!(" {}", code(&check.subject, WORDS_SHOWN))
        };
        let reason = check
            .reason
            .as_deref()
            .map_or_else(String::new, |reason| format!("\n{}\n", sentence(reason)));
        self.push(&format!(
            "\n#### {}{subject}: {mark}\n{reason}",
            sentence(&check.name)
        ));
        for (index, finding) in check.findings.iter().enumerate() {
            self.push(&block(index + 1, finding, two_sided));
        }
    }

    fn passed(&mut self, passed: &[&Check]) {
        if passed.is_empty() {
            return;
        }
        let checks = quantity::count(passed.len(), "check", "checks");
        self.push(&format!("\n{checks} passed.\n"));
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!(
                "\n{} more entries are left out here; `--format html` and `--format json` show them all.\n",
                self.left_out
            ));
        }
        self.text
    }
}

fn block(number: usize, finding: &Finding, two_sided: bool) -> String {
    let mut block = format!(
        "\n**{number}. {}** ({}): {}\n",
        code(&finding.rule, VALUE_SHOWN),
        finding.weight(),
        sentence(&finding.summary)
    );
    // A finding about one thing has one value.
    let two_sided = two_sided || finding.evidence.iter().any(|one| one.b.is_some());
    if !finding.evidence.is_empty() {
        block.push_str(match two_sided {
            true => "\n| where | a | b |\n| --- | --- | --- |\n",
            false => "\n| where | what is there |\n| --- | --- |\n",
        });
    }
    for evidence in finding.evidence.iter().take(EVIDENCE_SHOWN) {
        let side = |value: &Option<String>| {
            value.as_deref().map_or_else(
                || "(absent)".into(),
                |value| code_in_table(value, VALUE_SHOWN),
            )
        };
        let (place, a) = (
            code_in_table(&evidence.place, VALUE_SHOWN),
            side(&evidence.a),
        );
        block.push_str(&match two_sided {
            true => format!("| {place} | {a} | {} |\n", side(&evidence.b)),
            false => format!("| {place} | {a} |\n"),
        });
    }
    let left_out = finding.evidence.len().saturating_sub(EVIDENCE_SHOWN);
    if left_out > 0 {
        block.push_str(&format!("\n… {left_out} more places\n"));
    }
    if !finding.fix.is_empty() {
        block.push_str(&format!("\n**Fix:** {}\n", sentence(&finding.fix)));
    }
    block
}

fn sentence(words: &str) -> String {
    match words.char_indices().nth(WORDS_SHOWN) {
        Some((end, _)) => text(&format!("{}…", &words[..end])),
        None => text(words),
    }
}

#[cfg(test)]
mod tests;
