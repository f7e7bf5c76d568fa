//! Checking bundles, and taking them in.

use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::Method;
use proto::note::VerifierKey;
use proto::quantity;
use serde_json::Value;

use super::super::server::{Server, connect, escaped, nothing};
use super::create::runtime;
use crate::app::App;
use crate::bundle::check::{Checked, Log, check};
use crate::bundle::failed::Failed;
use crate::bundle::history::day;
use crate::bundle::import::Mirror;
use crate::bundle::report::{Report, signer};
use crate::bundle::step::end_after;
use crate::bundle::unpack::Unpack;
use crate::bundle::{self, archive};
use crate::config::Config;
use crate::output::print;
use crate::progress;
use crate::store::durable::Staging;

/// Checks a bundle, and says what was checked.
///
/// # Errors
/// What is wrong with it.
pub(super) fn verify(config: &Config, file: &Path, trusted: &[VerifierKey]) -> Result<ExitCode> {
    let folder = std::env::temp_dir().join(format!("sumward-{:016x}", rand::random::<u64>()));
    let staging = Staging::open_in(&folder).context("making a temporary folder")?;
    let checked = verify_in(config, file, trusted, &staging);
    // What stays is in the folder for temporary files.
    let _ = std::fs::remove_dir_all(&folder);
    let checked = checked.with_context(|| format!("verifying {}", file.display()))?;
    print(&verified(&checked)).context("printing what was checked")?;
    Ok(ExitCode::SUCCESS)
}

fn verify_in(
    config: &Config,
    file: &Path,
    trusted: &[VerifierKey],
    staging: &Staging,
) -> Result<Checked, bundle::Error> {
    let bar = progress::files("verifying");
    let mut count = |bytes| bar.inc(bytes);
    let folder = staging.subfolder().map_err(|error| bundle::Error::Io {
        what: "making a temporary folder".to_owned(),
        error,
    })?;
    let mut sink = Unpack::new(&folder, &mut count);
    let sealed = archive::read(bundle::open(file)?, trusted, &mut sink)?;
    let logs: Vec<Log> = config
        .databases
        .iter()
        .map(|database| Log {
            key: database.key.clone(),
            followed: None,
        })
        .collect();
    let checked = check(sealed, folder, &logs, &|_| None, &mut count);
    bar.finish();
    checked
}

fn verified(checked: &Checked) -> String {
    let manifest = &checked.sealed.manifest;
    let mut text = format!(
        "verified: signed by {}, manifest {}\n{}, {}, {}: each is in the bundle as signed, \
         and each zip and go.mod is proved\n",
        signer(&checked.sealed.signer),
        checked.sealed.seal.digest(),
        quantity::count(manifest.modules.len(), "module version", "module versions"),
        quantity::count(manifest.members.len(), "file", "files"),
        quantity::size(manifest.size()),
    );
    for database in &manifest.databases {
        text.push_str(&format!(
            "proved by {}: a signed head of {} records\n",
            database.name(),
            database.size
        ));
        if database.since > 0 {
            text.push_str(&format!(
                "  it is to follow a head of {} records; whether it does is seen when it is taken in\n",
                database.since
            ));
        }
    }
    if let Some(base) = &manifest.base {
        text.push_str(&format!("it adds to the bundle {}\n", base.sha256));
    }
    for remark in &manifest.remarks {
        text.push_str(&format!("note: {remark}\n"));
    }
    text
}

/// Takes a bundle in: by the running server, or here where none runs.
///
/// # Errors
/// What is wrong with it, or what stands in the way.
pub(super) fn import(
    config: &Config,
    file: &Path,
    trusted: &[VerifierKey],
    step: Option<&str>,
) -> Result<ExitCode> {
    if let Some(step) = step {
        end_after(step)?;
    }
    let report = runtime()?.block_on(take_in(config, file, trusted));
    let report = report.with_context(|| format!("importing {}", file.display()))?;
    print(&told(&report)).context("printing what was taken in")?;
    Ok(ExitCode::SUCCESS)
}

