//! Clients that are too slow: who sends a request byte by byte, who takes an answer
//! byte by byte, who keeps a connection and wants nothing.
//!
//! One timer a connection does it, not one a request: hyper's own limit on
//! a request's head allocates and registers a timer each time, and counts the
//! pause between two requests as part of the second's head.
//!
//! A connection is cut when
//! - no request is open and none was for `idle_timeout`,
//! - an HTTP/1 request's first byte came, and after `header_read_timeout` its head
//!   is not whole (a new connection's time runs from its start), or
//! - an answer waited `write_stall_timeout` in all for the client to take it, and
//!   meanwhile the client took less than [`RATE_MIN`] bytes a second.
//!
//! The looks are at intervals, so a limit is kept to within a quarter of the
//! shortest one.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::config;

/// Bytes a second that a client must take of an answer while we wait for it. Far
/// below any network that can carry modules: it is for clients that mean harm.
pub(crate) const RATE_MIN: u64 = 1024;

/// Watches one connection. Clones watch the same one.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    start: Instant,
    idle: Duration,
    head: Duration,
    write_stall: Duration,
    /// Requests whose answers are not wholly sent.
    open: AtomicU64,
    /// When the last of them ended, in milliseconds from `start`.
    ended_ms: AtomicU64,
    /// When the first byte of a head came, plus one; 0 when none did.
    head_ms: AtomicU64,
    is_http2: AtomicBool,
}

/// Why a connection should be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slow {
    /// Nothing was asked for too long.
    Idle,
    /// A request's head did not come whole in time.
    Head,
}

impl Watch {
    /// Watches a connection that begins now.
    pub(crate) fn new(limits: &config::Limits) -> Self {
        Self(Arc::new(Shared {
            start: Instant::now(),
            idle: limits.idle_timeout,
            head: limits.header_read_timeout,
            write_stall: limits.write_stall_timeout,
            open: AtomicU64::new(0),
            ended_ms: AtomicU64::new(0),
            head_ms: AtomicU64::new(1),
            is_http2: AtomicBool::new(false),
        }))
    }

    /// Wraps the connection's stream, above TLS: its plain bytes tell HTTP/1 and 2
    /// apart.
    pub(crate) fn guard<S>(&self, stream: S) -> Guarded<S> {
        Guarded {
            stream,
            watch: self.clone(),
            is_new: true,
            waiting: Waiting::new(self.0.write_stall),
        }
    }

    /// Notes that a request's head was read.
    pub(crate) fn request(&self) -> Open {
        self.0.open.fetch_add(1, Ordering::Relaxed);
        self.0.head_ms.store(0, Ordering::Relaxed);
        Open(self.clone())
    }

    /// Returns when the connection should be cut for what the client does not send.
    pub(crate) async fn too_slow(&self) -> Slow {
        let mut looks = tokio::time::interval(self.0.idle.min(self.0.head) / 4 + MILLISECOND);
        loop {
            looks.tick().await;
            if let Some(slow) = self.look(self.now_ms()) {
                return slow;
            }
        }
    }

    fn look(&self, now_ms: u64) -> Option<Slow> {
        let it = &*self.0;
        if it.open.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let since = |ms: u64| Duration::from_millis(now_ms.saturating_sub(ms));
        let head_ms = it.head_ms.load(Ordering::Relaxed);
        if head_ms > 0 && since(head_ms - 1) >= it.head {
            return Some(Slow::Head);
        }
        (since(it.ended_ms.load(Ordering::Relaxed)) >= it.idle).then_some(Slow::Idle)
    }

    fn read(&self, bytes: &[u8], is_first: bool) {
        let it = &*self.0;
        // Frames come at any time on HTTP/2; that nothing is asked is all we limit.
        if is_first && bytes.starts_with(b"PRI") {
            it.is_http2.store(true, Ordering::Relaxed);
            it.head_ms.store(0, Ordering::Relaxed);
        }
        if !it.is_http2.load(Ordering::Relaxed)
            && it.head_ms.load(Ordering::Relaxed) == 0
            && it.open.load(Ordering::Relaxed) == 0
        {
            it.head_ms.store(self.now_ms() + 1, Ordering::Relaxed);
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }
}

/// A request whose answer is not wholly sent.
#[derive(Debug)]
#[must_use = "the request is open only while this is kept"]
pub(crate) struct Open(Watch);

impl Open {
    /// Keeps the request open until `body` is sent or dropped.
    pub(crate) fn until_sent<B>(self, body: B) -> Sending<B> {
        Sending { body, _open: self }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let now_ms = self.0.now_ms();
        self.0.0.ended_ms.store(now_ms, Ordering::Relaxed);
        self.0.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body whose request is open until it is sent or dropped.
#[derive(Debug)]
pub(crate) struct Sending<B> {
    body: B,
    _open: Open,
}

impl<B: http_body::Body + Unpin> http_body::Body for Sending<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream whose writes fail when the client takes too little.
#[derive(Debug)]
pub(crate) struct Guarded<S> {
    stream: S,
    watch: Watch,
    is_new: bool,
    waiting: Waiting,
}

/// How long was waited for a client, and what it took meanwhile.
#[derive(Debug)]
struct Waiting {
    limit: Duration,
    since: Option<Instant>,
    waited: Duration,
    taken: u64,
    /// Armed at the first wait and only moved when it fires.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Waiting {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            since: None,
            waited: Duration::ZERO,
            taken: 0,
            timer: None,
        }
    }

    /// Notes what came of a write or flush, and fails it when the client is too slow.
    fn after(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match result {
            Poll::Ready(Ok(taken)) => {
                self.taken = self.taken.saturating_add(taken as u64);
                if let Some(since) = self.since.take() {
                    self.waited += since.elapsed();
                    self.check()?;
                }
                Poll::Ready(Ok(taken))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.wait(context),
        }
    }

    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let now = Instant::now();
        let since = *self.since.get_or_insert(now);
        let left = self.limit.saturating_sub(self.waited);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(since + left)));
        while timer.as_mut().poll(context).is_ready() {
            self.waited += now - since;
            self.since = Some(now);
            if self.waited >= self.limit {
                self.timer = None;
                self.check()?;
                // The client took enough: wait again, with a new count.
                return self.wait(context);
            }
            // Armed by an earlier wait, and this one has time left.
            let left = self.limit - self.waited;
            timer.as_mut().reset(now + left);
        }
        Poll::Pending
    }

    /// Begins a new count when enough was waited, if enough was taken meanwhile.
    fn check(&mut self) -> io::Result<()> {
        if self.waited < self.limit {
            return Ok(());
        }
        let want = self.limit.as_secs().max(1).saturating_mul(RATE_MIN);
        if self.taken < want {
            let message = format!(
                "the client took {} bytes in {:?} of waiting for it",
                self.taken, self.waited
            );
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        self.waited = Duration::ZERO;
        self.taken = 0;
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let bytes = &buffer.filled()[before..];
        if !bytes.is_empty() {
            self.watch.read(bytes, self.is_new);
            self.is_new = false;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.waiting.after(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.waiting.after(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(context);
        let result = result.map_ok(|()| 0);
        self.waiting.after(context, result).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(context);
        let result = result.map_ok(|()| 0);
        self.waiting.after(context, result).map_ok(|_| ())
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests;
