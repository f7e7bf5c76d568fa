//! `sumward completions SHELL`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Args;
use crate::output::print;

/// Prints a completion script.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(shell: Shell) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "sumward", &mut script);
    print(&String::from_utf8_lossy(&script)).context("printing the script")?;
    Ok(ExitCode::SUCCESS)
}
