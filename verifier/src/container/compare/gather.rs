//! What both sides give, gathered into one answer.

use crate::container::difference::{Difference, Example, Field};
use crate::container::fault::{Fault, Kind as FaultKind};
use crate::container::kind::Kind;
use crate::container::listing::Listing;
use crate::container::open::{Container, Image};

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
            match container.image(listing) {
                Ok(image) => images.extend(image),
                Err(fault) if matches!(fault.kind, FaultKind::Io(_)) => return Err(fault),
                Err(fault) => self.notes.push(format!(
                    "{name} looks like a container image and can't be read as one: {fault}"
                )),
            }
        }
        Ok(images.try_into().ok())
    }

    pub(super) fn are(&mut self, a: &Container, b: &Container) {
        self.kinds = [a.describe(), b.describe()];
        self.names = [a.kind_name(), b.kind_name()];
        self.is_folder = [a.kind, b.kind].contains(&Kind::Folder);
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
        if matches!(fault.kind, FaultKind::Io(_)) {
            return Err(fault);
        }
        self.reason.get_or_insert_with(|| fault.to_string());
        Ok(())
    }

    /// Bytes that differ where nothing they say does were packed by another hand.
    pub(super) fn kind_of_packing(&mut self, containers: [&Container; 2]) {
        if self.is_folder || self.reason.is_some() {
            return;
        }
        let [a, b] = containers;
        let example = |place: &str, a: String, b: String| Example {
            place: place.into(),
            a: Some(a),
            b: Some(b),
        };
        if a.kind != b.kind {
            let [one, other] = self.kinds.clone();
            self.fields.insert(
                0,
                Field {
                    name: "kind of container".into(),
                    members: 0,
                    examples: vec![example("kind of container", one, other)],
                },
            );
        }
        let is_silent = self.fields.is_empty() && self.carried.is_empty();
        let is_whole = self.differing.is_empty() && self.only.iter().all(Vec::is_empty);
        if is_silent && is_whole {
            let size = |container: &Container| format!("{} bytes", container.len());
            self.fields.push(Field {
                name: "compressed bytes".into(),
                members: 0,
                examples: vec![example("size", size(a), size(b))],
            });
        }
    }
}
