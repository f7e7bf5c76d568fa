//! Checking a certificate: who has signed it, whether the same follows from what is in
//! it, and whether the file at hand is the one it is about and shows what is said of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::certificate::Certificate;
use super::certify::decide;
use super::decision::{self, Decision, Stand, Verdict};
use super::digest::Digest;
use super::dsse::Envelope;
use super::evidence::Filed;
use super::key::PublicKey;
use super::observation::{Module, Observation, Product, SelfCheck};
use super::quorum::{self, Quorum};
use crate::buildid::BuildId;

/// What must hold beside the owner's signature.
#[derive(Debug, Clone, Default)]
pub struct Demands {
    /// The quorum file that the decision must have been made by, where one is at hand.
    pub quorum: Option<Digest>,
    /// The version that the decision's quorum file must at least have.
    pub version_min: Option<u64>,
}

/// What is wrong with a certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The owner has not signed it.
    #[error("the key {key} has not signed this decision: it is another owner's, or was changed")]
    NotSigned {
        /// The ID of the key that was given.
        key: Digest,
    },
    /// What is signed is not a decision.
    #[error(transparent)]
    Decision(#[from] decision::Error),
    /// The quorum file in it is none.
    #[error("the quorum file in the decision: {0}")]
    Quorum(#[from] quorum::Error),
    /// The quorum file in it is not the one that is named.
    #[error("the quorum file in the decision is {got}, not {want}")]
    OtherQuorum {
        /// The one expected.
        want: Digest,
        /// The one in the decision.
        got: Digest,
    },
    /// The quorum file is an older version than it must be.
    #[error("the quorum file in the decision is version {got}, and must be {min} or later")]
    OldQuorum {
        /// The least version.
        min: u64,
        /// The version in the decision.
        got: u64,
    },
    /// Something else follows from what is in the certificate.
    #[error("what is in the certificate does not lead to its decision: {what}")]
    OtherDecision {
        /// What is concluded otherwise.
        what: String,
    },
}

/// Opens a certificate: checks the owner's signature, and decides again.
///
/// # Errors
/// [`enum@Error`].
pub fn open(
    certificate: &Certificate,
    owner: &PublicKey,
    demands: &Demands,
) -> Result<Decision, Error> {
    let owners = [owner.clone()];
    if certificate.decision.signers(&owners).is_empty() {
        return Err(Error::NotSigned { key: owner.id() });
    }
    let signed = Decision::of(&certificate.decision)?;
    let quorum = Quorum::parse(signed.quorum.text.as_bytes())?;
    let got = quorum.digest();
    let wanted = [Some(signed.quorum.sha256), demands.quorum];
    if let Some(want) = wanted.into_iter().flatten().find(|want| *want != got) {
        return Err(Error::OtherQuorum { want, got });
    }
    if let Some(min) = demands.version_min.filter(|min| quorum.version < *min) {
        let got = quorum.version;
        return Err(Error::OldQuorum { min, got });
    }
    quorum.check_owner(owner)?;
    let asked = signed.asked.clone();
    let again = decide(&quorum, &certificate.evidence, asked, signed.tool.clone());
    if again.essence() != signed.essence() {
        let what = difference(&signed, &again);
        return Err(Error::OtherDecision { what });
    }
    // The sentences are this program's own, the conclusions are the same.
    Ok(again)
}

fn difference(signed: &Decision, again: &Decision) -> String {
    if signed.observations != again.observations || signed.closures != again.closures {
        return "evidence was added, taken away or changed".to_owned();
    }
    let of = |decision: &Decision| {
        let reached = decision.reached.as_deref().unwrap_or("no level");
        format!(
            "{}, {reached}, {} votes",
            decision.verdict.as_str(),
            decision.votes
        )
    };
    format!("it says {}, and {} follows", of(signed), of(again))
}

/// What a file shows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Its build ID.
    pub build_id: Option<String>,
    /// Whether the file is what its build ID says.
    pub self_check: SelfCheck,
    /// The Go version that it names.
    pub go_version: Option<String>,
    /// Its main module.
    pub main: Option<Module>,
    /// The modules linked in.
    pub modules: Vec<Module>,
    /// Its build settings.
    pub settings: BTreeMap<String, String>,
}

