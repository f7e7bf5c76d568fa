//! A decision in words: what is claimed first, and what is not in the same sentence.

use std::fmt::Write as _;

use super::decision::{Decision, Stand, Verdict};
use crate::rfc3339;
use crate::visible::clean;

/// Returns what is claimed, and what is not, in one sentence.
pub fn claim(decision: &Decision) -> String {
    let inputs = decision
        .inputs
        .map_or_else(|| "unknown".to_owned(), |one| one.short());
    let (votes, groups) = (decision.votes, decision.groups.len());
    match (decision.verdict, decision.level()) {
        (Verdict::Reproducible, Some(level)) => format!(
            "Claimed: {votes} of {groups} groups of hosts built this program, byte for byte, from the inputs \
             {inputs}, and {}. Not claimed: {}.",
            level.claim(),
            level.not_shown()
        ),
        (Verdict::Differs, _) => format!(
            "Claimed: {}. Not claimed: which of the builds is the right one.",
            decision.summary
        ),
        _ => format!(
            "Nothing is claimed: {}. That is neither a sign for this program nor one against it.",
            decision.summary
        ),
    }
}

/// Returns the whole decision as text, a line each thing.
pub fn text(decision: &Decision, is_verbose: bool) -> String {
    let mut text = format!("{}\n\n", clean(&claim(decision)));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<12}{}", clean(value));
    };
    let none = "none";
    line("verdict", decision.verdict.as_str());
    line("demanded", &decision.wanted);
    line("shown", decision.reached.as_deref().unwrap_or(none));
    let digest = |one: Option<super::digest::Digest>| {
        one.map_or_else(|| none.to_owned(), |one| one.to_string())
    };
    line("program", &digest(decision.product));
    line("inputs", &digest(decision.inputs));
    let votes = format!(
        "{} of {} groups, {} needed",
        decision.votes,
        decision.groups.len(),
        decision.needed
    );
    line("votes", &votes);
    line("time", &rfc3339::text(decision.asked.time_s));
    line(
        "quorum",
        &format!(
            "version {}, sha256 {}",
            decision.quorum.version, decision.quorum.sha256
        ),
    );
    text.push('\n');
    states(decision, &mut text);
    groups(decision, &mut text);
    against(decision, &mut text);
    aside(decision, is_verbose, &mut text);
    for note in &decision.notes {
        let _ = writeln!(text, "note: {}", clean(note));
    }
    text
}

fn states(decision: &Decision, text: &mut String) {
    text.push_str("Levels\n");
    for state in &decision.levels {
        let what = match state.missing.first() {
            None => state.of.claim().to_owned(),
            Some(missing) => format!("not shown: {missing}"),
        };
        let _ = writeln!(text, "  {}  {}", state.of, clean(&what));
        for missing in state.missing.iter().skip(1) {
            let _ = writeln!(text, "      {}", clean(missing));
        }
    }
    for state in &decision.marks {
        let what = match state.missing.first() {
            None => state.of.claim().to_owned(),
            Some(missing) => format!("not shown: {missing}"),
        };
        let _ = writeln!(text, "  +{}  {}", state.of, clean(&what));
    }
    text.push('\n');
}

fn groups(decision: &Decision, text: &mut String) {
    text.push_str("Groups\n");
    for group in &decision.groups {
        let stand = match group.stand {
            Stand::For => "built it",
            Stand::Against => "built something else",
            Stand::Void => "contradicts itself: no vote",
            Stand::Failed => "did not build",
            Stand::Silent => "nothing of it counts",
        };
        let _ = writeln!(text, "  {}: {stand}", clean(&group.hosts.join(", ")));
    }
    text.push('\n');
}

fn against(decision: &Decision, text: &mut String) {
    for one in &decision.dissent {
        let how = one.comparison.built();
        let _ = writeln!(text, "{} built {how}: {}", clean(&one.host), one.product);
        for cause in &one.causes {
            let _ = writeln!(text, "  {}", clean(cause));
        }
    }
    for one in &decision.contradictions {
        for line in one.lines() {
            let _ = writeln!(text, "against it: {}", clean(line));
        }
    }
    for gap in &decision.gaps {
        let _ = writeln!(text, "gap: {}", clean(gap));
    }
}

fn aside(decision: &Decision, is_verbose: bool, text: &mut String) {
    if !decision.set_aside.is_empty() {
        text.push_str("\nSet aside\n");
    }
    for one in &decision.set_aside {
        let whose = one.host.as_deref().unwrap_or("nobody known");
        let (name, detail) = (clean(&one.name), clean(&one.detail));
        let _ = writeln!(text, "  {name} by {}: {detail}", clean(whose));
        if is_verbose {
            let _ = writeln!(text, "    sha256 {}", one.observation);
        }
    }
}
