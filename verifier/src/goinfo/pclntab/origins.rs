//! Which files and lines the instructions of a function come from: its own, and
//! those of functions that the compiler put into it.
//!
//! Each is a table of steps: a change of the value (zigzag, the first one from
//! -1) and a number of instruction units that it holds for; a change of zero
//! ends it.
//!
//! Source: cmd/internal/obj/pcln.go funcpctab, runtime/symtab.go step

use super::{LINES_MAX, Table, varint, varint_len};

/// The most files of one function.
const FILES_MAX: usize = 64;

/// A stretch of a function's code that comes from one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first byte of code behind it, counted from the function's first.
    pub end: u64,
    /// The file's number in its compilation unit.
    pub file: usize,
    /// The line.
    pub line: i64,
}

/// The steps of one value.
struct Steps<'a> {
    rest: &'a [u8],
    quantum: u64,
    value: i64,
    end: u64,
    left: usize,
}

impl Iterator for Steps<'_> {
    type Item = (i64, u64);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let delta = varint(self.rest)?;
        let is_first = self.end == 0;
        if delta == 0 && !is_first {
            return None;
        }
        self.rest = self.rest.get(varint_len(self.rest)?..)?;
        let len = varint(self.rest)?.checked_mul(self.quantum)?;
        self.rest = self.rest.get(varint_len(self.rest)?..)?;
        let delta = (delta >> 1).cast_signed() ^ -(delta & 1).cast_signed();
        self.value = self.value.checked_add(delta)?;
        self.end = self.end.checked_add(len.max(1))?;
        Some((self.value, self.end))
    }
}

impl<'a> Table<'a> {
    /// Returns where a function's code comes from, in the order of its code.
    pub fn stretches(&self, record: usize) -> Option<Vec<Stretch>> {
        let mut files = self.steps(record, 4)?.peekable();
        let mut lines = self.steps(record, 5)?.peekable();
        let mut stretches: Vec<Stretch> = Vec::new();
        while let (Some((file, file_end)), Some((line, line_end))) =
            (files.peek().copied(), lines.peek().copied())
        {
            let end = file_end.min(line_end);
            let stretch = Stretch {
                end,
                file: usize::try_from(file).ok()?,
                line,
            };
            match stretches.last_mut() {
                Some(last) if (last.file, last.line) == (stretch.file, stretch.line) => {
                    last.end = end;
                }
                _ => stretches.push(stretch),
            }
            if file_end == end {
                files.next();
            }
            if line_end == end {
                lines.next();
            }
        }
        (!stretches.is_empty()).then_some(stretches)
    }

    /// Returns the file that one byte of a function's code comes from.
    pub fn file_at(&self, record: usize, offset: u64) -> Option<&'a str> {
        let mut files = self.steps(record, 4)?;
        let (file, _) = files.find(|(_, end)| offset < *end)?;
        self.file_name(record, usize::try_from(file).ok()?)
    }

    /// Returns every file that a function's code comes from.
    pub fn files(&self, record: usize) -> Vec<&'a str> {
        let mut names = Vec::new();
        for (file, _) in self.steps(record, 4).into_iter().flatten() {
            let name = usize::try_from(file)
                .ok()
                .and_then(|file| self.file_name(record, file));
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                names.push(name);
            }
            if names.len() >= FILES_MAX {
                break;
            }
        }
        names
    }

    fn steps(&self, record: usize, field: usize) -> Option<Steps<'a>> {
        let lines = self.header.lines;
        let start = lines.checked_add(usize::try_from(self.field(record, field)?).ok()?)?;
        Some(Steps {
            rest: self.data.get(start..)?,
            // Checked by the header.
            quantum: self.data.get(6).copied()?.into(),
            value: -1,
            end: 0,
            left: LINES_MAX,
        })
    }
}

/// Says whether what a function has of its own comes from the same lines, code
/// of others in it left out. The first instruction is its own.
pub fn same_own_lines(a: &[Stretch], b: &[Stretch]) -> bool {
    let own = |all: &[Stretch]| -> Vec<(u64, i64)> {
        let file = all.first().map(|first| first.file);
        let own = all.iter().filter(|one| Some(one.file) == file);
        own.map(|one| (one.end, one.line)).collect()
    };
    own(a) == own(b)
}

/// Returns the file of the first line whose code is longer or shorter than in
/// another version of the function, by the file's number in the first one.
pub fn first_grown(a: &[Stretch], b: &[Stretch]) -> Option<usize> {
    let lens = |all: &[Stretch]| -> Vec<u64> {
        let starts = std::iter::once(0).chain(all.iter().map(|one| one.end));
        let lens = all.iter().zip(starts);
        lens.map(|(one, start)| one.end.saturating_sub(start))
            .collect()
    };
    let (lens_a, lens_b) = (lens(a), lens(b));
    let differs = |at: &usize| {
        b.get(*at).is_none_or(|other| {
            (a[*at].file, a[*at].line) != (other.file, other.line)
                || lens_a.get(*at) != lens_b.get(*at)
        })
    };
    (0..a.len()).find(differs).map(|at| a[at].file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_grew_tells_whose_code_it_is() {
        let stretch = |end, file, line| Stretch { end, file, line };
        let a = [stretch(4, 1, 10), stretch(8, 2, 30), stretch(12, 1, 11)];
        let b = [stretch(4, 1, 10), stretch(9, 2, 30), stretch(13, 1, 11)];
        assert_eq!(first_grown(&a, &b), Some(2));
        assert_eq!(first_grown(&a, &a), None);
        assert_eq!(first_grown(&a, &a[..2]), Some(1));
    }

    #[test]
    fn lines_of_code_that_was_put_in_are_not_the_functions_own() {
        let stretch = |end, file, line| Stretch { end, file, line };
        let a = [stretch(4, 1, 10), stretch(8, 2, 30), stretch(12, 1, 11)];
        let inner = [stretch(4, 1, 10), stretch(8, 2, 31), stretch(12, 1, 11)];
        let own = [stretch(4, 1, 10), stretch(8, 2, 30), stretch(12, 1, 12)];
        assert!(same_own_lines(&a, &inner));
        assert!(!same_own_lines(&a, &own));
    }

    #[test]
    fn steps_end_at_a_zero_behind_the_first() {
        // +1 for 2 units, the first change may be none; -1 for 3; the end.
        let bytes = [2, 2, 1, 3, 0, 9, 9];
        let steps = |rest| Steps {
            rest,
            quantum: 4,
            value: -1,
            end: 0,
            left: 10,
        };
        let all: Vec<(i64, u64)> = steps(&bytes).collect();
        assert_eq!(all, [(0, 8), (-1, 20)]);
        let all: Vec<(i64, u64)> = steps(&[0, 1, 0]).collect();
        assert_eq!(all, [(-1, 4)]);
    }
}
