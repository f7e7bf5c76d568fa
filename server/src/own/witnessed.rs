//! The witnesses of the log: what is known of them, and how the newest head stands.
//!
//! The go command is given another text, which no witness signs: its heads stay as they
//! are. Cosignatures are kept in a file beside the checkpoint. It is not a record of
//! anything: where it is lost or damaged the witnesses are asked again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use proto::note::{self, Signature};
use proto::sumdb::own::SignedHead;
use proto::tlog::Tree;
use proto::tlog::checkpoint::Checkpoint;
use proto::witness::{Policy, Sender};
use serde_json::json;

use super::files::Files;
use super::verifiers::Verifiers;
use crate::config;
use crate::journal::seconds;
use crate::source::Sources;
use crate::telemetry::events;

/// The witnesses, and how the newest head stands with them.
#[derive(Debug)]
pub(super) struct Witnessed {
    pub(super) urls: Vec<String>,
    policy: Policy,
    needed: usize,
    pub(super) age_max_s: u64,
    /// How long a new head may lack cosignatures before that is an alarm.
    grace: Duration,
    /// Whether no head is given out that too few have cosigned.
    pub(super) stops: bool,
    /// The log's keys.
    keys: Verifiers,
    pub(super) files: Files,
    pub(super) sources: Arc<Sources>,
    /// Held for a look or a change.
    state: Mutex<State>,
    /// Records under the head whose cosignatures were kept last; held to keep some.
    pub(super) keeping: tokio::sync::Mutex<u64>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) senders: Vec<Sender>,
    /// The newest head that the witnesses were sent: it is given out after that.
    newest: Option<SignedHead>,
    /// The head before it, and its cosignatures.
    before: Option<(Tree, Vec<Signature>)>,
    /// Whether each was asked since the start.
    pub(super) are_asked: bool,
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

impl Witnessed {
    /// Knows the witnesses of the settings, and what was kept of them. Blocks.
    ///
    /// # Errors
    /// The settings cannot be meant.
    pub(super) fn open(
        settings: &config::Own,
        log_keys: Verifiers,
        files: Files,
        sources: Arc<Sources>,
    ) -> Result<Self, proto::witness::Error> {
        let keys = settings.witnesses.iter().map(|it| it.key.clone());
        let needed = settings.witnesses_needed();
        let age_max_s = settings.cosigned_within.as_secs();
        let mut senders: Vec<_> = keys.clone().map(Sender::new).collect();
        if !senders.is_empty()
            && let Err(error) = resume(&mut senders, &files, &log_keys)
        {
            tracing::warn!(%error, "kept cosignatures are not read; the witnesses are asked again");
        }
        Ok(Self {
            policy: Policy::new(keys.collect(), needed, Some(age_max_s))?,
            needed,
            grace: GRACE_MAX.min(settings.cosigned_within),
            urls: settings.witnesses.iter().map(|it| it.url.clone()).collect(),
            age_max_s,
            stops: settings.unwitnessed == config::Unwitnessed::Stop,
            keys: log_keys,
            files,
            sources,
            state: Mutex::new(State {
                senders,
                newest: None,
                before: None,
                are_asked: false,
                met: Instant::now(),
                is_alarmed: false,
            }),
            keeping: tokio::sync::Mutex::new(0),
        })
    }

    /// Tells whether there are any.
    pub(super) fn has_any(&self) -> bool {
        !self.urls.is_empty()
    }

    /// Why nothing is logged, where too few cosign and the settings say to stop then.
    pub(super) fn stopped(&self) -> Option<String> {
        let is_alarmed = self.stops && self.state().is_alarmed;
        is_alarmed.then(|| self.too_few())
    }

    /// Says that a witness has cosigned a head of this log that is newer than any here:
    /// what is here comes from an older copy, and is not gone on with.
    pub(super) fn ahead(&self) -> Option<String> {
        let state = self.state();
        let newest = state.newest.as_ref().map_or(0, |head| head.tree.size);
        let mut senders = state.senders.iter();
        senders.find_map(|sender| {
            let size = sender.ahead().filter(|size| *size > newest)?;
            let name = sender.key().name();
            Some(format!(
                "the witness {name} has cosigned a head of {size} records, and only {newest} are \
                 here: restore a newer copy, or take it out of own.witnesses if it is wrong"
            ))
        })
    }

    /// Says that too few have cosigned.
    pub(super) fn too_few(&self) -> String {
        let (needed, all) = (self.needed, self.urls.len());
        format!("fewer than {needed} of {all} witnesses have cosigned the newest head")
    }

