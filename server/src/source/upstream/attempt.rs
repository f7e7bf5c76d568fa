//! One file from one site: attempts, pauses between them, and what an answer means.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};
use reqwest::Response;

use super::backoff::{Backoff, retry_after};
use super::body::{Body, Bounds};
use super::client::{Client, SendError};
use super::error::TEXT_BYTES_MAX;
use super::host::{Host, Permit};
use super::target::{Site, Target};
use super::{FetchError, Fetched, Want};
use crate::metrics::Outcome;

/// What every attempt shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Attempts in all, at least one.
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) stall: Duration,
}

/// An attempt that failed, and whether another may help.
struct Failed {
    error: FetchError,
    again: Again,
}

enum Again {
    No,
    /// After the usual pause.
    Yes,
    /// After the pause the upstream asked for.
    After(Duration),
}

pub(super) async fn fetch(
    client: &Client,
    patience: &Patience,
    (target, site, host): (&Target, &Site, &Arc<Host>),
    path: &str,
    want: &Want,
) -> Result<Fetched, FetchError> {
    let url = site.url(path)?;
    let upstream = &target.label;
    let mut failed: Option<FetchError> = None;
    for attempt in 1..=patience.attempts.max(1) {
        let permit = match host.admit() {
            Ok(permit) => permit,
            // What went wrong a moment ago says more than that the breaker is open.
            Err(wait) => return Err(failed.unwrap_or_else(|| left_alone(upstream, host, wait))),
        };
        let last = attempt >= patience.attempts;
        let asked = Asked { upstream, last };
        let result = match client.get(site, url.clone(), &want.via).await {
            Ok(response) => asked.read(response, permit, want, patience.stall).await,
            Err(error) => Err(asked.unsent(error, permit)),
        };
        let Failed { error, again } = match result {
            Ok(mut fetched) => {
                fetched.url = url.into();
                return Ok(fetched);
            }
            Err(failed) => failed,
        };
        let usual = patience.backoff.pause(attempt, rand::random());
        let pause = match again {
            Again::No => return Err(error),
            Again::Yes => usual,
            // Longer than we are willing to keep a client waiting.
            Again::After(wait) if wait > patience.backoff.max => return Err(error),
            Again::After(wait) => wait.max(usual),
        };
        tracing::debug!(upstream.host = %host.name, attempt, %error, "upstream failed");
        failed = Some(error);
        if !last {
            tokio::time::sleep(pause).await;
        }
    }
    Err(failed.unwrap_or(FetchError::Off))
}

fn left_alone(upstream: &Arc<str>, host: &Host, wait: Duration) -> FetchError {
    let why = host.health(Arc::clone(upstream)).last_failure;
    let why = why.map_or(String::new(), |(_, reason)| format!(" ({reason})"));
    FetchError::Unavailable {
        upstream: Arc::clone(upstream),
        reason: format!("left alone for {} ms after failures{why}", wait.as_millis()),
        status: None,
        text: Bytes::new(),
        retry_after: Some(wait),
    }
}

/// An attempt under way.
struct Asked<'a> {
    upstream: &'a Arc<str>,
    last: bool,
}

