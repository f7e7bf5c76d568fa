//! Refused bytes, kept so that somebody can check by hand.

use bytes::Bytes;
use proto::module::ModuleVersion;
use serde_json::{Value, json};

use super::error::Mismatch;
use super::proof::Prover;
use super::suspect::Suspect;
use crate::blocking::{self, CALL_MAX};
use crate::evidence;
use crate::metrics;
use crate::telemetry::events;

impl Prover {
    /// Keeps what hashes to something else than its record says.
    pub(super) async fn keep_mismatch(&self, mismatch: &Mismatch, answer: Bytes, suspect: Suspect) {
        let facts = json!({
            "line": mismatch.line,
            "database": mismatch.database,
            "h1_in_database": mismatch.want.to_string(),
            "h1_of_file": mismatch.got.to_string(),
        });
        let upstream = suspect.url.clone();
        let subject = mismatch.line.replace(' ', "@");
        let evidence = self
            .keep(
                events::Kind::Refused,
                "hash-mismatch",
                subject,
                facts,
                suspect,
                Some(answer),
            )
            .await;
        tracing::error!(
            line = mismatch.line,
            database = mismatch.database,
            want = %mismatch.want,
            got = %mismatch.got,
            upstream.url = upstream,
            evidence,
            "checksum mismatch: the file is not the one that the checksum database has"
        );
    }

    /// Keeps what an upstream sends now for a version that is logged with another hash.
    pub(super) async fn keep_drift(&self, mismatch: &Mismatch, answer: Bytes, suspect: Suspect) {
        self.metrics.proof(metrics::Proof::Drift);
        let facts = json!({
            "line": mismatch.line,
            "database": mismatch.database,
            "h1_logged": mismatch.want.to_string(),
            "h1_upstream_now": mismatch.got.to_string(),
        });
        let upstream = suspect.url.clone();
        let subject = mismatch.line.replace(' ', "@");
        let evidence = self
            .keep(
                events::Kind::Drift,
                "drift",
                subject,
                facts,
                suspect,
                Some(answer),
            )
            .await;
        tracing::error!(
            line = mismatch.line,
            database = mismatch.database,
            logged = %mismatch.want,
            now = %mismatch.got,
            upstream.url = upstream,
            evidence,
            "drift: upstream sends other bytes now than those that were logged, which stay"
        );
    }

    /// Keeps bytes that are not what their name says, whatever they hash to.
    pub(super) async fn keep_misfit(
        &self,
        version: &ModuleVersion,
        reason: &str,
        suspect: Suspect,
    ) {
        let upstream = suspect.url.clone();
        let facts = json!({ "reason": reason });
        let evidence = self
            .keep(
                events::Kind::Refused,
                "misfit",
                version.to_string(),
                facts,
                suspect,
                None,
            )
            .await;
        tracing::error!(
            reason,
            upstream.url = upstream,
            evidence,
            "refused a file that breaks the rules for it"
        );
    }

    /// Writes evidence: facts, where the file came from, the file, and the
    /// database's answer. Returns where, or why not. The first time it is an event, too.
    async fn keep(
        &self,
        event: events::Kind,
        kind: &'static str,
        subject: String,
        mut facts: Value,
        suspect: Suspect,
        answer: Option<Bytes>,
    ) -> String {
        let told = (subject.clone(), facts.clone());
        facts["upstream"] = suspect.url.into();
        facts["sha256_of_file"] = suspect.sha256.into();
        let evidence = self.evidence.clone();
        let kept = blocking::run_within(CALL_MAX, move || {
            let bytes = suspect.bytes.start(evidence::ATTACHMENT_BYTES_MAX)?;
            let mut attachments = vec![("file", &*bytes)];
            if let Some(answer) = &answer {
                attachments.push(("lookup", answer));
            }
            evidence.keep_once(kind, &subject, facts, &attachments)
        })
        .await;
        // Evidence that is not kept is not known the next time: rather twice than never.
        if !matches!(kept, Ok((_, false))) {
            tell(event, &told.0, &told.1);
        }
        match kept {
            Ok((path, _)) => path.display().to_string(),
            Err(error) => format!("not kept: {error}"),
        }
    }
}

/// Tells of a file that was not what it should be.
fn tell(kind: events::Kind, subject: &str, facts: &Value) {
    events::tell(kind, || {
        let mut data = json!({ "file": subject });
        if let (Some(data), Some(facts)) = (data.as_object_mut(), facts.as_object()) {
            data.extend(facts.clone());
        }
        data
    });
}
