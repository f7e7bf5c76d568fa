//! What each command of `sumward` does.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::app::{App, RUNTIME_STOP};
use crate::args::{self, Args};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::load::Loaded;
use crate::http::page::go_env_lines;
use crate::serve::tls::Acceptor;
use crate::{systemd, telemetry};

pub(crate) mod database;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let args = match Args::read() {
        Ok(args) => args,
        Err(code) => return code,
    };
    if let Some(args::Command::Completions { shell }) = args.command {
        let mut command = Args::command();
        clap_complete::generate(shell, &mut command, "sumward", &mut std::io::stdout());
        return ExitCode::SUCCESS;
    }
    let mut flags = args.flags;
    if let Some(args::Command::Config(args::Config::Check { file: Some(file) })) = &args.command {
        flags.config = vec![file.clone()];
    }
    let loaded = match Config::load(&flags, &Environment::read()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            eprintln!("{problems}");
            return ExitCode::from(args::EXIT_USAGE);
        }
    };
    match dispatch(args.command.unwrap_or(args::Command::Serve), loaded) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sumward: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: args::Command, loaded: Loaded) -> Result<ExitCode> {
    match command {
        args::Command::Serve => serve(loaded),
        args::Command::Config(args::Config::Check { .. }) => Ok(check(&loaded)),
        args::Command::Config(args::Config::Show { origin }) => {
            let text = if origin {
                loaded.show_origins()
            } else {
                loaded.config.show()
            };
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        args::Command::Index(args::Index::Rebuild) => crate::maintain::rebuild::run(&loaded.config),
        args::Command::Fsck => crate::maintain::fsck::run(&loaded.config),
        args::Command::Database(command) => database::run(&loaded.config, &command),
        // Handled before the settings are read, which it does not need.
        args::Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}

/// Says whether the server would take the settings and the files they name.
fn check(loaded: &Loaded) -> ExitCode {
    let config = &loaded.config;
    if let Err(problems) = config.check_files() {
        eprintln!("{problems}");
        return ExitCode::from(args::EXIT_USAGE);
    }
    if let Some(files) = &config.tls
        && let Err(error) = Acceptor::open(files, config.limits.header_read_timeout)
    {
        eprintln!("tls: {error}");
        return ExitCode::from(args::EXIT_USAGE);
    }
    print!("{}", config.show());
    for warning in &loaded.warnings {
        eprintln!("warning: {warning}");
    }
    eprintln!("the settings are good");
    ExitCode::SUCCESS
}

fn serve(loaded: Loaded) -> Result<ExitCode> {
    if let Err(problems) = loaded.config.check_files() {
        eprintln!("{problems}");
        return Ok(ExitCode::from(args::EXIT_USAGE));
    }
    telemetry::start(&loaded.config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let app = App::build(loaded.config)?;
    let result = runtime.block_on(async {
        let bound = Arc::clone(&app).bind().await?;
        let stop = app.stop.clone();
        tokio::spawn(systemd::watchdog());
        let drain = app.config().limits.drain_timeout;
        tokio::spawn(async move {
            shutdown_signal().await;
            tracing::info!("stopping: no new connections, open requests may finish");
            systemd::stopping(drain);
            stop.cancel();
        });
        bound.run(announce).await
    });
    runtime.shutdown_timeout(RUNTIME_STOP);
    result.map(|()| ExitCode::SUCCESS)
}

/// Says where the server is: to people on standard output, to the log, and to
/// systemd.
fn announce(app: &App, address: SocketAddr) {
    let scheme = if app.tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let lines = go_env_lines(&url, &app.config().databases);
    let text = format!("sumward serves on {url}\npoint the go command at it with\n\n{lines}\n");
    // Nobody may be listening; the log says it too.
    let _ = std::io::stdout().write_all(text.as_bytes());
    let _ = std::io::stdout().flush();
    tracing::info!(
        url,
        data = %app.config().data.display(),
        "serving"
    );
    systemd::ready(&format!("serving on {url}"));
}

/// Returns at SIGTERM or SIGINT.
async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
