//! What commands ask of a running server on behalf of a person: letting files go, and
//! taking files in.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HOST;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use proto::goproxy;
use serde_json::json;

use super::Site;
use super::admin::{is_address, typed};
use super::body::Body;
use super::refusal::Refusal;
use super::response;
use crate::blocking;
use crate::bundle::pinned::places;
use crate::maintain::gc::{self, Order, Task};
use crate::modules::intake::{Refused, Taken};

/// The longest order to let files go: some go.sum files.
const ORDER_BYTES_MAX: usize = 64 << 20;

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
    check_host(request)?;
    let order = Limited::new(body, ORDER_BYTES_MAX).collect().await;
    let order = order.map_err(|error| bad(&format!("reading the order: {error}")))?;
    let order: Order = serde_json::from_slice(&order.to_bytes())
        .map_err(|error| bad(&format!("the order is not one: {error}")))?;
    // On its own: what has begun goes on to its end when the one who asked is gone.
    let done = tokio::spawn(let_go(Arc::clone(site), order)).await;
    let failed = |error| Refusal::internal("letting files go", &std::io::Error::other(error));
    json_answer(&done.map_err(failed)??)
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
    check_host(request)?;
    if request.method() == Method::GET {
        let is_there = site.modules.has(wanted).await.map_err(refusal)?;
        return json_answer(&json!({ "stored": is_there }));
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
        Taken::There => json_answer(&json!({ "stored": true })),
        Taken::Kept(standing) => json_answer(&json!({ "kept": standing })),
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

/// A page in a browser can have any name resolve to this address, and then asks as if it
/// came from here. No name, no harm.
fn check_host(request: &Request<()>) -> Result<(), Refusal> {
    if request.headers().get(HOST).is_none_or(is_address) {
        return Ok(());
    }
    Err(Refusal::denied(
        "ask by address: nothing is changed under a host name\n",
    ))
}

fn bad(text: &str) -> Refusal {
    Refusal::bad_request(format!("{text}\n"))
}

/// Answers with a value as JSON.
///
/// # Errors
/// That it cannot be written so.
pub(super) fn json_answer(value: &impl serde::Serialize) -> Result<Response<Body>, Refusal> {
    let text = serde_json::to_string(value);
    let text = text.map_err(|error| Refusal::internal("writing the answer", &error))?;
    let response = response::text(StatusCode::OK, Bytes::from(text), &Method::PUT);
    Ok(typed(response, "application/json"))
}
