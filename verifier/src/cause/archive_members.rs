//! archive-members: two containers hold other files, or files that are no
//! programs and differ.

use super::{Cause, Confidence, Evidence, Name, Reach};
use crate::container::listing::Content;
use crate::diff::first_bytes;
use crate::members::difference::{Difference, Differing, How};
use crate::quantity;

/// The most members listed as evidence.
const EVIDENCE_MAX: usize = 50;

pub(super) fn explain(difference: &Difference, names: &[String; 2]) -> Option<Cause> {
    let differing: Vec<&Differing> = difference
        .differing
        .iter()
        .filter(|member| match member.how {
            How::Kind | How::Bytes { .. } | How::Hashes(_) => true,
            How::Program { .. } | How::Container(_) => false,
        })
        .collect();
    let mut parts = Vec::new();
    match differing.as_slice() {
        [] => {}
        [one] => parts.push(format!("{} differs and is compared as it is", one.path)),
        several => parts.push(format!(
            "{} members differ and are compared as they are",
            several.len()
        )),
    }
    for (only, name) in difference.only.iter().zip(names) {
        match only.as_slice() {
            [] => {}
            [one] => parts.push(format!("{} is only in {name}", one.path)),
            several => parts.push(format!("{} members are only in {name}", several.len())),
        }
    }
    match difference.carried.as_slice() {
        [] => {}
        [one] => parts.push(format!("{} differs", one.place)),
        [one, rest @ ..] => parts.push(format!(
            "{} and {} more settings differ",
            one.place,
            rest.len()
        )),
    }
    if parts.is_empty() {
        return None;
    }
    let mut evidence: Vec<Evidence> = difference
        .carried
        .iter()
        .map(|example| Evidence::sides(&*example.place, example.a.clone(), example.b.clone()))
        .collect();
    let shown = differing.iter().take(EVIDENCE_MAX);
    evidence.extend(
        shown
            .flat_map(|member| [Some(differs(member)), bytes(member)])
            .flatten(),
    );
    for (side, only) in difference.only.iter().enumerate() {
        evidence.extend(only.iter().take(EVIDENCE_MAX).map(|member| {
            let content = Some(member.content.to_string());
            let [a, b] = if side == 0 {
                [content, None]
            } else {
                [None, content]
            };
            Evidence::sides(&*member.path, a, b)
        }));
    }
    evidence.truncate(EVIDENCE_MAX);
    Some(Cause {
        name: Name::ArchiveMembers,
        confidence: Confidence::Proven,
        summary: parts.join(", "),
        evidence,
        fix: "pack the same files on both sides: compare the lists of files that the packing step is given, and \
              look at what writes the files that differ"
            .into(),
        reach: Reach::Anything,
    })
}

fn differs(member: &Differing) -> Evidence {
    let place = match &member.how {
        How::Bytes {
            first, differing, ..
        } => {
            format!(
                "{}: {}, the first at offset {first:#x}",
                member.path,
                quantity::bytes_differ(differing)
            )
        }
        How::Hashes(reason) => format!("{} (only hashes were compared: {reason})", member.path),
        How::Kind | How::Program { .. } | How::Container(_) => member.path.clone(),
    };
    let [a, b] = [&member.contents[0], &member.contents[1]].map(Content::to_string);
    Evidence::new(place, a, b)
}

/// Shows what both have at the first byte that differs.
fn bytes(member: &Differing) -> Option<Evidence> {
    let How::Bytes { first, shown, .. } = &member.how else {
        return None;
    };
    let [a, b] = [&shown[0], &shown[1]].map(|bytes| first_bytes::show(bytes));
    Some(Evidence::new(
        format!("{}: bytes from offset {first:#x} on", member.path),
        a,
        b,
    ))
}