/// One thing that was held against the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// What was asked.
    pub name: &'static str,
    /// Whether any observation tells of it: where none does, nothing is said to hold.
    #[serde(rename = "told")]
    pub is_told: bool,
    /// What is wrong; `None` where it holds, or is not told.
    pub fault: Option<String>,
}

/// Holds a file against what a decision and its observations say of it. What the
/// observations do not tell is not asked.
pub fn hold(decision: &Decision, certificate: &Certificate, file: &Shown) -> Vec<Held> {
    let mut held = vec![Held {
        name: "the file is the one that the decision is about",
        is_told: true,
        fault: other_file(decision, file),
    }];
    let agreeing = agreeing(decision, certificate);
    for (name, ask) in QUESTIONS {
        let mut is_told = false;
        let mut fault = None;
        for (host, observation, product) in &agreeing {
            match ask(observation, product, file) {
                Answer::NotTold => {}
                Answer::Holds => is_told = true,
                Answer::Fault(why) => {
                    is_told = true;
                    fault = fault.or_else(|| Some(format!("{host}: {why}")));
                }
            }
        }
        held.push(Held {
            name,
            is_told,
            fault,
        });
    }
    held
}

fn other_file(decision: &Decision, file: &Shown) -> Option<String> {
    let about = decision.asked.artifact.or(decision.product);
    match about {
        Some(about) if about == file.sha256 => None,
        Some(about) => Some(format!(
            "it is about {about}, and the file is {}",
            file.sha256
        )),
        None => Some("it is about no file: the hosts agree on none".to_owned()),
    }
}

/// Returns the observations by hosts that voted for the program.
fn agreeing(decision: &Decision, certificate: &Certificate) -> Vec<(String, Observation, Product)> {
    let votes = |host: &str| {
        let mut groups = decision.groups.iter();
        groups.any(|group| group.stand == Stand::For && group.hosts.iter().any(|one| one == host))
    };
    let counted = decision.counted.iter().filter(|one| votes(&one.host));
    let open = |digest: Digest| {
        let mut filed = certificate.evidence.observations.iter();
        let filed: &Filed = filed.find(|filed| filed.digest() == digest)?;
        let envelope = Envelope::parse(&filed.envelope).ok()?;
        Observation::of(&envelope).ok()
    };
    counted
        .filter_map(|one| {
            let observation = open(one.observation)?;
            let product = observation.product.clone()?;
            Some((one.host.clone(), observation, product))
        })
        .collect()
}

/// What an observation and a file answer to a question.
enum Answer {
    /// The observation does not tell.
    NotTold,
    Holds,
    Fault(String),
}

impl Answer {
    /// It holds unless something is wrong.
    fn unless(fault: Option<String>) -> Self {
        fault.map_or(Self::Holds, Self::Fault)
    }
}

/// Asks one thing.
type Question = fn(&Observation, &Product, &Shown) -> Answer;

const QUESTIONS: [(&str, Question); 5] = [
    ("the file is what its build ID says", self_check),
    ("its build ID is the one that hosts saw", build_id),
    ("its Go version is that of the inputs", go_version),
    ("its modules and settings are those that hosts saw", modules),
    ("the link's preimage gives part A of its build ID", preimage),
];

fn self_check(_: &Observation, product: &Product, file: &Shown) -> Answer {
    match (product.self_check, file.self_check) {
        (SelfCheck::Holds, SelfCheck::Holds) => Answer::Holds,
        (SelfCheck::None, SelfCheck::None) => Answer::NotTold,
        (_, SelfCheck::Fails) => Answer::Fault(
            "the bytes do not give the content part of the build ID: the file was changed"
                .to_owned(),
        ),
        _ => Answer::Fault("the host's self-check had another outcome".to_owned()),
    }
}

