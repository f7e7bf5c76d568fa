//! How to print: the flags every command knows.

use std::path::PathBuf;

use clap::ValueEnum;

/// How to print.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// What to print: text for people, or a form that another program reads
    #[arg(long, value_enum, default_value_t = Format::Text, global = true, hide_possible_values = true,
        long_help = FORMAT_HELP)]
    pub format: Format,

    /// Write to a file as well, in a format of its own; may be given again
    #[arg(
        long = "output",
        value_name = "[FORMAT=]FILE",
        value_parser = target,
        global = true,
        long_help = OUTPUT_HELP
    )]
    pub outputs: Vec<Target>,

    /// Show every section, range and piece of evidence
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Print nothing: the exit code is the answer (files are still written)
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Colour the text; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN")]
    pub color: Color,
}

const FORMAT_HELP: &str = "\
What to print: text for people, or a form that another program reads

  text      for people: the answer, why, and what to change
  json      for programs; verify-build schema prints what it holds
  sarif     for code scanning services (SARIF 2.1.0)
  junit     for test reports of CI services (JUnit XML)
  markdown  for a comment on a change
  github    annotations of a GitHub workflow; the step summary is
            written as well, where GITHUB_STEP_SUMMARY names one
  html      one page with pictures, for any browser";

const OUTPUT_HELP: &str = "\
Write to a file as well, in a format of its own; may be given again

The format is one that --format knows. Left out, the name tells it: .json,
.sarif, .xml (junit), .md (markdown), .html, .txt (text). A file appears whole
or not at all.

Example: --output sarif=scan.json --output report.html";

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// For code scanning services
    Sarif,
    /// For test reports of CI services
    Junit,
    /// For a comment on a change
    Markdown,
    /// For a GitHub workflow
    Github,
    /// For a browser
    Html,
}

/// A file to write, and in which format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The format.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Format {
    /// Returns the format that a file's name tells.
    fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "txt" | "log" => Self::Text,
            "json" if name.to_ascii_lowercase().ends_with(".sarif.json") => Self::Sarif,
            "json" => Self::Json,
            "sarif" => Self::Sarif,
            "xml" => Self::Junit,
            "md" | "markdown" => Self::Markdown,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }
}

/// Reads `FORMAT=FILE`, or a file's name that tells the format.
fn target(text: &str) -> Result<Target, String> {
    let named = text
        .split_once('=')
        .and_then(|(format, path)| Some((Format::from_str(format, true).ok()?, path)));
    let (format, path) = match named {
        Some(named) => named,
        None => match Format::of_name(text) {
            Some(format) => (format, text),
            None => {
                return Err(format!(
                    "its format can't be told from the name; say it, as in json={text} (text, json, sarif, junit, \
                     markdown, github or html)"
                ));
            }
        },
    };
    if path.is_empty() {
        return Err("no file is named; say one, as in html=report.html".into());
    }
    Ok(Target {
        format,
        path: path.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_said_or_told_by_the_name() {
        let table = [
            ("html=out", Format::Html, "out"),
            ("JSON=a=b", Format::Json, "a=b"),
            ("report.HTML", Format::Html, "report.HTML"),
            ("scan.sarif.json", Format::Sarif, "scan.sarif.json"),
            ("scan.sarif", Format::Sarif, "scan.sarif"),
            ("dir/x.json", Format::Json, "dir/x.json"),
            ("junit.xml", Format::Junit, "junit.xml"),
            // No format has this name: all of it is a path.
            ("a=b.md", Format::Markdown, "a=b.md"),
            ("text=x.json", Format::Text, "x.json"),
        ];
        for (text, format, path) in table {
            let want = Target {
                format,
                path: path.into(),
            };
            assert_eq!(target(text), Ok(want), "{text}");
        }
        for wrong in ["report", "html=", "a.exe", "pdf=x"] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
