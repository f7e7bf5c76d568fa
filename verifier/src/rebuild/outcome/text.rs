//! The answer as text: first itself, then what matters and what to do, then what
//! was tried.

use std::io::{self, Write};

use proto::finding::Confidence;
use proto::visible::clean;

use super::{NOT_ASKED_FOR, Outcome, Verdict, fix, matters};
use crate::rebuild::build::Build;
use crate::rebuild::cache::Mode;
use crate::rebuild::session::Culprit;
use crate::report::text::{self, Color, Style};

impl Outcome {
    pub(super) fn write(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let (word, color) = match self.verdict {
            Verdict::Reproducible => ("REPRODUCIBLE here", Color::Green),
            Verdict::NotReproducible => ("NOT REPRODUCIBLE", Color::Red),
            Verdict::Inconclusive => ("INCONCLUSIVE", Color::Yellow),
        };
        writeln!(
            out,
            "{}: {}",
            style.paint(word, color),
            clean(&self.sentence())
        )?;
        for note in self.remarks() {
            writeln!(
                out,
                "{} {}",
                style.paint("note:", Color::Yellow),
                clean(&note)
            )?;
        }
        writeln!(
            out,
            "\n{} in {}",
            clean(&self.package),
            clean(&self.folder.display().to_string())
        )?;
        self.write_culprits(style, out)?;
        self.write_tried(style, out)?;
        self.write_builds(style, out)?;
        match &self.comparison {
            None => Ok(()),
            Some(report) => {
                let title = style.paint("The programs side by side", Color::Bold);
                writeln!(out, "\n{title}")?;
                text::write(report, style, out)
            }
        }
    }

    fn write_culprits(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if self.found.culprits.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{}", style.paint("What matters", Color::Bold))?;
        for (place, culprit) in self.found.culprits.iter().enumerate() {
            let what = style.paint(&matters(culprit), Color::Red);
            let number = culprit.build.saturating_add(1);
            writeln!(
                out,
                "{:>3}. {}: {what} (build {number}: {}; {})",
                place + 1,
                style.paint(&self.rule(culprit), Color::Bold),
                culprit.label,
                basis(culprit)
            )?;
            let built = self.found.builds.get(culprit.build);
            let record = built.and_then(|build| build.result.as_ref().ok());
            for (name, how) in record
                .iter()
                .flat_map(|built| &built.record.conditions.varied)
            {
                writeln!(out, "       {name}: {}", clean(how))?;
            }
            let fix = fix(culprit, self.has_cgo);
            writeln!(out, "     {} {fix}", style.paint("fix:", Color::Green))?;
        }
        Ok(())
    }

    fn write_tried(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        if !self.varied.is_empty() {
            writeln!(out, "\n{}", style.paint("Varied", Color::Bold))?;
        }
        for one in &self.varied {
            writeln!(out, "  {:<16} {}", one.name, clean(&one.how))?;
        }
        for (names, said) in &self.found.failing {
            let title = format!("The build fails with {} varied", names.join(" and "));
            writeln!(out, "\n{}", style.paint(&title, Color::Yellow))?;
            for line in said.lines() {
                writeln!(out, "  {}", clean(line))?;
            }
        }
        // Whoever names what to vary knows what is left out.
        let untried = self.untried.iter();
        let mut untried = untried.filter(|one| one.reason != NOT_ASKED_FOR).peekable();
        if untried.peek().is_some() {
            writeln!(out, "\n{}", style.paint("Not varied", Color::Bold))?;
        }
        for one in untried {
            writeln!(out, "  {:<16} {}", one.name, clean(&one.reason))?;
        }
        Ok(())
    }

    fn write_builds(&self, style: Style, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n{}", style.paint("Builds", Color::Bold))?;
        for build in &self.found.builds {
            let cache = match build.cache {
                Mode::Cold => "cold",
                Mode::Warm => "warm",
                Mode::Given => "given",
            };
            let seconds = build.duration.as_secs();
            let digest = match (&build.result, style.verbose) {
                (Ok(built), true) => built.sha256.clone(),
                (Ok(built), false) => built.sha256.chars().take(DIGEST_SHOWN).collect(),
                (Err(_), _) => "failed".to_owned(),
            };
            let what = self.short(build, style.verbose);
            writeln!(
                out,
                "  {:>3}  {cache:<5} {seconds:>4} s  {digest}  {what}",
                build.number
            )?;
        }
        Ok(())
    }

    fn short(&self, build: &Build, verbose: bool) -> String {
        match build.varied.as_slice() {
            [] => String::new(),
            names if names.len() > NAMES_SHOWN && !verbose => format!("{} varied", names.len()),
            names => names.join(", "),
        }
    }
}

/// What the claim rests on.
fn basis(culprit: &Culprit) -> &'static str {
    match culprit.confidence {
        Confidence::Proven => "proven by building",
        Confidence::Likely | Confidence::Possible => "seen, which proves nothing yet",
    }
}

/// Digits of a digest by which builds are told apart at a glance.
const DIGEST_SHOWN: usize = 12;

/// Names in a row before they are counted.
const NAMES_SHOWN: usize = 4;
