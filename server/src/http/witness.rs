//! The witness over HTTP: `POST /add-checkpoint`, and for monitors
//! `GET /<SHA-256 of the origin>/checkpoint`.
//!
//! The statuses of what a witness decides are those of its protocol, which `proto::witness`
//! knows.

use std::time::Duration;

use http::header::{ALLOW, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use proto::witness::REQUEST_LEN_MAX;

use super::body::Body;
use super::refusal::Refusal;
use super::response::{self, typed};
use crate::witness::Witness;

/// How long a client may take to send a request's body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Answers one request.
pub(crate) async fn answer<B>(witness: Witness, request: Request<B>) -> Response<Body>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let reads = matches!(method, Method::GET | Method::HEAD);
    let answered = match path.strip_prefix('/').unwrap_or(&path) {
        "add-checkpoint" if method == Method::POST => add(&witness, request).await,
        "add-checkpoint" => Ok(not_allowed("POST")),
        "healthz" if reads => Ok(response::text(StatusCode::OK, "ok\n".into(), &method)),
        other => match other.strip_suffix("/checkpoint") {
            Some(_) if !reads => Ok(not_allowed("GET, HEAD")),
            Some(hash) => checkpoint(&witness, hash, &method).await,
            None => Err(Refusal::not_here()),
        },
    };
    answered.unwrap_or_else(|refusal| response::refused(&refusal, &method))
}

async fn add<B>(witness: &Witness, request: Request<B>) -> Result<Response<Body>, Refusal>
where
    B: http_body::Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = Limited::new(request.into_body(), REQUEST_LEN_MAX).collect();
    let body = tokio::time::timeout(BODY_TIMEOUT, body).await;
    let body = body.map_err(|_| Refusal::late())?;
    let body = body.map_err(|_| {
        let max = REQUEST_LEN_MAX;
        Refusal::bad_request(format!(
            "the request cannot be read, or is longer than {max} bytes\n"
        ))
    })?;
    let answer = witness.add_checkpoint(body.to_bytes().to_vec()).await;
    let answer = answer.map_err(|error| {
        tracing::error!(%error, "a head is not remembered, and so not cosigned");
        Refusal::failed("the head cannot be remembered now, and so is not cosigned\n".to_owned())
    })?;
    let status = StatusCode::from_u16(answer.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response = response::text(status, answer.body().into(), &Method::POST);
    Ok(typed(response, answer.content_type()))
}

async fn checkpoint(
    witness: &Witness,
    hash: &str,
    method: &Method,
) -> Result<Response<Body>, Refusal> {
    let note = witness.checkpoint(hash).await.map_err(|error| {
        tracing::error!(%error, "a cosigned head is not read");
        Refusal::failed("not now\n".to_owned())
    })?;
    let note = note.ok_or_else(Refusal::not_cosigned)?;
    Ok(response::text(StatusCode::OK, note.into(), method))
}

fn not_allowed(allowed: &'static str) -> Response<Body> {
    let text = "method not allowed\n".into();
    let mut response = response::text(StatusCode::METHOD_NOT_ALLOWED, text, &Method::GET);
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
