//! What a line table says of a function beside its name, lines and address: the
//! sizes of frame and arguments, and where pointers are. The runtime unwinds and
//! collects by it.
//!
//! ```text
//! name  args  deferreturn  pcsp  pcfile  pcln  npcdata  unit  [start line]
//! funcID flag 0 nfuncdata  pcdata…  funcdata…
//! ```
//!
//! Source: runtime/runtime2.go _func

use super::{Layout, Table};

/// The most tables of one function.
const TABLES_MAX: u32 = 64;

impl Table<'_> {
    /// Says whether two tables say the same of a function; for layouts before Go
    /// 1.18 nobody knows.
    pub fn describes_alike(&self, record: usize, other: &Self, other_record: usize) -> bool {
        let one = self.description(record);
        one.is_some() && one == other.description(other_record)
    }

    fn description(&self, record: usize) -> Option<Description<'_>> {
        let tail = match self.header.layout {
            Layout::Go118 => 8,
            Layout::Go120 => 9,
            Layout::Go12 | Layout::Go116 => return None,
        };
        let field = |index: u32| self.field(record, usize::try_from(index).ok()?);
        let marks = field(tail)?;
        // The last byte of the file's order is the count.
        let counts = if self.header.big_endian {
            marks & 0xff
        } else {
            marks >> 24
        };
        let tables = field(6)?;
        if tables > TABLES_MAX || counts > TABLES_MAX {
            return None;
        }
        // An offset of zero is not a table.
        let steps = |offset: u32| match offset {
            0 => Some(&[][..]),
            offset => self.steps_at(offset),
        };
        let behind = tail + 1;
        let steps_of = (behind..behind + tables).map(|index| steps(field(index)?));
        let first = steps(field(3)?)?;
        Some(Description {
            numbers: [field(1)?, field(2)?, marks],
            steps: std::iter::once(Some(first))
                .chain(steps_of)
                .collect::<Option<_>>()?,
            pointers: (behind + tables..behind + tables + counts)
                .map(field)
                .collect::<Option<_>>()?,
        })
    }
}

/// What is compared.
#[derive(PartialEq, Eq)]
struct Description<'a> {
    numbers: [u32; 3],
    steps: Vec<&'a [u8]>,
    /// Offsets of maps of pointers: the same maps lie at the same offsets.
    pointers: Vec<u32>,
}
