//! `verify-build quorum`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

/// Look into quorum files: whom an owner believes, and what is demanded of them
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Quorum {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with quorum files.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Say what is wrong with a quorum file, or may not be meant
    Check {
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Say in words what a quorum file demands
    Explain {
        /// The file
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Print a first quorum file made from observations, with a mark on every line that a
    /// person has to decide
    Init {
        /// Observations, or folders of them; public keys (*.pem) beside them are put in
        #[arg(value_name = "OBSERVATION", required = true, value_hint = ValueHint::AnyPath)]
        observations: Vec<PathBuf>,
    },
}

const AFTER_HELP: &str = "\
Examples:
  verify-build quorum init obs/ > quorum.yaml     a file to begin with
  verify-build quorum explain quorum.yaml         what it demands, in words
  verify-build quorum check quorum.yaml           before it is used

Exit codes:
  0  the file is good; with check, nothing is to be warned of
  1  check: it is a quorum file, and may not say what was meant
  2  it is none, or could not be read";
