//! Which observations count, and why the others do not.

use std::collections::{BTreeMap, BTreeSet};

use super::logged::{self, Heads, Logged};
use super::{SKEW_MAX_S, chain};
use crate::attest::decision::{Aside, Asked, Counted, Reason};
use crate::attest::digest::Digest;
use crate::attest::dsse::Envelope;
use crate::attest::evidence::{Evidence, Filed};
use crate::attest::observation::{self, Observation, Product};
use crate::attest::quorum::{Host, Quorum};
use crate::attest::statement;
use crate::rfc3339;

/// An observation that a host of the quorum file has signed.
#[derive(Debug)]
pub(super) struct Taken {
    /// SHA-256 of the envelope.
    pub(super) digest: Digest,
    /// SHA-256 of what is signed, by which chains name it.
    pub(super) id: Digest,
    /// The file's name.
    file: String,
    /// The place of its host in the quorum file.
    pub(super) host: usize,
    pub(super) observation: Observation,
    /// What the log proves of it, or why it proves nothing.
    pub(super) logged: Result<Logged, String>,
    inputs: Digest,
}

/// Observations sorted out.
#[derive(Debug)]
pub(super) struct Taking {
    pub(super) counted: Vec<Taken>,
    pub(super) aside: Vec<Aside>,
    /// The inputs that those counted have.
    pub(super) inputs: Option<Digest>,
    pub(super) gaps: Vec<String>,
    /// Whose chain begins here.
    pub(super) begun: Option<String>,
    pub(super) heads: Heads,
}

impl Taken {
    /// Returns the program that came out.
    pub(super) fn product(&self) -> Option<&Product> {
        self.observation.product.as_ref()
    }

    /// Returns the host's name.
    pub(super) fn name<'q>(&self, quorum: &'q Quorum) -> &'q str {
        quorum.hosts.get(self.host).map_or("", |host| &host.name)
    }

    pub(super) fn shown(&self, quorum: &Quorum) -> Counted {
        Counted {
            observation: self.digest,
            host: self.name(quorum).to_owned(),
            mode: self.observation.cache.mode,
            product: self.product().map(|product| product.sha256),
        }
    }

    fn aside(&self, quorum: &Quorum, reason: Reason, detail: String) -> Aside {
        Aside {
            observation: self.digest,
            name: self.file.clone(),
            host: Some(self.name(quorum).to_owned()),
            reason,
            detail,
        }
    }
}

impl Taking {
    pub(super) fn of(quorum: &Quorum, evidence: &Evidence, asked: &Asked) -> Self {
        let (mut signed, mut aside) = (Vec::new(), Vec::new());
        for filed in &evidence.observations {
            match open(quorum, filed, asked.time_s) {
                Ok(taken) => signed.push(taken),
                Err(refused) => aside.push(*refused),
            }
        }
        // Two envelopes of one statement are one observation.
        let mut seen = BTreeSet::new();
        signed.retain(|one| seen.insert((one.host, one.id)));
        let gaps = chain::gaps(quorum, &signed);
        let begun = chain::beginnings(quorum, &signed);
        let heads = Heads::of(&signed);
        let mut counted = Vec::new();
        for taken in signed {
            let host = &quorum.hosts[taken.host];
            match refusal(&taken, host, quorum, asked.time_s) {
                Some((reason, detail)) => aside.push(taken.aside(quorum, reason, detail)),
                None => counted.push(taken),
            }
        }
        let inputs = inputs(quorum, &counted, asked.artifact);
        let (counted, other): (Vec<_>, Vec<_>) = counted
            .into_iter()
            .partition(|one| Some(one.inputs) == inputs);
        let pinned = counted.first().map(|one| &one.observation.inputs);
        aside.extend(other.iter().map(|one| {
            let differing = pinned.map(|pinned| pinned.differing(&one.observation.inputs));
            let detail = match inputs {
                Some(inputs) => format!(
                    "inputs {}, not {}{}",
                    one.inputs.short(),
                    inputs.short(),
                    differing.map_or_else(String::new, |names| format!(
                        ": they differ in {}",
                        names.join(", ")
                    ))
                ),
                None => {
                    "observations of several inputs are here: pin one in the quorum file".to_owned()
                }
            };
            one.aside(quorum, Reason::OtherInputs, detail)
        }));
        aside.sort_by_key(|one| one.observation);
        Self {
            counted,
            aside,
            inputs,
            gaps,
            begun,
            heads,
        }
    }
}

