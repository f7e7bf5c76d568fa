//! Heads on their way to the witnesses.
//!
//! A new head is sent to them after it is in the high-water mark and before anybody else
//! gets it, so that a log that comes back from an older copy is told of by those who saw
//! more. A witness that does not answer holds a head up for [`HAND_OVER_MAX`] at most, and
//! is then left alone for the pause that [`Sender`] knows.

use std::io;
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use http::HeaderMap;
use proto::note;
use proto::sumdb::own::SignedHead;
use proto::tlog::batch::HEIGHT;
use proto::tlog::plan::TiledProof;
use proto::tlog::{Hash, Tree};
use proto::witness::{AddCheckpoint, Answer, Next, REQUEST_LEN_MAX, Sender};
use tokio::time::Instant;

use super::Own;
use super::witnessed::{WitnessStanding, Witnessed};
use crate::blocking::{self, CALL_MAX};
use crate::journal::seconds;

/// Requests to one witness in a row: the second has the proof that the first lacked.
const REQUESTS_MAX: usize = 3;

/// How long a new head waits for witnesses before it is given out.
const HAND_OVER_MAX: Duration = Duration::from_secs(5);

/// How long a witness may take that nobody waits for.
const ASKING_MAX: Duration = Duration::from_secs(20);

impl Own {
    /// Tells whether the log has witnesses.
    pub(crate) fn has_witnesses(&self) -> bool {
        self.log.witnessed.has_any()
    }

    /// Asks those witnesses for cosignatures of the newest head that are to be asked now,
    /// all at once, and judges how the head stands then.
    pub(crate) async fn ask_witnesses(&self) -> WitnessStanding {
        let witnessed = &self.log.witnessed;
        let Ok(served) = self.given_out() else {
            return witnessed.judge(None);
        };
        let newest = witnessed.newest(&served);
        witnessed.settle(&newest).await;
        witnessed.ask_due(&newest, ASKING_MAX).await;
        witnessed.judge(Some(&newest))
    }

    /// Returns how the newest head stands with the witnesses; `None` where there are none.
    pub(crate) fn witness_standing(&self) -> Option<WitnessStanding> {
        if !self.has_witnesses() {
            return None;
        }
        let witnessed = &self.log.witnessed;
        let newest = self.given_out().map(|served| witnessed.newest(&served));
        Some(witnessed.judge(newest.as_ref().ok()))
    }
}

impl Witnessed {
    /// Sends the witnesses a new head, which nobody was given yet, and keeps what they
    /// answer.
    ///
    /// # Errors
    /// One has cosigned a newer head, or too few cosign and the settings say to stop then:
    /// the head must not be given out.
    pub(super) async fn hand_over(&self, head: &SignedHead) -> io::Result<()> {
        if !self.has_any() {
            return Ok(());
        }
        self.go_on_to(head);
        self.ask_due(head, HAND_OVER_MAX).await;
        if let Some(reason) = self.ahead() {
            return Err(io::Error::other(reason));
        }
        if self.stops && !self.has_enough(head) {
            return Err(io::Error::new(io::ErrorKind::NotConnected, self.too_few()));
        }
        Ok(())
    }

    /// Asks each witness once after a start, before anything is signed: it may know a newer
    /// head than the one that is here. Returns why nothing may be signed.
    pub(super) async fn settle(&self, head: &SignedHead) -> Option<String> {
        if self.has_any() && !self.state().are_asked {
            let head = self.newest(head);
            let all = 0..self.urls.len();
            join_all(all.map(|at| self.ask(at, &head, HAND_OVER_MAX))).await;
            self.keep(&head).await;
            self.state().are_asked = true;
        }
        self.ahead()
    }

    /// Asks the witnesses to vouch that there is no newer head than this one, which stands
    /// in for a high-water mark that is lost: each that does knew this head as the newest.
    /// Returns whether as many do as must. Without `stop` none can: heads were given out
    /// that no witness knows.
    pub(super) async fn vouch(&self, head: &SignedHead) -> bool {
        if !self.stops || self.settle(head).await.is_some() {
            return false;
        }
        let state = self.state();
        let vouching = state.senders.iter().filter(|it| it.knew(&head.tree));
        vouching.count() >= self.vouching_min()
    }

