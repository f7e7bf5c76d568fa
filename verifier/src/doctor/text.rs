//! The outcome as text: the verdict, then each check with what is wrong and what to do.

use std::io::{self, Write};

use proto::finding::{Level, Status};
use proto::visible::clean;

use super::expect::Expected;
use super::outcome::Outcome;
use super::probe::Ran;
use super::rules::{Found, Judged};
use crate::report::printed::Printed as _;
use crate::report::text::{Color, Style};

/// The most characters of a value shown unless every detail is wanted.
const VALUE_SHOWN: usize = 400;

/// How far what follows is set in: below a check, and below a finding.
const SET_IN: [usize; 2] = [10, 12];

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
    page.line(&format!("{word}: {}", clean(&outcome.summary())), 2)?;
    for check in &outcome.checks {
        page.check(outcome, check)?;
    }
    for one in &outcome.expected {
        page.expected(one)?;
    }
    if style.verbose && !outcome.ran.is_empty() {
        page.ran(&outcome.ran)?;
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
        let subject = match clean(&check.subject).as_str() {
            "" | "host" => String::new(),
            subject => self.style.paint(&format!(" ({subject})"), Color::Dim),
        };
        let stands = match check.stands.is_empty() {
            true => String::new(),
            false => format!(": {}", self.value(&check.stands)),
        };
        self.line(&format!("  {word} {name}{subject}{stands}"), SET_IN[0])?;
        for (label, said) in [
            ("can't be told", &check.untold),
            ("not asked", &check.not_asked),
        ] {
            if let Some(said) = said {
                let label = self.style.paint(label, Color::Yellow);
                self.below(0, &format!("{label}: {}", clean(said)))?;
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
        self.below(0, &format!("{word} {rule}: {}", clean(&finding.summary)))?;
        // What is good to know should not bury what must be done.
        let is_whole = finding.level != Level::Note || self.style.verbose;
        for evidence in finding.evidence.iter().filter(|_| is_whole) {
            let place = self.style.paint(&clean(&evidence.place), Color::Dim);
            let value = self.value(evidence.a.as_deref().unwrap_or_default());
            self.below(1, &format!("{place}: {value}"))?;
        }
        if !finding.fix.is_empty() {
            let fix = self.style.paint("fix", Color::Bold);
            self.below(1, &format!("{fix}: {}", clean(&finding.fix)))?;
        }
        // A command that is broken over lines is another one when it is copied.
        for command in found.commands.iter().filter(|_| is_whole) {
            writeln!(self.out, "              {}", clean(command))?;
        }
        Ok(())
    }

    fn expected(&mut self, one: &Expected) -> io::Result<()> {
        let (word, color) = match one.status {
            Status::Passed if !self.style.verbose => return Ok(()),
            Status::Passed => ("met", Color::Green),
            Status::Failed => ("unmet", Color::Red),
            Status::Undecided => ("untold", Color::Yellow),
        };
        let word = self.style.paint(&format!("{word:<7}"), color);
        let (name, reason) = (clean(&one.name), clean(&one.reason));
        self.line(&format!("  {word} expected {name}: {reason}"), SET_IN[0])
    }

    fn ran(&mut self, all: &[Ran]) -> io::Result<()> {
        let title = "Programs that were run, with these variables and no others";
        writeln!(self.out, "\n{}", self.style.paint(title, Color::Bold))?;
        for ran in all {
            let (command, variables) = (clean(&ran.command), ran.variables.join(" "));
            let line = format!(
                "  {:>5} ms  exit {}  {command}  ({variables})",
                ran.milliseconds, ran.ended
            );
            self.line(&line, SET_IN[1])?;
        }
        Ok(())
    }

    /// Writes a line below a check, or below a finding of it.
    fn below(&mut self, depth: usize, text: &str) -> io::Result<()> {
        let indent = SET_IN[depth];
        self.line(&format!("{}{text}", " ".repeat(indent)), indent + 2)
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
