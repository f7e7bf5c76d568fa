//! The witnesses of the log: they are sent each new head, and their cosignatures are
//! attached to the checkpoint.
//!
//! The go command is given another text, which no witness signs: its heads stay as they
//! are. Cosignatures are kept in memory alone; a witness that is asked again cosigns the
//! head that it knows again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use proto::note;
use proto::tlog::Tree;
use proto::tlog::batch::HEIGHT;
use proto::tlog::plan::TiledProof;
use proto::witness::{AddCheckpoint, Answer, Next, Policy, REQUEST_LEN_MAX, Sender};

use super::Own;
use crate::blocking::{self, CALL_MAX};
use crate::config;
use crate::journal::seconds;
use crate::source::upstream::Upstreams;

/// The witnesses, and how the newest head stands with them.
#[derive(Debug)]
pub(super) struct Witnessed {
    urls: Vec<String>,
    policy: Policy,
    needed: usize,
    age_max_s: u64,
    /// How long a new head may lack cosignatures before that is an alarm.
    grace: Duration,
    /// Whether nothing is logged while too few cosign.
    stops: bool,
    /// Held for a look or a change.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    senders: Vec<Sender>,
    /// When enough had cosigned the newest head last; at first when this began.
    met: Instant,
    /// Whether that is long enough ago to be told.
    is_alarmed: bool,
}

/// How the newest head stands with the witnesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WitnessStanding {
    /// Witnesses whose cosignatures count.
    pub(crate) fresh: usize,
    /// How many must.
    pub(crate) needed: usize,
    /// How many there are.
    pub(crate) witnesses: usize,
    /// Whether too few have cosigned for too long.
    pub(crate) is_alarmed: bool,
    /// Witnesses that did not cosign when they were asked last, and why.
    pub(crate) troubles: Vec<(String, String)>,
}

/// The longest time that a new head may lack cosignatures before that is an alarm.
const GRACE_MAX: Duration = Duration::from_secs(60);

/// Requests to one witness in a row: the second has the proof that the first lacked.
const REQUESTS_MAX: usize = 3;

impl Witnessed {
    /// Knows the witnesses of the settings.
    pub(super) fn new(settings: &config::Own) -> Result<Self, proto::witness::Error> {
        let keys = settings.witnesses.iter().map(|it| it.key.clone());
        let needed = settings.witnesses_needed();
        let age_max_s = settings.cosigned_within.as_secs();
        let senders = keys.clone().map(Sender::new).collect();
        Ok(Self {
            policy: Policy::new(keys.collect(), needed, Some(age_max_s))?,
            needed,
            grace: GRACE_MAX.min(settings.cosigned_within),
            urls: settings.witnesses.iter().map(|it| it.url.clone()).collect(),
            age_max_s,
            stops: settings.unwitnessed == config::Unwitnessed::Stop,
            state: Mutex::new(State {
                senders,
                met: Instant::now(),
                is_alarmed: false,
            }),
        })
    }

    /// Why nothing is logged; `None` where nothing stands in the way.
    pub(super) fn stopped(&self) -> Option<String> {
        let is_alarmed = self.stops && self.state().is_alarmed;
        is_alarmed.then(|| {
            format!(
                "fewer than {} of {} witnesses have cosigned the newest head",
                self.needed,
                self.urls.len()
            )
        })
    }

