//! The answer as text: first itself, then each step and what it brought, then the command,
//! then what remains.

use std::io::{self, Write};

use proto::visible::clean;

use super::{Outcome, Verdict};
use crate::report::printed::Printed;
use crate::report::text::{Color, Style};
use crate::reproduce::step::Step;
use proto::quantity;

/// Lines of a failure shown unless every detail is wanted.
const LINES_SHOWN: usize = 4;

/// Names in a row before they are counted.
const NAMES_SHOWN: usize = 4;

impl Outcome {
    pub(super) fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let color = match self.verdict {
            Verdict::Equal => Color::Green,
            Verdict::Different => Color::Red,
            Verdict::EqualButForStamp | Verdict::EqualButForSignature | Verdict::Unknown => {
                Color::Yellow
            }
        };
        let word = style.paint(Printed::verdict(self), color);
        writeln!(out, "{word}: {}", clean(&self.sentence()))?;
        for note in self.remarks() {
            let label = style.paint("note:", Color::Yellow);
            writeln!(out, "{label} {}", clean(&note))?;
        }
        self.write_steps(style, out)?;
        self.write_commands(style, out)?;
        self.write_remaining(style, out)?;
        if let Some(work) = &self.work {
            writeln!(out, "\nBuilds are kept in {}", clean(work))?;
        }
        Ok(())
    }

    fn write_steps(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if self.steps.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", style.paint("Steps", Color::Bold))?;
        for (index, step) in self.steps.iter().enumerate() {
            let mark = match step.is_nearer {
                true => style.paint("nearer", Color::Green),
                false => "      ".to_owned(),
            };
            let (number, what) = (index + 1, clean(&step.what));
            writeln!(out, "{number:>3}. {mark} {what}: {}", brought(step))?;
            if !step.why.is_empty() {
                writeln!(out, "            since {}", clean(&step.why))?;
            }
            if style.verbose {
                let took = if step.is_old {
                    "built by an earlier run".to_owned()
                } else {
                    format!("{} s", step.duration.as_secs())
                };
                let command = clean(&step.plan.command(None));
                writeln!(out, "            {command} ({took})")?;
            }
            if let Err(said) = &step.result {
                let all: Vec<&str> = said.lines().collect();
                let shown = if style.verbose {
                    all.len()
                } else {
                    LINES_SHOWN
                };
                for line in &all[all.len().saturating_sub(shown)..] {
                    writeln!(out, "            {}", clean(line))?;
                }
            }
        }
        Ok(())
    }

    fn write_commands(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if self.commands.is_empty() {
            return Ok(());
        }
        let title = match self.verdict {
            Verdict::Equal => "This gives the same bytes",
            Verdict::EqualButForStamp => {
                "This would give the same bytes, if the commit is the source's"
            }
            Verdict::EqualButForSignature => "This gives the same bytes without the signature",
            Verdict::Different | Verdict::Unknown => "This comes nearest",
        };
        writeln!(out, "\n{}", style.paint(title, Color::Bold))?;
        for line in &self.commands {
            writeln!(out, "  {}", clean(line))?;
        }
        Ok(())
    }

    fn write_remaining(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let remaining = self.remaining();
        if remaining.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", style.paint("What remains", Color::Bold))?;
        for finding in &remaining {
            let sure = finding.confidence.map_or("", |sure| sure.as_str());
            let rule = style.paint(&finding.rule, Color::Bold);
            writeln!(out, "  {rule} ({sure}): {}", clean(&finding.summary))?;
            if style.verbose {
                for one in &finding.evidence {
                    let of = |side: &Option<String>| clean(side.as_deref().unwrap_or("(nothing)"));
                    let (place, a, b) = (clean(&one.place), of(&one.a), of(&one.b));
                    writeln!(out, "    {place}: given {a}, built {b}")?;
                }
            }
            if !finding.fix.is_empty() {
                let label = style.paint("fix:", Color::Green);
                writeln!(out, "    {label} {}", clean(&finding.fix))?;
            }
        }
        Ok(())
    }
}

/// What a step brought, in a few words.
fn brought(step: &Step) -> String {
    let measure = match &step.result {
        Err(_) => return "the build fails".into(),
        Ok(measure) if measure.differing == 0 => return "the same bytes".into(),
        Ok(measure) => measure,
    };
    let fields = match measure.fields.as_slice() {
        [] => String::new(),
        names if names.len() <= NAMES_SHOWN => {
            format!(", build information: {}", clean(&names.join(", ")))
        }
        names => format!(
            ", {} of build information",
            quantity::count(names.len(), "line", "lines")
        ),
    };
    let parts = measure
        .pattern
        .as_ref()
        .map_or_else(String::new, |pattern| format!(", build ID {pattern}"));
    format!(
        "{}{parts}{fields}",
        quantity::bytes_differ(measure.differing)
    )
}