fn build_id(_: &Observation, product: &Product, file: &Shown) -> Answer {
    let Some(seen) = product.build_id.as_ref().filter(|id| !is_withheld(id)) else {
        return Answer::NotTold;
    };
    let has = file.build_id.as_deref().unwrap_or("none");
    Answer::unless((has != seen).then(|| format!("saw {seen}, the file has {has}")))
}

fn go_version(observation: &Observation, product: &Product, file: &Shown) -> Answer {
    let Some(seen) = &product.go_version else {
        return Answer::NotTold;
    };
    let has = file.go_version.as_deref().unwrap_or("none");
    if has != seen {
        return Answer::Fault(format!("saw {seen}, the file has {has}"));
    }
    // Experiments stand behind the version in the file, and among the inputs.
    let release = |version: &str| version.split([' ', '-']).next().map(str::to_owned);
    let wanted = &observation.inputs.toolchain.version;
    let is_other = release(has) != release(wanted);
    Answer::unless(is_other.then(|| format!("built with {wanted}, the file names {has}")))
}

fn modules(observation: &Observation, product: &Product, file: &Shown) -> Answer {
    if product.main.is_none() && product.modules.is_empty() && product.settings.is_empty() {
        return Answer::NotTold;
    }
    Answer::unless(other_modules(observation, product, file))
}

fn other_modules(observation: &Observation, product: &Product, file: &Shown) -> Option<String> {
    let seen = product.main.iter().chain(&product.modules);
    let of_file = file.main.iter().chain(&file.modules);
    let is_same = product.main.is_some() == file.main.is_some()
        && product.modules.len() == file.modules.len()
        && seen.zip(of_file).all(|(seen, of_file)| same(seen, of_file));
    if !is_same {
        return Some("the file has other modules than the host saw".to_owned());
    }
    for (name, value) in &product.settings {
        if !is_withheld(value) && file.settings.get(name) != Some(value) {
            return Some(format!(
                "saw the setting {name}={value}, which the file has not"
            ));
        }
    }
    let target = &observation.inputs.target;
    for name in ["GOOS", "GOARCH"] {
        let (of_file, of_inputs) = (file.settings.get(name), target.get(name));
        if let (Some(has), Some(wanted)) = (of_file, of_inputs)
            && has != wanted
        {
            return Some(format!("built for {name}={wanted}, the file says {has}"));
        }
    }
    None
}

/// Whether a host left out a part of a text that it may not publish, and wrote a mark in
/// its place.
fn is_withheld(text: &str) -> bool {
    text.contains('…')
}

fn same(seen: &Module, of_file: &Module) -> bool {
    let is_path = is_withheld(&seen.path) || seen.path == of_file.path;
    let is_replaced = match (&seen.replace, &of_file.replace) {
        (Some(seen), Some(of_file)) => same(seen, of_file),
        (seen, of_file) => seen.is_none() && of_file.is_none(),
    };
    is_path && seen.version == of_file.version && seen.sum == of_file.sum && is_replaced
}

fn preimage(observation: &Observation, _: &Product, file: &Shown) -> Answer {
    let Some(preimage) = observation.link_preimage.as_deref() else {
        return Answer::NotTold;
    };
    let part = super::closure::Link::of(preimage).action;
    match file.build_id.as_deref().map(BuildId::parse) {
        Some(Ok(BuildId::Program(program))) if program.link_action == part => Answer::Holds,
        _ => Answer::Fault(format!("it gives {part}, which is not part A")),
    }
}

/// How a check ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// What the quorum file demands is shown of this file.
    Shown,
    /// Something is wrong: the file is another, or the decision speaks against it.
    Wrong,
    /// The decision says that it can't be told.
    Open,
}

/// Concludes from a decision and what was held against the file.
pub fn outcome(decision: &Decision, held: &[Held]) -> Outcome {
    if held.iter().any(|one| one.fault.is_some()) {
        return Outcome::Wrong;
    }
    match decision.verdict {
        Verdict::Reproducible => Outcome::Shown,
        Verdict::Differs => Outcome::Wrong,
        Verdict::Undecided => Outcome::Open,
    }
}
