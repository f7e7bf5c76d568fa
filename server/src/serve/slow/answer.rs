//! Requests and their answers, counted until the client has taken them.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Frame, SizeHint};

use super::Watch;
use crate::serve::unreadable::OnUnreadable;

/// A request whose answer hyper has not wholly taken.
#[derive(Debug)]
#[must_use = "the request is open only while this is kept"]
pub(crate) struct Open(Watch);

impl Open {
    pub(super) fn new(watch: Watch) -> Self {
        let counts = &watch.0;
        counts.open.fetch_add(1, Ordering::Relaxed);
        if counts.requests.fetch_add(1, Ordering::Release) == 0 {
            // Kept for one who does not wait yet.
            counts.first.notify_one();
        }
        counts.in_head.store(false, Ordering::Relaxed);
        Self(watch)
    }

    /// Keeps the request open until `body` is taken or dropped. `on_unreadable` is
    /// called when its bytes could not be read.
    pub(crate) fn until_sent<B: http_body::Body>(
        self,
        body: B,
        on_unreadable: Option<OnUnreadable>,
    ) -> Sending<B> {
        let waiting = (!body.is_end_stream()).then(|| Waiting::new(&self.0));
        Sending {
            body,
            on_unreadable,
            waiting,
            open: self,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an open request.
#[derive(Debug)]
pub(crate) struct Sending<B> {
    body: B,
    /// Whether hyper could ask for more and does not. `None` while the body has
    /// nothing to give, for which the client is not to blame.
    waiting: Option<Waiting>,
    on_unreadable: Option<OnUnreadable>,
    open: Open,
}

impl<B: http_body::Body + Unpin> http_body::Body for Sending<B> {
    type Data = Piece<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(context);
        let watch = &this.open.0;
        match &polled {
            Poll::Pending => this.waiting = None,
            Poll::Ready(_) => {
                this.waiting.get_or_insert_with(|| Waiting::new(watch));
            }
        }
        let on_unreadable = &this.on_unreadable;
        polled.map_ok(|frame| {
            frame.map_data(|bytes| Piece {
                bytes,
                waiting: Waiting::new(watch),
                on_unreadable: on_unreadable.clone(),
            })
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A piece of a body, which waits until it is written or dropped.
#[derive(Debug)]
pub(crate) struct Piece<D: Buf> {
    bytes: D,
    waiting: Waiting,
    on_unreadable: Option<OnUnreadable>,
}

impl<D: Buf> Drop for Piece<D> {
    /// A connection whose write failed drops what it did not write.
    fn drop(&mut self) {
        if let Some(on_unreadable) = &self.on_unreadable
            && self.waiting.0.0.unreadable.load(Ordering::Relaxed)
            && self.bytes.has_remaining()
        {
            on_unreadable.call();
        }
    }
}

impl<D: Buf> Buf for Piece<D> {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>]) -> usize {
        self.bytes.chunks_vectored(slices)
    }

    fn advance(&mut self, count: usize) {
        let taken = &self.waiting.0.0.taken;
        taken.fetch_add(count as u64, Ordering::Relaxed);
        self.bytes.advance(count);
    }
}

/// One thing that waits for the client.
#[derive(Debug)]
struct Waiting(Watch);

impl Waiting {
    fn new(watch: &Watch) -> Self {
        watch.0.waiting.fetch_add(1, Ordering::Relaxed);
        Self(watch.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
