//! A connection's stream, looked at for where requests begin.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Watch;
use crate::serve::unreadable;

/// A stream whose watch learns when a request's head begins.
#[derive(Debug)]
pub(crate) struct Guarded<S> {
    stream: S,
    watch: Watch,
    protocol: Protocol,
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    /// Not known: this many bytes of [`PREFACE`] came and nothing else.
    Open(usize),
    Http1,
    Http2,
}

/// How an HTTP/2 connection begins. Source: RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Protocol {
    /// Returns what is known after the connection's next bytes.
    fn after(self, bytes: &[u8]) -> Self {
        let Self::Open(count) = self else {
            return self;
        };
        let rest = &PREFACE[count..];
        if bytes.starts_with(rest) {
            Self::Http2
        } else if rest.starts_with(bytes) {
            Self::Open(count + bytes.len())
        } else {
            Self::Http1
        }
    }
}

impl<S> Guarded<S> {
    pub(super) fn new(stream: S, watch: Watch) -> Self {
        Self {
            stream,
            watch,
            protocol: Protocol::Open(0),
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let before = self.protocol;
        self.protocol = before.after(bytes);
        let counts = &self.watch.0;
        match self.protocol {
            // A new connection is in a head from its start.
            Protocol::Open(_) => {}
            Protocol::Http1 => {
                if counts.open.load(Ordering::Relaxed) == 0 {
                    counts.in_head.store(true, Ordering::Relaxed);
                }
            }
            // Frames come at any time; that nothing is asked is all we limit.
            Protocol::Http2 => {
                if before != self.protocol {
                    counts.in_head.store(false, Ordering::Relaxed);
                }
            }
        }
    }
}

impl<S> Guarded<S> {
    fn written(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Err(error)) = &result
            && unreadable::is_of_the_bytes(error)
        {
            self.watch.0.unreadable.store(true, Ordering::Relaxed);
        }
        result
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
            self.read(bytes);
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
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
