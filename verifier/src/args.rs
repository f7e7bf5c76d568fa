//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum, ValueHint};

/// Says whether builds of a Go program are the same, and if not, why, and what
/// to change.
#[derive(Debug, Parser)]
#[command(
    name = "verify-build",
    version,
    about,
    after_help = AFTER_HELP,
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true
)]
pub struct Args {
    /// What to do instead of comparing
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The builds to compare: each is compared with the first
    #[arg(value_name = "FILE", num_args = 2.., required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// How to print
    #[command(flatten)]
    pub output: Output,
}

/// How to print.
#[derive(Debug, Clone, clap::Args)]
pub struct Output {
    /// Text for people, or JSON for programs (schema: verifier/schema/report-v1.json)
    #[arg(long, value_enum, default_value_t = Format::Text, global = true)]
    pub format: Format,

    /// Show every section, range and piece of evidence
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Print nothing; the exit code is the answer
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Colour the text; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN")]
    pub color: Color,
}

/// What to do instead of comparing.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show all that one file tells about its build
    Inspect {
        /// The files to look into
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Print a completion script for a shell
    #[command(
        after_help = "Example: verify-build completions bash > /etc/bash_completion.d/verify-build"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// For programs
    Json,
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

const AFTER_HELP: &str = "\
Examples:
  verify-build dist/tool rebuilt/tool           are these two the same, and if not, why?
  verify-build --format json a b > report.json  the same for a program
  verify-build --quiet a b || exit 1            in a script: the exit code alone
  verify-build inspect /usr/local/bin/tool      what one file tells about its build

Exit codes:
  0  every file holds the same bytes
  1  at least two files are different builds
  2  a file could not be read, or the command line is wrong
  3  inconclusive: the bytes differ, but a file is empty, cut off, damaged or a
     container (zip, tar, deb, ...) that is not looked into

A file called \"inspect\" or \"completions\" is named as ./inspect.";
