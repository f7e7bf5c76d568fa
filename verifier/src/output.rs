//! What a command found, printed and written to files.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use crate::args::output::{Format, Target};
use crate::durable;
use crate::report::printed::Printed;
use crate::report::text::Style;
use crate::report::{github, html, junit, markdown, sarif};

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
            self.file(found, target)
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

    fn file(&self, found: &dyn Printed, target: &Target) -> anyhow::Result<()> {
        // Files keep every detail and no colour, whatever the terminal gets.
        let style = Style {
            color: false,
            ..self.style
        };
        durable::write(&target.path, |out| write(found, target.format, style, out))
    }

    fn summarise(&self, found: &dyn Printed) -> anyhow::Result<()> {
        let Some(path) = &self.step_summary else {
            return Ok(());
        };
        github::summarise(found, path).with_context(|| {
            format!(
                "adding to the step summary {} (GITHUB_STEP_SUMMARY)",
                path.display()
            )
        })
    }
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
        Format::Sarif => sarif::write(found, out),
        Format::Junit => junit::write(found, out),
        Format::Markdown => markdown::write(found, out),
        Format::Github => github::write(found, out),
        Format::Html => html::write(found, out),
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
