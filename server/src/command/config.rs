//! `sumward config …`: the settings, without serving.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::run_with;
use crate::args::{self, Format};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::config::problem::Problems;
use crate::output::{complain, print};
use crate::own;
use crate::serve::tls::Acceptor;
use crate::source;

pub(super) mod sign;
mod verify;

/// Runs a command on the settings.
///
/// # Errors
/// Standard output cannot be written; what making a key answers.
pub(crate) fn run(command: args::Config, mut flags: args::Flags) -> Result<ExitCode> {
    match command {
        args::Config::Check { file } => {
            flags.config = file.map_or(flags.config, |file| vec![file]);
            look(&flags, |loaded| check(&loaded))
        }
        args::Config::Show { origin, format } => {
            look(&flags, |loaded| show(&loaded, origin, format))
        }
        args::Config::Verify { format } => look(&flags, |loaded| verify::run(&loaded, format)),
        // Without settings: those are to be signed.
        args::Config::Keygen { name, out } => sign::keygen(&name, &out),
        args::Config::Sign(sign) => sign::run(&sign, flags, &Environment::read()),
    }
}

/// Does what looks at the settings and needs no data folder, unless they are wrong.
fn look(flags: &args::Flags, run: impl FnOnce(Loaded) -> Result<ExitCode>) -> Result<ExitCode> {
    run_with(Config::load_to_look(flags, &Environment::read()), run)
}

fn show(loaded: &Loaded, origin: bool, format: Format) -> Result<ExitCode> {
    let text = match format {
        Format::Text if origin => loaded.show_origins(),
        Format::Text => loaded.config.show(),
        Format::Json => loaded.show_json(origin),
    };
    print(&text).context("printing the settings")?;
    Ok(ExitCode::SUCCESS)
}

/// Says whether the server would take the settings and the files they name.
fn check(loaded: &Loaded) -> Result<ExitCode> {
    if let Err(problems) = check_named(loaded) {
        complain(problems.to_string());
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    print(&loaded.config.show()).context("printing the settings")?;
    let of_files = loaded.config.warn_of_files();
    for warning in loaded.warnings.iter().chain(&of_files) {
        complain(format!("warning: {warning}"));
    }
    complain("the settings are good".to_owned());
    Ok(ExitCode::SUCCESS)
}

/// Looks into the files and at the addresses that the settings name, each good by
/// itself: what is wrong with them would stop the server.
///
/// # Errors
/// Everything that is wrong with them; the exit status for it is 64.
pub(super) fn check_named(loaded: &Loaded) -> Result<(), Problems> {
    let config = &loaded.config;
    let mut found = config.check_files();
    let unread = |key: &str| found.iter().any(|(it, _)| it.starts_with(key));
    let mut more = source::check(&config.upstream);
    more.retain(|(key, _)| !unread(key));
    if let Some(files) = &config.tls
        && !unread("tls.")
        && let Err(error) = Acceptor::open(files, config.limits.header_read_timeout)
    {
        more.push(("tls.certificate".to_owned(), error.to_string()));
    }
    more.extend(own::check(&config.own, &config.databases));
    found.append(&mut more);
    loaded.refuse(found)
}