/// Takes a bundle in, by the running server where one has the data folder open.
///
/// # Errors
/// See [`Failed`].
pub(super) async fn take_in(
    config: &Config,
    file: &Path,
    trusted: &[VerifierKey],
) -> Result<Report, Failed> {
    match connect(config).await? {
        Some(server) => by(config, server, file, trusted).await,
        None => alone(config, file, trusted).await,
    }
}

async fn by(
    config: &Config,
    mut server: Server,
    file: &Path,
    trusted: &[VerifierKey],
) -> Result<Report, Failed> {
    let file = std::path::absolute(file).context("finding the bundle")?;
    let file = file.to_str().ok_or_else(|| {
        anyhow::anyhow!("its path is not UTF-8: move it, or stop the server first")
    })?;
    let mut path = format!("bundle/import?file={}", escaped(file));
    let question = format!("/{path}");
    // The connection is busy until the bundle is taken in.
    let other = connect(config).await?;
    for key in trusted {
        path.push_str(&format!("&trust={}", escaped(&key.to_string())));
    }
    let taken = shown(server.put(&path), Counted::There(other, question));
    let (status, body) = taken.await?;
    let text = || String::from_utf8_lossy(&body).trim_end().to_owned();
    match status.as_u16() {
        200 => Ok(serde_json::from_slice(&body).context("reading the server's answer")?),
        409 => Err(Failed::Waits(text())),
        403 => Err(Failed::Refused(text())),
        _ => Err(Failed::Other(anyhow::anyhow!(
            "the server says: {}",
            text()
        ))),
    }
}

async fn alone(config: &Config, file: &Path, trusted: &[VerifierKey]) -> Result<Report, Failed> {
    let app = App::open(config.clone()).await?;
    let mirror = &app.site.mirror;
    let imported = shown(mirror.import(file, trusted), Counted::Here(mirror, file));
    let imported = imported.await;
    app.end().await.context("writing the last records")?;
    Ok(imported?)
}

/// After which time it is first looked how far a bundle is: a small one is soon done.
const LOOK_FIRST: Duration = Duration::from_millis(20);

/// How often it is looked later.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Who counts what is done of a bundle.
enum Counted<'a> {
    Here(&'a Mirror, &'a Path),
    /// The server, on a second connection, and what it is asked there.
    There(Option<Server>, String),
}

impl Counted<'_> {
    /// Bytes that are done, where that can be said.
    async fn done(&mut self) -> Option<u64> {
        match self {
            Self::Here(mirror, file) => mirror.done(file),
            Self::There(server, question) => {
                let sent = server.as_mut()?.send(Method::GET, question, nothing());
                let answer = sent.await.ok()?.ok()?;
                let answer: Value = serde_json::from_slice(&answer).ok()?;
                answer["done"].as_u64()
            }
        }
    }
}

/// Waits until a bundle is taken in, and shows meanwhile how far it is.
async fn shown<T>(taken: impl Future<Output = T>, mut counted: Counted<'_>) -> T {
    let bar = progress::files("importing");
    let mut taken = pin!(taken);
    let mut pause = LOOK_FIRST;
    loop {
        tokio::select! {
            taken = &mut taken => {
                bar.finish();
                return taken;
            }
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LOOK_EVERY);
        if let Some(bytes) = counted.done().await {
            bar.set(bytes);
        }
    }
}

pub(super) fn told(report: &Report) -> String {
    let mut text = match (report.is_unchanged(), report.before) {
        (true, Some(at)) => format!(
            "nothing to do: this bundle was taken in on {}, and all of it is there\n",
            day(at)
        ),
        (true, None) => "nothing changed: all that this bundle holds was there\n".to_owned(),
        (false, _) => format!(
            "taken in: {} ({}), {}\n",
            quantity::count(report.files, "file", "files"),
            quantity::size(report.bytes),
            quantity::count(report.records, "record", "records"),
        ),
    };
    text.push_str(&format!(
        "bundle {}, {}, signed by {}\n",
        report.bundle,
        quantity::count(report.modules, "module version", "module versions"),
        report.signer
    ));
    for (name, size) in &report.heads {
        text.push_str(&format!(
            "{name}: a head of {size} records is followed now\n"
        ));
    }
    text
}
