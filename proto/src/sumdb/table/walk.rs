//! All entries of a run in order, or those from some key on.

use super::block::{Cursor, Item};
use super::{Block, Entry, Error, Footer, Place};

/// The way through a run: blocks to read, and the entries in them. It holds one
/// block a level.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The blocks from the root down to where the walk is.
    open: Vec<(Block, Cursor)>,
    /// The block that was asked for.
    wanted: Option<Place>,
    start: Vec<u8>,
    /// Whether entries before `start` may still come.
    seeking: bool,
    /// How many entries there must be, and how many were seen, from the first on.
    count: Option<(u64, u64)>,
}

/// What comes next of a [`Walk`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This block is to be read and given.
    Read(Place),
    /// The next entry.
    Entry(Entry),
    /// There are no more.
    End,
}

impl Walk {
    /// Begins with the first key.
    pub fn new(footer: &Footer) -> Self {
        let mut walk = Self::from(footer, &[]);
        walk.count = Some((footer.entries, 0));
        walk
    }

    /// Begins with the first key that is not less than `start`.
    pub fn from(footer: &Footer, start: &[u8]) -> Self {
        Self {
            open: Vec::new(),
            wanted: Some(footer.root),
            start: start.to_vec(),
            seeking: !start.is_empty(),
            count: None,
        }
    }

    /// Goes on.
    ///
    /// # Errors
    ///
    /// [`Error::BlockMalformed`], and at the end [`Error::Count`].
    pub fn step(&mut self) -> Result<Next, Error> {
        loop {
            if let Some(place) = self.wanted {
                return Ok(Next::Read(place));
            }
            let Some((block, cursor)) = self.open.last_mut() else {
                return self.end();
            };
            match cursor.next(block)? {
                None => drop(self.open.pop()),
                Some(Item::Below(place)) => self.wanted = Some(place),
                Some(Item::Number(_)) if self.seeking && cursor.key() < self.start.as_slice() => {}
                Some(Item::Number(number)) => {
                    self.seeking = false;
                    let key = cursor.key().to_vec();
                    if let Some((_, seen)) = &mut self.count {
                        *seen += 1;
                    }
                    return Ok(Next::Entry(Entry { key, number }));
                }
            }
        }
    }

    /// Takes the block that was asked for.
    ///
    /// # Errors
    ///
    /// [`Error::OtherBlock`], [`Error::BlockMalformed`].
    pub fn give(&mut self, block: Block) -> Result<(), Error> {
        let wanted = self.wanted.take();
        if wanted != Some(*block.place()) {
            self.wanted = wanted;
            return Err(Error::OtherBlock {
                want: wanted.map_or(0, |place| place.offset),
                got: block.place().offset,
            });
        }
        let mut cursor = Cursor::new();
        if self.seeking && block.place().level > 0 {
            self.seek(&block, &mut cursor)?;
        }
        self.open.push((block, cursor));
        Ok(())
    }

    /// Passes over the blocks below whose keys are all before the start.
    fn seek(&self, block: &Block, cursor: &mut Cursor) -> Result<(), Error> {
        let mut ahead = cursor.clone();
        let mut before = cursor.clone();
        while ahead.next(block)?.is_some() && ahead.key() <= self.start.as_slice() {
            *cursor = before;
            before = ahead.clone();
        }
        Ok(())
    }

    fn end(&self) -> Result<Next, Error> {
        match self.count {
            Some((want, got)) if want != got => Err(Error::Count { want, got }),
            _ => Ok(Next::End),
        }
    }

    /// Returns the entries, with `read` for the bytes at a place. After an error there are no
    /// more.
    pub fn entries<E: From<Error>, R: FnMut(&Place) -> Result<Vec<u8>, E>>(
        self,
        read: R,
    ) -> Entries<R> {
        Entries {
            walk: Some(self),
            read,
        }
    }
}

/// The entries of a [`Walk`].
#[derive(Debug)]
pub struct Entries<R> {
    walk: Option<Walk>,
    read: R,
}

impl<R> Entries<R> {
    fn step<E: From<Error>>(&mut self) -> Result<Option<Entry>, E>
    where
        R: FnMut(&Place) -> Result<Vec<u8>, E>,
    {
        let Some(walk) = &mut self.walk else {
            return Ok(None);
        };
        loop {
            match walk.step()? {
                Next::Entry(entry) => return Ok(Some(entry)),
                Next::End => return Ok(None),
                Next::Read(place) => walk.give(Block::open(&place, (self.read)(&place)?)?)?,
            }
        }
    }
}

impl<E: From<Error>, R: FnMut(&Place) -> Result<Vec<u8>, E>> Iterator for Entries<R> {
    type Item = Result<Entry, E>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if !matches!(step, Ok(Some(_))) {
            self.walk = None;
        }
        step.transpose()
    }
}
