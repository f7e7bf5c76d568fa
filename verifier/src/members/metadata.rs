//! What two containers say about the same members, and about themselves.

use std::collections::{HashMap, HashSet};

use super::difference::{Example, Field};
use super::pair::Pairing;
use crate::container::folder::MODE_KEPT;
use crate::container::kind::Kind;
use crate::container::listing::{CAPABILITY, Fact, Listing, Member, Metadata, Role};
use crate::container::path::{display, key};

/// Values kept of one field as evidence.
const EXAMPLES_MAX: usize = 3;

/// Returns the fields that differ: the container's own, then the members'.
pub fn compare(kinds: [Kind; 2], a: &Listing, b: &Listing, pairing: &Pairing) -> Vec<Field> {
    let mut fields = Fields::default();
    // A folder says nothing about how it was packed, and what one kind of container
    // says of itself another can't. What they carry is compared all the same, and two
    // kinds are never told to be identical.
    let is_same_kind = kinds[0] == kinds[1] && kinds[0] != Kind::Folder;
    if is_same_kind {
        facts(&mut fields, a, b);
        order(&mut fields, a, b, pairing);
        top(&mut fields, pairing);
        implied(&mut fields, a, b, pairing);
    }
    for (at_a, at_b) in &pairing.both {
        let (Some(a), Some(b)) = (a.members.get(*at_a), b.members.get(*at_b)) else {
            continue;
        };
        let prefix = |member: &Member| {
            let rest = key(&member.name);
            member.name.strip_suffix(rest).map(str::to_owned)
        };
        let is_renamed = pairing.renamed.contains(at_a);
        let is_written_otherwise =
            is_same_kind && pairing.top == [None, None] && prefix(a) != prefix(b);
        if is_renamed || is_written_otherwise || is_absolute(kinds, a, b) {
            fields.add(NAME, &a.name, Some(a.name.clone()), Some(b.name.clone()));
        }
        member(&mut fields, kinds, a, b);
    }
    fields.0
}

const NAME: &str = "name";

/// Fields about members that say no more than when they were packed, and whether the
/// folders around them have entries of their own.
const PACKING: [&str; 4] = [
    "modification time",
    "access time",
    "change time",
    "entries for folders",
];

/// Says whether one of two names begins at the root of the disk, and the other does
/// not: unpackers differ in where they put it. Packages are always unpacked there.
fn is_absolute(kinds: [Kind; 2], a: &Member, b: &Member) -> bool {
    a.name.starts_with('/') != b.name.starts_with('/') && !kinds.contains(&Kind::Rpm)
}

/// Fields in the order in which they were first seen to differ.
#[derive(Default)]
struct Fields(Vec<Field>);

impl Fields {
    fn add(&mut self, name: &str, place: &str, a: Option<String>, b: Option<String>) {
        let known = self.0.iter().position(|field| field.name == name);
        let at = known.unwrap_or_else(|| {
            self.0.push(Field {
                name: name.into(),
                is_packing: PACKING.contains(&name),
                members: 0,
                examples: Vec::new(),
            });
            self.0.len() - 1
        });
        let field = &mut self.0[at];
        field.members += 1;
        if field.examples.len() < EXAMPLES_MAX {
            field.examples.push(Example {
                place: place.into(),
                a,
                b,
            });
        }
    }

    fn own(&mut self, name: &str, a: Option<String>, b: Option<String>) {
        self.0.push(Field::own(name, a, b));
    }
}

/// Facts of a layer that only one side has follow from the layer itself.
fn facts(fields: &mut Fields, a: &Listing, b: &Listing) {
    each_fact(a, b, Role::Packing, |name, a, b| fields.own(name, a, b));
}

/// Returns what both carry beside their members and is not the same.
pub fn carried(a: &Listing, b: &Listing) -> Vec<Example> {
    let mut carried = Vec::new();
    each_fact(a, b, Role::Carried, |name, a, b| {
        carried.push(Example {
            place: name.into(),
            a,
            b,
        });
    });
    carried
}

fn each_fact(
    a: &Listing,
    b: &Listing,
    role: Role,
    mut differs: impl FnMut(&str, Option<String>, Option<String>),
) {
    // Each side has tens of thousands of them at most, too many to search for each.
    let [of_a, of_b] = [a, b].map(Known::of);
    for fact in a.facts.iter().filter(|fact| fact.role == role) {
        let other = of_b.value(fact);
        if of_b.has_layer(fact) && other != Some(&fact.value) {
            differs(&fact.name, Some(fact.value.clone()), other.cloned());
        }
    }
    for fact in b.facts.iter().filter(|fact| fact.role == role) {
        if of_a.has_layer(fact) && of_a.value(fact).is_none() {
            differs(&fact.name, None, Some(fact.value.clone()));
        }
    }
}

