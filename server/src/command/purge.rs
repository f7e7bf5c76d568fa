//! `sumward purge MODULE[@VERSION]`: takes back what is stored and remembered of it.

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::app::control;
use crate::app::folder::Folder;
use crate::args::EXIT_USAGE;
use crate::config::Config;
use crate::modules::Shelf;
use crate::output::{complain, print};
use crate::shelf;
use crate::shelf::purge::Purge;

/// Purges in the running server, or in the data folder itself where none runs. A
/// wrong name ends it with 64 before anything is purged.
///
/// # Errors
/// What the server, the disk or the ledger answer.
pub(crate) fn run(config: &Config, wanted: &[String]) -> Result<ExitCode> {
    for what in wanted {
        if let Err(error) = Purge::parse(what) {
            complain(format!("sumward: {what}: {error}"));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    runtime.block_on(async {
        match connect(config).await? {
            Some(server) => purge_by(server, wanted).await,
            None => purge_alone(config, wanted).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Connects to the server that has the data folder open; `None` when none answers.
async fn connect(config: &Config) -> Result<Option<UnixStream>> {
    let Some(socket) = control::noted(&config.data).context("looking for a running server")? else {
        return Ok(None);
    };
    match UnixStream::connect(&socket).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("speaking to {}", socket.display())),
    }
}

/// Bytes of the server's answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;

async fn purge_by(server: UnixStream, wanted: &[String]) -> Result<()> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(server))
        .await
        .context("speaking to the server")?;
    let connection = tokio::spawn(connection);
    for what in wanted {
        let escaped =
            percent_encoding::utf8_percent_encode(what, percent_encoding::NON_ALPHANUMERIC);
        let path = format!("/purge/{escaped}").replace("%2F", "/");
        let request = http::Request::delete(path)
            .header(http::header::HOST, "localhost")
            .body(Empty::<Bytes>::new())?;
        let response = sender
            .send_request(request)
            .await
            .context("speaking to the server")?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
            .collect()
            .await
            .map_err(|error| anyhow::anyhow!("reading the server's answer: {error}"))?
            .to_bytes();
        if !status.is_success() {
            bail!("{what}: {}", String::from_utf8_lossy(&body).trim_end());
        }
        let answer: Value = serde_json::from_slice(&body).context("reading the server's answer")?;
        let files = answer["files"].as_array().map(Vec::as_slice);
        let files = files.unwrap_or_default().iter().filter_map(Value::as_str);
        tell(what, files, answer["refusals"].as_u64().unwrap_or(0))?;
    }
    drop(sender);
    let _ = connection.await;
    Ok(())
}

async fn purge_alone(config: &Config, wanted: &[String]) -> Result<()> {
    let folder = Folder::open(config)?;
    if folder.data.is_read_only() {
        bail!("the data folder {} is read-only", config.data.display());
    }
    let parts = shelf::Parts {
        blobs: folder.blobs.clone(),
        ledger: folder.ledger.clone(),
        journal: folder.journal.clone(),
        turns: folder.turns.clone(),
    };
    let shelf = Shelf::new(parts, &config.cache, &config.usage);
    for what in wanted {
        let purge = Purge::parse(what).map_err(|error| anyhow::anyhow!("{what}: {error}"))?;
        let purged = shelf
            .purge(&purge)
            .await
            .with_context(|| format!("purging {what}"))?;
        let files = purged.files.iter().map(|key| key.as_str());
        tell(what, files, purged.refusals as u64)?;
    }
    Ok(())
}

fn tell<'a>(what: &str, files: impl Iterator<Item = &'a str>, refusals: u64) -> Result<()> {
    let mut text = String::new();
    let mut count = 0;
    for file in files {
        text.push_str(&format!("removed {file}\n"));
        count += 1;
    }
    text.push_str(&format!(
        "{what}: {count} files removed, {refusals} refusals forgotten\n"
    ));
    print(&text).context("printing what was purged")?;
    Ok(())
}
