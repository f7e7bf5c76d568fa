//! Members about which the archive says two things: whoever unpacks it decides
//! which of them counts.

use super::super::listing::Fact;

/// Counts such members.
#[derive(Default)]
pub(super) struct Doubts {
    count: u64,
    first: Option<String>,
}

impl Doubts {
    /// Takes one more.
    pub(super) fn add(&mut self, name: &str) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(|| name.to_owned());
    }

    /// Returns what to say about them. It is part of what the archive carries: one
    /// unpacker may write what another does not. The name is of no layer, so that a
    /// folder beside the archive is held to it too.
    pub(super) fn fact(self) -> Option<Fact> {
        let first = self.first?;
        Some(Fact::carried(
            "zip members whose two headers differ",
            format!("{}, the first {first}", self.count),
        ))
    }
}
