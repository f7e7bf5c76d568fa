//! Which member of one container is which of the other: by path.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::container::kind::Kind;
use crate::container::listing::{Content, Listing, Member};
use crate::container::path::{display, key};

/// Members put together, by their numbers on both sides.
#[derive(Debug, Default)]
pub struct Pairing {
    /// Members that both have, in the order of the first.
    pub both: Vec<(usize, usize)>,
    /// Members that only one has, in its order.
    pub only: [Vec<usize>; 2],
    /// Folders that only one names, while the other has files in them.
    pub implied: [Vec<usize>; 2],
    /// The outermost folder that one side has around everything and was left out
    /// of account.
    pub top: [Option<String>; 2],
    /// Those of them, by their numbers in the first, that have the same bytes under
    /// another name.
    pub renamed: HashSet<usize>,
    /// What a reader should know about it.
    pub notes: Vec<String>,
}

/// Pairs the members of two containers.
pub fn pair(kinds: [Kind; 2], a: &Listing, b: &Listing) -> Pairing {
    if kinds.contains(&Kind::File) {
        return with_one_file(kinds, a, b);
    }
    // What one stream unpacks to is called after the stream's own name.
    if kinds == [Kind::Stream; 2] && a.members.len() == 1 && b.members.len() == 1 {
        return Pairing {
            both: vec![(0, 0)],
            ..Pairing::default()
        };
    }
    let mut pairing = by_path(a, b, [None, None]);
    // One side may hold all of it in a folder more, or in one of another name.
    if !pairing.both.iter().any(|(at, _)| is_file(&a.members[*at])) {
        let tops = [top(a), top(b)];
        let ways = [[None, tops[1]], [tops[0], None], tops];
        for way in ways
            .into_iter()
            .filter(|way| way.iter().any(Option::is_some))
        {
            let other = by_path(a, b, way);
            if other.both.len() > pairing.both.len() {
                pairing = other;
                pairing.top = way.map(|top| top.map(str::to_owned));
            }
        }
    }
    pairing.leave_out_implied(a, b);
    // Layers of an image have their places as names.
    if !kinds.contains(&Kind::Image) {
        pairing.pair_renamed(a, b);
    }
    for (listing, name) in [(a, "a"), (b, "b")] {
        pairing.notes.extend(duplicates(listing, name));
    }
    pairing
}

/// A container may hold what the other side is: the same bytes, or the same
/// name, or its one file.
fn with_one_file(kinds: [Kind; 2], a: &Listing, b: &Listing) -> Pairing {
    let is_first = kinds[0] == Kind::File;
    let (file, container) = if is_first { (a, b) } else { (b, a) };
    let mut pairing = Pairing::default();
    let Some(alone) = file.members.first() else {
        return pairing;
    };
    let mut files = container
        .members
        .iter()
        .enumerate()
        .filter(|(_, member)| is_file(member));
    let same = files
        .clone()
        .find(|(_, member)| member.content == alone.content);
    let named = || {
        let name = |member: &Member| key(&member.name).rsplit('/').next() == Some(&alone.name);
        files.clone().find(|(_, member)| name(member))
    };
    let chosen = same.or_else(named).or_else(|| {
        let first = files.next();
        first.filter(|_| files.next().is_none())
    });
    let chosen = chosen.map(|(index, _)| index);
    let others = (0..container.members.len()).filter(|index| Some(*index) != chosen);
    let side = usize::from(is_first);
    pairing.only[side] = others
        .filter(|index| container.members[*index].content != Content::Folder)
        .collect();
    match chosen {
        Some(index) if is_first => pairing.both.push((0, index)),
        Some(index) => pairing.both.push((index, 0)),
        None => pairing.only[1 - side].push(0),
    }
    pairing
}

fn by_path(a: &Listing, b: &Listing, tops: [Option<&str>; 2]) -> Pairing {
    let mut pairing = Pairing::default();
    let [top_a, top_b] = tops;
    let mut waiting: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for (index, member) in b.members.iter().enumerate() {
        if let Some(key) = below(&member.name, top_b) {
            waiting.entry(key).or_default().push_back(index);
        }
    }
    let mut left = vec![true; b.members.len()];
    for (index, member) in a.members.iter().enumerate() {
        let Some(key) = below(&member.name, top_a) else {
            continue;
        };
        match waiting.get_mut(key).and_then(VecDeque::pop_front) {
            Some(other) => {
                left[other] = false;
                pairing.both.push((index, other));
            }
            None => pairing.only[0].push(index),
        }
    }
    let is_left =
        |(index, member): &(usize, &Member)| left[*index] && below(&member.name, top_b).is_some();
    let rest = b.members.iter().enumerate().filter(is_left);
    pairing.only[1] = rest.map(|(index, _)| index).collect();
    pairing
}

/// Returns the name to pair by; `None` for the outermost folder itself.
fn below<'a>(name: &'a str, top: Option<&str>) -> Option<&'a str> {
    let name = key(name);
    match top {
        None => Some(name),
        Some(top) => name.strip_prefix(top)?.strip_prefix('/'),
    }
}

