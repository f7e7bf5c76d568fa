//! What each command of `sumward` does.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{self, Args};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::config::problem::Problems;
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
    let command = args.command.unwrap_or(args::Command::Serve);
    dispatch(command, args.flags).unwrap_or_else(|error| {
        complain(format!("sumward: {error:#}"));
        ExitCode::FAILURE
    })
}

fn dispatch(command: args::Command, flags: args::Flags) -> Result<ExitCode> {
    use args::Command as C;
    match command {
        // Without settings, which these do not need.
        C::Completions { shell } => completions::run(shell),
        C::Checksums(command) => checksums::run(command),
        C::Man { folder } => man::run(folder.as_deref()),
        C::Keygen { name, out } => keygen::run(&name, &out),
        // Wrong settings are the server's to refuse.
        C::Reload => reload::ask::run(&flags),
        // Its statuses are 0 and 1 alone, whatever is wrong.
        C::Healthcheck(check) => Ok(healthcheck::run(&check, &flags)),
        C::Witness(args::Witness::Keygen { name, out }) => witness::keygen(&name, &out),
        C::Witness(args::Witness::Serve { file }) => {
            with_settings(&flags, |loaded| witness::serve(loaded, &file))
        }
        C::Config(command) => config::run(command, flags),
        C::Bundle(command) => bundle::run(command, &flags),
        C::Serve => with_settings(&flags, |loaded| serve::run(loaded, flags.clone())),
        C::Index(args::Index::Rebuild) => {
            with_settings(&flags, |it| crate::maintain::rebuild::run(&it.config))
        }
        C::Purge { what } => with_settings(&flags, |it| purge::run(&it.config, &what)),
        C::Gc(gc) => with_settings(&flags, |it| gc::run(&it, &gc)),
        C::Import(import) => with_settings(&flags, |it| import::run(&it.config, &import)),
        C::Monitor(monitor) => with_settings(&flags, |it| monitor::run(&it.config, &monitor)),
        C::Backup { to } => with_settings(&flags, |it| backup::run(&it.config, &to)),
        C::Warm(wanted) => with_settings(&flags, |it| warm::run(&it.config, &wanted)),
        C::Own(command) => with_settings(&flags, |it| own::run(&it.config, &command)),
        C::Fsck => with_settings(&flags, |it| crate::maintain::fsck::run(&it.config)),
        C::Database(command) => with_settings(&flags, |it| database::run(&it.config, &command)),
    }
}

/// Does what needs the settings of flags, environment and files, unless they are wrong.
fn with_settings(
    flags: &args::Flags,
    run: impl FnOnce(Loaded) -> Result<ExitCode>,
) -> Result<ExitCode> {
    run_with(Config::load(flags, &Environment::read()), run)
}

/// Does something with settings that were read, or says what is wrong with them.
fn run_with(
    loaded: std::result::Result<Loaded, Problems>,
    run: impl FnOnce(Loaded) -> Result<ExitCode>,
) -> Result<ExitCode> {
    match loaded {
        Ok(loaded) => run(loaded),
        Err(problems) => {
            complain(problems.to_string());
            Ok(ExitCode::from(args::EXIT_USAGE))
        }
    }
}
