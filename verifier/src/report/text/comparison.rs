//! The answer to a comparison, in words.

use std::io;

use proto::finding::{Confidence, Evidence};
use proto::quantity;
use proto::visible::clean;

use super::{Color, Printer};
use crate::cause::{Cause, Name};
use crate::compare::name;
use crate::diff::Verdict;
use crate::report::facts::describe;
use crate::report::{Comparison, File, Report, SectionDifference};

/// Pieces of evidence shown for one cause unless every detail is wanted.
const EVIDENCE_SHOWN: usize = 6;

/// Parts shown for one comparison unless every detail is wanted.
const SECTIONS_SHOWN: usize = 12;

impl Printer<'_> {
    pub(super) fn compared(&mut self, report: &Report, verdict: Verdict) -> io::Result<()> {
        let answer = self.verdict(verdict, &word(verdict).to_uppercase());
        writeln!(self.out, "{answer}: {}", clean(&report.summary))?;
        for note in &report.notes {
            let label = self.paint("note:", Color::Yellow);
            writeln!(self.out, "{label} {}", clean(note))?;
        }
        writeln!(self.out)?;
        let given = |file: &&File| file.inside.is_none();
        for (index, file) in report.files.iter().filter(given).enumerate() {
            self.file(index, file)?;
        }
        if let Some(clusters) = &report.clusters {
            self.clusters(clusters)?;
        }
        let several = report.files.iter().filter(given).count() > 2;
        for pair in &report.comparisons {
            self.pair(report, pair, several)?;
        }
        Ok(())
    }

    fn pair(&mut self, report: &Report, pair: &Comparison, several: bool) -> io::Result<()> {
        let is_inside = self.member_title(report, pair, several)?;
        if several && !is_inside {
            let [a, b] = &pair.letters;
            let title = format!("{a} and {b}: {}", word(pair.verdict));
            let title = self.verdict(pair.verdict, &title);
            writeln!(self.out, "\n{title}")?;
        }
        if let Some(known) = pair.same_as {
            let [a, b] = known.map(name);
            return writeln!(
                self.out,
                "the same bytes as {a} and {b}: what is said of those holds here"
            );
        }
        if let Some(reason) = pair.reason.as_ref().filter(|_| several || is_inside) {
            writeln!(self.out, "{}", clean(reason))?;
        }
        if let Some(container) = &pair.container {
            self.container(pair, container)?;
        }
        if pair.verdict == Verdict::Identical {
            return Ok(());
        }
        self.masked(pair, report.alarm(pair).as_deref())?;
        let causes = report.causes.iter().filter(|one| one.files == pair.files);
        let causes: Vec<&Cause> = causes.map(|one| &one.cause).collect();
        self.next(pair)?;
        self.causes(&causes, pair)?;
        if pair.container.is_none() {
            self.detail(pair, &causes)?;
        }
        Ok(())
    }

    pub(super) fn verdict(&self, verdict: Verdict, text: &str) -> String {
        let color = match verdict {
            Verdict::Identical => Color::Green,
            Verdict::Different => Color::Red,
            Verdict::Inconclusive => Color::Yellow,
        };
        self.paint(text, color)
    }

    fn file(&mut self, index: usize, file: &File) -> io::Result<()> {
        let letter = self.paint(&name(index), Color::Bold);
        writeln!(self.out, "{letter}  {}", clean(&file.path))?;
        writeln!(
            self.out,
            "   {}, {}",
            quantity::size(file.size),
            clean(&describe(file))
        )?;
        writeln!(self.out, "   sha256 {}", file.sha256)?;
        if file.build_id.is_some() {
            let check = self.self_check(file);
            writeln!(self.out, "   self-check: {check}")?;
        }
        for problem in &file.problems {
            writeln!(self.out, "   unreadable: {}", clean(problem))?;
        }
        Ok(())
    }

    fn causes(&mut self, causes: &[&Cause], pair: &Comparison) -> io::Result<()> {
        if !causes.is_empty() {
            let title = self.paint("Why, strongest first", Color::Bold);
            writeln!(self.out, "\n{title}")?;
        }
        for (number, cause) in causes.iter().enumerate() {
            let confidence = match cause.confidence {
                _ if cause.name == Name::Unexplained => String::new(),
                Confidence::Proven => self.paint(" (proven)", Color::Red),
                Confidence::Likely => self.paint(" (likely)", Color::Yellow),
                Confidence::Possible => " (possible)".to_owned(),
            };
            let cause_name = self.paint(&cause.name.as_str(), Color::Bold);
            writeln!(
                self.out,
                "{:>3}. {cause_name}{confidence}: {}",
                number + 1,
                clean(&cause.summary)
            )?;
            let shown = if self.style.verbose {
                usize::MAX
            } else {
                EVIDENCE_SHOWN
            };
            for evidence in cause.evidence.iter().take(shown) {
                self.evidence(evidence, pair)?;
            }
            if cause.evidence.len() > shown {
                writeln!(
                    self.out,
                    "       … {} more (--verbose)",
                    cause.evidence.len() - shown
                )?;
            }
            let fix = self.paint("fix:", Color::Green);
            writeln!(self.out, "     {fix} {}", clean(&cause.fix))?;
        }
        Ok(())
    }

    fn evidence(&mut self, evidence: &Evidence, pair: &Comparison) -> io::Result<()> {
        let [a, b] = pair.letters.clone();
        let place = self.paint(&clean(&evidence.place), Color::Dim);
        writeln!(self.out, "       {place}")?;
        for (letter, side) in [(a, &evidence.a), (b, &evidence.b)] {
            let value = side
                .as_deref()
                .map_or_else(|| "(absent)".to_owned(), |value| self.value(value));
            writeln!(self.out, "         {letter}: {value}")?;
        }
        Ok(())
    }

    /// How many bytes differ, and what is known of those that are not stamps.
    fn bytes(&mut self, pair: &Comparison, is_open: bool) -> io::Result<()> {
        let bytes = &pair.bytes;
        write!(
            self.out,
            "  bytes: {}, {}",
            quantity::differ(bytes.differing),
            stamps(bytes.stamped)
        )?;
        writeln!(
            self.out,
            " (build IDs, build information, -X values, signatures)"
        )?;
        if bytes.remaining == 0 {
            writeln!(self.out, "  outside the stamps every byte is equal")?;
        } else if !is_open && pair.verdict == Verdict::Different {
            let counts = pair.functions.as_ref().map(|functions| functions.counts);
            let changed = counts.map_or(0, |counts| counts.changed + counts.only_a + counts.only_b);
            let (others, which) = match bytes.remaining {
                1 => (
                    "the other one".to_owned(),
                    "whether the other one follows".to_owned(),
                ),
                rest => (
                    format!("the other {rest}"),
                    format!("which of the other {rest} follow"),
                ),
            };
            if changed == 0 {
                writeln!(
                    self.out,
                    "  {others} can follow from the causes above; make those equal and compare again to be sure"
                )?;
            } else {
                writeln!(
                    self.out,
                    "  {which} from the causes above, these two files do not tell; make those equal and compare again"
                )?;
            }
        }
        Ok(())
    }

    fn detail(&mut self, pair: &Comparison, causes: &[&Cause]) -> io::Result<()> {
        let is_open = causes.iter().any(|cause| cause.name == Name::Unexplained);
        let mut named = causes.iter();
        let is_proven = named
            .any(|cause| cause.name != Name::Unexplained && cause.confidence == Confidence::Proven);
        let title = self.paint("Detail", Color::Bold);
        writeln!(self.out, "\n{title}")?;
        if let Some(pattern) = &pair.pattern {
            writeln!(
                self.out,
                "  build ID A/B/C/D: {pattern} ({})",
                parts_of_build_id(pattern)
            )?;
        }
        self.bytes(pair, is_open)?;
        if is_open || !is_proven {
            self.first_bytes(pair)?;
        }
        if let Some(functions) = &pair.functions {
            self.functions(functions, pair)?;
        }
        writeln!(
            self.out,
            "  sections: {}, {}",
            quantity::differ(pair.sections.len()),
            quantity::count(pair.sections_same, "is equal", "are equal")
        )?;
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            SECTIONS_SHOWN
        };
        for section in pair.sections.iter().take(shown) {
            self.section(section, pair)?;
        }
        if pair.sections.len() > shown {
            writeln!(
                self.out,
                "    … {} more (--verbose)",
                pair.sections.len() - shown
            )?;
        }
        Ok(())
    }

    /// Prints the last resort: what both have where they first differ.
    fn first_bytes(&mut self, pair: &Comparison) -> io::Result<()> {
        let Some(first) = &pair.first_bytes else {
            return Ok(());
        };
        writeln!(
            self.out,
            "  the first outside the stamps, at {:#x}",
            first.offset
        )?;
        for (letter, bytes) in pair.letters.iter().zip([&first.a, &first.b]) {
            writeln!(self.out, "    {letter}: {}", clean(bytes))?;
        }
        Ok(())
    }

    fn section(&mut self, section: &SectionDifference, pair: &Comparison) -> io::Result<()> {
        let [a, b] = pair.letters.clone();
        let name = clean(&section.name);
        let (size_a, size_b) = match (section.size_a, section.size_b) {
            (Some(size), None) => {
                return writeln!(
                    self.out,
                    "    {name:<24} {}, only in {a}",
                    quantity::bytes(size)
                );
            }
            (None, Some(size)) => {
                return writeln!(
                    self.out,
                    "    {name:<24} {}, only in {b}",
                    quantity::bytes(size)
                );
            }
            (size_a, size_b) => (size_a.unwrap_or(0), size_b.unwrap_or(0)),
        };
        let size = if size_a == size_b {
            quantity::bytes(size_a)
        } else {
            format!("{size_a} and {size_b} bytes")
        };
        let stamped = match section.stamped {
            0 => String::new(),
            1 if section.differing == 1 => ", a stamp".into(),
            all if all == section.differing => ", all of them stamps".into(),
            some => format!(", {}", stamps(some)),
        };
        let new = match (section.new_a, section.new_b) {
            (Some(0), Some(0)) => ", the same pieces in another order".into(),
            (Some(new_a), Some(new_b)) if new_a.max(new_b) < size_a.max(size_b) / 2 => {
                format!(
                    ", up to {} are new and the rest is on both sides",
                    new_a.max(new_b)
                )
            }
            _ => String::new(),
        };
        writeln!(
            self.out,
            "    {name:<24} {size}, {}{stamped}{new}",
            quantity::differ(section.differing)
        )?;
        if self.style.verbose {
            for range in &section.ranges {
                writeln!(
                    self.out,
                    "      {a} {:#x}, {}; {b} {:#x}, {}",
                    range.offset_a,
                    quantity::bytes(range.size_a),
                    range.offset_b,
                    quantity::bytes(range.size_b)
                )?;
            }
            if section.ranges_omitted > 0 {
                writeln!(self.out, "      … {} more ranges", section.ranges_omitted)?;
            }
        }
        Ok(())
    }
}

/// Says of each part of a build ID whether both files have the same.
fn parts_of_build_id(pattern: &str) -> String {
    let parts = [
        ("link inputs", "are equal", "differ"),
        ("main's inputs", "are equal", "differ"),
        ("main's code", "is equal", "differs"),
        ("this file", "is equal", "differs"),
    ];
    let said = pattern
        .chars()
        .zip(parts)
        .map(|(same, (name, equal, differ))| {
            let verb = if same == '=' { equal } else { differ };
            format!("{name} {verb}")
        });
    said.collect::<Vec<String>>().join(", ")
}

/// Says how many of some bytes only name the build.
fn stamps(bytes: usize) -> String {
    match bytes {
        1 => "1 of them a stamp".into(),
        bytes => format!("{bytes} of them stamps"),
    }
}

pub(super) fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Identical => "identical",
        Verdict::Different => "different",
        Verdict::Inconclusive => "inconclusive",
    }
}
