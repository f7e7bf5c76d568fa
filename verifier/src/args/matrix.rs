//! `verify-build matrix`.

use std::path::PathBuf;

use clap::ValueHint;

/// Show the observations of several hosts side by side: who agrees, who does not, and
/// what those have in common
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Matrix {
    /// Folders of observations, or single ones
    #[arg(value_name = "DIR|FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub paths: Vec<PathBuf>,

    /// Write a page for a browser, as --output html=FILE does
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub html: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
A table for each set of inputs, a row for each host, a column for each way in which a
build found its cache. In the cells stands which program came out: a for that of the
largest group of hosts, b, c and so on for others. Where programs differ, the facts of
hosts that go with the difference are named, and causes where both programs are in the
folders (verify-build observe puts those that differ there).

Keys are shown as the files name them. Whether they signed is not checked, and nothing
is concluded: that does verify-build certify.

Examples:
  verify-build matrix obs/
  verify-build matrix host-1/ host-2/ host-3/ --html page.html
  verify-build matrix obs/ --output junit=cells.xml --output summary.md

Exit codes:
  0  of equal inputs every build gave the same program from the same packages
  1  two builds of equal inputs differ
  2  a file can't be read, or the command line is wrong
  3  nothing differs, but a build failed, or no two builds have equal inputs";
