//! Hosts, their keys, a log and a witness.

use crate::attest::certify::decide;
use crate::attest::closure::{Closure, Link, Package};
use crate::attest::decision::{Asked, Decision};
use crate::attest::digest::Digest;
use crate::attest::evidence::{Evidence, Filed};
use crate::attest::key::{Algorithm, PrivateKey};
use crate::attest::observation::{Audit, Mode, Observation, Tool, sample};
use crate::attest::quorum::Quorum;
use crate::buildid::Part;
use crate::note::{self, Cosigner, SignerKey};
use crate::tlog::{HashTree, ProofPlan, checkpoint, record_hash};
use crate::tlog_proof::TlogProof;

/// When everything is decided, in seconds since 1970.
pub(super) const NOW_S: u64 = 1_795_651_200;

const ORIGIN: &str = "log.example.com/builds";

/// What is changed before the decision.
pub(super) struct World {
    pub(super) quorum: String,
    pub(super) seen: Vec<Seen>,
    pub(super) closures: Vec<Closure>,
    pub(super) asked: Asked,
    /// Whether everything is logged.
    pub(super) is_logged: bool,
    /// Changes the files as they lie there, after they were signed and logged.
    pub(super) files: fn(&mut Vec<Filed>),
}

/// One observation, and by whom.
#[derive(Clone)]
pub(super) struct Seen {
    /// The number of the host's key; from 3 on keys that nobody knows.
    pub(super) key: usize,
    pub(super) observation: Observation,
    /// Whether it follows the one before it by the same key.
    pub(super) is_chained: bool,
}

pub(super) fn key(number: usize) -> PrivateKey {
    let seed = [u8::try_from(number).unwrap() + 1; 32];
    PrivateKey::from_seed(Algorithm::Ed25519, seed).unwrap()
}

impl World {
    /// Three hosts that share nothing, each with a cold and a warm build.
    pub(super) fn new() -> Self {
        let closure = closure(1);
        let seen = (0..3).flat_map(|host| {
            [Mode::Cold, Mode::Warm].map(|mode| Seen {
                key: host,
                observation: observation(host, mode, &closure),
                is_chained: true,
            })
        });
        let host = |number: usize| {
            let key = key(number).public().to_line();
            format!(
                "- {{name: h{number}, key: {key}, org: o{number}, image: i{number}, cache: c{number}}}\n"
            )
        };
        Self {
            quorum: format!(
                "version: 1\nlevel: L3\nhosts:\n{}{}{}quorum: {{k: 2, of: [org, image, cache]}}\nmax_age: 30d\n",
                host(0),
                host(1),
                host(2)
            ),
            seen: seen.collect(),
            closures: vec![closure],
            asked: Asked {
                artifact: None,
                nonce: None,
                time_s: NOW_S,
            },
            is_logged: false,
            files: |_| {},
        }
    }

    pub(super) fn logged() -> Self {
        let mut world = Self::new();
        let (log, witness) = (log_key().verifier(), witness_key(0).verifier());
        world.quorum.push_str(&format!(
            "log: {{origin: {ORIGIN}, key: {log}}}\nwitnesses: {{k: 1, keys: [{witness}]}}\n"
        ));
        world.is_logged = true;
        world
    }

    pub(super) fn tool() -> Tool {
        Tool {
            name: "verify-build".into(),
            version: "0".into(),
        }
    }

    /// Replaces a part of the quorum file.
    pub(super) fn rule(&mut self, from: &str, to: &str) {
        assert!(self.quorum.contains(from), "{from}");
        self.quorum = self.quorum.replacen(from, to, 1);
    }

    /// Changes every observation of a host.
    pub(super) fn each(&mut self, host: usize, change: impl Fn(&mut Observation)) {
        for seen in self.seen.iter_mut().filter(|seen| seen.key == host) {
            change(&mut seen.observation);
        }
    }

    /// Has a host build another program, in all its builds.
    pub(super) fn other_program(&mut self, host: usize, number: u8) {
        self.each(host, |one| other(one, number));
    }

    pub(super) fn made(&mut self) -> (Quorum, Evidence) {
        let quorum = Quorum::parse(self.quorum.as_bytes()).unwrap();
        let mut last: Vec<Option<Digest>> = vec![None; 10];
        let mut files: Vec<Filed> = Vec::new();
        for (number, seen) in self.seen.iter_mut().enumerate() {
            let previous = &mut last[seen.key];
            if seen.is_chained {
                seen.observation.chain.previous = *previous;
            }
            *previous = Some(seen.observation.digest().unwrap());
            let envelope = seen.observation.sign(&key(seen.key)).unwrap();
            let name = format!("{number}.observation.json");
            files.push(Filed::new(&name, &envelope.bytes(), None));
        }
        if self.is_logged {
            log(&mut files);
        }
        (self.files)(&mut files);
        let mut evidence = Evidence {
            observations: files,
            closures: self.closures.clone(),
            records: Vec::new(),
        };
        evidence.sort();
        (quorum, evidence)
    }

