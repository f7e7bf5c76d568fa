//! `sumward import`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// What to take in.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// The folder: a GOMODCACHE (~/go/pkg/mod), a GOPROXY tree such as the cache of goproxy,
    /// or the disk storage of Athens
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// How to print what was done
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}
