//! One file from one site: attempts, pauses between them, and what an answer means.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};
use reqwest::Response;
use url::Url;

use super::backoff::{Backoff, retry_after};
use super::body::{Body, Bounds, fail};
use super::client::{Client, SendError};
use super::coding::{Coding, Inflater};
use super::error::TEXT_BYTES_MAX;
use super::host::{Blame, Host, Trial, now};
use super::target::{Site, Target};
use super::{FetchError, Fetched, Want, error_of_transfer};
use crate::metrics::Outcome;
use crate::telemetry::traces::{self, Ended};

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

/// Waits that an upstream asks for by `Retry-After` and that are kept, in all for one
/// transfer. It counts in whole seconds, so less would be none; more would keep
/// a client waiting longer than our own attempts do, and the client can wait itself.
const ASKED_WAIT_MAX: Duration = Duration::from_secs(2);

/// Asks one site for a file, several times where that may help. `trial` is that of the
/// same transfer when it broke off before.
pub(super) async fn fetch(
    client: &Client,
    patience: &Patience,
    (target, site, host): (&Target, &Site, &Arc<Host>),
    path: &str,
    want: &Want,
    trial: Option<Trial>,
) -> Result<Fetched, FetchError> {
    let url = site.url(path)?;
    let upstream = &target.label;
    let mut trial = match trial {
        Some(trial) => trial,
        None => host
            .admit(path)
            .map_err(|wait| left_alone(upstream, host, wait))?,
    };
    let attempts = Attempts {
        client,
        patience,
        upstream,
        site,
        want,
    };
    match attempts.run(url, &mut trial).await {
        Ok(mut fetched) => {
            fetched.body.watched_by(trial);
            Ok(fetched)
        }
        Err(error) => {
            trial.give_up();
            Err(error)
        }
    }
}

/// The attempts of one transfer.
struct Attempts<'a> {
    client: &'a Client,
    patience: &'a Patience,
    upstream: &'a Arc<str>,
    site: &'a Site,
    want: &'a Want,
}

