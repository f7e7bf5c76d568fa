//! `verify-build toolchain`.

use std::path::PathBuf;

use clap::ValueHint;

/// Say which official Go release an installation is
#[derive(Debug, Clone, clap::Args)]
pub struct Toolchain {
    /// The installation; that of the go command when left out
    #[arg(value_name = "GOROOT", value_hint = ValueHint::DirPath)]
    pub goroot: Option<PathBuf>,
}