/// Returns the folder that holds every member.
fn top(listing: &Listing) -> Option<&str> {
    // The root itself is in every folder.
    let is_root = |member: &&Member| matches!(key(&member.name), "" | ".");
    let mut members = listing.members.iter().filter(|member| !is_root(member));
    let top = first_part(&members.next()?.name)?;
    let mut others = listing.members.iter().filter(|member| !is_root(member));
    let is_inside = |member: &Member| {
        let name = key(&member.name);
        first_part(name) == Some(top) && (name != top || member.content == Content::Folder)
    };
    others.all(is_inside).then_some(top)
}

fn first_part(name: &str) -> Option<&str> {
    let name = key(name);
    let (top, _) = name.split_once('/').unwrap_or((name, ""));
    (!top.is_empty() && top != ".").then_some(top)
}

impl Pairing {
    /// Pairs files that only one side has by their bytes: first those of the same name
    /// in another folder, then any.
    fn pair_renamed(&mut self, a: &Listing, b: &Listing) {
        for by_name in [true, false] {
            let mut waiting: HashMap<(&str, &Content), VecDeque<usize>> = HashMap::new();
            for index in &self.only[1] {
                if let Some(key) = by_content(&b.members[*index], by_name) {
                    waiting.entry(key).or_default().push_back(*index);
                }
            }
            let mut found = Vec::new();
            self.only[0].retain(|index| {
                let key = by_content(&a.members[*index], by_name);
                let other = key.and_then(|key| waiting.get_mut(&key)?.pop_front());
                found.extend(other.map(|other| (*index, other)));
                other.is_none()
            });
            let taken: HashSet<usize> = found.iter().map(|(_, other)| *other).collect();
            self.only[1].retain(|index| !taken.contains(index));
            self.renamed.extend(found.iter().map(|(index, _)| *index));
            self.both.extend(found);
        }
        if self.renamed.is_empty() {
            return;
        }
        self.both.sort_unstable();
        let mut renamed = self.both.iter();
        let first = renamed.find(|(index, _)| self.renamed.contains(index));
        let more = match self.renamed.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more so)"),
        };
        self.notes.extend(first.map(|(at_a, at_b)| {
            format!(
                "{} in a is {} in b: the same bytes under another name{more}",
                display(&a.members[*at_a].name),
                display(&b.members[*at_b].name)
            )
        }));
    }

    /// Many archives name no folders, only the files in them.
    fn leave_out_implied(&mut self, a: &Listing, b: &Listing) {
        for (side, [own, other]) in [[a, b], [b, a]].into_iter().enumerate() {
            let is_folder = |index: &usize| own.members[*index].content == Content::Folder;
            if !self.only[side].iter().any(is_folder) {
                continue;
            }
            let parents = parents(other, self.top[1 - side].as_deref());
            let top = self.top[side].clone();
            let (implied, only) =
                std::mem::take(&mut self.only[side])
                    .into_iter()
                    .partition(|index| {
                        let key = below(&own.members[*index].name, top.as_deref());
                        // An empty name is the root, which every archive implies.
                        is_folder(index)
                            && key.is_some_and(|key| {
                                key.is_empty() || key == "." || parents.contains(key)
                            })
                    });
            self.implied[side] = implied;
            self.only[side] = only;
        }
    }
}

fn parents<'a>(listing: &'a Listing, top: Option<&str>) -> HashSet<&'a str> {
    let mut parents = HashSet::new();
    for member in &listing.members {
        let mut path = below(&member.name, top).unwrap_or("");
        while let Some((parent, _)) = path.rsplit_once('/') {
            if !parents.insert(parent) {
                break;
            }
            path = parent;
        }
    }
    parents
}

/// Returns what a file that has bytes is known by.
fn by_content(member: &Member, by_name: bool) -> Option<(&str, &Content)> {
    let is_full = matches!(member.content, Content::File { size, .. } if size > 0);
    let base = key(&member.name).rsplit('/').next().filter(|_| by_name);
    is_full.then(|| (base.unwrap_or(""), &member.content))
}

fn is_file(member: &Member) -> bool {
    matches!(member.content, Content::File { .. })
}

/// Names twice or more in one container; which one counts, each unpacker decides.
fn duplicates(listing: &Listing, side: &str) -> Option<String> {
    let mut seen = HashSet::new();
    let mut twice = listing
        .members
        .iter()
        .filter(|member| member.content != Content::Folder)
        .map(|member| key(&member.name))
        .filter(|key| !seen.insert(*key));
    let first = twice.next()?;
    let more = match twice.count() {
        0 => String::new(),
        count => format!(" (and {count} more)"),
    };
    Some(format!(
        "{side} holds {first} more than once{more}: which of them counts depends on who unpacks it"
    ))
}

#[cfg(test)]
mod tests;
