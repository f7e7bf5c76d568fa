//! `verify-build cacheprog`.

use std::path::PathBuf;

use clap::ValueHint;

/// Be the build cache of a go command (GOCACHEPROG), and keep a record
#[derive(Debug, Clone, clap::Args)]
pub struct Cacheprog {
    /// The folder of the record
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: PathBuf,
}
