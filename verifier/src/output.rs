//! What a command found, printed and written to files.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use proto::report::{github, html, junit, markdown, sarif};

use crate::args::output::{Format, Target};
use crate::durable;
use crate::report::printed::Printed;
use crate::report::text::Style;

/// Where the outcome of a run goes.
#[derive(Debug, Clone)]
pub struct Output {
    /// The format of standard output; `None` to print nothing.
    pub printed: Option<Format>,
    /// Files to write as well.
    pub files: Vec<Target>,
    /// How text looks on standard output.
    pub style: Style,
    /// The page of a GitHub step's summary, which the format `github` adds to.
    pub step_summary: Option<PathBuf>,
}

impl Output {
    /// Writes the files, then standard output.
    ///
    /// # Errors
    /// What could not be written, and what to do about it. A reader that has
    /// seen enough of standard output (head, grep -q) is no error.
    pub fn write(&self, found: &dyn Printed) -> anyhow::Result<()> {
        for target in &self.files {
            file(found, target, self.style)
                .with_context(|| format!("writing {}", target.path.display()))?;
        }
        let formats = self.files.iter().map(|target| target.format);
        if formats
            .chain(self.printed)
            .any(|format| format == Format::Github)
        {
            self.summarise(found)?;
        }
        let Some(format) = self.printed else {
            return Ok(());
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let written = write(found, format, self.style, &mut out).and_then(|()| out.flush());
        finish(written).context("writing to standard output")
    }

    fn summarise(&self, found: &dyn Printed) -> anyhow::Result<()> {
        let Some(path) = &self.step_summary else {
            return Ok(());
        };
        let page = markdown::page(&found.answer());
        summarise(&page, found.command(), path).with_context(|| {
            format!(
                "adding to the step summary {} (GITHUB_STEP_SUMMARY)",
                path.display()
            )
        })
    }
}

/// Writes what was found to a file: without colour, whatever the terminal gets.
///
/// # Errors
/// What could not be written, and what to do about it.
pub fn file(found: &dyn Printed, target: &Target, style: Style) -> anyhow::Result<()> {
    let style = Style {
        color: false,
        width: None,
        ..style
    };
    durable::write(&target.path, |out| write(found, target.format, style, out))
}

/// Writes what was found in one format.
///
/// # Errors
/// What the writer returns.
pub fn write(
    found: &dyn Printed,
    format: Format,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => found.text(style, out),
        Format::Json => found.json(out),
        Format::Sarif => whole(&sarif::log(&found.answer())?, out),
        Format::Junit => {
            let document = junit::document(&found.answer());
            whole(&document.map_err(io::Error::other)?, out)
        }
        Format::Markdown => whole(&markdown::page(&found.answer()), out),
        Format::Github => whole(&github::commands(&found.answer()), out),
        Format::Html => {
            let answer = found.answer();
            let shown = found.shown(answer.checks.len());
            whole(&html::page(&answer, &shown), out)
        }
    }
}

fn whole(text: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text.as_bytes())
}

/// The most that a step's summary may hold, in bytes.
const SUMMARY_BYTES_MAX: u64 = 1 << 20;

/// Adds the Markdown page to a step's summary, which other commands of the step
/// write to as well. A summary too large is dropped by the service as a whole,
/// so a page that no longer fits is left out.
///
/// # Errors
/// What the system says of opening and writing the file.
fn summarise(page: &str, command: &str, path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let used = file.metadata()?.len();
    let page = format!("{page}\n");
    let line = format!("verify-build {command}: see the log\n");
    let fits = |text: &&String| used.saturating_add(text.len() as u64) <= SUMMARY_BYTES_MAX;
    match [&page, &line].into_iter().find(fits) {
        Some(text) => file.write_all(text.as_bytes()),
        None => Ok(()),
    }
}

/// A reader that has seen enough does not change the answer.
///
/// # Errors
/// Any other error of writing.
pub fn finish(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_added_to_what_is_there_and_never_grows_too_large() {
        let page = format!(
            "### verify-build compare: DIFFERENT\n{}",
            "words ".repeat(50)
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        std::fs::write(&path, "before\n").unwrap();
        summarise(&page, "compare", &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with("before\n### verify-build compare: DIFFERENT"),
            "{text}"
        );
        let almost = usize::try_from(SUMMARY_BYTES_MAX).unwrap() - 100;
        std::fs::write(&path, " ".repeat(almost)).unwrap();
        summarise(&page, "compare", &path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(" verify-build compare: see the log\n"));
        std::fs::write(&path, " ".repeat(almost + 95)).unwrap();
        summarise(&page, "compare", &path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), almost as u64 + 95);
    }
}