    pub(super) fn decide(&mut self) -> Decision {
        let (quorum, evidence) = self.made();
        decide(&quorum, &evidence, self.asked.clone(), Self::tool())
    }
}

/// Gives an observation another product.
pub(super) fn other(one: &mut Observation, number: u8) {
    let product = one.product.as_mut().unwrap();
    product.sha256 = Digest([number; 32]);
    let id = product.build_id.as_mut().unwrap();
    let at = id.rfind('/').unwrap();
    id.replace_range(at + 1.., &Part::from_sha256(&[number; 32]).to_string());
}

/// A list of two packages; another number gives another archive of fmt.
pub(super) fn closure(number: u8) -> Closure {
    let package = |action: u8, output: u8, path: &str| Package {
        action: Digest([action; 32]),
        output: Digest([output; 32]),
        content: Part::from_sha256(&[output; 32]),
        path: path.into(),
    };
    Closure::new([package(1, number, "fmt"), package(2, 2, "example.com/tool")]).unwrap()
}

pub(super) fn observation(host: usize, mode: Mode, closure: &Closure) -> Observation {
    let mut one = sample();
    let content = |path: &str| {
        let mut packages = closure.packages().iter();
        packages
            .find(|package| package.path == path)
            .unwrap()
            .content
    };
    let main = content("example.com/tool");
    let action = Part::from_sha256(&[5; 32]);
    let preimage = format!(
        "go1.27.3link\npackagefile example.com/tool={main}\npackagemain {action}/{main}\npackagefile fmt={}\n",
        content("fmt")
    );
    let link = Link::of(preimage.as_bytes()).action;
    let product = one.product.as_mut().unwrap();
    product.build_id = Some(format!("{link}/{action}/{main}/{action}"));
    one.link_preimage = Some(preimage.into_bytes());
    one.cache.mode = mode;
    one.cache.hits = u64::from(mode != Mode::Cold) * 59;
    one.cache.closure = Some(closure.summary());
    one.cache.audit = Audit::Clean {};
    one.host.image = Some(format!("image {host}"));
    one.observed.time_s = NOW_S - 100 + u64::from(mode != Mode::Cold);
    one
}

fn log_key() -> SignerKey {
    SignerKey::from_seed(ORIGIN, [101; 32]).unwrap()
}

pub(super) fn witness_key(number: u8) -> Cosigner {
    let name = format!("witness.example.com/w{}", number + 1);
    Cosigner::from_seed(&name, [102 + number; 32]).unwrap()
}

/// Logs the files and gives each its proof, under one head.
pub(super) fn log(files: &mut [Filed]) {
    let size = files.len() as u64;
    log_under(files, 1, |_| (size, &[0]));
}

/// Logs the files, the first one as record 0 and each next one `step` records later, and
/// gives each its proof: under the head of how many records, and who has cosigned that.
pub(super) fn log_under(
    files: &mut [Filed],
    step: usize,
    head: impl Fn(usize) -> (u64, &'static [u8]),
) {
    let mut tree = HashTree::default();
    for filed in files.iter() {
        tree.push(record_hash(&filed.envelope));
        for number in 1..step {
            tree.push(record_hash(&number.to_le_bytes()));
        }
    }
    for (place, filed) in files.iter_mut().enumerate() {
        let index = (place * step) as u64;
        let (size, witnesses) = head(place);
        let text = checkpoint::format_of(ORIGIN, &tree.tree_at(size).unwrap());
        let signed = note::sign(&text, &[&log_key()]).unwrap();
        let mut checkpoint = String::from_utf8(signed).unwrap();
        for witness in witnesses {
            // The larger head later.
            let cosignature = witness_key(*witness).cosign(&text, NOW_S - 30 + size);
            checkpoint += &cosignature.unwrap().line();
        }
        let plan = ProofPlan::record(size, index).unwrap();
        let nodes = plan.nodes().iter();
        let hashes: Vec<_> = nodes.filter_map(|&node| tree.hash(node)).collect();
        let proof = TlogProof {
            extra: None,
            index,
            hashes: plan.finish(&hashes).unwrap(),
            checkpoint,
        };
        filed.proof = Some(proof.to_string().into_bytes());
    }
}
