//! What must be proved of a module version, and whether it was.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use proto::dirhash::H1;
use proto::module::{ModulePath, ModuleVersion};
use proto::note::VerifierKey;
use proto::tlog::record_hash;

use super::error::{Error, Mismatch};
use super::suspect::{Suspect, SuspectBytes};
use crate::config;
use crate::config::live::Live;
use crate::evidence::Evidence;
use crate::ledger::Standing;
use crate::metrics::{self, Metrics};
use crate::sumdb::{Databases, Hops, LookupError, ProvedAnswer, Record};

/// Proves module versions in the configured databases.
#[derive(Debug)]
pub(crate) struct Prover {
    databases: Arc<Databases>,
    /// Of which `proof` is the policy.
    live: Live,
    pub(super) evidence: Evidence,
    pub(super) metrics: Arc<Metrics>,
    /// What was proved last by each database, and when. Held for a look or a change.
    last: Mutex<HashMap<String, (ModuleVersion, Instant)>>,
}

/// What the files of a module version must hash to.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// What a proved record says.
    Record {
        /// The standing of what has the record's hash.
        standing: Standing,
        /// The database's name.
        database: String,
        /// The h1 of the zip, where the record has it.
        zip: Option<H1>,
        /// The h1 of the go.mod, where the record has it.
        go_mod: Option<H1>,
        /// The database's whole answer: record and signed head.
        answer: Bytes,
    },
    /// Nothing; the standing says why.
    Nothing(Standing),
}

/// The files of a version that a database's record covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    /// `.mod`, by the record's `/go.mod` line.
    Mod,
    /// `.zip`.
    Zip,
}

