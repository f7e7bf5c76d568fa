//! The report as text for people: the answer first, then why and what to do,
//! then detail.

use std::io::{self, Write};

use super::{Comparison, File, Finding, Report, SectionDifference};
use crate::cause::{Confidence, Evidence};
use crate::compare::Verdict;

/// How much to show, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// Whether to use colour.
    pub color: bool,
    /// Whether to show every detail.
    pub verbose: bool,
}

/// Lines of evidence shown for one cause unless every detail is wanted.
const EVIDENCE_SHOWN: usize = 6;

/// Parts shown for one comparison unless every detail is wanted.
const SECTIONS_SHOWN: usize = 12;

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const DIM: &str = "2";

/// Writes a report.
///
/// # Errors
/// What the writer returns.
pub fn write(report: &Report, style: Style, out: &mut impl Write) -> io::Result<()> {
    let mut printer = Printer { style, out };
    match report.verdict {
        Some(verdict) => printer.comparison_report(report, verdict),
        None => report
            .files
            .iter()
            .enumerate()
            .try_for_each(|(index, file)| {
                if index > 0 {
                    writeln!(printer.out)?;
                }
                printer.inspected(file)
            }),
    }
}

/// Says in a few words what a file is.
pub fn describe(file: &File) -> String {
    let mut words = vec![file.format.name.to_owned()];
    match (&file.format.goos, &file.format.goarch) {
        (Some(goos), Some(goarch)) => words.push(format!("{goos}/{goarch}")),
        (None, Some(one)) | (Some(one), None) => words.push(one.clone()),
        (None, None) => {}
    }
    match &file.build_info {
        Some(info) => words.push(info.go_version.clone()),
        None if file.build_id.is_some() => words.push("Go, version unknown".into()),
        None => words.push("not a Go build that can be recognised".into()),
    }
    words.join(", ")
}

struct Printer<'a, W> {
    style: Style,
    out: &'a mut W,
}

