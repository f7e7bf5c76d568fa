//! Looking one key up.

use super::block::{Cursor, Item};
use super::{Block, Error, Footer, Place};

/// The way to one key: which block to read next, until the last one tells.
///
/// ```text
/// while let Step::Read(place) = lookup.step() { lookup.give(&block at place)? }
/// ```
#[derive(Debug, Clone)]
pub struct Lookup {
    key: Vec<u8>,
    step: Step,
}

/// What comes next of a [`Lookup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// This block is to be read and given.
    Read(Place),
    /// The run has the key, with this number.
    Found(u64),
    /// The run has not the key.
    Absent,
}

impl Lookup {
    /// Begins at the root.
    pub fn new(footer: &Footer, key: &[u8]) -> Self {
        Self {
            key: key.to_vec(),
            step: Step::Read(footer.root),
        }
    }

    /// What comes next.
    pub fn step(&self) -> Step {
        self.step
    }

    /// Takes the block that [`Lookup::step`] asked for.
    ///
    /// # Errors
    ///
    /// [`Error::OtherBlock`], [`Error::BlockMalformed`].
    pub fn give(&mut self, block: &Block) -> Result<(), Error> {
        if let Step::Read(place) = self.step
            && place != *block.place()
        {
            return Err(Error::OtherBlock {
                want: place.offset,
                got: block.place().offset,
            });
        }
        let mut cursor = Cursor::new();
        let mut step = Step::Absent;
        while let Some(item) = cursor.next(block)? {
            match item {
                Item::Number(number) if cursor.key() == self.key => step = Step::Found(number),
                Item::Below(place) if cursor.key() <= self.key.as_slice() => {
                    step = Step::Read(place);
                }
                Item::Number(_) | Item::Below(_) => {}
            }
            if cursor.key() > self.key.as_slice() {
                break;
            }
        }
        self.step = step;
        Ok(())
    }
}

/// Looks a key up, with `read` for the bytes at a place.
///
/// # Errors
///
/// Those of `read`, and [`enum@Error`] for blocks that are damaged.
pub fn find<E: From<Error>>(
    footer: &Footer,
    key: &[u8],
    mut read: impl FnMut(&Place) -> Result<Vec<u8>, E>,
) -> Result<Option<u64>, E> {
    let mut lookup = Lookup::new(footer, key);
    loop {
        match lookup.step() {
            Step::Found(number) => return Ok(Some(number)),
            Step::Absent => return Ok(None),
            Step::Read(place) => lookup.give(&Block::open(&place, read(&place)?)?)?,
        }
    }
}
