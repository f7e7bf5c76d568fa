//! `verify-build lint`.

use std::path::PathBuf;

use clap::ValueHint;

/// Say why a build will not reproduce elsewhere
#[derive(Debug, Clone, clap::Args)]
pub struct Lint {
    /// The files to judge
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
}
