//! What both sides give, gathered into one answer.

use crate::container::fault::Fault;
use crate::container::kind::Kind;
use crate::container::listing::{Listing, Role};
use crate::container::oci::{self, Image};
use crate::container::open::Container;
use crate::members::difference::{Difference, Field};

impl Difference {
    /// Returns both sides as images, if both are. What only looks like one is
    /// compared as the files it holds.
    pub(super) fn images(
        &mut self,
        names: [&str; 2],
        sides: [(&Container, &Listing); 2],
    ) -> Result<Option<[Image; 2]>, Fault> {
        let mut images = Vec::new();
        for (name, (container, listing)) in names.into_iter().zip(sides) {
            match oci::image(container, listing) {
                Ok(image) => images.extend(image),
                Err(fault) if fault.is_refusal() => return Err(fault),
                Err(fault) => self.notes.push(format!(
                    "{name} looks like a container image and can't be read as one: {fault}"
                )),
            }
        }
        Ok(images.try_into().ok())
    }

    /// Two containers of which nothing more is known than that they differ.
    pub(super) fn unopened([a, b]: [&Container; 2], fault: &Fault) -> Self {
        let mut difference = Self::default();
        difference.are(a, b);
        difference.reason = Some(fault.to_string());
        difference
    }

    pub(super) fn are(&mut self, a: &Container, b: &Container) {
        self.kinds = [a.describe(), b.describe()];
        self.names = [a.kind_name(), b.kind_name()];
        self.are_folders = [a.kind, b.kind] == [Kind::Folder; 2];
    }

    /// Takes what both sides gave; nothing of either when one gave a fault.
    pub(super) fn both<T>(
        &mut self,
        names: [&str; 2],
        sides: [Result<Option<T>, Fault>; 2],
    ) -> Result<[Option<T>; 2], Fault> {
        let mut both = [None, None];
        for ((name, side), place) in names.into_iter().zip(sides).zip(&mut both) {
            match side {
                Ok(value) => *place = value,
                Err(fault) => self.give_up(fault.within(name))?,
            }
        }
        Ok(if self.reason.is_some() {
            [None, None]
        } else {
            both
        })
    }

    /// What the bytes are is an answer; that the system refused is an error.
    pub(super) fn give_up(&mut self, fault: Fault) -> Result<(), Fault> {
        if fault.is_refusal() {
            return Err(fault);
        }
        self.reason.get_or_insert_with(|| fault.to_string());
        Ok(())
    }

    /// Says whether nothing was found to differ.
    pub(super) fn is_silent(&self) -> bool {
        let says = self.fields.is_empty() && self.carried.is_empty();
        says && self.differing.is_empty() && self.only.iter().all(Vec::is_empty)
    }

    /// Bytes that differ where nothing they say does were packed by another hand,
    /// or lie where no unpacker looks.
    pub(super) fn kind_of_packing(&mut self, containers: [&Container; 2], lists: [&Listing; 2]) {
        if self.are_folders || self.reason.is_some() {
            return;
        }
        let [a, b] = containers;
        if a.kind != b.kind {
            let [one, other] = self.kinds.clone().map(Some);
            let field = Field::own("kind of container", one, other);
            self.fields.insert(0, field);
        }
        if self.is_silent() {
            let size = |container: &Container| Some(format!("{} bytes", container.len()));
            let (name, is_packing) = rest(containers, lists);
            self.fields.push(Field {
                is_packing,
                ..Field::own(name, size(a), size(b))
            });
        }
    }
}

/// Names what is left to differ where everything that is shown is the same, and says
/// whether it is sure to be no more than packing.
fn rest(containers: [&Container; 2], lists: [&Listing; 2]) -> (&'static str, bool) {
    let facts = lists.map(|list| {
        let facts = list.facts.iter().filter(|fact| fact.role == Role::Rest);
        facts
            .map(|fact| (&fact.name, &fact.value))
            .collect::<Vec<_>>()
    });
    let is_plain = |container: &&Container| {
        container.codec.is_none() && !matches!(container.kind, Kind::Zip | Kind::Rpm)
    };
    if facts[0] != facts[1] || containers.iter().all(is_plain) {
        ("bytes outside the members", false)
    } else if containers
        .iter()
        .any(|container| container.kind == Kind::Zip)
    {
        ("compressed bytes, or bytes between the members", false)
    } else {
        ("compressed bytes", true)
    }
}
