//! `sumward gc`: lets stored module files go until the rest fits a budget.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use http::Method;
use http_body_util::{BodyExt as _, Full};
use proto::quantity::{count, size};

use super::alone;
use super::server::{Server, connect, never};
use crate::args::{self, EXIT_USAGE, Format};
use crate::bundle::pinned::places;
use crate::config::load::Loaded;
use crate::config::place::LayerKind;
use crate::config::{self, Naming, parse_size};
use crate::journal;
use crate::maintain::gc::{self, Amount, Order, Report, Task};
use crate::output::{complain, print};
use crate::progress;
use crate::shelf::evict;

/// Lets files go in the running server, or in the data folder itself where none runs.
/// What cannot be meant ends it with 64, a budget that is missed with 1.
///
/// # Errors
/// What the server, the disk or the ledger answer.
pub(crate) fn run(loaded: &Loaded, args: &args::Gc) -> Result<ExitCode> {
    let order = match order(args) {
        Ok(order) => order,
        Err(wrong) => {
            complain(format!("sumward: {wrong}"));
            return Ok(ExitCode::from(EXIT_USAGE));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let report = runtime.block_on(async {
        match connect(&loaded.config).await? {
            Some(server) => by(server, &order).await.map(Some),
            None => by_itself(loaded, &order).await,
        }
    })?;
    let Some(report) = report else {
        return Ok(ExitCode::from(EXIT_USAGE));
    };
    let text = match args.format {
        Format::Text => text(&report),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&report)?),
    };
    print(&text).context("printing what was done")?;
    Ok(match report.over {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Reads what is asked for: the files that pins name, too.
fn order(args: &args::Gc) -> Result<Order, String> {
    let budget = args.budget.as_deref().map(parse_size).transpose();
    let mut order = Order {
        budget: budget.map_err(|error| format!("--budget: {error}"))?,
        only_copies_of: args.only_copies_of.clone().unwrap_or_default(),
        dry_run: args.dry_run,
        ..Order::default()
    };
    for pin in &args.pin {
        match config::Pins::file(pin) {
            Some(Naming::Bundle(path)) => {
                let places = places(path).map_err(|error| format!("--pin {pin}: {error}"))?;
                order.places.extend(places);
            }
            Some(Naming::GoSum(path)) => {
                let text = gc::read_go_sum(path);
                let text = text.map_err(|error| format!("--pin {pin}: {error}"))?;
                order.go_sums.push(text);
            }
            None => {
                config::Pins::parse(pin).map_err(|error| format!("--pin: {error}"))?;
                order.pins.push(pin.clone());
            }
        }
    }
    if let Some(step) = &args.end_after
        && !evict::end_after(step)
    {
        return Err(format!("no step is called {step}"));
    }
    // What means nothing is said before anything is opened.
    let settings = config::Gc {
        budget: Some(0),
        ..config::Gc::default()
    };
    Task::new(&settings, &order, &places).map_err(|error| error.to_string())?;
    Ok(order)
}

async fn by(mut server: Server, order: &Order) -> Result<Report> {
    let order = serde_json::to_vec(order)?;
    if order.len() > gc::ORDER_BYTES_MAX {
        bail!(
            "what is pinned has {}, and a running server takes {} at once: pin fewer go.sum files, \
             name them in gc.pins of its configuration, or stop it first",
            size(order.len() as u64),
            size(gc::ORDER_BYTES_MAX as u64)
        );
    }
    let body = Full::from(order);
    let body = body.map_err(never).boxed();
    let bar = progress::files("letting go");
    let answer = server.send(Method::PUT, "/gc", body).await;
    bar.finish();
    match answer? {
        Ok(body) => serde_json::from_slice(&body).context("reading the server's answer"),
        Err(refused) => bail!("{refused}"),
    }
}

/// Returns nothing where it was said that nothing can be meant.
async fn by_itself(loaded: &Loaded, order: &Order) -> Result<Option<Report>> {
    let config = &loaded.config;
    let task = match Task::new(&config.gc, order, &places) {
        Ok(task) => task,
        Err(error) => {
            complain(format!("sumward: {error}"));
            return Ok(None);
        }
    };
    let app = alone::open(config).await?;
    if !names_upstream(loaded)
        && let Some(day) = app.site.mirror.last_import()
    {
        app.end().await.context("writing the last records")?;
        complain(format!(
            "sumward: bundles are taken in here (the last on {day}), and nothing says whether their server has an \
             upstream to fetch files from again: give --upstream off, --upstream URL, or its --config FILE (GOPROXY does not count: it is for who builds)"
        ));
        return Ok(None);
    }
    let bar = progress::files("letting go");
    let report = gc::run(app.site.around_gc(), &task, |bytes| bar.inc(bytes)).await;
    bar.finish();
    app.end().await.context("writing the last records")?;
    report.context("letting files go").map(Some)
}

/// Tells whether somebody has said what the upstream of this folder is. Go's default, and a
/// GOPROXY of the shell, which the go command is meant by, are no second copy of what came by
/// bundles.
fn names_upstream(loaded: &Loaded) -> bool {
    let place = loaded.origins.get("upstream.list");
    place.is_some_and(|place| place.layer != LayerKind::Other)
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    let (will, did) = match report.dry_run {
        true => ("would remove", "would be removed"),
        false => ("removed", "removed"),
    };
    for file in &report.files {
        let since = Duration::from_secs(file.last_used);
        let used = SystemTime::UNIX_EPOCH.checked_add(since);
        let used = used.map_or_else(String::new, journal::day);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{will} {} ({}, last used {used})",
            file.file,
            size(file.bytes)
        );
    }
    let more = report.removed.files.saturating_sub(report.files.len());
    if more > 0 {
        let _ = writeln!(text, "… and {}", count(more, "more file", "more files"));
    }
    let left = Amount {
        files: report.stored.files.saturating_sub(report.removed.files),
        bytes: report.stored.bytes.saturating_sub(report.removed.bytes),
    };
    let _ = writeln!(
        text,
        "{} {did}, {} left; the budget is {}",
        amount(report.removed),
        amount(left),
        size(report.budget)
    );
    for (why, held) in &report.held {
        let _ = writeln!(text, "held: {} {}", amount(*held), meaning(why));
    }
    if report.busy > 0 {
        let busy = count(report.busy, "file was", "files were");
        let _ = writeln!(text, "{busy} being changed and stayed: run it again");
    }
    if report.over > 0 {
        let _ = writeln!(
            text,
            "the budget is missed by {}: raise it, or hold less",
            size(report.over)
        );
    }
    text
}

fn amount(amount: Amount) -> String {
    let files = count(amount.files, "file", "files");
    format!("{files} ({})", size(amount.bytes))
}

/// Says what a reason to stay means.
fn meaning(why: &str) -> &'static str {
    match why {
        "pinned" => "pinned",
        "logged" => "in the database of your own, which has promised them",
        "only-copy" => "that no upstream could send again (--only-copies-of)",
        "unrecorded" => "of which nothing is recorded yet: they are judged when they are asked for",
        "list" => {
            "lists and answers to questions, from which the answers without an upstream are made"
        }
        _ => "for another reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintain::gc::Removed;

    #[test]
    fn a_report_says_what_went_what_stays_and_why() {
        let removed = Removed {
            file: "m.example/x/@v/v1.0.0.zip".to_owned(),
            bytes: 2048,
            last_used: 0,
        };
        let pinned = Amount {
            files: 1,
            bytes: 4096,
        };
        let mut report = Report {
            budget: 1024,
            stored: Amount {
                files: 3,
                bytes: 7168,
            },
            removed: Amount {
                files: 2,
                bytes: 3072,
            },
            held: [("pinned".to_owned(), pinned)].into(),
            over: 3072,
            files: vec![removed],
            ..Report::default()
        };
        let want = "\
removed m.example/x/@v/v1.0.0.zip (2.0 KiB, last used 1970-01-01)
… and 1 more file
2 files (3.0 KiB) removed, 1 file (4.0 KiB) left; the budget is 1.0 KiB
held: 1 file (4.0 KiB) pinned
the budget is missed by 3.0 KiB: raise it, or hold less
";
        assert_eq!(text(&report), want);
        report.dry_run = true;
        assert!(text(&report).starts_with("would remove m.example"));
        assert!(!text(&report).contains("\nremoved"));
    }
}
