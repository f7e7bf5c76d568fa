//! Having the settings read again, for a command of this machine.

use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Response, StatusCode};
use tokio::sync::{mpsc, oneshot};

use super::Site;
use super::body::Body;
use super::refusal::Refusal;
use super::response;

/// Where the answer goes: what came into effect, or why nothing did.
pub(crate) type Asking = oneshot::Sender<Result<String, String>>;

/// Those who ask for a reload, one after the other.
pub(crate) struct Reloads {
    ask: mpsc::Sender<Asking>,
    /// Taken once, by the one who reloads.
    asked: Mutex<Option<mpsc::Receiver<Asking>>>,
}

/// So many wait; more need not, as those are not yet begun.
const WAITING_MAX: usize = 8;

impl Default for Reloads {
    fn default() -> Self {
        let (ask, asked) = mpsc::channel(WAITING_MAX);
        Self {
            ask,
            asked: Mutex::new(Some(asked)),
        }
    }
}

impl Reloads {
    /// Asks, and wants no answer.
    pub(crate) fn ask(&self) {
        let (answer, _) = oneshot::channel();
        // Where the queue is full, one that is not begun will read what is new.
        let _ = self.ask.try_send(answer);
    }

    /// Returns those who ask, at the first call.
    pub(crate) fn take(&self) -> Option<mpsc::Receiver<Asking>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.take()
    }
}

/// Has the settings read again, and answers when that is done.
///
/// # Errors
/// A refusal with why nothing came into effect.
pub(super) async fn answer(site: &Arc<Site>) -> Result<Response<Body>, Refusal> {
    let (answer, answered) = oneshot::channel();
    let ended = "the server ends";
    let outcome = match site.reloads.ask.send(answer).await {
        Ok(()) => answered.await.unwrap_or_else(|_| Err(ended.to_owned())),
        Err(_) => Err(ended.to_owned()),
    };
    let text = outcome.map_err(|text| Refusal::conflict(format!("{text}\n")))?;
    let text = format!("{text}\n").into();
    Ok(response::text(StatusCode::OK, text, &Method::PUT))
}
