//! The bodies this server sends.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::shelf::answer::Pieces;

/// A response body: whole in memory (or mapped), or arriving.
pub(crate) enum Body {
    /// All of it; `None` once sent. One frame however large: hyper writes it
    /// from where it lies, as fast as the client takes it.
    Whole(Option<Bytes>),
    /// A piece at a time. An error cuts the connection, which is how a client
    /// learns that the rest was refused.
    Arriving {
        /// The pieces.
        pieces: Pieces,
        /// Bytes still to come, where known.
        left: Option<u64>,
        /// Is told how the body ended.
        counted: Option<Counted>,
    },
}

/// Tells how a body ended, once: whether it failed, and the bytes that were sent.
pub(crate) struct Counted {
    tell: Option<Box<dyn FnOnce(bool, u64) + Send>>,
    failed: bool,
    sent: u64,
}

impl Counted {
    /// Calls `tell` when the body has ended or is dropped.
    pub(crate) fn new(tell: impl FnOnce(bool, u64) + Send + 'static) -> Self {
        Self {
            tell: Some(Box::new(tell)),
            failed: false,
            sent: 0,
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(self.failed, self.sent);
        }
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Counted({})", self.sent)
    }
}

impl Body {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }

    /// A body that is all there.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(if bytes.is_empty() { None } else { Some(bytes) })
    }

    /// A body of pieces that are `left` bytes together, where that is known.
    pub(crate) fn arriving(pieces: Pieces, left: Option<u64>) -> Self {
        Self::Arriving {
            pieces,
            left,
            counted: None,
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Arriving {
                pieces,
                left,
                counted,
            } => {
                let piece = std::task::ready!(pieces.as_mut().poll_next(context));
                if let (Some(Ok(bytes)), Some(left)) = (&piece, left) {
                    *left = left.saturating_sub(bytes.len() as u64);
                }
                if let Some(counted) = counted {
                    match &piece {
                        Some(Ok(bytes)) => counted.sent += bytes.len() as u64,
                        Some(Err(_)) => counted.failed = true,
                        None => {}
                    }
                }
                Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_none(),
            Self::Arriving { left, .. } => *left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64))
            }
            Self::Arriving {
                left: Some(left), ..
            } => SizeHint::with_exact(*left),
            Self::Arriving { left: None, .. } => SizeHint::default(),
        }
    }
}
