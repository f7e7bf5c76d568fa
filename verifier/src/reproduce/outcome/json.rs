//! The answer as JSON; its form is described in `schema/reproduce-v1.json`.

use serde_json::{Value, json};

use super::Outcome;
use crate::report::Tool;
use crate::reproduce::step::{Measure, Step};

/// The name and version of the answer's form.
pub(super) const SCHEMA: &str = "verify-build/reproduce-v1";

impl Outcome {
    pub(super) fn value(&self) -> Value {
        let remaining = self.remaining().into_iter().map(|finding| {
            json!({
                "cause": finding.rule,
                "confidence": finding.confidence,
                "summary": finding.summary,
                "fix": finding.fix,
            })
        });
        json!({
            "schema": SCHEMA,
            "tool": Tool::this(),
            "verdict": self.verdict,
            "summary": self.sentence(),
            "notes": self.remarks(),
            "file": {
                "path": self.file,
                "inside": self.inside,
                "size": self.size,
                "sha256": self.sha256,
            },
            "recipe": self.recipe,
            "obstacle": self.obstacle.as_ref().map(|obstacle| json!({
                "kind": obstacle.kind,
                "said": obstacle.said,
            })),
            "toolchain": self.toolchain.as_ref().map(|toolchain| json!({
                "release": toolchain.release,
                "way": toolchain.way,
                "verdict": toolchain.verdict,
                "said": toolchain.said,
            })),
            "source": self.source.as_ref().map(|source| json!({
                "name": source.name,
                "said": source.said,
            })),
            "steps": self.steps.iter().enumerate().map(step).collect::<Vec<_>>(),
            "best": self.best.map(|best| best + 1),
            "commands": self.commands,
            "remaining": remaining.collect::<Vec<_>>(),
            "comparison": self.comparison,
        })
    }
}

fn step((index, step): (usize, &Step)) -> Value {
    let measure = step.result.as_ref().ok();
    json!({
        "number": index + 1,
        "what": step.what,
        "why": step.why,
        "tree": step.plan.tree,
        "command": step.plan.command(None),
        "nearer": step.is_nearer,
        "old": step.is_old,
        "duration_ms": u64::try_from(step.duration.as_millis()).unwrap_or(u64::MAX),
        "measure": measure.map(value),
        "failure": step.result.as_ref().err(),
    })
}

fn value(measure: &Measure) -> Value {
    json!({
        "sha256": measure.sha256,
        "size": measure.size,
        "differing": measure.differing,
        "stamped": measure.stamped,
        "fields": measure.fields,
        "pattern": measure.pattern,
    })
}