impl<W: Write> Printer<'_, W> {
    fn comparison_report(&mut self, report: &Report, verdict: Verdict) -> io::Result<()> {
        let (word, color) = match verdict {
            Verdict::Identical => ("IDENTICAL", GREEN),
            Verdict::Different => ("DIFFERENT", RED),
            Verdict::Inconclusive => ("INCONCLUSIVE", YELLOW),
        };
        let word = self.paint(word, color);
        writeln!(self.out, "{word}  {}", clean(&report.summary))?;
        for note in &report.notes {
            let label = self.paint("note:", YELLOW);
            writeln!(self.out, "{label} {}", clean(note))?;
        }
        writeln!(self.out)?;
        for (index, file) in report.files.iter().enumerate() {
            self.file(index, file)?;
        }
        for pair in &report.comparisons {
            let causes: Vec<&Finding> = report
                .causes
                .iter()
                .filter(|cause| cause.files == pair.files)
                .collect();
            self.comparison(report, pair, &causes)?;
        }
        Ok(())
    }

    fn file(&mut self, index: usize, file: &File) -> io::Result<()> {
        let letter = self.paint(&letter(index), BOLD);
        writeln!(self.out, "{letter}  {}", clean(&file.path))?;
        writeln!(
            self.out,
            "   {}, {}",
            size(file.size),
            clean(&describe(file))
        )?;
        writeln!(self.out, "   sha256 {}", file.sha256)?;
        let check = self.self_check(file);
        writeln!(self.out, "   {check}")?;
        for problem in &file.problems {
            writeln!(self.out, "   unreadable: {}", clean(problem))?;
        }
        Ok(())
    }

    fn self_check(&self, file: &File) -> String {
        match (file.self_check.status, file.self_check.reason) {
            ("intact", _) => "self-check: unchanged since go build".into(),
            ("changed", _) => self.paint("self-check: CHANGED after go build wrote it", RED),
            (_, Some(reason)) => format!("self-check: not possible, {reason}"),
            (_, None) => "self-check: not possible".into(),
        }
    }

    fn comparison(
        &mut self,
        report: &Report,
        pair: &Comparison,
        causes: &[&Finding],
    ) -> io::Result<()> {
        let [a, b] = pair.files;
        if report.comparisons.len() > 1 {
            let title = format!(
                "{} and {}: {}",
                letter(a),
                letter(b),
                verdict_word(pair.verdict)
            );
            let title = self.paint(&title, BOLD);
            writeln!(self.out, "\n{title}")?;
        }
        if pair.verdict == Verdict::Identical {
            return Ok(());
        }
        if let Some(reason) = pair
            .reason
            .as_ref()
            .filter(|_| report.comparisons.len() > 1)
        {
            writeln!(self.out, "{}", clean(reason))?;
        }
        if !causes.is_empty() {
            let title = self.paint("Why, strongest first", BOLD);
            writeln!(self.out, "\n{title}")?;
        }
        for (number, cause) in causes.iter().enumerate() {
            self.cause(number + 1, cause, pair)?;
        }
        self.detail(pair)
    }

    fn cause(&mut self, number: usize, cause: &Finding, pair: &Comparison) -> io::Result<()> {
        let confidence = match cause.confidence {
            Confidence::Proven => self.paint("proven", RED),
            Confidence::Likely => self.paint("likely", YELLOW),
            Confidence::Possible => "possible".to_owned(),
        };
        let name = self.paint(&cause.cause.as_str(), BOLD);
        writeln!(
            self.out,
            "{number:>3}. {name} ({confidence}): {}",
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
                "       … {} more, shown with --verbose",
                cause.evidence.len() - shown
            )?;
        }
        let fix = self.paint("fix:", GREEN);
        writeln!(self.out, "     {fix} {}", clean(&cause.fix))
    }

    fn evidence(&mut self, evidence: &Evidence, pair: &Comparison) -> io::Result<()> {
        let [a, b] = pair.files.map(letter);
        let side = |value: &Option<String>| {
            value
                .as_deref()
                .map_or_else(|| "(absent)".to_owned(), clean)
        };
        let place = self.paint(&clean(&evidence.place), DIM);
        writeln!(self.out, "       {place}")?;
        writeln!(self.out, "         {a}: {}", side(&evidence.a))?;
        writeln!(self.out, "         {b}: {}", side(&evidence.b))
    }

    fn detail(&mut self, pair: &Comparison) -> io::Result<()> {
        let title = self.paint("Detail", BOLD);
        writeln!(self.out, "\n{title}")?;
        if let Some(pattern) = &pair.pattern {
            let names = ["link inputs", "main inputs", "main code", "file"];
            let parts: Vec<String> = pattern
                .chars()
                .zip(names)
                .map(|(same, name)| {
                    format!("{name} {}", if same == '=' { "equal" } else { "differ" })
                })
                .collect();
            writeln!(
                self.out,
                "  build ID A/B/C/D: {pattern} ({})",
                parts.join(", ")
            )?;
        }
        let bytes = &pair.bytes;
        writeln!(
            self.out,
            "  bytes: {} differ, {} of them in build IDs, build information and signatures",
            bytes.differing, bytes.stamped
        )?;
        let shown = if self.style.verbose {
            usize::MAX
        } else {
            SECTIONS_SHOWN
        };
        writeln!(
            self.out,
            "  sections: {} differ, {} are the same",
            pair.sections.len(),
            pair.sections_same
        )?;
        for section in pair.sections.iter().take(shown) {
            self.section(section)?;
        }
        if pair.sections.len() > shown {
            writeln!(
                self.out,
                "    … {} more, shown with --verbose",
                pair.sections.len() - shown
            )?;
        }
        Ok(())
    }

    fn section(&mut self, section: &SectionDifference) -> io::Result<()> {
        let name = clean(&section.name);
        match (section.size_a, section.size_b) {
            (Some(a), None) => writeln!(self.out, "    {name:<24} {a} bytes, only in the first"),
            (None, Some(b)) => writeln!(self.out, "    {name:<24} {b} bytes, only in the second"),
            (a, b) => {
                let (a, b) = (a.unwrap_or(0), b.unwrap_or(0));
                let size = if a == b {
                    format!("{a} bytes")
                } else {
                    format!("{a} and {b} bytes")
                };
                let stamped = match section.stamped {
                    0 => String::new(),
                    all if all == section.differing => ", all of them stamps".into(),
                    some => format!(", {some} of them stamps"),
                };
                writeln!(
                    self.out,
                    "    {name:<24} {size}, {} differ{stamped}",
                    section.differing
                )?;
                if self.style.verbose {
                    for range in &section.ranges {
                        writeln!(
                            self.out,
                            "      {:#x} (+{}) in the first, {:#x} (+{}) in the second",
                            range.offset_a, range.size_a, range.offset_b, range.size_b
                        )?;
                    }
                }
                Ok(())
            }
        }
    }

    fn inspected(&mut self, file: &File) -> io::Result<()> {
        let path = self.paint(&clean(&file.path), BOLD);
        writeln!(self.out, "{path}")?;
        let kind = file
            .format
            .kind
            .map_or_else(String::new, |kind| format!(", {kind}"));
        self.row("format", &format!("{}{kind}", describe(file)))?;
        self.row(
            "size",
            &format!("{} ({} bytes)", size(file.size), file.size),
        )?;
        self.row("sha256", &file.sha256)?;
        if let Some(id) = &file.build_id {
            self.row(
                "build ID",
                &format!("{} ({}, at {:#x})", id.text, id.kind, id.offset),
            )?;
        }
        let check = self.self_check(file);
        self.row("", &check)?;
        if let Some(id) = &file.host_id {
            let origin = match id.origin {
                "go" => "derived from the Go build ID",
                "other" => "set by hand or by the host's linker",
                _ => "origin unknown",
            };
            self.row(
                &format!("{} ID", id.kind),
                &format!("{} ({origin})", id.value),
            )?;
        }
        if let Some(interpreter) = &file.format.interpreter {
            self.row("interpreter", interpreter)?;
        }
        for producer in &file.format.producers {
            self.row("producer", producer)?;
        }
        self.build_info(file)?;
        self.sources(file)?;
        for problem in &file.problems {
            self.row("unreadable", problem)?;
        }
        if self.style.verbose {
            for section in &file.sections {
                self.row(
                    "section",
                    &format!(
                        "{:#010x} {:>10} {}",
                        section.offset, section.size, section.name
                    ),
                )?;
            }
        }
        Ok(())
    }

    fn build_info(&mut self, file: &File) -> io::Result<()> {
        let Some(info) = &file.build_info else {
            return Ok(());
        };
        self.row("go", &info.go_version)?;
        if let Some(path) = &info.path {
            self.row("path", path)?;
        }
        let modules = info
            .main
            .iter()
            .map(|main| ("mod", main))
            .chain(info.deps.iter().map(|dep| ("dep", dep)));
        for (word, module) in modules {
            self.row(
                word,
                &format!("{} {} {}", module.path, module.version, module.sum),
            )?;
            if let Some(by) = &module.replace {
                self.row("=>", &format!("{} {} {}", by.path, by.version, by.sum))?;
            }
        }
        info.settings.iter().try_for_each(|setting| {
            self.row("build", &format!("{}={}", setting.key, setting.value))
        })
    }

    fn sources(&mut self, file: &File) -> io::Result<()> {
        let Some(sources) = &file.sources else {
            return Ok(());
        };
        let count = format!(
            "{} source files named, {} by absolute path",
            sources.files, sources.absolute
        );
        self.row("sources", &count)?;
        let found = [
            ("GOROOT", &sources.goroot),
            ("GOMODCACHE", &sources.module_cache),
            ("tree", &sources.tree),
        ];
        found
            .into_iter()
            .try_for_each(|(name, path)| path.iter().try_for_each(|path| self.row(name, path)))
    }

    fn row(&mut self, name: &str, value: &str) -> io::Result<()> {
        let name = self.paint(&format!("{name:<12}"), DIM);
        writeln!(
            self.out,
            "  {name} {}",
            if value.starts_with('\x1b') {
                value.to_owned()
            } else {
                clean(value)
            }
        )
    }

    fn paint(&self, text: &str, color: &str) -> String {
        if self.style.color {
            format!("\x1b[{color}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Text from files goes to a terminal: control characters are shown, not sent.
fn clean(text: &str) -> String {
    let visible = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(visible).collect()
}

fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index) if index < 26 => char::from(b'a' + index).to_string(),
        _ => format!("#{}", index + 1),
    }
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Identical => "identical",
        Verdict::Different => "different",
        Verdict::Inconclusive => "inconclusive",
    }
}

fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        // One decimal is enough for a reader; the exact size is in the JSON.
        Some((unit, name)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} bytes"),
    }
}
