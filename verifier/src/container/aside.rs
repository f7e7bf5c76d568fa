//! Laying members aside: those whose bytes are asked for, taken out in one more
//! pass over their container.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek as _, Write as _};

use super::fault::{Fault, Kind};
use super::limits::ASIDE_MAX;
use super::source::Source;
use super::visit::{Body, Entry, Visitor};

/// Members up to this size together stay in memory, in bytes.
const MEMORY_MAX: u64 = 16 << 20;

/// Takes out what is wanted: small things to memory, the rest to one temporary
/// file that has no name and goes when it is closed.
pub struct Taker {
    wanted: HashSet<usize>,
    next: usize,
    in_memory: u64,
    file: Option<File>,
    file_len: u64,
    taken: Vec<(usize, Place)>,
}

enum Place {
    Memory(Vec<u8>),
    File { offset: u64, len: u64 },
}

impl Taker {
    /// Begins with the numbers of the members wanted.
    pub fn new(wanted: HashSet<usize>) -> Self {
        Self {
            wanted,
            next: 0,
            in_memory: 0,
            file: None,
            file_len: 0,
            taken: Vec::new(),
        }
    }

    /// Ends, and hands out what was taken by the member's number.
    ///
    /// # Errors
    /// What the system says about the temporary file.
    pub fn finish(self) -> io::Result<HashMap<usize, Source>> {
        let file = self.file.map(Source::file).transpose()?;
        let source = |place| match place {
            Place::Memory(bytes) => Some(Source::memory(bytes)),
            Place::File { offset, len } => file.as_ref()?.part(offset, len),
        };
        let taken = self.taken.into_iter();
        Ok(taken
            .filter_map(|(index, place)| Some((index, source(place)?)))
            .collect())
    }

    fn take(&mut self, content: &mut dyn Read) -> Result<Place, Fault> {
        let mut bytes = Vec::new();
        let room = MEMORY_MAX.saturating_sub(self.in_memory);
        content.take(room).read_to_end(&mut bytes)?;
        let mut more = [0];
        if content.read(&mut more)? == 0 {
            self.in_memory += bytes.len() as u64;
            return Ok(Place::Memory(bytes));
        }
        let mut file = match self.file.take() {
            Some(file) => file,
            None => tempfile::tempfile()?,
        };
        let offset = self.file_len;
        file.seek(io::SeekFrom::Start(offset))?;
        file.write_all(&bytes)?;
        file.write_all(&more)?;
        let room = ASIDE_MAX.saturating_sub(offset);
        let rest = io::copy(&mut content.take(room), &mut file)?;
        let len = rest.saturating_add(bytes.len() as u64 + 1);
        self.file_len = offset.saturating_add(len);
        self.file = Some(file);
        if self.file_len > ASIDE_MAX {
            return Err(Kind::TooMuch { max: ASIDE_MAX }.into());
        }
        Ok(Place::File { offset, len })
    }
}

impl Visitor for Taker {
    fn visit(&mut self, entry: Entry, content: &mut dyn Read) -> Result<(), Fault> {
        let index = self.next;
        self.next += 1;
        if self.wanted.contains(&index) && matches!(entry.body, Body::File(_)) {
            let place = self.take(content)?;
            self.taken.push((index, place));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::listing::Metadata;

    #[test]
    fn small_and_large_members_come_back_as_they_were() {
        let large = vec![7; MEMORY_MAX as usize + 5];
        let contents: [&[u8]; 4] = [b"one", &large, b"two", b""];
        let mut taker = Taker::new([0, 1, 3].into());
        for content in contents {
            let entry = Entry {
                name: "x".into(),
                metadata: Metadata::default(),
                body: Body::File(content.len() as u64),
                offset: None,
            };
            taker.visit(entry, &mut &*content).unwrap();
        }
        assert!(taker.file.is_some());
        let taken = taker.finish().unwrap();
        assert_eq!(taken.len(), 3);
        for index in [0, 1, 3] {
            let mut bytes = Vec::new();
            taken[&index].reader().read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, contents[index]);
        }
    }
}
