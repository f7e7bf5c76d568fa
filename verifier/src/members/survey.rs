//! All that a container holds, down to the programs in it.

use std::collections::HashSet;

use super::compare::content;
use crate::artifact::Artifact;
use crate::container::fault::Fault;
use crate::container::kind::Kind;
use crate::container::limits::{ASIDE_MAX, Budget, DEPTH_MAX, PROGRAM_SIZE_MAX, PROGRAMS_MAX};
use crate::container::listing::{self, Content, Fact, Listing, Metadata};
use crate::container::oci;
use crate::container::open::Container;
use crate::container::path::display;
use crate::container::source::Source;
use crate::image::Format;

/// The most members told of all containers of a run together; the rest is
/// counted.
const MEMBERS_TOLD_MAX: usize = 10_000;

/// A container and what it holds.
#[derive(Debug, Default)]
pub struct Holding {
    /// What it is, in words.
    pub kind: String,
    /// What it is, as the format of a file.
    pub name: &'static str,
    /// Its members in its order, as many as are told.
    pub members: Vec<Member>,
    /// How many members it has.
    pub count: usize,
    /// What their files hold together, in bytes.
    pub size: u64,
    /// What it says about itself.
    pub facts: Vec<Fact>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Why it could not be read, or not to its end.
    pub reason: Option<String>,
}

/// A member.
#[derive(Debug)]
pub struct Member {
    /// Its path.
    pub path: String,
    /// What it is.
    pub content: Content,
    /// What its bytes begin like.
    pub format: Format,
    /// What the container says about it.
    pub metadata: Metadata,
    /// What was found inside.
    pub inner: Inner,
}

/// What was found inside a member.
#[derive(Debug)]
pub enum Inner {
    /// It was not looked into: nothing in it would be told.
    Nothing,
    /// A program or package; by the number that the taker gave it.
    Program(usize),
    /// Other files.
    Container(Box<Holding>),
    /// It would have been looked into, but for this reason.
    Closed(String),
}

/// What is done with a program: it is told the path down to it, and gives back
/// a number to know it by.
pub type Taker<'a> = dyn FnMut(&[String], &Artifact) -> usize + 'a;

/// Goes through containers, and hands programs in them on.
pub struct Surveyor<'a> {
    budget: Budget,
    take: Box<Taker<'a>>,
    /// The path down to the container at hand.
    path: Vec<String>,
    programs: usize,
    told: usize,
}

impl<'a> Surveyor<'a> {
    /// Begins with what is done with programs.
    pub fn new(budget: &Budget, take: Box<Taker<'a>>) -> Self {
        Self {
            budget: budget.clone(),
            take,
            path: Vec::new(),
            programs: 0,
            told: 0,
        }
    }

    /// Goes through a container.
    ///
    /// # Errors
    /// What the system says when it refuses to read something. What is wrong with
    /// the container's bytes is told: [`Holding::reason`].
    pub fn survey(&mut self, container: &Container) -> Result<Holding, Fault> {
        let mut holding = Holding {
            kind: container.describe(),
            name: container.kind_name(),
            ..Holding::default()
        };
        match self.fill(&mut holding, container) {
            Ok(()) => {}
            Err(fault) if fault.is_refusal() => return Err(fault),
            Err(fault) => holding.reason = Some(fault.to_string()),
        }
        Ok(holding)
    }

    fn fill(&mut self, holding: &mut Holding, container: &Container) -> Result<(), Fault> {
        let listing = container.list()?;
        match oci::image(container, &listing) {
            Ok(None) => {}
            Ok(Some(image)) => {
                holding.kind = image.container.describe();
                holding.name = image.container.kind_name();
                return self.members(holding, &image.container, &image.listing);
            }
            Err(fault) if fault.is_refusal() => return Err(fault),
            Err(fault) => holding.notes.push(format!(
                "it looks like a container image and can't be read as one: {fault}"
            )),
        }
        self.members(holding, container, &listing)
    }