    /// Asks those who are to be asked about a head now, all at once, and keeps what they
    /// answer.
    pub(super) async fn ask_due(&self, head: &SignedHead, within: Duration) {
        let now = seconds(SystemTime::now());
        let due: Vec<usize> = {
            let state = self.state();
            let is_due = |sender: &Sender| sender.is_due(&head.tree, self.age_max_s, now);
            let due = state.senders.iter().enumerate();
            due.filter(|(_, it)| is_due(it)).map(|(at, _)| at).collect()
        };
        if due.is_empty() {
            return;
        }
        join_all(due.into_iter().map(|at| self.ask(at, head, within))).await;
        self.keep(head).await;
    }

    async fn ask(&self, at: usize, head: &SignedHead, within: Duration) {
        let late = |_| format!("no answer within {} s", within.as_secs());
        let deadline = Instant::now() + within;
        for _ in 0..REQUESTS_MAX {
            let answer = tokio::time::timeout_at(deadline, self.request(at, head)).await;
            let answer = answer.map_err(late).and_then(|answer| answer);
            let now = seconds(SystemTime::now());
            let mut state = self.state();
            let Some(sender) = state.senders.get_mut(at) else {
                return;
            };
            let next = match (answer, note::parse(&head.checkpoint)) {
                (Ok(answer), Ok((text, _))) => sender.answered(&head.tree, &text, answer, now),
                (Err(why), _) => sender.failed(&why, now),
                (Ok(_), Err(error)) => sender.failed(&error.to_string(), now),
            };
            if next == Next::Wait {
                return;
            }
        }
    }

    async fn request(&self, at: usize, head: &SignedHead) -> Result<Answer, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let old = {
            let state = self.state();
            let sender = state.senders.get(at);
            sender.map_or(0, |it| it.old_size(&head.tree))
        };
        let proof = self.consistency(&head.tree, old).await;
        let proof = proof.map_err(|error| said(&error))?;
        let request = AddCheckpoint::new(old, proof, &head.checkpoint);
        let request = request.map_err(|error| said(&error))?;
        let address = self.urls[at].trim_end_matches('/');
        let url = format!("{address}/add-checkpoint");
        let body = request.to_string().into();
        let upstreams = self.sources.upstreams();
        let posted = upstreams.post(&url, HeaderMap::new(), body, REQUEST_LEN_MAX);
        let posted = posted.await?;
        Answer::parse(posted.status, &posted.content_type, &posted.body)
            .map_err(|error| said(&error))
    }

    /// Proves that the tree goes on from its first `old` records.
    fn consistency(
        &self,
        tree: &Tree,
        old: u64,
    ) -> impl Future<Output = io::Result<Vec<Hash>>> + use<> {
        let (files, tree) = (self.files.clone(), *tree);
        let prove = move || {
            if old == 0 || old == tree.size {
                return Ok(Vec::new());
            }
            let plan = TiledProof::consistency(&tree, HEIGHT, old).map_err(io::Error::other)?;
            let data = files.tiles(plan.tiles())?;
            plan.finish(&data).map_err(io::Error::other)
        };
        blocking::run_within(CALL_MAX, prove)
    }

    /// Keeps the cosignatures of a head, unless those of a newer one are kept. That they
    /// are not costs another question after the next start.
    async fn keep(&self, head: &SignedHead) {
        let mut kept = self.keeping.lock().await;
        let note = self.attach(head);
        if head.tree.size < *kept || note == head.checkpoint {
            return;
        }
        let files = self.files.clone();
        match blocking::run(move || files.write_cosigned(&note)).await {
            Ok(()) => *kept = head.tree.size,
            Err(error) => tracing::warn!(%error, "cosignatures of the log's head are not kept"),
        }
    }
}