    /// Returns the checkpoint with the cosignatures that there are of its head.
    pub(super) fn attach(&self, tree: &Tree, checkpoint: Vec<u8>) -> Vec<u8> {
        let state = self.state();
        let of_head = state.senders.iter().filter_map(|it| it.cosignature(tree));
        let mut cosignatures = of_head.cloned().peekable();
        if cosignatures.peek().is_none() {
            return checkpoint;
        }
        let assembled = note::parse(&checkpoint).and_then(|(text, mut signatures)| {
            signatures.extend(cosignatures);
            note::assemble(&text, &signatures)
        });
        // It was made by us, and a cosignature that was checked is one.
        assembled.unwrap_or(checkpoint)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Own {
    /// Tells whether the log has witnesses.
    pub(crate) fn has_witnesses(&self) -> bool {
        !self.witnessed.urls.is_empty()
    }

    /// Asks those witnesses for cosignatures of the newest head that are to be asked now,
    /// all at once, and judges how the head stands then.
    pub(crate) async fn ask_witnesses(&self, upstreams: &Upstreams) -> WitnessStanding {
        let now = seconds(SystemTime::now());
        let Ok(head) = self.given_out() else {
            return self.judge_witnesses(now);
        };
        let due: Vec<usize> = {
            let state = self.witnessed.state();
            let is_due = |sender: &Sender| sender.is_due(&head.tree, self.witnessed.age_max_s, now);
            let due = state.senders.iter().enumerate();
            due.filter(|(_, it)| is_due(it)).map(|(at, _)| at).collect()
        };
        let asked = due
            .into_iter()
            .map(|at| self.ask(at, &head.tree, &head.checkpoint, upstreams));
        futures_util::future::join_all(asked).await;
        self.judge_witnesses(seconds(SystemTime::now()))
    }

    async fn ask(&self, at: usize, tree: &Tree, checkpoint: &[u8], upstreams: &Upstreams) {
        for _ in 0..REQUESTS_MAX {
            let answer = self.request(at, tree, checkpoint, upstreams).await;
            let now = seconds(SystemTime::now());
            let mut state = self.witnessed.state();
            let Some(sender) = state.senders.get_mut(at) else {
                return;
            };
            let next = match (answer, note::parse(checkpoint)) {
                (Ok(answer), Ok((text, _))) => sender.answered(tree, &text, answer, now),
                (Err(why), _) => sender.failed(&why, now),
                (Ok(_), Err(error)) => sender.failed(&error.to_string(), now),
            };
            if next == Next::Wait {
                return;
            }
        }
    }

    async fn request(
        &self,
        at: usize,
        tree: &Tree,
        checkpoint: &[u8],
        upstreams: &Upstreams,
    ) -> Result<Answer, String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let old = {
            let state = self.witnessed.state();
            state.senders.get(at).map_or(0, |it| it.old_size(tree))
        };
        let proof = self
            .consistency(tree, old)
            .await
            .map_err(|error| said(&error))?;
        let request = AddCheckpoint::new(old, proof, checkpoint).map_err(|error| said(&error))?;
        let url = format!(
            "{}/add-checkpoint",
            self.witnessed.urls[at].trim_end_matches('/')
        );
        let body = request.to_string().into();
        let posted = upstreams
            .post(&url, HeaderMap::new(), body, REQUEST_LEN_MAX)
            .await?;
        Answer::parse(posted.status, &posted.content_type, &posted.body)
            .map_err(|error| said(&error))
    }

    /// Proves that the tree goes on from its first `old` records.
    async fn consistency(&self, tree: &Tree, old: u64) -> std::io::Result<Vec<proto::tlog::Hash>> {
        if old == 0 || old == tree.size {
            return Ok(Vec::new());
        }
        let (files, tree) = (self.log.files.clone(), *tree);
        let prove = move || {
            let plan =
                TiledProof::consistency(&tree, HEIGHT, old).map_err(std::io::Error::other)?;
            let data = files.tiles(plan.tiles())?;
            plan.finish(&data).map_err(std::io::Error::other)
        };
        blocking::run_within(CALL_MAX, prove).await
    }

    /// Judges how the newest head stands, and says when that becomes an alarm or ends.
    fn judge_witnesses(&self, now_s: u64) -> WitnessStanding {
        let witnessed = &self.witnessed;
        let checkpoint = self.checkpoint().unwrap_or_default();
        let opened = note::open(&checkpoint, std::slice::from_ref(self.key()));
        let judged = opened.and_then(|note| witnessed.policy.judge(&note, now_s));
        let fresh = judged.map_or(0, |judged| judged.fresh.len());
        let needed = witnessed.needed;
        let mut state = witnessed.state();
        if fresh >= needed {
            state.met = Instant::now();
        }
        let is_alarmed = state.met.elapsed() > witnessed.grace;
        let has_changed = is_alarmed != std::mem::replace(&mut state.is_alarmed, is_alarmed);
        let troubles = state.senders.iter().filter_map(|sender| {
            let trouble = sender.trouble()?;
            Some((sender.key().name().to_owned(), trouble.to_owned()))
        });
        let standing = WitnessStanding {
            fresh,
            needed,
            witnesses: witnessed.urls.len(),
            is_alarmed,
            troubles: troubles.collect(),
        };
        drop(state);
        if has_changed && is_alarmed {
            tracing::error!(
                fresh,
                needed,
                troubles = ?standing.troubles,
                "too few witnesses have cosigned the newest head of the log"
            );
        } else if has_changed {
            tracing::info!(
                fresh,
                needed,
                "enough witnesses have cosigned the newest head again"
            );
        }
        standing
    }

    /// Returns how the newest head stands with the witnesses; `None` where there are none.
    pub(crate) fn witness_standing(&self) -> Option<WitnessStanding> {
        self.has_witnesses()
            .then(|| self.judge_witnesses(seconds(SystemTime::now())))
    }
}