/// Opens an observation's file, signature first: what nobody known has signed is not
/// parsed.
fn open(quorum: &Quorum, filed: &Filed, now_s: u64) -> Result<Taken, Box<Aside>> {
    let refuse = |reason, detail: String| {
        Box::new(Aside {
            observation: filed.digest(),
            name: filed.name.clone(),
            host: None,
            reason,
            detail,
        })
    };
    let envelope = Envelope::parse(&filed.envelope)
        .map_err(|error| refuse(Reason::NotAnEnvelope, error.to_string()))?;
    let keys = quorum.keys();
    let signers = envelope.signers(&keys);
    let host = match signers.as_slice() {
        [] if envelope.signatures.is_empty() => {
            return Err(refuse(Reason::NotSigned, "nobody has signed it".to_owned()));
        }
        [] => {
            let detail = "no key of the quorum file has signed it, or not these bytes";
            return Err(refuse(Reason::NotSigned, detail.to_owned()));
        }
        [one] => quorum
            .hosts
            .iter()
            .position(|host| host.key.id() == one.id()),
        _ => {
            let detail = "two hosts have signed it, and a build has one";
            return Err(refuse(Reason::TwoSigners, detail.to_owned()));
        }
    };
    let host = host.expect("signers are among the keys of the quorum file's hosts");
    let named = |reason, detail| {
        let mut aside = refuse(reason, detail);
        aside.host = quorum.hosts.get(host).map(|host| host.name.clone());
        aside
    };
    let observation = Observation::of(&envelope).map_err(|error| match error {
        observation::Error::Statement(
            statement::Error::PredicateType { .. } | statement::Error::PayloadType { .. },
        ) => named(Reason::OtherKind, error.to_string()),
        _ => named(Reason::Malformed, error.to_string()),
    })?;
    let inputs = observation
        .inputs_digest()
        .map_err(|error| named(Reason::Malformed, error.to_string()))?;
    Ok(Taken {
        digest: filed.digest(),
        id: Digest::of(&envelope.payload),
        file: filed.name.clone(),
        host,
        logged: logged::of(quorum, filed, now_s),
        observation,
        inputs,
    })
}

/// Says why an observation does not count by its key and its time.
fn refusal(taken: &Taken, host: &Host, quorum: &Quorum, now_s: u64) -> Option<(Reason, String)> {
    if host.is_revoked {
        return Some((Reason::Revoked, "the host's key is revoked".to_owned()));
    }
    let logged_s = taken
        .logged
        .as_ref()
        .ok()
        .and_then(|logged| logged.time_s());
    if let Some(since) = host.compromised_since_s
        && logged_s.is_none_or(|logged| logged >= since)
    {
        let since = rfc3339::text(since);
        let detail = format!(
            "somebody else may have had the key since {since}, and nothing proves that this was logged before"
        );
        return Some((Reason::Compromised, detail));
    }
    let time_s = taken.observation.observed.time_s;
    if let Some(until) = host.until_s {
        let is_proved = logged_s.is_some_and(|logged| logged <= until);
        if time_s > until || (now_s > until && !is_proved) {
            let until = rfc3339::text(until);
            let detail = format!(
                "the key was valid until {until}, and nothing proves that this was signed before"
            );
            return Some((Reason::Expired, detail));
        }
    }
    if time_s > now_s.saturating_add(SKEW_MAX_S) {
        let time = rfc3339::text(time_s);
        return Some((
            Reason::Future,
            format!("says it is of {time}, which is still to come"),
        ));
    }
    let age = quorum.age_max_s?;
    if time_s.saturating_add(age) < now_s {
        let time = rfc3339::text(time_s);
        return Some((
            Reason::Stale,
            format!("is of {time}, and older than max_age"),
        ));
    }
    None
}

/// Returns the inputs that observations must have: those that the quorum file pins; else
/// those that the program was built from by somebody; else those that all have.
fn inputs(quorum: &Quorum, counted: &[Taken], artifact: Option<Digest>) -> Option<Digest> {
    if quorum.inputs.is_some() {
        return quorum.inputs;
    }
    let mut about: BTreeMap<Digest, bool> = BTreeMap::new();
    for one in counted {
        let is_it = one
            .product()
            .is_some_and(|product| Some(product.sha256) == artifact);
        *about.entry(one.inputs).or_default() |= is_it;
    }
    let named: Vec<Digest> = about
        .iter()
        .filter(|(_, is_it)| **is_it)
        .map(|(inputs, _)| *inputs)
        .collect();
    match (named.as_slice(), about.len()) {
        ([one], _) => Some(*one),
        ([], 1) => about.into_keys().next(),
        _ => None,
    }
}
