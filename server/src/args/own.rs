//! `sumward own`.

use clap::Subcommand;

/// Commands on the checksum database of one's own.
#[derive(Debug, Clone, Subcommand)]
pub enum Own {
    /// Stop serving a version; its record stays, as records do
    Deny {
        /// The version: MODULE@VERSION, as go.mod writes it
        #[arg(value_name = "MODULE@VERSION")]
        what: String,
        /// What the go command is told
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Serve a version again that was denied
    Allow {
        /// The version: MODULE@VERSION
        #[arg(value_name = "MODULE@VERSION")]
        what: String,
    },
}
