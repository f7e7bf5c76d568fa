//! What commands ask of a running server on behalf of a person: letting files go, and
//! taking files in.

use std::sync::Arc;

use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use proto::goproxy;
use serde_json::json;

use super::Site;
use super::body::Body;
use super::by_address;
use super::refusal::Refusal;
use super::response;
use crate::blocking;
use crate::bundle::pinned::places;
use crate::maintain::gc::{self, Order, Task};
use crate::modules::intake::{Refused, Taken};

/// Lets files go as the body says, an [`Order`] in JSON; answers with the report.
///
/// # Errors
/// A refusal when a browser may be made to ask, when the order means nothing, when files
/// are let go already, or when disk or ledger fail.
pub(super) async fn gc(
    site: &Arc<Site>,
    request: &Request<()>,
    body: Incoming,
) -> Result<Response<Body>, Refusal> {
    by_address::check(request.headers())?;
    let order = Limited::new(body, gc::ORDER_BYTES_MAX).collect().await;
    let order = order.map_err(|error| bad(&format!("reading the order: {error}")))?;
    let order: Order = serde_json::from_slice(&order.to_bytes())
        .map_err(|error| bad(&format!("the order cannot be read: {error}")))?;
    // On its own: what has begun goes on to its end when the one who asked is gone.
    let done = tokio::spawn(let_go(Arc::clone(site), order)).await;
    let failed = |error| Refusal::internal("letting files go", &std::io::Error::other(error));
    response::json(&done.map_err(failed)??)
}

async fn let_go(site: Arc<Site>, order: Order) -> Result<gc::Report, Refusal> {
    let settings = site.live.now().gc.clone();
    let task = blocking::run(move || Ok(Task::new(&settings, &order, &places))).await;
    let task = task.map_err(|error| Refusal::internal("reading what is pinned", &error))?;
    let task = task.map_err(|error| bad(&error.to_string()))?;
    let Ok(_turn) = site.gc.try_lock() else {
        let text = "files are being let go already: try again when that is done\n";
        return Err(Refusal::unavailable(text, None));
    };
    let report = gc::run(site.around_gc(), &task, |_| {}).await;
    let report = report.map_err(|error| Refusal::internal("letting files go", &error))?;
    if !task.dry_run {
        let removed = report.removed;
        site.metrics.evicted(removed.files as u64, removed.bytes);
        tracing::warn!(
            files = removed.files,
            bytes = removed.bytes,
            over = report.over,
            "files were let go"
        );
    }
    Ok(report)
}

/// Takes in the file that the body is, or, asked with GET, says whether it need not be
/// brought.
///
/// # Errors
/// A refusal when a browser may be made to ask, and why the file is not kept.
pub(super) async fn import(
    site: &Arc<Site>,
    wanted: &goproxy::Request,
    request: &Request<()>,
    mut body: Incoming,
) -> Result<Response<Body>, Refusal> {
    by_address::check(request.headers())?;
    if request.method() == Method::GET {
        let is_there = site.modules.has(wanted).await.map_err(refusal)?;
        return response::json(&json!({ "stored": is_there }));
    }
    let taken = take(site, wanted, &mut body).await;
    if taken.is_err() {
        // The connection goes on, for the next file.
        let mut left = DRAINED_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await
            && left > 0
        {
            left = left.saturating_sub(frame.into_data().map_or(1, |bytes| bytes.len()));
        }
    }
    match taken? {
        Taken::There => response::json(&json!({ "stored": true })),
        Taken::Kept(standing) => response::json(&json!({ "kept": standing })),
    }
}

async fn take(
    site: &Arc<Site>,
    wanted: &goproxy::Request,
    body: &mut Incoming,
) -> Result<Taken, Refusal> {
    let mut intake = site.modules.intake(wanted).await.map_err(refusal)?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| bad(&format!("reading the file: {error}")))?;
        if let Ok(bytes) = frame.into_data() {
            intake.write(bytes).await.map_err(refusal)?;
        }
    }
    site.modules.take_in(intake, FROM).await.map_err(refusal)
}

/// Bytes of a refused file that are read all the same.
const DRAINED_BYTES_MAX: usize = 1 << 30;

/// What evidence says of where a file came from.
const FROM: &str = "a file that `sumward import` brought";

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Judged(error) => error.into(),
        refused => Refusal::denied(format!("{refused}\n")),
    }
}

fn bad(text: &str) -> Refusal {
    Refusal::bad_request(format!("{text}\n"))
}
