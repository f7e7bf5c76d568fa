//! How a connection ends when the server stops.

use std::time::Duration;

use hyper_util::server::graceful::GracefulConnection;
use tokio_util::sync::CancellationToken;

use crate::serve::slow;

/// Serves a connection until it ends, or until `stop` and the end of the requests that
/// are open then.
///
/// One that has asked for nothing yet, as its first request is on its way, may ask once:
/// its client would take the end for an error, not for a connection that lay idle.
pub(super) async fn until<C: GracefulConnection>(
    stop: CancellationToken,
    watch: &slow::Watch,
    connection: C,
) -> Result<(), C::Error> {
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stop.cancelled() => {}
    }
    let first = tokio::time::timeout(FIRST_REQUEST_MAX, watch.asked());
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = first => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// How long the first request of a new connection may be on its way when the server stops.
const FIRST_REQUEST_MAX: Duration = Duration::from_secs(1);
