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
Keys of a quorum file (YAML; others are refused):
  version            number of this version of the file; only grows
  level              what is demanded: L0 to L4, and marks, as in L3+T+M+F+X
  inputs             digest of the inputs that builds must have; without it any that
                     all share
  hosts              a list: name, key (one line, of verify-build key show), what the
                     host shares with others (org, ci, image, cache, toolchain), until,
                     revoked, compromised_since
  quorum             k: groups that must agree; of: kinds of value that make hosts one
                     group, transitively
  max_age            how old an observation may be: 30d, 12h
  log                origin and key of the log that observations are in
  witnesses          k of keys that must have cosigned the log's head
  checksum_database  key of the database for +T and +M; that of sum.golang.org when
                     left out

Examples:
  verify-build quorum init obs/ > quorum.yaml     a file to begin with
  verify-build quorum explain quorum.yaml         what it demands, in words
  verify-build quorum check quorum.yaml           before it is used

Exit codes:
  0  the file is good; with check, nothing is to be warned of
  1  check: it is a quorum file, and may not say what was meant
  2  it is none, or could not be read";
