//! Members of containers as the report lists them.

use proto::finding::Evidence;

use crate::container::listing::Content;
use crate::diff::Verdict;
use crate::members::difference::{Difference, Differing, Example, How};
use crate::report::container::{Container, Member, Metadata, Only, Total};

/// The most members listed for one comparison.
pub(super) const MEMBERS_MAX: usize = 1000;

pub(super) fn container(difference: &Difference, differing: Vec<Member>) -> Container {
    let count = difference.count();
    let only = |side: usize| -> Vec<Only> {
        let members = difference.only[side].iter().take(MEMBERS_MAX);
        members
            .map(|member| Only {
                path: member.path.clone(),
                content: member.content.brief(),
                sha256: member.content.sha256(),
            })
            .collect()
    };
    let lists = [
        difference.differing.len(),
        difference.only[0].len(),
        difference.only[1].len(),
    ];
    Container {
        kinds: difference.kinds.clone(),
        members: difference.members,
        total: Total {
            same: count.same,
            differing: count.differing,
            only_in_a: count.only[0],
            only_in_b: count.only[1],
        },
        differing,
        only_in_a: only(0),
        only_in_b: only(1),
        omitted: lists
            .iter()
            .map(|len| len.saturating_sub(MEMBERS_MAX))
            .sum(),
        metadata: difference
            .fields
            .iter()
            .map(|field| Metadata {
                field: field.name.clone(),
                is_packing: field.is_packing,
                members: field.members,
                examples: field.examples.iter().map(evidence).collect(),
            })
            .collect(),
        carried: difference.carried.iter().map(evidence).collect(),
        notes: notes(difference),
    }
}

/// A container that differs and was not read to its end holds more than is listed.
fn notes(difference: &Difference) -> Vec<String> {
    let mut notes = difference.notes.clone();
    if difference.verdict() == Verdict::Different {
        let reason = difference.obstacle();
        notes.extend(reason.map(|reason| format!("not all of it was compared: {reason}")));
    }
    notes
}

fn evidence(example: &Example) -> Evidence {
    Evidence {
        place: example.place.clone(),
        a: example.a.clone(),
        b: example.b.clone(),
    }
}

pub(super) fn entry(member: &Differing, files: Option<[usize; 2]>) -> Member {
    let [a, b] = [&member.contents[0], &member.contents[1]].map(Content::to_string);
    let mut entry = Member {
        path: member.path.clone(),
        a,
        b,
        how: "kind",
        files,
        first_offset: None,
        differing_bytes: None,
        reason: None,
    };
    match &member.how {
        How::Kind => {}
        How::Program { .. } => entry.how = "program",
        How::Container(_) => entry.how = "container",
        How::Bytes {
            first, differing, ..
        } => {
            entry.how = "bytes";
            entry.first_offset = Some(*first);
            entry.differing_bytes = Some(*differing);
        }
        How::Hashes(reason) => {
            entry.how = "hashes";
            entry.reason = Some(reason.clone());
        }
    }
    entry
}
