//! `sumward config …`: the settings, without serving.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::args;
use crate::config::load::Loaded;
use crate::output::{complain, print};
use crate::serve::tls::Acceptor;
use crate::source;

/// Runs a command on the settings.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(command: &args::Config, loaded: &Loaded) -> Result<ExitCode> {
    match command {
        args::Config::Check { .. } => check(loaded),
        args::Config::Show { origin } => {
            let text = if *origin {
                loaded.show_origins()
            } else {
                loaded.config.show()
            };
            print(&text).context("printing the settings")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Says whether the server would take the settings and the files they name.
fn check(loaded: &Loaded) -> Result<ExitCode> {
    let config = &loaded.config;
    if let Err(problems) = config.check_files() {
        complain(problems.to_string());
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    if let Err(problems) = loaded.refuse(source::check(&config.upstream)) {
        complain(problems.to_string());
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    if let Some(files) = &config.tls
        && let Err(error) = Acceptor::open(files, config.limits.header_read_timeout)
    {
        complain(format!("tls: {error}"));
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    print(&config.show()).context("printing the settings")?;
    for warning in &loaded.warnings {
        complain(format!("warning: {warning}"));
    }
    complain("the settings are good".to_owned());
    Ok(ExitCode::SUCCESS)
}
