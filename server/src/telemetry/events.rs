//! Events on their way to a web hook: what was admitted, what upstreams changed, what was
//! refused, databases that fork or stand still.
//!
//! Nobody waits for the receiver: events go through a bounded queue to a thread of its
//! own, which sends each until it is taken, or for [`GIVE_UP`]. A receiver may get one
//! twice, under one id. What finds the queue full, and what waits when the process ends,
//! is lost to it; which versions were logged `/index` still tells.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use proto::webhook::{self, Secret};
use serde_json::{Value, json};

use super::queue::{Queue, Sink};
use crate::config;

/// Events that wait to be sent, at the most.
const QUEUE_EVENTS_MAX: usize = 1024;
/// The pause after the first failure, doubled with each one more.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long one event is sent again and again.
const GIVE_UP: Duration = Duration::from_secs(3600);
/// Bytes that are read of a file with a secret.
const SECRET_BYTES_MAX: u64 = 4096;

/// Where the events of this process are told, once that is set up.
static EVENTS: OnceLock<Queue<Notice>> = OnceLock::new();

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A module version came into the log of our own.
    Admitted,
    /// An upstream sends other bytes than those that were logged.
    Drift,
    /// A file or an answer was refused.
    Refused,
    /// A database has signed two heads that contradict each other.
    Fork,
    /// The newest head of a followed database stands still.
    HeadStale,
    /// Too few witnesses have cosigned the newest head of our own.
    Unwitnessed,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Drift => "drift",
            Self::Refused => "refused",
            Self::Fork => "fork",
            Self::HeadStale => "head-stale",
            Self::Unwitnessed => "unwitnessed",
        }
    }
}

/// A message, as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// Stays the same when it is sent again.
    pub(crate) id: String,
    /// JSON: `type`, `timestamp` and `data`.
    pub(crate) body: Vec<u8>,
}

impl Notice {
    /// Puts a message together. Of one with the same id and type the receiver may take the
    /// first and drop the others.
    pub(crate) fn new(id: String, kind: &str, data: &Value) -> Self {
        let body = json!({
            "type": kind,
            "timestamp": jiff::Timestamp::now().to_string(),
            "data": data,
        });
        let body = body.to_string().into_bytes();
        Self { id, body }
    }

    /// Returns the headers with which it is sent now.
    pub(crate) fn headers(&self, secret: &Secret) -> HeaderMap {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.unwrap_or_default().as_secs();
        let signature = secret.sign(&self.id, now_s, &self.body);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            (webhook::ID, self.id.clone()),
            (webhook::TIMESTAMP, now_s.to_string()),
            (webhook::SIGNATURE, signature),
        ] {
            // Hex, digits and base64 are values of headers.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}

/// Tells an event, where somebody is to be told.
pub(crate) fn tell(kind: Kind, data: impl FnOnce() -> Value) {
    if let Some(queue) = EVENTS.get() {
        let id = format!("msg_{:032x}", rand::random::<u128>());
        queue.put(Notice::new(id, kind.name(), &data()));
    }
}

/// Starts telling events to the web hook of the settings, if they have one.
///
/// # Errors
/// The secret cannot be read, or there is no thread to be had.
pub(crate) fn start(
    settings: &config::Events,
    client: &reqwest::blocking::Client,
) -> io::Result<()> {
    let (Some(url), Some(secret)) = (&settings.webhook, &settings.secret) else {
        return Ok(());
    };
    let sender = Poster {
        client: client.clone(),
        url: url.clone(),
        secret: read_secret(secret)?,
        is_failing: false,
    };
    let _ = EVENTS.set(Queue::start("events", QUEUE_EVENTS_MAX, sender)?);
    Ok(())
}

/// Reads a secret from its file. Blocks.
///
/// # Errors
/// With the file's name: what the file system answers, or that there is no secret in it.
pub(crate) fn read_secret(path: &Path) -> io::Result<Secret> {
    let read = || {
        let mut text = String::new();
        let file = File::open(path)?;
        file.take(SECRET_BYTES_MAX).read_to_string(&mut text)?;
        Secret::parse(text.trim_end()).map_err(io::Error::other)
    };
    read().map_err(|error| io::Error::new(error.kind(), format!("{} {error}", path.display())))
}

/// Returns how many events were lost, ever.
pub(crate) fn lost() -> u64 {
    EVENTS.get().map_or(0, Queue::lost)
}

/// Waits until the events that were told are sent, `wait` at the longest.
pub(super) fn flush(wait: Duration) {
    if let Some(queue) = EVENTS.get() {
        queue.flush(wait);
    }
}

/// Posts messages.
struct Poster {
    client: reqwest::blocking::Client,
    url: url::Url,
    secret: Secret,
    is_failing: bool,
}

impl Poster {
    fn post(&self, message: &Notice) -> Result<(), String> {
        let request = self.client.post(self.url.clone());
        let request = request.headers(message.headers(&self.secret));
        let sent = request.body(message.body.clone()).send();
        // The address may have a secret in it.
        let status = sent
            .map_err(|error| error.without_url().to_string())?
            .status();
        match status.is_success() {
            true => Ok(()),
            false => Err(format!("it answers {}", status.as_u16())),
        }
    }
}

impl Sink<Notice> for Poster {
    fn take(&mut self, message: Notice) -> u64 {
        let began = Instant::now();
        let mut pause = PAUSE_MIN;
        while let Err(error) = self.post(&message) {
            if !self.is_failing {
                tracing::warn!(
                    error,
                    "the web hook does not take events; they wait and are sent again"
                );
            }
            self.is_failing = true;
            if began.elapsed() + pause > GIVE_UP {
                return 1;
            }
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(PAUSE_MAX);
        }
        if std::mem::take(&mut self.is_failing) {
            tracing::info!("the web hook takes events again");
        }
        0
    }

    fn flush(&mut self) -> u64 {
        0
    }
}
