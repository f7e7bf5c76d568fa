//! What is told of a request that was answered: counted, logged, exported as a span.

use std::sync::Arc;
use std::time::Instant;

use http::{Request, Response};

use super::body::{Body, Counted};
use super::refusal::Refusal;
use super::{Role, Site};
use crate::metrics;
use crate::serve::peer::{ClientAddress, Peer};
use crate::telemetry::context::Context;
use crate::telemetry::traces::{self, Ended};

/// Logs a request that was answered, and exports its span: the head of its answer is made.
pub(super) fn told(
    peer: &Peer<Role>,
    request: &Request<()>,
    kind: metrics::Kind,
    response: &Response<Body>,
    started: Instant,
) {
    tracing::debug!(
        method = %request.method(),
        path = request.uri().path(),
        http_status = response.status().as_u16(),
        kind = kind.label(),
        duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        peer = %peer.address,
        "request"
    );
    traces::answered(|| {
        let (method, status) = (traces::method(request.method()), response.status());
        Ended {
            name: format!("{method} {}", kind.label()),
            began: started,
            attributes: vec![
                traces::text("http.request.method", method),
                traces::text("url.path", request.uri().path()),
                traces::status(status.as_u16()),
            ],
            failed: status.is_server_error().then(String::new),
        }
    });
}

/// Counts an answer: now where it is all there, at its end where it is arriving.
pub(super) fn count(
    site: &Site,
    kind: metrics::Kind,
    mut response: Response<Body>,
    started: Instant,
) -> Response<Body> {
    use http_body::Body as _;
    let status = response.status().as_u16();
    let bytes = response.body().size_hint().exact().unwrap_or(0);
    let duration = started.elapsed();
    // An example that nobody has recorded would lead nowhere.
    let trace = Context::recorded();
    if let Body::Arriving { counted, .. } = response.body_mut() {
        let metrics = Arc::clone(&site.metrics);
        *counted = Some(Counted::new(move |failed, sent| {
            // The head said 200, the client has less.
            let status = if failed { 500 } else { status };
            metrics.request(kind, status, duration, sent, trace);
        }));
        return response;
    }
    site.metrics.request(kind, status, duration, bytes, trace);
    response
}

/// Logs why a request was refused.
pub(super) fn log(refusal: &Refusal, request: &Request<()>, peer: ClientAddress) {
    let path = request.uri().path();
    let status = refusal.status;
    let text = String::from_utf8_lossy(&refusal.text);
    let reason = refusal.log.as_deref().unwrap_or_else(|| text.trim_end());
    // Where evidence was kept, whoever kept it has logged the error.
    let http_status = status;
    match status {
        500 => tracing::error!(path, http_status, reason, %peer, "refused"),
        // Bytes, proofs or rules: never left out of the log.
        403 => tracing::info!(path, http_status, reason, %peer, security = true, "refused"),
        501.. => tracing::info!(path, http_status, reason, %peer, "refused"),
        _ => tracing::debug!(path, http_status, reason, %peer, "refused"),
    }
}
