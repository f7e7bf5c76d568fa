//! `verify-build`: are these builds the same, and if not, why?

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;

use verifier::args::Args;
use verifier::config::{Config, Task};
use verifier::exit::{self, Exit};
use verifier::report::Report;
use verifier::report::printed::Printed;
use verifier::{
    attest, cacheprog, doctor, gocache, hashlog, key, lint, manual, matrix, observe, output,
    rebuild, reproduce, schemas, toolchain,
};

fn main() -> ExitCode {
    // clap prints usage errors itself and exits with 2, as Exit::Unreadable.
    let config = Config::new(Args::of_process());
    match run(&config) {
        Ok(exit) => exit.into(),
        Err(error) => {
            exit::say_error(&format!("verify-build: {error:#}"));
            if rebuild::is_interrupted(&error) {
                return exit::INTERRUPTED.into();
            }
            Exit::Unreadable.into()
        }
    }
}

fn run(config: &Config) -> anyhow::Result<Exit> {
    let host = &config.host;
    let found: Box<dyn Printed> = match &config.task {
        Task::Compare(comparing) => {
            let logs = hashlog::read(&comparing.files, &comparing.logs)?;
            let given = comparing.given;
            let mut report = Report::compare_with(&comparing.files, &logs, given, host.progress)?;
            if let Some(accept) = &comparing.accept {
                report.accept(accept);
            }
            Box::new(report)
        }
        Task::Inspect(paths) => Box::new(Report::inspect(paths, host.progress)?),
        Task::Lint(args) => lint::run(args, host)?,
        Task::Cache(args) => gocache::run(args, host)?,
        Task::Cacheprog(args) => cacheprog::run(args, host)?,
        Task::Toolchain(args) => toolchain::run(args, host)?,
        Task::Rebuild(args) => rebuild::run(args, host)?,
        Task::Key(args) => key::run(args, host)?,
        Task::Observe(args) => observe::run(args, host)?,
        Task::Matrix(args) => matrix::run(args, host)?,
        Task::Reproduce(args) => reproduce::run(args, host)?,
        Task::Doctor(args) => doctor::run(args, host)?,
        Task::Certify(args) => attest::certify::run(args, host)?,
        Task::Check(args) => attest::check::run(args)?,
        Task::Quorum(args) => attest::quorum::run(args)?,
        Task::Schema(name) => {
            let list = schemas::list();
            let named = name.as_deref().and_then(schemas::named);
            return say(named.unwrap_or(&list).as_bytes());
        }
        Task::Completions(shell) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "verify-build", &mut script);
            return say(&script);
        }
        Task::Man(Some(folder)) => {
            manual::write(Args::command(), folder)?;
            return Ok(Exit::Same);
        }
        Task::Man(None) => {
            let pages = manual::pages(Args::command())?;
            return say(pages.first().map_or(&[], |page| &page.text));
        }
    };
    config.output.write(found.as_ref())?;
    Ok(found.exit())
}

/// Prints what is not an outcome.
fn say(text: &[u8]) -> anyhow::Result<Exit> {
    output::finish(io::stdout().write_all(text)).context("writing to standard output")?;
    Ok(Exit::Same)
}
