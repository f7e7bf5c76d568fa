//! Two containers compared: listed, paired, and what differs looked into, one
//! pair of members in memory at a time.

pub(super) mod content;
mod gather;
mod image;

use std::collections::{HashMap, HashSet};

use super::difference::{Difference, Differing, How, Only};
use super::metadata;
use super::pair::{self, Pairing};
use crate::artifact::Artifact;
use crate::container::fault::{Fault, Kind as FaultKind};
use crate::container::kind::Kind;
use crate::container::limits::{ASIDE_MAX, Budget, DEPTH_MAX, PROGRAM_SIZE_MAX, PROGRAMS_MAX};
use crate::container::listing::{Content, Listing, Member};
use crate::container::oci::Image;
use crate::container::open::Container;
use crate::container::path::display;
use crate::container::source::Source;
use crate::diff::Verdict;

/// What is done with two members that are programs: it is told the path down to
/// them, and gives back a number to know them by and the answer.
pub type Taker<'a> = dyn FnMut(&[String], &Artifact, &Artifact) -> (usize, Verdict) + 'a;

/// Compares containers, and hands programs in them on.
pub struct Comparer<'a> {
    budget: Budget,
    take: Box<Taker<'a>>,
    /// The path down to the containers at hand.
    path: Vec<String>,
    programs: usize,
}

impl<'a> Comparer<'a> {
    /// Begins with what is done with programs.
    pub fn new(budget: &Budget, take: Box<Taker<'a>>) -> Self {
        Self {
            budget: budget.clone(),
            take,
            path: Vec::new(),
            programs: 0,
        }
    }

    /// Returns the account of what is unpacked.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Compares two containers; names are what sentences call them.
    ///
    /// # Errors
    /// What the system says when it refuses to read something. What is wrong with
    /// a container's bytes is an answer: [`Difference::reason`].
    pub fn compare(
        &mut self,
        names: [&str; 2],
        a: &Container,
        b: &Container,
    ) -> Result<Difference, Fault> {
        // A package beside a plain archive: what it would install is compared.
        let payloads = if a.kind == b.kind {
            [Ok(None), Ok(None)]
        } else {
            [a.payload(), b.payload()]
        };
        let mut difference = Difference::default();
        let [payload_a, payload_b] = difference.both(names, payloads)?;
        let is_payload = payload_a.is_some() || payload_b.is_some();
        let (a, b) = (
            payload_a.as_ref().unwrap_or(a),
            payload_b.as_ref().unwrap_or(b),
        );
        difference.are(a, b);
        let (list_a, list_b) = rayon::join(|| a.list(), || b.list());
        let [Some(list_a), Some(list_b)] =
            difference.both(names, [list_a.map(Some), list_b.map(Some)])?
        else {
            return Ok(difference);
        };
        let outer = [(a, &*list_a), (b, &*list_b)];
        if let Some(images) = difference.images(names, outer)? {
            return self.images(difference, names, outer, &images);
        }
        if is_payload {
            difference.notes.push(
                "a Debian package beside another kind of container: what it installs is compared, not its control files"
                    .into(),
            );
        }
        let pairing = pair::pair([a.kind, b.kind], &list_a, &list_b);
        self.listed(difference, names, outer, &pairing)
    }

    /// Compares two images by their layers and settings, and how both are packed.
    fn images(
        &mut self,
        mut difference: Difference,
        names: [&str; 2],
        outer: [(&Container, &Listing); 2],
        images: &[Image; 2],
    ) -> Result<Difference, Fault> {
        let [(a, list_a), (b, list_b)] = outer;
        let [image_a, image_b] = images;
        difference.are(&image_a.container, &image_b.container);
        let inner = [image_a, image_b].map(|image| (&image.container, &*image.listing));
        let pairing = pair::pair([Kind::Image; 2], inner[0].1, inner[1].1);
        let mut difference = self.listed(difference, names, inner, &pairing)?;
        let kinds = [a.kind, b.kind];
        let pairing = pair::pair(kinds, list_a, list_b);
        if difference.is_silent() {
            let fields = image::behind(images, kinds, [list_a, list_b], &pairing);
            difference.fields.extend(fields);
        }
        let beside = image::beside(images, [list_a, list_b], &pairing);
        let sides = [(a, list_a), (b, list_b)].map(|(container, list)| Side { container, list });
        if let Err(fault) = self.members(&mut difference, &sides, &beside) {
            difference.give_up(fault)?;
        }
        let fields = metadata::compare(kinds, list_a, list_b, &pairing);
        difference.fields.extend(fields);
        for (side, list) in [list_a, list_b].into_iter().enumerate() {
            let beside = pairing.only[side]
                .iter()
                .filter(|index| !images[side].used.contains(index));
            let beside = beside.filter_map(|index| list.members.get(*index));
            difference.only[side].extend(beside.map(Only::of));
        }
        difference.are_folders = kinds == [Kind::Folder; 2];
        difference.kind_of_packing([a, b], [list_a, list_b]);
        Ok(difference)
    }

    fn listed(
        &mut self,
        mut difference: Difference,
        names: [&str; 2],
        sides: [(&Container, &Listing); 2],
        pairing: &Pairing,
    ) -> Result<Difference, Fault> {
        let [(a, list_a), (b, list_b)] = sides;
        difference.members = [list_a.members.len(), list_b.members.len()];
        difference
            .notes
            .extend(notes(pairing, names, [list_a, list_b]));
        difference.fields = metadata::compare([a.kind, b.kind], list_a, list_b, pairing);
        difference.carried = metadata::carried(list_a, list_b);
        for (side, list) in [list_a, list_b].into_iter().enumerate() {
            let members = pairing.only[side]
                .iter()
                .filter_map(|index| list.members.get(*index));
            difference.only[side] = members.map(Only::of).collect();
        }
        let sides = [
            Side {
                container: a,
                list: list_a,
            },
            Side {
                container: b,
                list: list_b,
            },
        ];
        if let Err(fault) = self.members(&mut difference, &sides, pairing) {
            difference.give_up(fault)?;
        }
        if a.kind != Kind::Image {
            difference.kind_of_packing([a, b], [list_a, list_b]);
        }
        Ok(difference)
    }

