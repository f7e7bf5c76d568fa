//! The outcome as text: a file, its verdict, what is wrong with it, what to do.

use std::io::{self, Write};

use proto::finding::{Finding, Level, Status};
use proto::quantity;
use proto::visible::clean;

use super::outcome::{Judged, Outcome};
use crate::exit::Exit;
use crate::report::printed::Printed as _;
use crate::report::text::{Color, Style};

/// The most characters of a value shown unless every detail is wanted.
const VALUE_SHOWN: usize = 120;

/// Writes an outcome.
///
/// # Errors
/// What the writer returns.
pub(super) fn write(outcome: &Outcome, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { style, out };
    for (index, file) in outcome.files.iter().enumerate() {
        if index > 0 {
            writeln!(page.out)?;
        }
        page.file(outcome, file)?;
    }
    if outcome.files.len() > 1 {
        writeln!(page.out, "\n{}", outcome.summary())?;
    }
    Ok(())
}

struct Page<'a> {
    style: Style,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn file(&mut self, outcome: &Outcome, file: &Judged) -> io::Result<()> {
        let failing = file
            .findings
            .iter()
            .filter(|found| outcome.fails(found))
            .count();
        let unmet = file
            .requirements
            .iter()
            .filter(|checked| checked.status != Status::Passed);
        let unmet = unmet.count();
        let (word, color, rest) = match (outcome.exit_of(file), &file.obstacle) {
            (Exit::Same, None) => ("CLEAN", Color::Green, met(file)),
            // Nothing else was asked: that is not to be clean.
            (Exit::Same, Some(obstacle)) => {
                let met = required(file).unwrap_or_default();
                let rest = format!("{met}; not judged beyond: {obstacle}");
                ("MET", Color::Green, rest)
            }
            (Exit::Different, _) => (
                "FINDINGS",
                Color::Red,
                quantity::count(failing, "finding", "findings"),
            ),
            (_, Some(obstacle)) if unmet == 0 => ("NOT JUDGED", Color::Yellow, obstacle.clone()),
            (_, _) => {
                let what = format!(
                    "{} not met",
                    quantity::count(unmet, "requirement", "requirements")
                );
                ("UNMET", Color::Red, what)
            }
        };
        let word = self.style.paint(word, color);
        let go = file
            .go_version
            .as_ref()
            .map_or_else(String::new, |go| format!(" ({})", clean(go)));
        let path = clean(&file.path);
        self.line(&format!("{word}: {path}{go}: {}", clean(&rest)), 2)?;
        for checked in &file.requirements {
            let (word, color) = match checked.status {
                Status::Passed if !self.style.verbose => continue,
                Status::Passed => ("met", Color::Green),
                Status::Failed => ("unmet", Color::Red),
                Status::Undecided => ("unknown", Color::Yellow),
            };
            let word = self.style.paint(&format!("{word:<8}"), color);
            let (name, reason) = (clean(&checked.name), clean(&checked.reason));
            self.line(&format!("  {word} {name}: {reason}"), 11)?;
        }
        file.findings.iter().try_for_each(|found| self.found(found))
    }

    fn found(&mut self, found: &Finding) -> io::Result<()> {
        let (word, color) = match found.level {
            Level::Error => ("error", Color::Red),
            Level::Warning => ("warning", Color::Yellow),
            Level::Note => ("note", Color::Dim),
        };
        let word = self.style.paint(&format!("{word:<8}"), color);
        let rule = self.style.paint(&found.rule, Color::Bold);
        self.line(&format!("  {word} {rule}: {}", clean(&found.summary)), 11)?;
        // What is good to know should not bury what must be done.
        if found.level == Level::Note && !self.style.verbose {
            return Ok(());
        }
        for evidence in &found.evidence {
            let place = self.style.paint(&clean(&evidence.place), Color::Dim);
            let value = self.value(evidence.a.as_deref().unwrap_or_default());
            self.line(&format!("             {place}: {value}"), 15)?;
        }
        if found.fix.is_empty() {
            return Ok(());
        }
        let fix = self.style.paint("fix", Color::Bold);
        self.line(&format!("           {fix}: {}", clean(&found.fix)), 13)
    }

    /// Writes a line; what does not fit into it is set in.
    fn line(&mut self, text: &str, indent: usize) -> io::Result<()> {
        writeln!(self.out, "{}", self.style.wrap(text, indent))
    }

    fn value(&self, text: &str) -> String {
        let text = clean(text);
        match text.char_indices().nth(VALUE_SHOWN) {
            Some((end, _)) if !self.style.verbose => format!("{}…", &text[..end]),
            _ => text,
        }
    }
}

/// Says how many requirements there are, all of them met.
fn required(file: &Judged) -> Option<String> {
    let count = file.requirements.len();
    let counted = || quantity::count(count, "requirement", "requirements");
    (count > 0).then(|| format!("{} met", counted()))
}

fn met(file: &Judged) -> String {
    let notes = file.findings.len();
    let mut words: Vec<String> = required(file).into_iter().collect();
    words.push(match notes {
        0 => "nothing found".to_owned(),
        notes => format!(
            "{} that fail nothing",
            quantity::count(notes, "finding", "findings")
        ),
    });
    words.join(", ")
}
