//! What each command of `sumward` does.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{self, Args};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::output::complain;

mod alone;
mod backup;
mod bundle;
mod checksums;
mod completions;
mod config;
pub(crate) mod database;
mod gc;
mod healthcheck;
mod import;
mod keygen;
mod man;
mod monitor;
mod own;
mod purge;
mod reload;
mod serve;
mod server;
mod serving;
mod signal;
mod warm;
mod witness;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let args = match Args::read() {
        Ok(args) => args,
        Err(code) => return code,
    };
    let result = match args.command {
        // Without settings, which it does not need.
        Some(args::Command::Completions { shell }) => completions::run(shell),
        Some(args::Command::Checksums(command)) => checksums::run(command),
        Some(args::Command::Man { folder }) => man::run(folder.as_deref()),
        Some(args::Command::Witness(args::Witness::Keygen { name, out })) => {
            witness::keygen(&name, &out)
        }
        Some(args::Command::Keygen { name, out }) => keygen::run(&name, &out),
        Some(args::Command::Config(args::Config::Keygen { name, out })) => {
            config::sign::keygen(&name, &out)
        }
        Some(args::Command::Config(args::Config::Sign(sign))) => {
            config::sign::run(&sign, args.flags, &Environment::read())
        }
        // Wrong settings are the server's to refuse.
        Some(args::Command::Reload) => reload::ask::run(&args.flags),
        // Its statuses are 0 and 1 alone, whatever is wrong.
        Some(args::Command::Healthcheck(check)) => Ok(healthcheck::run(&check, &args.flags)),
        Some(args::Command::Bundle(args::Bundle::Keygen { name, out })) => {
            bundle::keygen(&name, &out)
        }
        command => run_with_settings(command.unwrap_or(args::Command::Serve), args.flags),
    };
    result.unwrap_or_else(|error| {
        complain(format!("sumward: {error:#}"));
        ExitCode::FAILURE
    })
}

fn run_with_settings(command: args::Command, mut flags: args::Flags) -> Result<ExitCode> {
    if let args::Command::Config(args::Config::Check { file: Some(file) }) = &command {
        flags.config = vec![file.clone()];
    }
    match Config::load(&flags, &Environment::read()) {
        Ok(loaded) => dispatch(command, loaded, flags),
        Err(problems) => {
            complain(problems.to_string());
            Ok(ExitCode::from(args::EXIT_USAGE))
        }
    }
}

fn dispatch(command: args::Command, loaded: Loaded, flags: args::Flags) -> Result<ExitCode> {
    match command {
        args::Command::Serve => serve::run(loaded, flags),
        args::Command::Config(command) => config::run(command, &loaded),
        args::Command::Index(args::Index::Rebuild) => crate::maintain::rebuild::run(&loaded.config),
        args::Command::Purge { what } => purge::run(&loaded.config, &what),
        args::Command::Gc(gc) => gc::run(&loaded.config, &gc),
        args::Command::Import(import) => import::run(&loaded.config, &import),
        args::Command::Monitor(monitor) => monitor::run(&loaded.config, &monitor),
        args::Command::Backup { to } => backup::run(&loaded.config, &to),
        args::Command::Warm(wanted) => warm::run(&loaded.config, &wanted),
        args::Command::Bundle(command) => bundle::run(&loaded.config, command),
        args::Command::Own(command) => own::run(&loaded.config, &command),
        args::Command::Fsck => crate::maintain::fsck::run(&loaded.config),
        args::Command::Database(command) => database::run(&loaded.config, &command),
        args::Command::Completions { shell } => completions::run(shell),
        args::Command::Checksums(command) => checksums::run(command),
        args::Command::Man { folder } => man::run(folder.as_deref()),
        args::Command::Witness(args::Witness::Keygen { name, out }) => witness::keygen(&name, &out),
        args::Command::Witness(args::Witness::Serve { file }) => witness::serve(loaded, &file),
        args::Command::Keygen { name, out } => keygen::run(&name, &out),
        args::Command::Reload => reload::ask::run(&flags),
        args::Command::Healthcheck(check) => Ok(healthcheck::run(&check, &flags)),
    }
}
