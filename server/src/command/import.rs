//! `sumward import FOLDER`: takes in what a module cache or the disk of another proxy
//! holds, each file proved.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use proto::quantity::{count, size};
use serde::Serialize;

use super::server::connect;
use crate::args::{self, EXIT_USAGE, Format};
use crate::config::Config;
use crate::output::{complain, print};
use crate::progress::{self, Progress};

mod folder;
mod taker;

use folder::Brought;
use taker::{Outcome, Taker};

/// What was done.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Files that were proved and are stored now.
    kept: usize,
    /// Their bytes.
    kept_bytes: u64,
    /// Files that were stored already.
    stored: usize,
    /// Files that are not kept, and why.
    refused: Vec<Refusal>,
    /// Files that are not kept and are not listed for want of room.
    refused_more: usize,
    /// Files that such folders hold beside those of versions: lists, locks, hashes.
    passed_over: usize,
}

/// A file that is not kept.
#[derive(Debug, Serialize)]
struct Refusal {
    /// Its path below the folder.
    file: String,
    /// Why.
    reason: String,
}

/// Refused files that are listed by name.
const REFUSED_MAX: usize = 100_000;

/// Takes in a folder, through the running server or into the data folder itself where
/// none runs. Exit status 1 when something was refused.
///
/// # Errors
/// What the folder, the server or the disk answer.
pub(crate) fn run(config: &Config, args: &args::Import) -> Result<ExitCode> {
    if !args.folder.is_dir() {
        let folder = args.folder.display();
        complain(format!(
            "sumward: {folder} is not a folder, or cannot be read"
        ));
        return Ok(ExitCode::from(EXIT_USAGE));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let report = runtime.block_on(import(config, args))?;
    let text = match args.format {
        Format::Text => text(&report),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    print(&text).context("printing what was done")?;
    Ok(match report.refused.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn import(config: &Config, args: &args::Import) -> Result<Report> {
    let bar = progress::files("importing");
    let listed = folder::list(&args.folder)?;
    let mut report = Report {
        passed_over: listed.passed_over,
        ..Report::default()
    };
    for (file, reason) in listed.odd {
        report.refuse(&bar, args.format, file, reason);
    }
    let mut taker = match connect(config).await? {
        Some(server) => Taker::Server(server),
        None => Taker::open(config).await?,
    };
    let mut done = Ok(());
    for brought in &listed.files {
        let taken = taker.take(brought, &config.limits).await;
        match taken.map(|taken| report.take(&bar, args.format, brought, taken)) {
            Ok(()) => {}
            Err(error) => {
                done = Err(error);
                break;
            }
        }
    }
    bar.finish();
    if let Taker::Alone(app) = taker {
        done = done.and(app.end().await.context("writing the last records"));
    }
    done.map(|()| report)
}

impl Report {
    fn take(&mut self, bar: &Progress, format: Format, brought: &Brought, taken: Outcome) {
        match taken {
            Outcome::Stored => self.stored += 1,
            Outcome::Kept(bytes) => {
                bar.inc(bytes);
                self.kept += 1;
                self.kept_bytes += bytes;
            }
            Outcome::Refused(reason) => self.refuse(bar, format, brought.shown(), reason),
        }
    }

    fn refuse(&mut self, bar: &Progress, format: Format, file: String, reason: String) {
        if self.refused.len() >= REFUSED_MAX {
            self.refused_more += 1;
            return;
        }
        if format == Format::Text {
            bar.println(&format!("not kept: {file}: {reason}"));
        }
        self.refused.push(Refusal { file, reason });
    }
}

fn text(report: &Report) -> String {
    let refused = report.refused.len() + report.refused_more;
    let mut text = format!(
        "{} kept ({}), {} stored already, {} not kept, {} passed over\n",
        count(report.kept, "file", "files"),
        size(report.kept_bytes),
        report.stored,
        refused,
        report.passed_over
    );
    if refused > 0 {
        text.push_str("what is not kept is fetched from an upstream when it is asked for\n");
    }
    text
}