impl Prover {
    /// Makes a prover of these databases under this policy.
    pub(crate) fn new(
        databases: Arc<Databases>,
        live: Live,
        evidence: Evidence,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            databases,
            live,
            evidence,
            metrics,
            last: Mutex::default(),
        }
    }

    /// Returns what was proved last by a database since the start, and how long ago.
    pub(crate) fn last(&self, database: &str) -> Option<(ModuleVersion, Duration)> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, at) = last.get(database)?;
        Some((version.clone(), at.elapsed()))
    }

    /// Returns what the files of `version` must hash to. `hops` tell on whose
    /// behalf a database is asked; without them only its stored answers count.
    ///
    /// # Errors
    /// Why there is no proof, when the policy requires one.
    pub(crate) async fn expected(
        &self,
        version: &ModuleVersion,
        hops: Option<&Hops>,
    ) -> Result<Expected, Error> {
        let module = version.path.as_str();
        let policy = self.policy(module);
        if policy.is_exempt {
            self.metrics.proof(metrics::Proof::Exempt);
            return Ok(Expected::Nothing(Standing::Exempt));
        }
        if policy.mode == config::Mode::Off {
            return Ok(Expected::Nothing(unproved("proof is off")));
        }
        let Some(database) = self.databases.covering(module) else {
            let error = Error::NoDatabase {
                version: version.clone(),
            };
            let reason = "no configured checksum database covers it".to_owned();
            return self
                .tolerate(version, metrics::Proof::NotInDatabase, reason, error)
                .map(Expected::Nothing);
        };
        let answer = match hops {
            Some(hops) => database.lookup(version, hops).await,
            None => database.stored_lookup(version).await,
        };
        match answer {
            Ok(answer) => Ok(Expected::Record {
                standing: standing(database.name(), &answer),
                database: database.name().to_owned(),
                zip: answer.record.h1(version),
                go_mod: answer.record.go_mod_h1(version),
                answer: answer.bytes.clone(),
            }),
            Err(error) => self
                .without_record(version, database.name(), error)
                .map(Expected::Nothing),
        }
    }

    /// Returns why a version is not served any more, where a person has said so.
    pub(crate) fn denied(&self, version: &ModuleVersion) -> Option<String> {
        self.databases.own()?.denied(version)
    }

    /// Tells whether any version is not served any more: most often none is.
    pub(crate) fn denies_any(&self) -> bool {
        let own = self.databases.own();
        own.is_some_and(|own| own.denies_any())
    }

    /// Returns the versions of a module that are not served any more.
    pub(crate) fn denied_of(&self, module: &ModulePath) -> BTreeSet<String> {
        let own = self.databases.own();
        own.map_or_else(BTreeSet::new, |own| own.denied_of(module))
    }

    /// Judges the hash of a file.
    ///
    /// # Errors
    /// [`Error::Mismatch`] with both hashes when they differ, for which evidence is
    /// kept first; [`Error::NoLine`] when the record does not cover the file and the
    /// policy requires it.
    pub(crate) async fn judge(
        &self,
        version: &ModuleVersion,
        covered: Covered,
        got: H1,
        expected: Expected,
        suspect: Suspect,
    ) -> Result<Standing, Error> {
        let (standing, database, zip, go_mod, answer) = match expected {
            Expected::Nothing(standing) => return Ok(standing),
            Expected::Record {
                standing,
                database,
                zip,
                go_mod,
                answer,
            } => (standing, database, zip, go_mod, answer),
        };
        let want = match covered {
            Covered::Zip => zip,
            Covered::Mod => go_mod,
        };
        let Some(want) = want else {
            return self.no_line(version, covered, database);
        };
        if want == got {
            self.metrics.proof(metrics::Proof::Proved);
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            last.insert(database, (version.clone(), Instant::now()));
            return Ok(standing);
        }
        let mismatch = Mismatch {
            line: covered.line(version),
            database,
            want,
            got,
        };
        // A stored file that differs is damaged, and says nothing of upstream.
        let is_sent = matches!(suspect.bytes, SuspectBytes::Staged(_));
        if is_sent && self.databases.proves_itself(version.path.as_str()) {
            self.keep_drift(&mismatch, answer, suspect).await;
        } else {
            self.metrics.proof(metrics::Proof::Mismatch);
            self.keep_mismatch(&mismatch, answer, suspect).await;
        }
        if self.policy(version.path.as_str()).mode == config::Mode::Report {
            return Ok(unproved(&format!(
                "{} has {want}, the file is {got}",
                mismatch.database
            )));
        }
        Err(Error::Mismatch(Arc::new(mismatch)))
    }

    /// Tells whether a file of this standing may be served under the policy of
    /// today, which may be stricter than that of the day it was stored.
    pub(crate) fn accepts(&self, module: &str, standing: &Standing) -> bool {
        let policy = self.policy(module);
        match standing {
            // A proof is of a key. What only another key has signed is judged again.
            Standing::Proved { .. } => self.believes(standing) || policy.is_lenient(),
            Standing::Uncovered => true,
            // Where a proof can be had now, it is asked for.
            Standing::Exempt => policy.is_lenient(),
            Standing::Unproved { .. } => policy.mode == config::Mode::Off || policy.is_exempt,
        }
    }

    /// Tells whether a file that was just judged to be of this standing may be kept at
    /// hand: the policy may have become stricter since its judging began.
    pub(crate) fn may_stay(&self, module: &str, standing: &Standing) -> bool {
        match standing {
            Standing::Proved { .. } | Standing::Uncovered => true,
            Standing::Exempt | Standing::Unproved { .. } => self.policy(module).is_lenient(),
        }
    }

    /// Tells whether the proof of a file still holds: a database of the name is
    /// configured, with the key that signed it, and its log has the record.
    pub(super) fn believes(&self, standing: &Standing) -> bool {
        let Standing::Proved {
            database,
            record,
            key,
            ..
        } = standing
        else {
            return false;
        };
        let Ok(key) = u32::from_str_radix(key, 16) else {
            return false;
        };
        let mut all = self.databases.all().iter();
        all.any(|it| it.name() == database && it.holds(key, *record))
    }

    /// Returns what the settings of this moment say of a module. What the database of our
    /// own proves, nothing frees from that: with one there is no hole for private modules.
    fn policy(&self, module: &str) -> Policy {
        if self.databases.proves_itself(module) {
            return Policy {
                mode: config::Mode::Require,
                is_exempt: false,
            };
        }
        let now = self.live.now();
        Policy {
            mode: now.proof.mode,
            is_exempt: now.proof.is_exempt(module),
        }
    }

    fn no_line(
        &self,
        version: &ModuleVersion,
        covered: Covered,
        database: String,
    ) -> Result<Standing, Error> {
        let line = covered.line(version);
        let reason = format!("the record in {database} has no line for it");
        let error = Error::NoLine { line, database };
        self.tolerate(version, metrics::Proof::NotInDatabase, reason, error)
    }

    fn without_record(
        &self,
        version: &ModuleVersion,
        database: &str,
        error: LookupError,
    ) -> Result<Standing, Error> {
        let metric = match error {
            LookupError::NotFound { .. } | LookupError::Private | LookupError::Denied { .. } => {
                metrics::Proof::NotInDatabase
            }
            LookupError::Invalid { .. } => metrics::Proof::BadAnswer,
            LookupError::Stopped { .. } => metrics::Proof::Stopped,
            LookupError::Unreachable { .. }
            | LookupError::Unsigned { .. }
            | LookupError::Internal { .. } => metrics::Proof::Unreachable,
        };
        let reason = format!("{database}: {error}");
        let database = database.to_owned();
        let error = match error {
            LookupError::NotFound { .. } => Error::NotInDatabase {
                version: version.clone(),
                database,
            },
            error => Error::Lookup {
                version: version.clone(),
                database,
                error,
            },
        };
        self.tolerate(version, metric, reason, error)
    }

    /// Lets a version without proof through where the policy only reports.
    fn tolerate(
        &self,
        version: &ModuleVersion,
        metric: metrics::Proof,
        reason: String,
        error: Error,
    ) -> Result<Standing, Error> {
        self.metrics.proof(metric);
        if self.policy(version.path.as_str()).mode != config::Mode::Require {
            tracing::warn!(
                reason,
                security = true,
                "serving a module that is not proved"
            );
            return Ok(unproved(&reason));
        }
        Err(error)
    }
}

