//! Speaking to the server that has the data folder open.

use std::convert::Infallible;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use http::Method;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use crate::app::control;
use crate::config::Config;

/// A connection to the server.
pub(super) struct Server {
    sender: hyper::client::conn::http1::SendRequest<Sent>,
}

/// What is sent: nothing, a text, or a file piece by piece.
pub(super) type Sent = BoxBody<Bytes, std::io::Error>;

/// Bytes of the server's answer.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Connects to the server that has the data folder open; `None` when none answers.
///
/// # Errors
/// What stands in the way of one that is there.
pub(super) async fn connect(config: &Config) -> Result<Option<Server>> {
    let Some(socket) = control::noted(&config.data).context("looking for a running server")? else {
        return Ok(None);
    };
    connect_at(&socket).await
}

/// Connects to the server at this socket; `None` when none answers.
///
/// # Errors
/// What stands in the way of one that is there.
pub(super) async fn connect_at(socket: &Path) -> Result<Option<Server>> {
    let stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("speaking to {}", socket.display()));
        }
    };
    Server::over(stream).await.map(Some)
}

impl Server {
    /// Speaks to the server at the other end of a stream.
    ///
    /// # Errors
    /// What the stream answers.
    pub(super) async fn over<S>(stream: S) -> Result<Self>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .context("speaking to the server")?;
        // It ends when the sender is dropped.
        tokio::spawn(connection);
        Ok(Self { sender })
    }

    /// Sends a request about `what`, which is put behind `/<verb>/`, and returns the
    /// answer's body.
    ///
    /// # Errors
    /// That the server refuses, in its words.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        verb: &str,
        what: &str,
        query: &str,
    ) -> Result<Bytes> {
        let path = escaped(what).replace("%2F", "/");
        let path = format!("/{verb}/{path}{query}");
        match self.send(method, &path, nothing()).await? {
            Ok(body) => Ok(body),
            Err(refused) => bail!("{what}: {refused}"),
        }
    }

    /// Sends a request and returns the answer's body, or the words of a refusal.
    ///
    /// # Errors
    /// That the server cannot be spoken to.
    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Sent,
    ) -> Result<Result<Bytes, String>> {
        let (status, body) = self.answer(method, path, body).await?;
        if !status.is_success() {
            return Ok(Err(String::from_utf8_lossy(&body).trim_end().to_owned()));
        }
        Ok(Ok(body))
    }

    /// Sends a request that changes something, and returns status and body.
    ///
    /// # Errors
    /// What stands in the way; a refusal is an answer.
    pub(super) async fn put(&mut self, path: &str) -> Result<(http::StatusCode, Bytes)> {
        self.answer(Method::PUT, &format!("/{path}"), nothing())
            .await
    }

    /// Sends a request, and returns status and body.
    ///
    /// # Errors
    /// What stands in the way; a refusal is an answer.
    pub(super) async fn answer(
        &mut self,
        method: Method,
        path: &str,
        body: Sent,
    ) -> Result<(http::StatusCode, Bytes)> {
        let response = self.open(method, path, body).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let body = body.collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("reading the server's answer: {error}"))?;
        Ok((status, body.to_bytes()))
    }

    /// Sends a request, and returns an answer whose body is to come.
    async fn open(
        &mut self,
        method: Method,
        path: &str,
        body: Sent,
    ) -> Result<http::Response<Incoming>> {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::HOST, "localhost")
            .body(body)?;
        self.sender
            .ready()
            .await
            .context("speaking to the server")?;
        let sent = self.sender.send_request(request).await;
        sent.context("speaking to the server")
    }

    /// Sends a request for a path, percent-encoded and without its leading slash.
    ///
    /// # Errors
    /// What stands in the way; a refusal is an answer.
    pub(super) async fn get(&mut self, path: &str) -> Result<http::Response<Incoming>> {
        self.open(Method::GET, &format!("/{path}"), nothing()).await
    }
}

/// Makes a body of no bytes.
pub(super) fn nothing() -> Sent {
    Empty::new().map_err(never).boxed()
}

/// Makes the error of a body that has none.
pub(super) fn never(never: Infallible) -> std::io::Error {
    match never {}
}

/// Returns a text as it stands in a URL.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
