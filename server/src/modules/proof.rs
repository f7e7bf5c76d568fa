//! What must be proved of a module version, and whether it was.

use std::sync::Arc;

use bytes::Bytes;
use proto::dirhash::H1;
use proto::module::ModuleVersion;

use super::mismatch::Mismatch;
use crate::config;
use crate::evidence::Evidence;
use crate::http::refusal::{Refusal, Remember};
use crate::ledger::Standing;
use crate::metrics::{self, Metrics};
use crate::sumdb::{Databases, Hops, LookupError, Record};

/// Proves module versions in the followed databases.
#[derive(Debug)]
pub(crate) struct Prover {
    databases: Arc<Databases>,
    policy: config::Proof,
    pub(super) evidence: Evidence,
    metrics: Arc<Metrics>,
}

/// What the files of a module version must hash to.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// What a proved record says.
    Record {
        /// The database's name.
        database: String,
        /// The record's number.
        record: u64,
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

/// Why bytes are not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// They are not what they should be.
    Wrong(Refusal),
    /// Nobody can say what they should be, or not now.
    Unknown(Refusal),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Wrong(refusal) | Rejection::Unknown(refusal) => refusal,
        }
    }
}

/// The files of a version that a database's record covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    /// `.mod`, by the record's `/go.mod` line.
    Mod,
    /// `.zip`.
    Zip,
}

/// What bytes are judged, and where they came from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The bytes.
    pub(crate) bytes: Bytes,
    /// The upstream's URL, without secrets.
    pub(crate) url: String,
    /// SHA-256 of the bytes, in hex.
    pub(crate) sha256: String,
}

