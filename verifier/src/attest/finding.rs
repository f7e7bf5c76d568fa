//! A decision as checks and findings, for printers that know nothing of decisions.

use proto::attest::decision::{Decision, State, Verdict};
use proto::finding::{Check, Finding, Level, Status};

use crate::exit::Exit;

/// Returns how a run ends that concludes this.
pub(super) fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Reproducible => Exit::Same,
        Verdict::Differs => Exit::Different,
        Verdict::Undecided => Exit::Inconclusive,
    }
}

/// Returns a check for what was demanded, and one for each level and mark.
pub(super) fn checks(decision: &Decision, subject: &str) -> Vec<Check> {
    let mut checks = vec![Check {
        name: format!("demanded: {}", decision.wanted),
        subject: subject.to_owned(),
        status: match decision.verdict {
            Verdict::Reproducible => Status::Passed,
            Verdict::Differs => Status::Failed,
            Verdict::Undecided => Status::Undecided,
        },
        reason: Some(decision.summary.clone()),
        findings: findings(decision, subject),
    }];
    let levels = decision
        .levels
        .iter()
        .map(|state| (state.of.to_string(), missing(state)));
    let marks = decision
        .marks
        .iter()
        .map(|state| (format!("+{}", state.of), missing(state)));
    // What was not demanded and is not shown is not a failure.
    checks.extend(levels.chain(marks).map(|(name, missing)| Check {
        name,
        subject: subject.to_owned(),
        status: if missing.is_none() {
            Status::Passed
        } else {
            Status::Undecided
        },
        reason: missing,
        findings: Vec::new(),
    }));
    checks
}

fn missing<T>(state: &State<T>) -> Option<String> {
    (!state.is_shown()).then(|| state.missing.join("; "))
}

fn findings(decision: &Decision, subject: &str) -> Vec<Finding> {
    let finding = |rule: &str, level, summary: String| Finding {
        rule: rule.to_owned(),
        level,
        confidence: None,
        artifact: subject.to_owned(),
        summary,
        evidence: Vec::new(),
        fix: String::new(),
    };
    let mut findings = Vec::new();
    for one in &decision.dissent {
        let how = one.comparison.built();
        let mut found = finding(
            "dissent",
            Level::Error,
            format!("{} built {how}: {}", one.host, one.product),
        );
        for cause in &one.causes {
            found = found.seen("cause", cause.clone());
        }
        findings.push(found);
    }
    let contradictions = decision.contradictions.iter();
    findings.extend(contradictions.map(|one| finding("contradiction", Level::Error, one.clone())));
    let gaps = decision.gaps.iter();
    findings.extend(gaps.map(|one| finding("gap", Level::Warning, one.clone())));
    let aside = decision.set_aside.iter();
    findings.extend(aside.map(|one| {
        let whose = one.host.as_deref().unwrap_or("nobody known");
        finding(
            "set-aside",
            Level::Note,
            format!("{} by {whose}: {}", one.name, one.detail),
        )
    }));
    findings
}
