//! The bodies this server sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body as HttpBody, Frame, SizeHint};

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
    },
}

/// Pieces of a body on their way.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

impl Body {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self::Whole(None)
    }

    /// A body that is all there.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::Whole(if bytes.is_empty() { None } else { Some(bytes) })
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
            Self::Arriving { pieces, left } => {
                let piece = std::task::ready!(pieces.as_mut().poll_next(context));
                if let (Some(Ok(bytes)), Some(left)) = (&piece, left) {
                    *left = left.saturating_sub(bytes.len() as u64);
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
