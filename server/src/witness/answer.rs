//! The witness over HTTP: `POST /add-checkpoint`, and for monitors
//! `GET /<SHA-256 of the origin>/checkpoint`.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use proto::witness::REQUEST_LEN_MAX;

use super::Witness;

/// How long a client may take to send a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

const TEXT: &str = "text/plain; charset=utf-8";

/// Answers one request.
pub(crate) async fn answer<B>(witness: Witness, request: Request<B>) -> Response<Full<Bytes>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = request.uri().path().to_owned();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match path.strip_prefix('/').unwrap_or(&path) {
        "add-checkpoint" if request.method() == Method::POST => add(&witness, request).await,
        "add-checkpoint" => not_allowed("POST"),
        "healthz" if reads => reply(StatusCode::OK, TEXT, "ok\n"),
        other => match other.strip_suffix("/checkpoint") {
            Some(_) if !reads => not_allowed("GET, HEAD"),
            Some(hash) => checkpoint(&witness, hash).await,
            None => reply(StatusCode::NOT_FOUND, TEXT, "not found\n"),
        },
    }
}

async fn add<B>(witness: &Witness, request: Request<B>) -> Response<Full<Bytes>>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = Limited::new(request.into_body(), REQUEST_LEN_MAX).collect();
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(_)) => {
            let text =
                format!("the request cannot be read, or is longer than {REQUEST_LEN_MAX} bytes\n");
            return reply(StatusCode::BAD_REQUEST, TEXT, text);
        }
        Err(_) => {
            let text = "the request did not arrive in time\n";
            return reply(StatusCode::REQUEST_TIMEOUT, TEXT, text);
        }
    };
    match witness.add_checkpoint(body).await {
        Ok(answer) => {
            let status = StatusCode::from_u16(answer.status());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            reply(status, answer.content_type(), answer.body())
        }
        Err(error) => {
            tracing::error!(%error, "a head is not remembered, and so not cosigned");
            let text = "the head cannot be remembered now, and so is not cosigned\n";
            reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, text)
        }
    }
}

async fn checkpoint(witness: &Witness, hash: &str) -> Response<Full<Bytes>> {
    match witness.checkpoint(hash).await {
        Ok(Some(note)) => reply(StatusCode::OK, TEXT, note),
        Ok(None) => {
            let text = "no head of a log with this hash was cosigned here\n";
            reply(StatusCode::NOT_FOUND, TEXT, text)
        }
        Err(error) => {
            tracing::error!(%error, "a cosigned head is not read");
            reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, "not now\n")
        }
    }
}

fn not_allowed(allowed: &'static str) -> Response<Full<Bytes>> {
    let mut response = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "method not allowed\n");
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn reply(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
