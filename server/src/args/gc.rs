//! `sumward gc`.

use clap::{Args, ValueEnum};

/// What to let go.
#[derive(Debug, Clone, Default, Args)]
pub struct Gc {
    /// How many bytes of module files may stay, such as 20GiB [default: gc.budget]
    #[arg(long, value_name = "SIZE")]
    pub budget: Option<String>,
    /// Keep what this names: a go.sum file, a bundle, a pattern such as `rsc.io/*`, or
    /// MODULE@VERSION; may be repeated, and adds to gc.pins
    ///
    /// A word that ends in `.sum` or `.bundle` is the name of a file.
    #[arg(long, value_name = "WHAT")]
    pub pin: Vec<String>,
    /// Let go of files of these modules too, although no upstream could send them again
    #[arg(long, value_name = "PATTERNS")]
    pub only_copies_of: Option<String>,
    /// Say what would go, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How to print what was done
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// End the process after this step of letting files go: for tests of crashes
    #[arg(long, hide = true, value_name = "STEP")]
    pub end_after: Option<String>,
}

/// How a command prints what it did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}
