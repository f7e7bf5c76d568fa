//! A quorum file in words.

use std::fmt::Write as _;

use super::{Host, Kind, Level, Quorum};
use crate::rfc3339;

/// Says what the file demands.
pub(super) fn explain(quorum: &Quorum) -> String {
    let mut text = format!(
        "Version {} of the quorum file, SHA-256 {}\n\n",
        quorum.version,
        quorum.digest()
    );
    let _ = writeln!(
        text,
        "It demands {}: {}.",
        quorum.wanted,
        quorum.wanted.level.claim()
    );
    for mark in &quorum.wanted.marks {
        let _ = writeln!(text, "  +{mark}: {}.", mark.claim());
    }
    let groups = quorum.groups();
    let of: Vec<&str> = quorum.of.iter().map(|kind| kind.as_str()).collect();
    let _ = writeln!(
        text,
        "{} of {} groups must have built the same program. Hosts are one group, with one vote, \
         when they share their {}.",
        quorum.needed,
        groups.len(),
        of.join(" or ")
    );
    match quorum.inputs {
        Some(inputs) => {
            let _ = writeln!(text, "Builds of other inputs than {inputs} are set aside.");
        }
        None => text.push_str("Any inputs will do, as long as all have the same.\n"),
    }
    if let Some(age) = quorum.age_max_s {
        let _ = writeln!(text, "Observations older than {} are set aside.", span(age));
    }
    match &quorum.log {
        Some(log) => {
            let needed = quorum.witnesses.needed();
            let witnesses = quorum.witnesses.witnesses().len();
            let _ = writeln!(
                text,
                "Observations may be in the log {:?}, whose heads {needed} of {witnesses} known witnesses must have cosigned.",
                log.origin
            );
        }
        None => text.push_str("No log is named, so L4 and +X are out of reach.\n"),
    }
    text.push('\n');
    for (index, group) in groups.iter().enumerate() {
        let _ = writeln!(text, "Group {}", index + 1);
        for host in group
            .hosts
            .iter()
            .filter_map(|host| quorum.hosts.get(*host))
        {
            let _ = writeln!(text, "  {}", line(host));
        }
    }
    let warnings = warnings(quorum);
    if !warnings.is_empty() {
        text.push('\n');
    }
    for warning in warnings {
        let _ = writeln!(text, "Warning: {warning}");
    }
    text
}

fn line(host: &Host) -> String {
    let mut text = format!("{}: key {}", host.name, host.key.id().short());
    for (kind, value) in &host.groups {
        let _ = write!(text, ", {} {value}", kind.as_str());
    }
    if host.is_revoked {
        text.push_str(", revoked: nothing of it counts");
    }
    if let Some(until) = host.until_s {
        let _ = write!(text, ", until {}", rfc3339::text(until));
    }
    if let Some(since) = host.compromised_since_s {
        let since = rfc3339::text(since);
        let _ = write!(
            text,
            ", compromised since {since}: only what was logged before counts"
        );
    }
    text
}

/// Returns what a person should know of the file.
pub(super) fn warnings(quorum: &Quorum) -> Vec<String> {
    let mut warnings = Vec::new();
    let (needed, groups) = (quorum.needed, quorum.groups().len());
    if needed * 2 <= groups {
        warnings.push(format!(
            "{needed} of {groups} groups is no majority: two different programs could both have enough votes"
        ));
    }
    if needed == groups && groups > 1 {
        warnings.push(format!(
            "all {groups} groups must agree: any one of them can hold up everything"
        ));
    }
    let level = quorum.wanted.level;
    if level >= Level::L2 && quorum.groups_by(Kind::Image).len() < 2 {
        warnings.push(format!(
            "{level} is out of reach: it takes hosts of two images"
        ));
    }
    if level >= Level::L3 && quorum.groups_by(Kind::Cache).len() < 2 {
        warnings.push(format!(
            "{level} is out of reach: it takes hosts of two caches"
        ));
    }
    if level >= Level::L2
        && quorum
            .hosts
            .iter()
            .any(|host| !host.groups.contains_key(&Kind::Image))
    {
        warnings.push("a host without an image does not count for L2 and above".to_owned());
    }
    if level == Level::L4 && quorum.log.is_none() {
        warnings.push("L4 is out of reach: no log is named".to_owned());
    }
    let wants_witnesses = quorum.wanted.marks.contains(&super::Mark::X);
    let (needed, witnesses) = (
        quorum.witnesses.needed(),
        quorum.witnesses.witnesses().len(),
    );
    if wants_witnesses && needed == 0 {
        warnings.push("+X is out of reach: no witnesses are asked for".to_owned());
    }
    if needed > 0 && needed * 2 <= witnesses {
        warnings.push(format!(
            "{needed} of {witnesses} witnesses is no majority: the log could have two histories cosigned"
        ));
    }
    if quorum.inputs.is_none() {
        warnings.push(
            "inputs are not pinned: builds of other inputs could be shown instead of these"
                .to_owned(),
        );
    }
    warnings
}

/// Returns a span of time in its largest unit that goes into it.
fn span(seconds: u64) -> String {
    for (unit, name) in [(86400, "days"), (3600, "hours"), (60, "minutes")] {
        if seconds.is_multiple_of(unit) {
            return format!("{} {name}", seconds / unit);
        }
    }
    format!("{seconds} seconds")
}