impl Attempts<'_> {
    async fn run(&self, url: Url, trial: &mut Trial) -> Result<Fetched, FetchError> {
        let mut asked_wait = Duration::ZERO;
        let begun = now();
        let mut attempt = 1;
        loop {
            let Failed { error, again } = match self.once(url.clone(), trial).await {
                Ok(mut fetched) => {
                    fetched.url = url.into();
                    return Ok(fetched);
                }
                Err(failed) => failed,
            };
            let backoff = &self.patience.backoff;
            let usual = backoff.pause(attempt, rand::random());
            let pause = match again {
                Again::No => return Err(error),
                Again::Yes => usual,
                Again::After(wait) => {
                    asked_wait += wait;
                    // Longer than we are willing to keep a client waiting.
                    if wait > backoff.max || asked_wait > ASKED_WAIT_MAX {
                        return Err(error);
                    }
                    wait.max(usual)
                }
            };
            // A gateway that takes its minute to say 504 is not given three.
            let spent = now().saturating_duration_since(begun) + pause;
            if attempt >= self.patience.attempts || spent > self.client.head_timeout {
                return Err(error);
            }
            tracing::debug!(upstream = &**self.upstream, attempt, %error, "upstream failed");
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    async fn once(&self, url: Url, trial: &mut Trial) -> Result<Fetched, Failed> {
        trial.begin();
        let asked = self.client.get(self.site, url, &self.want.via);
        let asked = traces::asking(asked, |answer, began| self.span(answer, began));
        match asked.await {
            Ok(response) => {
                trial.heard();
                self.read(response, trial).await
            }
            Err(error) => Err(self.unsent(error, trial)),
        }
    }

    /// What is told of one attempt: whom it asked, and what came of it.
    fn span(&self, answer: &Result<Response, SendError>, began: Instant) -> Ended {
        let mut attributes = vec![
            traces::text("http.request.method", "GET"),
            traces::text("server.address", self.upstream),
        ];
        let failed = match answer {
            Ok(answer) => {
                let status = answer.status();
                attributes.push(traces::status(status.as_u16()));
                (!status.is_success()).then(String::new)
            }
            Err(error) => Some(error.text().to_owned()),
        };
        Ended {
            name: "ask upstream".to_owned(),
            began,
            attributes,
            failed,
        }
    }
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

impl Attempts<'_> {
    fn unsent(&self, error: SendError, trial: &mut Trial) -> Failed {
        match error {
            SendError::Bad(reason) => {
                trial.failed(Outcome::Broken, Blame::Nobody, &reason);
                self.bad(reason)
            }
            SendError::Broken(reason) => {
                trial.failed(Outcome::Connect, Blame::Host, &reason);
                self.unavailable(reason, Again::Yes)
            }
            // It has had its time; a second wait as long would outlast the client.
            SendError::Unconnected(reason) => {
                trial.failed(Outcome::Timeout, Blame::Host, &reason);
                self.unavailable(reason, Again::No)
            }
            SendError::Late(reason) => {
                trial.late(&reason);
                self.unavailable(reason, Again::No)
            }
        }
    }

    async fn read(&self, response: Response, trial: &mut Trial) -> Result<Fetched, Failed> {
        let want = self.want;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response, trial).await);
        }
        let headers = response.headers();
        let coding = match Coding::of(headers) {
            Ok(coding) => coding,
            Err(reason) => {
                trial.failed(Outcome::Broken, Blame::Nobody, &reason);
                return Err(self.bad(reason));
            }
        };
        let bounds = Bounds {
            // Of a compressed body, the length of what is inside is not told.
            length: match coding {
                Coding::Identity => response.content_length(),
                Coding::Gzip => None,
            },
            max: want.body_max,
            stall: self.patience.stall,
        };
        if let Some(length) = bounds.length.filter(|length| *length > want.body_max) {
            trial.succeeded(Outcome::Ok);
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
        let begun = Body::begin(response, coding, bounds).await;
        let body = begun.map_err(|error| {
            fail(trial, &error);
            Failed {
                error: error_of_transfer(Arc::clone(self.upstream), &error),
                again: match error.retryable() {
                    true => Again::Yes,
                    false => Again::No,
                },
            }
        })?;
        Ok(Fetched {
            upstream: Arc::clone(self.upstream),
            url: String::new(),
            length: bounds.length,
            content_type,
            body,
        })
    }

    /// Reads an answer other than 200. "Not found" and a refusal are good work of the
    /// host's. That it is overloaded, or has nobody behind it, is told by 429, 502 and
    /// 503; all other failures may be about the one file, and 508 is about whoever
    /// asks. A 502 or 503 with `Retry-After` is about the one file too: so a server of our
    /// kind says that its own upstream does not answer, or answers nonsense, and whoever
    /// asks it for such files must not keep others from what it has.
    async fn refused(&self, mut response: Response, trial: &mut Trial) -> Failed {
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
                trial.succeeded(Outcome::NotFound);
                return done(FetchError::NotFound {
                    upstream,
                    status,
                    text,
                });
            }
            (408 | 429 | 500 | 502 | 503 | 504, Some(wait)) => Again::After(wait),
            (408 | 429 | 500 | 502 | 503 | 504, None) => Again::Yes,
            (400..=499, _) => {
                trial.succeeded(Outcome::Refused);
                return done(FetchError::Refused {
                    upstream,
                    status,
                    text,
                });
            }
            (500..=599, _) => Again::No,
            _ => {
                let reason = format!("answered {status} where only 200 is an answer");
                trial.failed(Outcome::Broken, Blame::Nobody, &reason);
                return self.bad(reason);
            }
        };
        let blame = match (status, wait) {
            (502 | 503, Some(_)) => Blame::Nobody,
            (429 | 502 | 503, _) => Blame::File,
            _ => Blame::Nobody,
        };
        trial.failed(Outcome::ServerError, blame, &reason);
        if (blame, wait.is_some()) == (Blame::Nobody, true) {
            trial.answered();
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
    let Ok(coding) = Coding::of(response.headers()) else {
        return Bytes::new();
    };
    if !plain {
        return Bytes::new();
    }
    let mut inflater = coding.inflater();
    let mut text = BytesMut::new();
    let read = async {
        while text.len() < TEXT_BYTES_MAX {
            let Ok(Some(chunk)) = response.chunk().await else {
                break;
            };
            let Some(inflater) = &mut inflater else {
                add(&mut text, &chunk);
                continue;
            };
            inflater.feed(chunk);
            while text.len() < TEXT_BYTES_MAX {
                match inflater.next() {
                    Ok(Some(chunk)) => add(&mut text, &chunk),
                    Ok(None) => break,
                    // Nothing more can be read of it.
                    Err(_) => return,
                }
            }
        }
    };
    // Whatever came by then are its words.
    let _ = tokio::time::timeout(TEXT_TIMEOUT, read).await;
    if let Some(Ok(Some(rest))) = inflater.as_mut().map(Inflater::finish) {
        add(&mut text, &rest);
    }
    text.freeze()
}

fn add(text: &mut BytesMut, chunk: &[u8]) {
    let room = TEXT_BYTES_MAX - text.len();
    text.extend_from_slice(&chunk[..chunk.len().min(room)]);
}

const PLAIN: &str = "text/plain";

const TEXT_TIMEOUT: Duration = Duration::from_secs(5);