impl Asked<'_> {
    fn unsent(&self, error: SendError, permit: Permit) -> Failed {
        match error {
            SendError::Bad(reason) => {
                permit.unclear(Outcome::Broken, &reason);
                self.bad(reason)
            }
            SendError::Broken(reason) => {
                permit.failed(Outcome::Connect, &reason);
                self.unavailable(reason, Again::Yes)
            }
            // It has had its time; a second wait as long would outlast the client.
            SendError::Late(reason) => {
                permit.failed(Outcome::Timeout, &reason);
                self.unavailable(reason, Again::No)
            }
        }
    }

    async fn read(
        &self,
        response: Response,
        permit: Permit,
        want: &Want,
        stall: Duration,
    ) -> Result<Fetched, Failed> {
        if response.status() != StatusCode::OK {
            return Err(self.refused(response, permit).await);
        }
        let headers = response.headers();
        if let Some(coding) = headers.get(header::CONTENT_ENCODING)
            && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
        {
            let reason = format!("a body in {coding:?} that was not asked for");
            permit.unclear(Outcome::Broken, &reason);
            return Err(self.bad(reason));
        }
        let bounds = Bounds {
            length: response.content_length(),
            max: want.body_max,
            stall,
        };
        if let Some(length) = bounds.length.filter(|length| *length > want.body_max) {
            permit.succeeded(Outcome::Ok);
            return Err(Failed {
                error: FetchError::TooLarge {
                    upstream: Arc::clone(self.upstream),
                    length,
                    max: want.body_max,
                },
                again: Again::No,
            });
        }
        let content_type = text(headers, header::CONTENT_TYPE);
        let body = Body::begin(response, bounds, permit)
            .await
            .map_err(|error| self.unavailable(error.to_string(), Again::Yes))?;
        Ok(Fetched {
            upstream: Arc::clone(self.upstream),
            url: String::new(),
            length: bounds.length,
            content_type,
            body,
        })
    }

    /// Reads an answer other than 200. "Not found" and a refusal are good work of the
    /// host's; 500 is often about the one file, so it counts against the host
    /// once for all attempts.
    async fn refused(&self, mut response: Response, permit: Permit) -> Failed {
        let status = response.status().as_u16();
        let upstream = Arc::clone(self.upstream);
        let wait = text(response.headers(), header::RETRY_AFTER)
            .and_then(|value| retry_after(&value, SystemTime::now()));
        let text = error_text(&mut response).await;
        let reason = format!("answered {status}");
        let done = |error| Failed {
            error,
            again: Again::No,
        };
        let again = match (status, wait) {
            (404 | 410, _) => {
                permit.succeeded(Outcome::NotFound);
                return done(FetchError::NotFound {
                    upstream,
                    status,
                    text,
                });
            }
            (408 | 429 | 500 | 502 | 503 | 504, Some(wait)) => Again::After(wait),
            (408 | 429 | 500 | 502 | 503 | 504, None) => Again::Yes,
            (400..=499, _) => {
                permit.succeeded(Outcome::Refused);
                return done(FetchError::Refused {
                    upstream,
                    status,
                    text,
                });
            }
            (500..=599, _) => Again::No,
            _ => {
                let reason = format!("answered {status} where only 200 is an answer");
                permit.unclear(Outcome::Broken, &reason);
                return self.bad(reason);
            }
        };
        if status == 500 && !self.last {
            permit.unclear(Outcome::ServerError, &reason);
        } else {
            permit.failed(Outcome::ServerError, &reason);
        }
        let error = FetchError::Unavailable {
            upstream,
            reason,
            status: Some(status),
            text,
            retry_after: wait,
        };
        Failed { error, again }
    }

    fn bad(&self, reason: String) -> Failed {
        Failed {
            error: FetchError::BadAnswer {
                upstream: Arc::clone(self.upstream),
                reason,
            },
            again: Again::No,
        }
    }

    fn unavailable(&self, reason: String, again: Again) -> Failed {
        Failed {
            error: FetchError::Unavailable {
                upstream: Arc::clone(self.upstream),
                reason,
                status: None,
                text: Bytes::new(),
                retry_after: None,
            },
            again,
        }
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Returns the upstream's explanation when it is plain text, cut at
/// [`TEXT_BYTES_MAX`]. It is worth only a moment's wait.
async fn error_text(response: &mut Response) -> Bytes {
    let content_type = text(response.headers(), header::CONTENT_TYPE).unwrap_or_default();
    let plain = content_type
        .get(..PLAIN.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PLAIN));
    if !plain || response.headers().contains_key(header::CONTENT_ENCODING) {
        return Bytes::new();
    }
    let mut text = BytesMut::new();
    let _ = tokio::time::timeout(TEXT_TIMEOUT, async {
        while let Ok(Some(chunk)) = response.chunk().await {
            let room = TEXT_BYTES_MAX - text.len();
            text.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if text.len() == TEXT_BYTES_MAX {
                break;
            }
        }
    })
    .await;
    text.freeze()
}

const PLAIN: &str = "text/plain";

const TEXT_TIMEOUT: Duration = Duration::from_secs(5);
