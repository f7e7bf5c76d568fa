//! Making a bundle.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use proto::note::{SignerKey, VerifierKey};
use proto::quantity;
use tokio::sync::Mutex;

use super::super::server::connect;
use super::running::Running;
use crate::app::App;
use crate::args::{Create, RequestFormat};
use crate::bundle::ask::{Ask, Here};
use crate::bundle::create::{Made, create, draft};
use crate::bundle::draft::Order;
use crate::bundle::gather::{Inputs, gather};
use crate::bundle::request::Request;
use crate::bundle::since::since;
use crate::bundle::step::end_after;
use crate::bundle::volumes::is_taken;
use crate::config::Config;
use crate::output::print;
use crate::own::key;
use crate::progress;
use crate::sumdb::Audience;

/// Makes a bundle, asking the running server, or this process where none runs.
///
/// # Errors
/// There is no key, something cannot be had or is not proved, or the disk fails.
pub(super) fn run(config: &Config, wanted: &Create) -> Result<ExitCode> {
    if let Some(step) = &wanted.end_after {
        end_after(step)?;
    }
    let out = match (&wanted.out, wanted.dry_run) {
        (Some(out), _) => out.clone(),
        (None, true) => {
            std::env::temp_dir().join(format!("request-{:016x}", rand::random::<u64>()))
        }
        (None, false) => bail!("-o is missing: the file to write"),
    };
    if !wanted.dry_run && is_taken(&out, wanted.volume.is_some()) {
        bail!("{} exists; choose another -o", out.display());
    }
    if wanted.from.is_empty() && wanted.toolchain.is_empty() {
        bail!("nothing is asked for: give --from go.mod, say, or --toolchain");
    }
    let signer = match (&wanted.key, wanted.dry_run) {
        (Some(key), false) => {
            let read = key::read(key);
            Some(read.with_context(|| format!("reading the key {}", key.display()))?)
        }
        (None, false) => bail!(
            "--key is missing: a bundle is signed, or nobody can tell who made it; \
             `sumward bundle keygen NAME --out KEYFILE` makes a key"
        ),
        (_, true) => None,
    };
    let said = runtime()?.block_on(make(config, wanted, signer.as_ref(), &out));
    let said = said.with_context(|| format!("making {}", out.display()))?;
    print(&said).context("printing what was made")?;
    Ok(ExitCode::SUCCESS)
}

/// A runtime for a command that asks and writes.
///
/// # Errors
/// What the operating system answers.
pub(in crate::command) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")
}

async fn make(
    config: &Config,
    wanted: &Create,
    signer: Option<&SignerKey>,
    out: &Path,
) -> Result<String> {
    let covering = covering(config)?;
    let before = since(&wanted.since)?;
    let bar = progress::files("bundling");
    let mut count = |bytes| bar.inc(bytes);
    let (ask, app) = asked(config).await?;
    let inputs = Inputs {
        files: &wanted.from,
        toolchains: &wanted.toolchain,
        with_tests: !wanted.no_tests,
    };
    let order = Order {
        wanted: gather(&*ask, &inputs).await?,
        covering: &covering,
        since: before,
        out,
        volume: wanted.volume.as_deref().map(volume_bytes).transpose()?,
    };
    let said = match signer {
        Some(signer) => told(out, &create(&*ask, &order, signer, &mut count).await?),
        None => {
            let drafted = draft(&*ask, &order, &mut count).await?;
            let request = Request::new(&drafted.manifest, &order.since);
            match wanted.format {
                RequestFormat::Text => request.text(),
                RequestFormat::Json => format!("{:#}\n", request.json()),
                RequestFormat::Html => request.html(),
            }
        }
    };
    bar.finish();
    if let Some(app) = app {
        app.end().await.context("writing the last records")?;
    }
    Ok(said)
}

/// Reads the size of a volume: bytes, or K, M, G, T of 1024.
fn volume_bytes(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|it: char| it.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KIB" => 10,
        "M" | "MIB" => 20,
        "G" | "GIB" => 30,
        "T" | "TIB" => 40,
        _ => bail!("--volume {text:?}: write it as 4G or 700M"),
    };
    let bytes: Option<u64> = digits.parse().ok();
    let bytes = bytes.and_then(|it| it.checked_mul(1 << shift));
    match bytes {
        Some(bytes) if bytes >= VOLUME_BYTES_MIN => Ok(bytes),
        _ => bail!("--volume {text:?}: from {VOLUME_BYTES_MIN} bytes on, such as 4G or 700M"),
    }
}

/// Bytes of the smallest volume.
const VOLUME_BYTES_MIN: u64 = 4096;

/// Returns whom to ask: the running server, or this process, with what is to be closed
/// in the end.
pub(in crate::command) async fn asked(config: &Config) -> Result<(Box<dyn Ask>, Option<Arc<App>>)> {
    if let Some(server) = connect(config).await? {
        return Ok((Box::new(Running(Mutex::new(server))), None));
    }
    let app = App::open(config.clone()).await?;
    let here = Here {
        modules: Arc::clone(&app.site.modules),
        databases: Arc::clone(&app.site.databases),
    };
    Ok((Box::new(here), Some(app)))
}

/// Returns what says which database proves a module, as the server has it: one's own for
/// private modules and for all, else the first in the settings that covers it.
fn covering(config: &Config) -> Result<impl Fn(&str) -> Option<VerifierKey> + Sync + use<>> {
    let own = config.own.key.as_deref().map(|path| {
        let key = key::read(path).with_context(|| format!("reading the key {}", path.display()));
        key.map(|key| key.verifier())
    });
    let own = own.transpose()?;
    let upstream = Arc::new(config.upstream.clone());
    let followed: Vec<(VerifierKey, Audience)> = config
        .databases
        .iter()
        .map(|database| {
            let audience = Audience::new(database.modules.clone(), Arc::clone(&upstream));
            (database.key.clone(), audience)
        })
        .collect();
    Ok(move |module: &str| {
        let covers = |(_, audience): &&(VerifierKey, Audience)| audience.covers(module);
        let followed = || followed.iter().find(covers).map(|(key, _)| key.clone());
        own.clone().or_else(followed)
    })
}

fn told(out: &Path, made: &Made) -> String {
    let manifest = &made.manifest;
    let zips = manifest.modules.iter().filter(|carried| carried.zip);
    let mut text = format!(
        "{}: {} ({} with zip), {}, from {} unpacked\n",
        out.display(),
        quantity::count(manifest.modules.len(), "module version", "module versions"),
        zips.count(),
        quantity::size(made.bytes),
        quantity::size(manifest.size()),
    );
    for database in &manifest.databases {
        text.push_str(&format!(
            "proved by {} under a signed head of {} records\n",
            database.name(),
            database.size
        ));
    }
    for remark in &manifest.remarks {
        text.push_str(&format!("note: {remark}\n"));
    }
    text
}
