//! Refused bytes, kept so that somebody can check by hand.

use bytes::Bytes;
use proto::module::ModuleVersion;
use serde_json::json;

use super::mismatch::Mismatch;
use super::proof::{Origin, Prover};
use crate::http::refusal::Refusal;

impl Prover {
    /// Keeps what hashes to something else than its record says.
    pub(super) async fn keep_mismatch(&self, mismatch: &Mismatch, answer: Bytes, origin: Origin) {
        let facts = json!({
            "line": mismatch.line,
            "database": mismatch.database,
            "h1_in_database": mismatch.want.to_string(),
            "h1_of_file": mismatch.got.to_string(),
        });
        let upstream = origin.url.clone();
        let subject = mismatch.line.replace(' ', "@");
        let evidence = self
            .keep("hash-mismatch", subject, facts, origin, Some(answer))
            .await;
        tracing::error!(
            line = mismatch.line,
            database = mismatch.database,
            want = %mismatch.want,
            got = %mismatch.got,
            upstream.url = upstream,
            evidence,
            "checksum mismatch: upstream's file is not the one that the checksum database has"
        );
    }

    /// Keeps bytes that are not what their name says, whatever they hash to.
    pub(crate) async fn keep_misfit(
        &self,
        version: &ModuleVersion,
        refusal: &Refusal,
        origin: Origin,
    ) {
        let reason = String::from_utf8_lossy(&refusal.text).trim_end().to_owned();
        let upstream = origin.url.clone();
        let facts = json!({ "reason": reason });
        let evidence = self
            .keep("misfit", version.to_string(), facts, origin, None)
            .await;
        tracing::error!(
            reason,
            upstream.url = upstream,
            evidence,
            "refused a file that breaks the rules for it"
        );
    }

    /// Writes evidence: facts, where the file came from, the file, and the
    /// database's answer. Returns where, or why not.
    async fn keep(
        &self,
        kind: &'static str,
        subject: String,
        mut facts: serde_json::Value,
        origin: Origin,
        answer: Option<Bytes>,
    ) -> String {
        facts["upstream"] = origin.url.into();
        facts["sha256_of_file"] = origin.sha256.into();
        let evidence = self.evidence.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let mut attachments = vec![("file", &*origin.bytes)];
            if let Some(answer) = &answer {
                attachments.push(("lookup", answer));
            }
            evidence.keep(kind, &subject, facts, &attachments)
        })
        .await
        .map_err(std::io::Error::other)
        .flatten();
        match kept {
            Ok(path) => path.display().to_string(),
            Err(error) => format!("not kept: {error}"),
        }
    }
}