    fn members(
        &mut self,
        difference: &mut Difference,
        sides: &[Side<'_>; 2],
        pairing: &Pairing,
    ) -> Result<(), Fault> {
        let [a, b] = sides;
        let mut differing = Vec::new();
        for (at_a, at_b) in &pairing.both {
            let contents = [a.content(*at_a), b.content(*at_b)];
            match contents {
                [Some(one), Some(other)] if one == other => difference.same += 1,
                [Some(one), Some(other)] => differing.push((*at_a, *at_b, [one, other])),
                _ => {}
            }
        }
        let wanted = wanted(&differing);
        let [taken_a, taken_b] = [a.take(&wanted[0])?, b.take(&wanted[1])?];
        for (at_a, at_b, contents) in differing {
            let path = a
                .list
                .members
                .get(at_a)
                .map_or("", |member| display(&member.name));
            let how = match (contents, taken_a.get(&at_a), taken_b.get(&at_b)) {
                (contents, Some(a), Some(b)) => self.member(path, contents, [a, b])?,
                ([Content::File { .. }, Content::File { .. }], ..) => {
                    How::Hashes("too much differs to look into all of it".into())
                }
                _ => How::Kind,
            };
            difference.differing.push(Differing {
                path: path.into(),
                contents: contents.map(Clone::clone),
                how,
            });
        }
        Ok(())
    }

    /// Compares two members that differ.
    fn member(
        &mut self,
        path: &str,
        contents: [&Content; 2],
        sources: [&Source; 2],
    ) -> Result<How, Fault> {
        self.path.push(path.into());
        let how = self.look_into(path, contents, sources);
        self.path.pop();
        how
    }

    fn look_into(
        &mut self,
        path: &str,
        contents: [&Content; 2],
        [a, b]: [&Source; 2],
    ) -> Result<How, Fault> {
        let opened = [
            Container::open(path, a, &self.budget)?,
            Container::open(path, b, &self.budget)?,
        ];
        if let [Some(a), Some(b)] = &opened {
            if self.path.len() >= DEPTH_MAX {
                let fault = FaultKind::TooDeep { max: DEPTH_MAX }.into();
                return Ok(How::Container(Box::new(Difference::unopened(
                    [a, b],
                    &fault,
                ))));
            }
            // Nested archives that are not compressed cost reading all the same.
            if let Err(fault) = self.budget.spend(a.len().saturating_add(b.len())) {
                return Ok(How::Container(Box::new(Difference::unopened(
                    [a, b],
                    &fault,
                ))));
            }
            let difference = self.compare(["a", "b"], a, b)?;
            return Ok(How::Container(Box::new(difference)));
        }
        let is_build = [content::is_build(a)?, content::is_build(b)?].contains(&true);
        let is_small = a.len().max(b.len()) <= PROGRAM_SIZE_MAX;
        if is_build && is_small && self.programs < PROGRAMS_MAX {
            self.programs += 1;
            let place = self.path.join(": ");
            let a = content::artifact(&place, a, contents[0])?;
            let b = content::artifact(&place, b, contents[1])?;
            let (number, verdict) = (self.take)(&self.path, &a, &b);
            return Ok(How::Program { number, verdict });
        }
        if is_build {
            let why = if is_small {
                format!("{PROGRAMS_MAX} programs were explained before this one")
            } else {
                format!("it is larger than {PROGRAM_SIZE_MAX} bytes")
            };
            return Ok(How::Hashes(why));
        }
        content::bytes(a, b).map_err(Fault::from)
    }
}

/// One of two containers, listed.
struct Side<'a> {
    container: &'a Container,
    list: &'a Listing,
}

impl Side<'_> {
    fn content(&self, index: usize) -> Option<&Content> {
        self.list.members.get(index).map(|member| &member.content)
    }

    /// Makes members readable.
    fn take(&self, wanted: &HashSet<usize>) -> Result<HashMap<usize, Source>, Fault> {
        self.container.take(self.list, wanted)
    }
}

/// Chooses the files to look into: as many as may be laid aside.
fn wanted(differing: &[(usize, usize, [&Content; 2])]) -> [HashSet<usize>; 2] {
    let mut wanted = [HashSet::new(), HashSet::new()];
    let mut aside: u64 = 0;
    for (at_a, at_b, contents) in differing {
        let [Content::File { size: a, .. }, Content::File { size: b, .. }] = contents else {
            continue;
        };
        aside = aside.saturating_add(*a).saturating_add(*b);
        if aside <= ASIDE_MAX {
            wanted[0].insert(*at_a);
            wanted[1].insert(*at_b);
        }
    }
    wanted
}

fn notes(pairing: &Pairing, names: [&str; 2], lists: [&Listing; 2]) -> Vec<String> {
    let mut notes = pairing.notes.clone();
    for (side, name) in names.into_iter().enumerate() {
        let own = lists[side].notes.iter();
        notes.extend(own.map(|note| format!("{name}: {note}")));
        if let Some(top) = &pairing.top[side] {
            notes.push(format!(
                "{name} has everything in {top}/, which was left out of the paths"
            ));
        }
    }
    notes
}

impl Only {
    fn of(member: &Member) -> Self {
        Self {
            path: display(&member.name).into(),
            content: member.content.clone(),
        }
    }
}
