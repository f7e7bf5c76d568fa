//! `verify-build cache`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

/// Look into Go build caches
#[derive(Debug, Clone, clap::Args)]
pub struct Cache {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with build caches.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Check every entry of a build cache
    Audit {
        /// The cache; $GOCACHE when left out
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: Option<PathBuf>,
    },
}
