//! The outcome as text: the verdict, then each check with what is wrong and what to do.

use std::io::{self, Write};

use proto::finding::{Level, Status};
use proto::visible::clean;

use super::outcome::Outcome;
use super::rules::{Found, Judged};
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
    let color = match outcome.exit().code() {
        0 => Color::Green,
        1 => Color::Red,
        _ => Color::Yellow,
    };
    let word = style.paint(outcome.verdict(), color);
    writeln!(page.out, "{word}: {}", clean(&outcome.summary()))?;
    for check in &outcome.checks {
        page.check(outcome, check)?;
    }
    for one in &outcome.expected {
        let (word, color) = match one.status {
            Status::Passed if !style.verbose => continue,
            Status::Passed => ("met", Color::Green),
            Status::Failed => ("unmet", Color::Red),
            Status::Undecided => ("untold", Color::Yellow),
        };
        let word = style.paint(&format!("{word:<7}"), color);
        writeln!(
            page.out,
            "  {word} expected {}: {}",
            clean(&one.name),
            clean(&one.reason)
        )?;
    }
    if style.verbose && !outcome.ran.is_empty() {
        writeln!(
            page.out,
            "\nPrograms that were run, with these variables and no others"
        )?;
        for ran in &outcome.ran {
            let (command, variables) = (clean(&ran.command), ran.variables.join(" "));
            writeln!(
                page.out,
                "  {:>5} ms  exit {}  {command}  ({variables})",
                ran.milliseconds, ran.ended
            )?;
        }
    }
    Ok(())
}

struct Page<'a> {
    style: Style,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn check(&mut self, outcome: &Outcome, check: &Judged) -> io::Result<()> {
        let (word, color) = match outcome.status(check) {
            Status::Failed => ("fails", Color::Red),
            Status::Undecided => ("untold", Color::Yellow),
            Status::Passed if check.found.is_empty() => match &check.not_asked {
                Some(_) if check.stands.is_empty() => ("unasked", Color::Dim),
                _ => ("ok", Color::Green),
            },
            Status::Passed => ("note", Color::Dim),
        };
        let word = self.style.paint(&format!("{word:<7}"), color);
        let name = self.style.paint(check.name, Color::Bold);
        let stands = match check.stands.is_empty() {
            true => String::new(),
            false => format!(": {}", self.value(&check.stands)),
        };
        writeln!(self.out, "  {word} {name}{stands}")?;
        for (label, said) in [
            ("can't be told", &check.untold),
            ("not asked", &check.not_asked),
        ] {
            if let Some(said) = said {
                let label = self.style.paint(label, Color::Yellow);
                writeln!(self.out, "          {label}: {}", clean(said))?;
            }
        }
        check.found.iter().try_for_each(|found| self.found(found))
    }

    fn found(&mut self, found: &Found) -> io::Result<()> {
        let finding = &found.finding;
        let color = match finding.level {
            Level::Error => Color::Red,
            Level::Warning => Color::Yellow,
            Level::Note => Color::Dim,
        };
        let word = self.style.paint(finding.level.as_str(), color);
        let rule = self.style.paint(&finding.rule, Color::Bold);
        writeln!(
            self.out,
            "          {word} {rule}: {}",
            clean(&finding.summary)
        )?;
        // What is good to know should not bury what must be done.
        if finding.level == Level::Note && !self.style.verbose {
            return Ok(());
        }
        for evidence in &finding.evidence {
            let place = self.style.paint(&clean(&evidence.place), Color::Dim);
            let value = self.value(evidence.a.as_deref().unwrap_or_default());
            writeln!(self.out, "            {place}: {value}")?;
        }
        if !finding.fix.is_empty() {
            let fix = self.style.paint("fix", Color::Bold);
            writeln!(self.out, "            {fix}: {}", clean(&finding.fix))?;
        }
        for command in &found.commands {
            writeln!(self.out, "              {}", clean(command))?;
        }
        Ok(())
    }

    fn value(&self, text: &str) -> String {
        let text = clean(text);
        match text.char_indices().nth(VALUE_SHOWN) {
            Some((end, _)) if !self.style.verbose => format!("{}…", &text[..end]),
            _ => text,
        }
    }
}
