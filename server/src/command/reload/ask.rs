//! `sumward reload`: has a running server read its settings again, and says what came of
//! it.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::app::control;
use crate::args::{EXIT_USAGE, Flags};
use crate::command::server::{Server, connect, connect_at};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::output::{complain, print};

/// How long the server may take: it reads files, from disks that may be slow.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Asks the server and waits until it is done.
///
/// Settings that are wrong are the server's to refuse, so that it also tells of them;
/// here they are needed to find it where systemd does not say where it is.
///
/// # Errors
/// That no server is there, or that it cannot be spoken to.
pub(crate) fn run(flags: &Flags) -> Result<ExitCode> {
    let environment = Environment::read();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let handed = environment
        .first_path("RUNTIME_DIRECTORY")
        .map(|folder| control::in_folder(&folder));
    let server = match handed {
        Some(socket) if socket.exists() => runtime.block_on(connect_at(&socket))?,
        _ => match Config::load(flags, &environment) {
            Ok(loaded) => {
                let data = loaded.config.data.display().to_string();
                let server = runtime.block_on(connect(&loaded.config))?;
                Some(server.with_context(|| format!("no server has {data} open"))?)
            }
            Err(problems) => {
                complain(problems.to_string());
                return Ok(ExitCode::from(EXIT_USAGE));
            }
        },
    };
    let Some(mut server) = server else {
        bail!("no server answers");
    };
    runtime.block_on(ask(&mut server, ANSWER_MAX))
}

async fn ask(server: &mut Server, answer_max: Duration) -> Result<ExitCode> {
    let answer = tokio::time::timeout(answer_max, server.put("reload")).await;
    let Ok(answer) = answer else {
        bail!(
            "no answer within {answer_max:?}; the server may still be reading its settings: its log says what came of it"
        );
    };
    let (status, body) = answer?;
    let said = String::from_utf8_lossy(&body);
    let said = said.trim_end();
    if status.is_success() {
        print(&format!("{said}\n")).context("printing what is in effect")?;
        return Ok(ExitCode::SUCCESS);
    }
    complain(said.to_owned());
    complain("sumward reload: nothing was taken over: the old settings stay in effect".to_owned());
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_says_nothing_is_not_waited_for_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let mut server = connect_at(&socket).await.unwrap().unwrap();
        let error = ask(&mut server, Duration::from_millis(20))
            .await
            .unwrap_err();
        assert!(
            error.to_string().starts_with("no answer within 20ms"),
            "{error}"
        );
    }
}
