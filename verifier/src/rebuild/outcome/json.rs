//! The answer as JSON; its form is described in `schema/rebuild-v1.json`.

use serde_json::{Value, json};

use super::{Outcome, fix, matters};
use crate::rebuild::build::Build;
use crate::rebuild::session::{Culprit, Kind};

/// The name and version of the answer's form.
pub(super) const SCHEMA: &str = "verify-build/rebuild-v1";

impl Outcome {
    pub(super) fn value(&self) -> Value {
        let claim = self
            .level()
            .map(|level| json!({ "level": level, "meaning": level.meaning() }));
        let varied = self
            .varied
            .iter()
            .map(|one| json!({ "name": one.name, "how": one.how }));
        let failing = self.found.failing.iter();
        json!({
            "schema": SCHEMA,
            "tool": { "name": "verify-build", "version": env!("CARGO_PKG_VERSION") },
            "verdict": self.verdict,
            "summary": self.sentence(),
            "notes": self.remarks(),
            "package": self.package,
            "claim": claim,
            "culprits": self.found.culprits.iter().map(|one| self.culprit(one)).collect::<Vec<_>>(),
            "varied": varied.collect::<Vec<_>>(),
            "untried": self.untried,
            "failing": failing
                .map(|(names, said)| json!({ "varied": names, "said": said }))
                .collect::<Vec<_>>(),
            "builds": self.found.builds.iter().map(build).collect::<Vec<_>>(),
            "comparison": self.comparison,
            "records": self.records().map(|record| record.value()).collect::<Vec<_>>(),
        })
    }

    fn culprit(&self, culprit: &Culprit) -> Value {
        let (kind, varied) = match &culprit.kind {
            Kind::Nothing => ("nothing", [].as_slice()),
            Kind::Warm => ("warm-cache", [].as_slice()),
            Kind::Given => ("given-cache", [].as_slice()),
            Kind::Varied(names) => ("varied", names.as_slice()),
        };
        json!({
            "kind": kind,
            "rule": self.rule(culprit),
            "confidence": culprit.confidence,
            "varied": varied,
            "label": culprit.label,
            "summary": matters(culprit),
            "fix": fix(culprit, self.has_cgo),
            "builds": [1, culprit.build.saturating_add(1)],
        })
    }
}

fn build(build: &Build) -> Value {
    let built = build.result.as_ref().ok();
    json!({
        "number": build.number,
        "cache": build.cache,
        "varied": build.varied,
        "duration_ms": u64::try_from(build.duration.as_millis()).unwrap_or(u64::MAX),
        "sha256": build.sha256(),
        "inputs": built.map(|built| &built.record.inputs_sha256),
        "record": built.and_then(|built| built.record.sha256()),
        "failure": build.result.as_ref().err(),
    })
}
