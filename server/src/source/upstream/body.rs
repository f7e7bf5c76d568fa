//! A file on its way: its bytes, as they come, verbatim.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncReadExt as _;

use super::TransferError;
use super::coding::{Coding, Inflater};
use super::error::chain;
use super::host::{Blame, Trial};
use crate::metrics::Outcome;
use crate::source::rooms::Room;

/// The body of an answer. Dropping it ends the transfer.
#[derive(Debug)]
pub(crate) struct Body {
    source: Arriving,
    /// Bytes handed out so far.
    got: u64,
    /// The declared length.
    length: Option<u64>,
    /// More bytes than this are an error.
    max: u64,
    /// The longest that nothing may come.
    stall: Duration,
    /// Tells the breaker how the transfer ended.
    trial: Option<Trial>,
    /// Where the trial of a transfer that broke off waits for the next request.
    broken: Option<Broken>,
    /// Room among the transfers of its class, until the transfer has ended.
    room: Option<Room>,
    ended: bool,
}

#[derive(Debug)]
enum Arriving {
    Http {
        response: reqwest::Response,
        /// Undoes a coding that nobody asked for.
        inflater: Option<Box<Inflater>>,
        /// The first bytes, which were waited for while the request could still be
        /// made again.
        first: Option<Bytes>,
    },
    File(tokio::fs::File),
}

/// What a body is held to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) length: Option<u64>,
    pub(super) max: u64,
    pub(super) stall: Duration,
}

/// Bytes read from a file at a time.
const FILE_CHUNK_BYTES: usize = 128 * 1024;

impl Body {
    /// Wraps an answer and waits for its first bytes.
    ///
    /// # Errors
    /// The transfer broke before them.
    pub(super) async fn begin(
        response: reqwest::Response,
        coding: Coding,
        bounds: Bounds,
    ) -> Result<Self, TransferError> {
        let source = Arriving::Http {
            response,
            inflater: coding.inflater().map(Box::new),
            first: None,
        };
        let mut body = Self::new(source, bounds);
        let chunk = body.chunk().await?;
        if let (Arriving::Http { first, .. }, Some(chunk)) = (&mut body.source, chunk) {
            body.got = 0;
            *first = Some(chunk);
        }
        Ok(body)
    }

    pub(super) fn file(file: tokio::fs::File, bounds: Bounds) -> Self {
        Self::new(Arriving::File(file), bounds)
    }

    /// Tells a trial how the transfer ends.
    pub(super) fn watched_by(&mut self, mut trial: Trial) {
        trial.answered();
        if self.ended {
            trial.succeeded(Outcome::Ok);
        } else {
            self.trial = Some(trial);
        }
    }

    /// Keeps room among the transfers of its class until the transfer has ended.
    /// `broken` has the trial of a transfer that breaks off and may be begun again:
    /// whoever does that decides what it came to.
    pub(in crate::source) fn keep(&mut self, room: Room, broken: &Broken) {
        if !self.ended {
            self.room = Some(room);
        }
        self.broken = Some(broken.clone());
    }

    fn new(source: Arriving, bounds: Bounds) -> Self {
        Self {
            source,
            got: 0,
            length: bounds.length,
            max: bounds.max,
            stall: bounds.stall,
            trial: None,
            broken: None,
            room: None,
            ended: false,
        }
    }

