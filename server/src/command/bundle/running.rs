//! Asking the server that has the data folder open.

use std::io;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, BodyStream, Limited};
use proto::dirhash::H1;
use proto::goproxy;
use proto::module::ModuleVersion;
use tokio::sync::Mutex;

use super::super::server::Server;
use crate::bundle::Error;
use crate::bundle::ask::Ask;
use crate::shelf::answer::Pieces;

/// A running server, asked through its socket for commands.
pub(super) struct Running(pub(super) Mutex<Server>);

/// Bytes of a refusal's text.
const TEXT_BYTES_MAX: usize = 64 << 10;

impl Ask for Running {
    fn get<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Pieces, Error>> {
        Box::pin(async move {
            let not_had = |reason: String, absent: bool| Error::NotHad {
                what: path.to_owned(),
                reason,
                absent,
            };
            // One request at a time goes over a connection; who asks reads its answer first.
            let sent = self.0.lock().await.get(&goproxy::encode(path)).await;
            let response = sent.map_err(|error| not_had(format!("{error:#}"), false))?;
            let status = response.status();
            if !status.is_success() {
                let text = Limited::new(response.into_body(), TEXT_BYTES_MAX);
                let text = text.collect().await;
                let text = text.map(|it| it.to_bytes()).unwrap_or_default();
                let text = String::from_utf8_lossy(&text).trim_end().to_owned();
                let is_absent = [404, 410].contains(&status.as_u16());
                return Err(not_had(format!("{status}: {text}"), is_absent));
            }
            let frames = BodyStream::new(response.into_body());
            let pieces: Pieces = Box::pin(frames.filter_map(async |frame| match frame {
                Ok(frame) => frame.into_data().ok().map(Ok),
                Err(error) => Some(Err(io::Error::other(error))),
            }));
            Ok(pieces)
        })
    }

    fn proved_h1<'a>(&'a self, _: &'a ModuleVersion, _: &'a str) -> BoxFuture<'a, Option<H1>> {
        // The server does not tell; the zip is unpacked and hashed.
        Box::pin(std::future::ready(None))
    }
}
