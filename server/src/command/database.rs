//! `sumward database …`: what a person can ask and decide.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::args;
use crate::config::Config;
use crate::output::print;
use crate::sumdb::Archives;

/// Runs a command on the followed databases. Works beside a running server, which
/// sees that a database was resumed when it is next asked.
///
/// # Errors
/// A database that is not configured or not stopped, or what the file system answers.
pub(crate) fn run(config: &Config, command: &args::Database) -> Result<ExitCode> {
    match command {
        args::Database::List => list(config),
        args::Database::Resume { name } => resume(config, name),
    }
}

fn list(config: &Config) -> Result<ExitCode> {
    let mut text = String::new();
    let databases = Archives::open(&config.databases, &config.upstream, &config.data)?;
    for database in databases.all() {
        let records = match database.head_size() {
            Some(size) => format!("{size} records"),
            None => "no head seen yet".to_owned(),
        };
        let state = if database.fork().is_some() {
            "stopped by a fork"
        } else {
            "followed"
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}\t{records}\t{state}", database.name());
    }
    print(&text).context("printing the databases")?;
    Ok(ExitCode::SUCCESS)
}

fn resume(config: &Config, name: &str) -> Result<ExitCode> {
    let mut configured = config.databases.iter();
    if !configured.any(|database| database.name == name) {
        bail!("{name} is not a configured database");
    }
    let resumed = Archives::resume(&config.data, name).context("moving the evidence aside")?;
    let Some(aside) = resumed else {
        bail!("{name} is not stopped");
    };
    print(&format!(
        "{name} is followed again, from the head that was followed before; the evidence is kept in {}\n",
        aside.display()
    ))
    .context("printing what was done")?;
    Ok(ExitCode::SUCCESS)
}