    /// Returns the checkpoint of a head with the cosignatures that there are of it.
    pub(super) fn attach(&self, head: &SignedHead) -> Vec<u8> {
        let cosignatures = self.state().cosignatures(&head.tree);
        if cosignatures.is_empty() {
            return head.checkpoint.clone();
        }
        let assembled = note::parse(&head.checkpoint).and_then(|(text, mut signatures)| {
            signatures.extend(cosignatures);
            note::assemble(&text, &signatures)
        });
        // It was made by us, and a cosignature that was checked is one.
        assembled.unwrap_or_else(|_| head.checkpoint.clone())
    }

    /// Notes the head that is to be cosigned, and keeps the cosignatures of the one before
    /// it, which is given out until this one is.
    pub(super) fn go_on_to(&self, head: &SignedHead) {
        let mut state = self.state();
        let held = state.newest.as_ref().map(|held| held.tree);
        if held.is_some_and(|held| held.size >= head.tree.size) {
            return;
        }
        if let Some(held) = held {
            state.before = Some((held, state.cosignatures(&held)));
        }
        state.newest = Some(head.clone());
    }

    /// Returns the newest head that the witnesses were sent; `served` where there is none.
    pub(super) fn newest(&self, served: &SignedHead) -> SignedHead {
        self.go_on_to(served);
        let newest = self.state().newest.clone();
        newest.unwrap_or_else(|| served.clone())
    }

    /// Returns how many cosignatures of a head count now.
    pub(super) fn fresh(&self, head: &SignedHead) -> usize {
        let now_s = seconds(SystemTime::now());
        let opened = note::open(&self.attach(head), self.keys.all());
        let judged = opened.and_then(|note| self.policy.judge(&note, now_s));
        judged.map_or(0, |judged| judged.fresh.len())
    }

    /// Returns how many must vouch for a head before no newer one can have been given out:
    /// with `stop` one of them has cosigned whatever was.
    pub(super) fn vouching_min(&self) -> usize {
        self.urls.len() - self.needed.min(self.urls.len()) + 1
    }

    /// Tells whether as many count as must.
    pub(super) fn has_enough(&self, head: &SignedHead) -> bool {
        self.fresh(head) >= self.needed
    }

    /// Judges how a head stands, and says when that becomes an alarm or ends.
    pub(super) fn judge(&self, head: Option<&SignedHead>) -> WitnessStanding {
        let fresh = head.map_or(0, |head| self.fresh(head));
        let needed = self.needed;
        let mut state = self.state();
        if fresh >= needed {
            state.met = Instant::now();
        }
        let is_alarmed = state.met.elapsed() > self.grace;
        let has_changed = is_alarmed != std::mem::replace(&mut state.is_alarmed, is_alarmed);
        let troubles = state.senders.iter().filter_map(|sender| {
            let trouble = sender.trouble()?;
            Some((sender.key().name().to_owned(), trouble.to_owned()))
        });
        let standing = WitnessStanding {
            fresh,
            needed,
            witnesses: self.urls.len(),
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
            events::tell(events::Kind::Unwitnessed, || {
                let reason = self.too_few();
                json!({ "database": self.keys.name(), "reason": reason })
            });
        } else if has_changed {
            tracing::info!(
                fresh,
                needed,
                "enough witnesses have cosigned the newest head again"
            );
        }
        standing
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cosignatures(&self, tree: &Tree) -> Vec<Signature> {
        let of_head = self.senders.iter().filter_map(|it| it.cosignature(tree));
        let found: Vec<_> = of_head.cloned().collect();
        match &self.before {
            Some((before, kept)) if before == tree && kept.len() > found.len() => kept.clone(),
            _ => found,
        }
    }
}

/// Takes the cosignatures that were kept of a head of this log.
fn resume(senders: &mut [Sender], files: &Files, keys: &Verifiers) -> io::Result<()> {
    let Some(bytes) = files.cosigned()? else {
        return Ok(());
    };
    let opened = note::open(&bytes, keys.all()).map_err(io::Error::other)?;
    let checkpoint = Checkpoint::parse(&opened.text).map_err(io::Error::other)?;
    if checkpoint.origin != keys.name() {
        return Err(io::Error::other(format!(
            "{} is the origin",
            checkpoint.origin
        )));
    }
    let (text, signatures) = note::parse(&bytes).map_err(io::Error::other)?;
    for sender in senders {
        let key = sender.key().clone();
        if let Some(signature) = signatures.iter().find(|it| key.is_named_by(it)) {
            sender.resume(&checkpoint.tree, &text, signature);
        }
    }
    Ok(())
}
