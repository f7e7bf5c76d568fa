//! Who takes the files in: the running server, or this process where none runs.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use proto::goproxy::encode;
use serde_json::Value;

use super::folder::Brought;
use crate::app::App;
use crate::command::alone;
use crate::command::server::{Server, nothing};
use crate::config::{Config, Limits};
use crate::modules::intake::{Refused, Taken, check_length};

/// Who takes the files in.
pub(super) enum Taker {
    /// The server that has the data folder open.
    Server(Server),
    /// This process.
    Alone(Arc<App>),
}

/// What became of a file.
pub(super) enum Outcome {
    /// It was stored already.
    Stored,
    /// It is stored now, with so many bytes.
    Kept(u64),
    /// It is not, for this reason.
    Refused(String),
}

/// Bytes read at once.
const PIECE_BYTES: usize = 256 << 10;

impl Taker {
    /// Opens the data folder.
    ///
    /// # Errors
    /// What stands in the way.
    pub(super) async fn open(config: &Config) -> Result<Self> {
        Ok(Self::Alone(alone::open(config).await?))
    }

    /// Brings one file.
    ///
    /// # Errors
    /// That nothing more can be brought; a file that is refused is an outcome.
    pub(super) async fn take(&mut self, brought: &Brought, limits: &Limits) -> Result<Outcome> {
        let length = std::fs::symlink_metadata(&brought.path).map_or(0, |it| it.len());
        if let Err(refused) = check_length(&brought.request, length, limits) {
            return Ok(Outcome::Refused(refused.to_string()));
        }
        match self {
            Self::Server(server) => by(server, brought).await,
            Self::Alone(app) => {
                let taken = by_itself(app, brought).await;
                Ok(taken.unwrap_or_else(Outcome::Refused))
            }
        }
    }
}

async fn by(server: &mut Server, brought: &Brought) -> Result<Outcome> {
    let path = format!("/import/{}", encode(&brought.request.path()));
    match server.send(Method::GET, &path, nothing()).await? {
        Err(refused) => return Ok(Outcome::Refused(refused)),
        Ok(body) if answer(&body)?["stored"] == true => return Ok(Outcome::Stored),
        Ok(_) => {}
    }
    let (file, length) = match brought.open() {
        Ok(opened) => opened,
        Err(error) => return Ok(Outcome::Refused(unread(&error))),
    };
    let pieces = futures_util::stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        match piece(&mut file) {
            Ok(bytes) if bytes.is_empty() => None,
            Ok(bytes) => Some((Ok(Frame::data(bytes)), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    });
    let body = BodyExt::boxed(StreamBody::new(pieces));
    let sent = server.send(Method::PUT, &path, body).await;
    Ok(match sent.with_context(|| brought.shown())? {
        Err(refused) => Outcome::Refused(refused),
        Ok(body) if answer(&body)?["stored"] == true => Outcome::Stored,
        Ok(_) => Outcome::Kept(length),
    })
}

fn answer(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).context("reading the server's answer")
}

async fn by_itself(app: &App, brought: &Brought) -> Result<Outcome, String> {
    let modules = &app.site.modules;
    let said = |refused: Refused| refused.to_string();
    if modules.has(&brought.request).await.map_err(said)? {
        return Ok(Outcome::Stored);
    }
    let (mut file, length) = brought.open().map_err(|error| unread(&error))?;
    let mut intake = modules.intake(&brought.request).await.map_err(said)?;
    loop {
        let bytes = piece(&mut file).map_err(|error| unread(&error))?;
        if bytes.is_empty() {
            break;
        }
        intake.write(bytes).await.map_err(said)?;
    }
    let from = brought.path.display().to_string();
    let taken = modules.take_in(intake, &from).await.map_err(said)?;
    Ok(match taken {
        Taken::There => Outcome::Stored,
        Taken::Kept(_) => Outcome::Kept(length),
    })
}

/// Reads on; empty at the end. Blocks, which this command may.
fn piece(file: &mut File) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(PIECE_BYTES);
    file.take(PIECE_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

fn unread(error: &io::Error) -> String {
    format!("cannot be read: {error}")
}
