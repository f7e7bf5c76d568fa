//! The answer as JSON; its form is described in `schema/observe-v1.json`.

use proto::attest::observation::Outcome as Ending;
use serde_json::{Value, json};

use super::Outcome;
use crate::observe::session::Seen;
use crate::report::printed::Printed;

/// The name and version of the answer's form.
const SCHEMA: &str = "verify-build/observe-v1";

impl Outcome {
    pub(super) fn value(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "tool": { "name": "verify-build", "version": env!("CARGO_PKG_VERSION") },
            "verdict": Self::verdict(self).as_str(),
            "summary": self.summary(),
            "notes": self.notes,
            "package": self.package,
            "inputs_sha256": self.inputs,
            "key": self.key,
            "builds": self.seen.iter().map(build).collect::<Vec<_>>(),
        })
    }
}

fn build(seen: &Seen) -> Value {
    let observation = &seen.observation;
    let cache = &observation.cache;
    let (result, failure) = match &observation.result {
        Ending::Built { .. } => ("built", None),
        Ending::Differed { .. } => ("differed", None),
        Ending::Failed { reason, .. } => ("failed", Some(reason)),
    };
    let digest = observation.digest().ok();
    json!({
        "file": seen.file.display().to_string(),
        "observation": digest,
        "mode": cache.mode,
        "result": result,
        "failure": failure,
        "sha256": seen.build.sha256(),
        "evidence": cache.evidence,
        "hits": cache.hits,
        "puts": cache.puts,
        "closure": cache.closure,
        "audit": cache.audit,
        "has_link_preimage": observation.link_preimage.is_some(),
        "previous": observation.chain.previous,
        "duration_ms": observation.observed.duration_ms,
    })
}