/// What the settings say of one module, all of it of one moment: halves of two could tell
/// its name to a database though neither would.
struct Policy {
    /// What becomes of it when it is not proved.
    mode: config::Mode,
    is_exempt: bool,
}

impl Policy {
    /// Tells whether a file that was let through unproved may be served when there is
    /// still no proof to be had.
    fn is_lenient(&self) -> bool {
        self.mode != config::Mode::Require || self.is_exempt
    }
}

impl Covered {
    /// Returns the hash that a record has for the file.
    pub(crate) fn of(self, record: &Record, version: &ModuleVersion) -> Option<H1> {
        match self {
            Self::Mod => record.go_mod_h1(version),
            Self::Zip => record.h1(version),
        }
    }

    /// Returns the go.sum words for the file: `path version` or
    /// `path version/go.mod`.
    fn line(self, version: &ModuleVersion) -> String {
        let suffix = match self {
            Self::Mod => "/go.mod",
            Self::Zip => "",
        };
        format!("{} {}{suffix}", version.path, version.version)
    }
}

/// Returns the standing of what a proved record covers.
pub(crate) fn standing(database: &str, answer: &ProvedAnswer) -> Standing {
    Standing::Proved {
        database: database.to_owned(),
        record: answer.id,
        key: format!("{:08x}", answer.key_hash),
        record_hash: answer.record_hash.to_string(),
    }
}

/// Returns the standing of what a record of our own log covers.
pub(crate) fn standing_in(database: &str, key: &VerifierKey, id: u64, record: &Record) -> Standing {
    Standing::Proved {
        database: database.to_owned(),
        record: id,
        key: format!("{:08x}", key.key_hash()),
        record_hash: record_hash(record.as_str().as_bytes()).to_string(),
    }
}

fn unproved(reason: &str) -> Standing {
    Standing::Unproved {
        reason: reason.to_owned(),
    }
}