    fn members(
        &mut self,
        holding: &mut Holding,
        container: &Container,
        listing: &Listing,
    ) -> Result<(), Fault> {
        holding.count = listing.members.len();
        holding.size = listing.size();
        holding.facts.clone_from(&listing.facts);
        holding.notes.extend(listing.notes.iter().cloned());
        let told = MEMBERS_TOLD_MAX.saturating_sub(self.told);
        let told = &listing.members[..listing.members.len().min(told)];
        self.told += told.len();
        let wanted = self.wanted(told);
        let taken = container.take(listing, &wanted)?;
        for (index, member) in told.iter().enumerate() {
            let path = display(&member.name).to_owned();
            self.path.push(path.clone());
            let inner = self.inner(member, taken.get(&index));
            self.path.pop();
            holding.members.push(Member {
                path,
                content: member.content.clone(),
                format: member.format,
                metadata: member.metadata.clone(),
                inner: inner?,
            });
        }
        Ok(())
    }

    /// Chooses what to look into: as much as may be laid aside.
    fn wanted(&self, members: &[listing::Member]) -> HashSet<usize> {
        let mut aside: u64 = 0;
        let chosen = members.iter().enumerate().filter(|(_, member)| {
            let Content::File { size, .. } = member.content else {
                return false;
            };
            let is_wanted = match Wanted::of(member.format) {
                // One program twice is looked into twice; hard links are not.
                Wanted::Program => member.origin.is_none() && size <= PROGRAM_SIZE_MAX,
                Wanted::Container => self.path.len() + 1 < DEPTH_MAX,
                Wanted::Nothing => false,
            };
            if is_wanted {
                aside = aside.saturating_add(size);
            }
            is_wanted && aside <= ASIDE_MAX
        });
        chosen.map(|(index, _)| index).collect()
    }

    fn inner(&mut self, member: &listing::Member, source: Option<&Source>) -> Result<Inner, Fault> {
        let path = self.path.last().map_or("", String::as_str);
        match (Wanted::of(member.format), source) {
            (Wanted::Nothing, _) => Ok(Inner::Nothing),
            (_, None) if member.origin.is_some() => Ok(Inner::Nothing),
            (_, None) => Ok(Inner::Closed("it is too large or lies too deep".into())),
            (Wanted::Program, Some(_)) if self.programs >= PROGRAMS_MAX => Ok(Inner::Closed(
                format!("{PROGRAMS_MAX} programs were looked into before this one"),
            )),
            (Wanted::Program, Some(source)) => {
                self.programs += 1;
                let place = self.path.join(": ");
                let artifact = content::artifact(&place, source, &member.content)?;
                Ok(Inner::Program((self.take)(&self.path, &artifact)))
            }
            (Wanted::Container, Some(_)) if self.told >= MEMBERS_TOLD_MAX => Ok(Inner::Closed(
                format!("{MEMBERS_TOLD_MAX} members were told before those in it"),
            )),
            (Wanted::Container, Some(source)) => {
                // The same layer may be named any number of times.
                if let Err(fault) = self.budget.spend(source.len()) {
                    return Ok(Inner::Closed(fault.to_string()));
                }
                let Some(container) = Container::open(path, source, &self.budget)? else {
                    return Ok(Inner::Nothing);
                };
                let told = self.told;
                let holding = self.survey(&container)?;
                let tells = container.kind != Kind::Stream || holding.holds_more();
                if !tells {
                    self.told = told;
                    return Ok(Inner::Nothing);
                }
                Ok(Inner::Container(Box::new(holding)))
            }
        }
    }
}

impl Holding {
    /// Counts the members that are not told.
    pub fn omitted(&self) -> usize {
        self.count.saturating_sub(self.members.len())
    }

    /// Says whether there is more to tell of a compressed file than that it is one.
    fn holds_more(&self) -> bool {
        let is_more = |member: &Member| !matches!(member.inner, Inner::Nothing);
        self.reason.is_some() || self.members.iter().any(is_more)
    }
}

/// What a member's format asks for.
enum Wanted {
    Program,
    Container,
    Nothing,
}

impl Wanted {
    fn of(format: Format) -> Self {
        match format {
            // Each program in it is one of its own.
            Format::MachOFat | Format::Container(_) => Self::Container,
            Format::Elf
            | Format::Pe
            | Format::MachO
            | Format::Wasm
            | Format::Plan9
            | Format::Xcoff
            | Format::GoArchive => Self::Program,
            Format::Empty | Format::Other => Self::Nothing,
        }
    }
}
