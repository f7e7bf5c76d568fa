//! One file being asked for: down a list, and again where a transfer breaks off.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::Sources;
use super::upstream::walk::{Walk, is_absent};
use super::upstream::{self, Broken, FetchError, Fetched, List, TransferError, Want};

/// A file being asked for.
///
/// The caller takes an answer by [`next`](Self::next), reads it, and says so when it
/// broke off ([`broke`](Self::broke)) or is not what was asked for
/// ([`unfit`](Self::unfit)); `next` then returns another one, or the error that
/// answers for the whole list. Like the go command, which reads and parses inside its
/// walk: after `|` the next entry is asked whatever went wrong, after `,` only when
/// this one does not have the file.
///
/// Source: cmd/go/internal/modfetch, `TryProxies`.
#[derive(Debug)]
pub(crate) struct Asking {
    sources: Arc<Sources>,
    list: List,
    path: String,
    want: Want,
    /// The entry that is asked.
    at: usize,
    /// Where the list ends for this file.
    end: usize,
    /// How often this entry's transfer was begun again.
    restarts: u32,
    /// What is to be waited for before the next request.
    pause: Duration,
    walk: Walk,
    /// The trial of a transfer that broke off and will be begun again.
    broken: Broken,
}

/// Transfers that break are begun again this often at one entry. Requests that are
/// not even answered are tried again by the upstream client.
const RESTARTS_MAX: u32 = 3;

/// The pause before the first restart; the later ones wait longer.
const RESTART_PAUSE: Duration = Duration::from_millis(200);

/// What is known of an answer beside its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// The entry it comes from: its base URL without userinfo.
    pub(crate) upstream: Arc<str>,
    /// What was asked for, without userinfo.
    pub(crate) url: String,
    pub(crate) content_type: Option<String>,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The base URL of the entry, without userinfo.
    pub(crate) upstream: Arc<str>,
    /// What was asked for, without userinfo.
    pub(crate) url: String,
}

impl Asking {
    pub(super) fn new(sources: Arc<Sources>, list: List, path: &str, want: Want) -> Self {
        Self {
            sources,
            end: list.len(),
            list,
            path: path.to_owned(),
            want,
            at: 0,
            restarts: 0,
            pause: Duration::ZERO,
            walk: Walk::default(),
            broken: Broken::default(),
        }
    }

    /// Asks one entry alone.
    pub(super) fn only(self, at: usize) -> Self {
        let end = at + 1;
        Self { at, end, ..self }
    }

    /// Returns the next answer that begins. It holds room among the transfers of its
    /// class until its body has ended or is dropped.
    ///
    /// # Errors
    /// The list is at its end; see [`FetchError`]. Of several errors, the one the go
    /// command would show.
    pub(crate) async fn next(&mut self) -> Result<Fetched, FetchError> {
        tokio::time::sleep(std::mem::take(&mut self.pause)).await;
        while self.at < self.end {
            let room = self.sources.rooms.enter(self.want.class).await;
            let entry = &self.list[self.at];
            let upstreams = &self.sources.upstreams;
            match upstreams
                .ask_again(entry, &self.path, &self.want, &self.broken)
                .await
            {
                Ok(mut fetched) => {
                    fetched.body.keep(room, &self.broken);
                    return Ok(fetched);
                }
                Err(error) => {
                    let error = self.after_restart(error);
                    self.failed(error);
                }
            }
        }
        Err(std::mem::take(&mut self.walk).answer())
    }

    /// Takes note that the last answer's transfer failed.
    pub(crate) fn broke(&mut self, error: TransferError) {
        if error.retryable() && self.restarts < RESTARTS_MAX {
            self.restarts += 1;
            let (path, restarts) = (&self.path, self.restarts);
            tracing::info!(path, %error, restarts, "transfer broke off, asking again");
            self.pause = RESTART_PAUSE * restarts;
            return;
        }
        self.broken.give_up();
        if let Some(upstream) = self.upstream() {
            self.failed(upstream::error_of_transfer(upstream, &error));
        }
    }

    /// Takes note that the last answer came whole and is not what was asked for.
    /// Returns whether another entry may be asked. If not, the caller's own error
    /// says more than that of [`next`](Self::next).
    pub(crate) fn unfit(&mut self, reason: String) -> bool {
        if let Some(upstream) = self.upstream() {
            tracing::info!(path = self.path, %upstream, reason, "answer cannot be used");
            self.failed(FetchError::BadAnswer { upstream, reason });
        }
        self.at < self.end
    }

    /// Reads a small answer whole: again when it breaks off, from the next entry where
    /// `check` refuses it and the list allows that. Web pages are always refused.
    ///
    /// # Errors
    /// See [`FetchError`]; `BadAnswer` with the words of `check`.
    pub(crate) async fn text<T>(
        mut self,
        check: impl Fn(&Bytes, &Facts) -> Result<T, String>,
    ) -> Result<(T, Bytes, Origin), FetchError> {
        loop {
            let fetched = self.next().await?;
            let facts = Facts::of(&fetched);
            let bytes = match fetched.bytes().await {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.broke(error);
                    continue;
                }
            };
            let checked = match facts.is_html() {
                true => Err("answered with a web page".to_owned()),
                false => check(&bytes, &facts),
            };
            match checked {
                Ok(value) => return Ok((value, bytes, facts.into())),
                // Where the list ends here, the next turn returns this very error.
                Err(reason) => drop(self.unfit(reason)),
            }
        }
    }

    /// Takes the error of the present entry: on to the next one, or the end.
    fn failed(&mut self, error: FetchError) {
        let then = self.list[self.at].then;
        self.restarts = 0;
        self.pause = Duration::ZERO;
        self.at = match self.walk.failed(error, then).is_continue() {
            true => self.at + 1,
            false => self.end,
        };
    }

    /// A file that had begun to come does exist, whatever a second answer says.
    fn after_restart(&self, error: FetchError) -> FetchError {
        match self.upstream() {
            Some(upstream) if self.restarts > 0 && is_absent(&error) => FetchError::Unavailable {
                upstream,
                reason: format!("{error} after a transfer that broke off"),
                status: None,
                text: Bytes::new(),
                retry_after: None,
            },
            _ => error,
        }
    }

    fn upstream(&self) -> Option<Arc<str>> {
        let entry = self.list.get(self.at).filter(|_| self.at < self.end)?;
        Some(entry.label())
    }
}

impl Facts {
    /// Returns what is known of an answer before it is read.
    pub(crate) fn of(fetched: &Fetched) -> Self {
        Self {
            upstream: Arc::clone(&fetched.upstream),
            url: fetched.url.clone(),
            content_type: fetched.content_type.clone(),
        }
    }

    /// Says whether the upstream calls this a page for people.
    pub(crate) fn is_html(&self) -> bool {
        self.content_type.as_deref().is_some_and(upstream::is_html)
    }
}

impl From<Facts> for Origin {
    fn from(facts: Facts) -> Self {
        Self {
            upstream: facts.upstream,
            url: facts.url,
        }
    }
}