    /// Returns the next bytes, never empty; `None` once the file is whole. Safe to
    /// drop and call again.
    ///
    /// # Errors
    /// See [`TransferError`]. After an error there are no more bytes.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, TransferError> {
        if self.ended {
            return Ok(None);
        }
        let result = match self.read().await {
            Ok(Some(chunk)) => self.count(chunk).map(Some),
            Ok(None) => self.check_whole().map(|()| None),
            Err(error) => Err(error),
        };
        match &result {
            Ok(Some(_)) => {}
            Ok(None) => {
                self.ended = true;
                self.room = None;
                if let Some(mut trial) = self.trial.take() {
                    trial.succeeded(Outcome::Ok);
                }
            }
            Err(error) => {
                self.ended = true;
                self.room = None;
                if let Some(trial) = self.trial.take() {
                    self.tell(trial, error);
                }
            }
        }
        result
    }

    fn tell(&self, mut trial: Trial, error: &TransferError) {
        fail(&mut trial, error);
        match &self.broken {
            Some(broken) if error.retryable() => broken.put(trial),
            _ => trial.give_up(),
        }
    }

    /// Collects the whole body.
    ///
    /// # Errors
    /// See [`TransferError`].
    pub(crate) async fn bytes(mut self) -> Result<Bytes, TransferError> {
        let Some(first) = self.chunk().await? else {
            return Ok(Bytes::new());
        };
        let Some(second) = self.chunk().await? else {
            return Ok(first);
        };
        let mut all = BytesMut::from(first);
        all.extend_from_slice(&second);
        // `count` holds this to `max` bytes.
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    async fn read(&mut self) -> Result<Option<Bytes>, TransferError> {
        let got = self.got;
        let after = self.stall;
        let stalled = |_| TransferError::Stalled { got, after };
        match &mut self.source {
            Arriving::Http { first, .. } if first.is_some() => Ok(first.take()),
            Arriving::Http {
                response, inflater, ..
            } => loop {
                let broken = |error: io::Error| TransferError::Broken {
                    got,
                    reason: format!("its compression is broken: {error}"),
                };
                if let Some(inflater) = inflater.as_mut()
                    && let Some(chunk) = inflater.next().map_err(broken)?
                {
                    return Ok(Some(chunk));
                }
                let next = tokio::time::timeout(after, response.chunk());
                let chunk = next.await.map_err(stalled)?;
                match (chunk, inflater.as_mut()) {
                    (Ok(Some(chunk)), _) if chunk.is_empty() => {}
                    (Ok(Some(chunk)), Some(inflater)) => inflater.feed(chunk),
                    (Ok(None), Some(inflater)) => return inflater.finish().map_err(broken),
                    (Ok(chunk), None) => return Ok(chunk),
                    (Err(error), _) => return Err(self.classify(error)),
                }
            },
            Arriving::File(file) => {
                let mut chunk = BytesMut::with_capacity(FILE_CHUNK_BYTES);
                match file.read_buf(&mut chunk).await {
                    Ok(0) => Ok(None),
                    Ok(_) => Ok(Some(chunk.freeze())),
                    Err(error) => Err(TransferError::Broken {
                        got,
                        reason: error.to_string(),
                    }),
                }
            }
        }
    }

    fn count(&mut self, chunk: Bytes) -> Result<Bytes, TransferError> {
        self.got = self.got.saturating_add(chunk.len() as u64);
        if self.got > self.max {
            return Err(TransferError::TooLarge { max: self.max });
        }
        // A file that grew while it was read.
        match self.length {
            Some(length) if self.got > length => Err(TransferError::Broken {
                got: self.got,
                reason: format!("more came than the {length} bytes declared"),
            }),
            _ => Ok(chunk),
        }
    }

    fn check_whole(&self) -> Result<(), TransferError> {
        match self.length {
            Some(length) if self.got < length => Err(TransferError::Truncated {
                got: self.got,
                want: self.length,
            }),
            _ => Ok(()),
        }
    }

    fn classify(&self, error: reqwest::Error) -> TransferError {
        let error = error.without_url();
        if ends_early(&error) {
            return TransferError::Truncated {
                got: self.got,
                want: self.length,
            };
        }
        TransferError::Broken {
            got: self.got,
            reason: chain(&error),
        }
    }
}

/// Tells a trial that a transfer failed.
pub(super) fn fail(trial: &mut Trial, error: &TransferError) {
    let reason = error.to_string();
    let (outcome, blame) = match error {
        TransferError::Stalled { .. } => (Outcome::Timeout, Blame::File),
        TransferError::Truncated { .. } | TransferError::Broken { .. } => {
            (Outcome::Broken, Blame::File)
        }
        // More than we take is no fault of the host's.
        TransferError::TooLarge { .. } => (Outcome::Broken, Blame::Nobody),
    };
    trial.failed(outcome, blame, &reason);
}

/// The place where the trial of a transfer that broke off is left.
#[derive(Debug, Clone, Default)]
pub(in crate::source) struct Broken(Arc<Mutex<Option<Trial>>>);

impl Broken {
    /// Takes the trial, to go on with.
    pub(super) fn take(&self) -> Option<Trial> {
        self.lock().take()
    }

    /// The transfer is not begun again.
    pub(in crate::source) fn give_up(&self) {
        if let Some(trial) = self.take() {
            trial.give_up();
        }
    }

    fn put(&self, trial: Trial) {
        *self.lock() = Some(trial);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Trial>> {
        // Held to put or to take, and nothing panics in between.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says whether the connection was closed before the message was whole.
fn ends_early(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .take(16)
        .any(|error| {
            let io = error.downcast_ref::<io::Error>();
            let hyper = error.downcast_ref::<hyper::Error>();
            io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof)
                || hyper.is_some_and(hyper::Error::is_incomplete_message)
        })
}