/// The facts of a listing by their names.
struct Known<'a> {
    values: HashMap<&'a str, &'a String>,
    layers: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(listing: &'a Listing) -> Self {
        let mut values = HashMap::new();
        for fact in &listing.facts {
            values.entry(fact.name.as_str()).or_insert(&fact.value);
        }
        Self {
            values,
            layers: listing.facts.iter().filter_map(layer).collect(),
        }
    }

    fn value(&self, fact: &Fact) -> Option<&'a String> {
        self.values.get(fact.name.as_str()).copied()
    }

    fn has_layer(&self, fact: &Fact) -> bool {
        layer(fact).is_none_or(|layer| self.layers.contains(layer))
    }
}

fn layer(fact: &Fact) -> Option<&str> {
    fact.name.split_once(": ").map(|(layer, _)| layer)
}

/// Finds the first place at which the members that both have come in another order.
fn order(fields: &mut Fields, a: &Listing, b: &Listing, pairing: &Pairing) {
    let mut in_order_of_b: Vec<usize> = pairing.both.iter().map(|(_, at_b)| *at_b).collect();
    in_order_of_b.sort_unstable();
    let mut places = pairing.both.iter().zip(&in_order_of_b);
    if let Some(((at_a, _), at_b)) = places.find(|((_, paired), at_b)| paired != *at_b) {
        let name = |listing: &Listing, at: usize| {
            let member = listing.members.get(at);
            member.map(|member| format!("{} is next", member.name))
        };
        fields.own("order of members", name(a, *at_a), name(b, *at_b));
    }
}

fn top(fields: &mut Fields, pairing: &Pairing) {
    let [a, b] = pairing.top.clone();
    if a != b {
        // Where members come to lie is no matter of packing.
        fields.0.push(Field {
            is_packing: false,
            ..Field::own("outermost folder", a, b)
        });
    }
}

fn implied(fields: &mut Fields, a: &Listing, b: &Listing, pairing: &Pairing) {
    for (side, listing) in [a, b].into_iter().enumerate() {
        for index in &pairing.implied[side] {
            if let Some(member) = listing.members.get(*index) {
                let here = Some("has an entry".to_owned());
                let [a, b] = if side == 0 {
                    [here, None]
                } else {
                    [None, here]
                };
                fields.add("entries for folders", &member.name, a, b);
            }
        }
    }
}

fn member(fields: &mut Fields, kinds: [Kind; 2], a: &Member, b: &Member) {
    let [x, y] = [&a.metadata, &b.metadata];
    let is_same_kind = kinds[0] == kinds[1];
    if std::mem::discriminant(&a.content) != std::mem::discriminant(&b.content) {
        return;
    }
    let path = display(&a.name);
    let mut compare = |name: &str, a: Option<String>, b: Option<String>| {
        // Of different kinds one may be unable to say it.
        let both = a.is_some() && b.is_some();
        if a != b && (both || is_same_kind || name == CAPABILITY) {
            fields.add(name, path, a, b);
        }
    };
    let time = |metadata: &Metadata| {
        let mut time = metadata.modified?;
        if !is_same_kind {
            time.nanoseconds = 0;
        }
        Some(time.to_string())
    };
    compare("modification time", time(x), time(y));
    let kept = if kinds.contains(&Kind::Folder) {
        MODE_KEPT
    } else {
        u32::MAX
    };
    let mode = |metadata: &Metadata| metadata.mode.map(|mode| format!("{:04o}", mode & kept));
    compare("mode", mode(x), mode(y));
    let number = |number: Option<u64>| number.map(|number| number.to_string());
    compare("owner's number", number(x.uid), number(y.uid));
    compare("group's number", number(x.gid), number(y.gid));
    compare(
        "owner's name",
        x.owner.as_deref().map(str::to_owned),
        y.owner.as_deref().map(str::to_owned),
    );
    compare(
        "group's name",
        x.group.as_deref().map(str::to_owned),
        y.group.as_deref().map(str::to_owned),
    );
    let value = |metadata: &Metadata, name: &str| metadata.own(name).map(str::to_owned);
    compare(CAPABILITY, value(x, CAPABILITY), value(y, CAPABILITY));
    if !is_same_kind {
        return;
    }
    let is_follow_up =
        |name: &str| name == CAPABILITY || name == "packed size" && a.content != b.content;
    for (name, value_a) in x.own.iter().filter(|(name, _)| !is_follow_up(name)) {
        compare(name, Some(value_a.clone()), value(y, name));
    }
    for (name, value_b) in &y.own {
        if value(x, name).is_none() && *name != CAPABILITY {
            compare(name, None, Some(value_b.clone()));
        }
    }
}
