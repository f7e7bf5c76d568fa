//! What lies around and behind the parts by which images are compared: an image
//! may be shown the same while the files that it is made of are not.

use crate::container::kind::Kind;
use crate::container::listing::{Content, Listing, Role};
use crate::container::oci::Image;
use crate::container::path::display;
use crate::members::difference::{Example, Field};
use crate::members::pair::Pairing;

/// Values kept as evidence.
const EXAMPLES_MAX: usize = 3;

/// Returns the files of one name beside both images that differ: they are members
/// like any others.
pub(super) fn beside(images: &[Image; 2], lists: [&Listing; 2], pairing: &Pairing) -> Pairing {
    let is_beside = |(a, b): &&(usize, usize)| {
        !images[0].used.contains(a) && !images[1].used.contains(b) && differs(lists, *a, *b)
    };
    Pairing {
        both: pairing.both.iter().filter(is_beside).copied().collect(),
        ..Pairing::default()
    }
}

/// Returns what differs in images whose parts and settings do not: what follows
/// from the parts and says something else, or files that are not the same.
pub(super) fn behind(
    images: &[Image; 2],
    kinds: [Kind; 2],
    lists: [&Listing; 2],
    pairing: &Pairing,
) -> Vec<Field> {
    let mut fields = Vec::new();
    let [a, b] = images;
    let value = |image: &Image, name: &str| {
        let mut facts = image.listing.facts.iter();
        let found = facts.find(|fact| fact.role == Role::Rest && fact.name == name);
        found.map(|fact| fact.value.clone())
    };
    for fact in a
        .listing
        .facts
        .iter()
        .filter(|fact| fact.role == Role::Rest)
    {
        let other = value(b, &fact.name);
        if other.as_ref() != Some(&fact.value) {
            fields.push(Field::own(&fact.name, Some(fact.value.clone()), other));
        }
    }
    fields.extend(files(images, kinds, lists, pairing));
    fields
}

/// Finds files of the images that differ. Kinds of packing have files of their own.
fn files(
    images: &[Image; 2],
    kinds: [Kind; 2],
    lists: [&Listing; 2],
    pairing: &Pairing,
) -> Option<Field> {
    let is_used = |side: usize, at: &usize| images[side].used.contains(at);
    let both = pairing.both.iter().filter(|(a, b)| differs(lists, *a, *b));
    let both = both.filter(|(a, b)| is_used(0, a) || is_used(1, b));
    let mut found: Vec<[Option<usize>; 2]> = both.map(|(a, b)| [Some(*a), Some(*b)]).collect();
    if kinds[0] == kinds[1] {
        let only = |side: usize| {
            pairing.only[side]
                .iter()
                .filter(move |at| is_used(side, at))
        };
        found.extend(only(0).map(|at| [Some(*at), None]));
        found.extend(only(1).map(|at| [None, Some(*at)]));
    }
    let member = |side: usize, at: Option<usize>| lists[side].members.get(at?);
    found.retain(|pair| {
        let members = [member(0, pair[0]), member(1, pair[1])];
        members
            .iter()
            .flatten()
            .any(|member| member.content != Content::Folder)
    });
    let example = |pair: &[Option<usize>; 2]| {
        let members = [member(0, pair[0]), member(1, pair[1])];
        let name = members
            .iter()
            .flatten()
            .next()
            .map_or("", |member| &member.name);
        let [a, b] = members.map(|member| Some(member?.content.to_string()));
        Example {
            place: display(name).into(),
            a,
            b,
        }
    };
    (!found.is_empty()).then(|| Field {
        name: "bytes of the image's own files".into(),
        is_packing: false,
        members: found.len(),
        examples: found.iter().take(EXAMPLES_MAX).map(example).collect(),
    })
}

fn differs(lists: [&Listing; 2], a: usize, b: usize) -> bool {
    let content =
        |side: usize, at: usize| lists[side].members.get(at).map(|member| &member.content);
    content(0, a) != content(1, b)
}
