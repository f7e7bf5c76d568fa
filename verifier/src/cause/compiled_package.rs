//! Two compiled packages, as they lie in a build cache: by their action, their
//! members and their symbols.

use proto::buildid::{BuildId, Part};
use proto::goobj;
use proto::goobj::header::Header;

use super::{Cause, Confidence, Evidence, Name, Pair, Reach, go_release};
use crate::artifact::Artifact;
use crate::diff::compiled;
use crate::goinfo::selfcheck::SelfCheck;
use crate::image::Format;

pub(super) fn explain(pair: &Pair<'_>) -> Vec<Cause> {
    let sides = [pair.a, pair.b];
    let headers = sides.map(header);
    let [Some(a), Some(b)] = headers else {
        return Vec::new();
    };
    if a.version != b.version {
        return vec![Cause {
            name: Name::GoVersion,
            confidence: Confidence::Proven,
            summary: format!("compiled by {} and by {}", a.version, b.version),
            evidence: vec![Evidence::new("header of __.PKGDEF", &a.version, &b.version)],
            fix: go_release::advice(&a.version, &b.version),
            reach: Reach::Anything,
        }];
    }
    let bytes = sides.map(|side| side.bytes());
    let Some(changes) = goobj::diff::archives(bytes[0], bytes[1]) else {
        return Vec::new();
    };
    let package = goobj::import_path(bytes[0]).or_else(|| goobj::import_path(bytes[1]));
    let package = package.unwrap_or_else(|| "unknown".into());
    let actions = [a, b].map(|header| action(&header));
    let same_action = actions[0].is_some() && actions[0] == actions[1];
    let is_changed = sides
        .iter()
        .any(|side| matches!(side.go.self_check, SelfCheck::Changed { .. }));
    let (name, confidence, what, fix) = match (same_action, is_changed) {
        (true, true) => (
            Name::CachePoisoned,
            Confidence::Likely,
            "one of them was changed after go wrote it",
            "audit the cache it comes from: verify-build cache audit",
        ),
        (true, false) if compiled::only_c(&changes) => (
            Name::CacheStaleCgo,
            Confidence::Likely,
            "the same action, and only what came from C differs: headers and libraries outside the package are in no key",
            "build both with a cold cache and the same C side",
        ),
        (true, false) => (
            Name::CompilerNondeterminism,
            Confidence::Likely,
            "the same action came out differently, by the compiler or a -toolexec program",
            "build the package twice on each host with a cold cache; verify-build cache compare finds all such packages",
        ),
        (false, _) => (
            Name::SourceContent,
            Confidence::Possible,
            "compiled from other inputs: sources, flags or what they import",
            "GODEBUG=gocachehash=1 logs of both builds tell which input it is: --explain-with",
        ),
    };
    let mut evidence = vec![Evidence::sides(
        "action in the build ID",
        actions[0].map(|part| part.to_string()),
        actions[1].map(|part| part.to_string()),
    )];
    evidence.extend(compiled::evidence(&changes));
    vec![Cause {
        name,
        confidence,
        summary: format!("package {package}: {what}; {}", compiled::words(&changes)),
        evidence,
        fix: fix.into(),
        reach: Reach::Anything,
    }]
}

/// The text lines of a package archive's export data.
fn header(side: &Artifact) -> Option<Header> {
    if side.image.format != Format::GoArchive {
        return None;
    }
    let mut members = goobj::archive::members(&side.input.bytes)?;
    Header::parse(members.next()?.data)
}

fn action(header: &Header) -> Option<Part> {
    match &header.build_id {
        Some((BuildId::Package { action, .. }, _)) => Some(*action),
        _ => None,
    }
}