impl Prover {
    /// Makes a prover of these databases under this policy.
    pub(crate) fn new(
        databases: Arc<Databases>,
        policy: config::Proof,
        evidence: Evidence,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            databases,
            policy,
            evidence,
            metrics,
        }
    }

    /// Returns what the files of `version` must hash to.
    ///
    /// # Errors
    /// A refusal when the policy requires a proof and there is none to be had.
    pub(crate) async fn expected(&self, version: &ModuleVersion) -> Result<Expected, Refusal> {
        if self.is_exempt(version.path.as_str()) {
            self.metrics.proof(metrics::Proof::Exempt);
            return Ok(Expected::Nothing(Standing::Exempt));
        }
        if self.policy.mode == config::Mode::Off {
            return Ok(Expected::Nothing(unproved("proof is off")));
        }
        let Some(database) = self.databases.covering(version.path.as_str()) else {
            let refusal = Refusal::denied(format!(
                "{version} cannot be proved: no configured checksum database covers it\n"
            ));
            let reason = "no configured checksum database covers it".to_owned();
            return self
                .tolerate(metrics::Proof::NotInDatabase, reason, refusal)
                .map(Expected::Nothing);
        };
        match database.lookup(version, &Hops::default()).await {
            Ok(answer) => Ok(Expected::Record {
                database: database.name().to_owned(),
                record: answer.id,
                zip: answer.record.h1(version),
                go_mod: answer.record.go_mod_h1(version),
                answer: answer.bytes.clone(),
            }),
            Err(error) => self
                .without_record(version, database.name(), &error)
                .map(Expected::Nothing),
        }
    }

    /// Judges the hash of a file.
    ///
    /// # Errors
    /// [`Rejection::Wrong`] with both hashes when they differ, for which evidence
    /// is kept first; [`Rejection::Unknown`] when the record does not cover the
    /// file and the policy requires it.
    pub(crate) async fn judge(
        &self,
        version: &ModuleVersion,
        covered: Covered,
        got: H1,
        expected: Expected,
        origin: Origin,
    ) -> Result<Standing, Rejection> {
        let (database, record, want, answer) = match expected {
            Expected::Nothing(standing) => return Ok(standing),
            Expected::Record {
                database,
                record,
                zip,
                go_mod,
                answer,
            } => match covered {
                Covered::Zip => (database, record, zip, answer),
                Covered::Mod => (database, record, go_mod, answer),
            },
        };
        let Some(want) = want else {
            return self
                .uncovered(version, covered, &database)
                .map_err(Rejection::Unknown);
        };
        if want == got {
            self.metrics.proof(metrics::Proof::Proved);
            return Ok(Standing::Proved { database, record });
        }
        self.metrics.proof(metrics::Proof::Mismatch);
        let mismatch = Mismatch {
            line: covered.line(version),
            database,
            want,
            got,
        };
        self.keep_mismatch(&mismatch, answer, origin).await;
        if self.policy.mode == config::Mode::Report {
            return Ok(unproved(&format!(
                "{} has {want}, the file is {got}",
                mismatch.database
            )));
        }
        Err(Rejection::Wrong(mismatch.refusal()))
    }

    /// Tells whether a file of this standing may be served under the policy of
    /// today, which may be stricter than that of the day it was stored.
    pub(crate) fn accepts(&self, module: &str, standing: &Standing) -> bool {
        match standing {
            // A database that is no longer followed proves nothing any more.
            Standing::Proved { database, .. } => {
                let mut followed = self.databases.all().iter();
                followed.any(|it| it.name() == database)
                    || self.is_lenient()
                    || self.is_exempt(module)
            }
            Standing::Uncovered => true,
            Standing::Exempt => self.is_exempt(module) || self.is_lenient(),
            Standing::Unproved { .. } => self.is_lenient() || self.is_exempt(module),
        }
    }

    /// Tells whether a pattern of `proof.exempt` names the module, which is
    /// then never named to a database either.
    pub(crate) fn is_exempt(&self, module: &str) -> bool {
        self.policy.is_exempt(module)
    }

    fn is_lenient(&self) -> bool {
        self.policy.mode != config::Mode::Require
    }

    fn uncovered(
        &self,
        version: &ModuleVersion,
        covered: Covered,
        database: &str,
    ) -> Result<Standing, Refusal> {
        let line = covered.line(version);
        let reason = format!("the record in {database} has no line for it");
        let refusal = Refusal::denied(format!("verifying {line}: {reason}\n"));
        self.tolerate(metrics::Proof::NotInDatabase, reason, refusal)
    }

    fn without_record(
        &self,
        version: &ModuleVersion,
        database: &str,
        error: &LookupError,
    ) -> Result<Standing, Refusal> {
        let metric = match error {
            LookupError::NotFound { .. } | LookupError::Private => metrics::Proof::NotInDatabase,
            LookupError::Unreachable { .. } => metrics::Proof::Unreachable,
            LookupError::Invalid { .. } => metrics::Proof::BadAnswer,
            LookupError::Stopped { .. } => metrics::Proof::Stopped,
            LookupError::Internal { .. } => metrics::Proof::Unreachable,
        };
        let reason = format!("{database}: {error}");
        let refusal = match error {
            LookupError::NotFound { .. } => Refusal::denied(format!(
                "verifying {version}: not in the checksum database {database}, so it cannot be proved\n\
                 if it is a private module, name it in proof.exempt (GONOSUMDB) of this proxy\n"
            ))
            .remembered(Remember::Briefly),
            other => Refusal::from_lookup(database, version, other),
        };
        self.tolerate(metric, reason, refusal)
    }

    /// Lets a version without proof through where the policy only reports.
    fn tolerate(
        &self,
        metric: metrics::Proof,
        reason: String,
        refusal: Refusal,
    ) -> Result<Standing, Refusal> {
        self.metrics.proof(metric);
        if self.is_lenient() {
            tracing::warn!(reason, "serving a module that is not proved");
            return Ok(unproved(&reason));
        }
        Err(refusal)
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

fn unproved(reason: &str) -> Standing {
    Standing::Unproved {
        reason: reason.to_owned(),
    }
}
