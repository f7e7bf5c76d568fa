//! The header of a line table.

/// The layouts, by the first Go version that wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Go 1.2 to 1.15.
    Go12,
    /// Go 1.16 and 1.17.
    Go116,
    /// Go 1.18 and 1.19.
    Go118,
    /// Go 1.20 and later.
    Go120,
}

/// What the header says, checked against the table's length. Offsets count from
/// the table's first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// How the rest is laid out.
    pub layout: Layout,
    /// Whether numbers have the high byte first.
    pub big_endian: bool,
    /// The size of an address in bytes.
    pub pointer_size: usize,
    /// How many functions there are.
    pub functions: usize,
    /// How many source files there are, the unused first one of Go 1.2 included.
    pub files: usize,
    /// The address that functions are counted from; zero where it is not told.
    pub text_start: u64,
    /// Where function names begin.
    pub names: usize,
    /// Where the file numbers of compilation units begin.
    pub units: usize,
    /// Where file names begin.
    pub file_names: usize,
    /// Where line numbers begin.
    pub lines: usize,
    /// Where the entries begin.
    pub entries: usize,
    /// Where the offsets of entries count from.
    pub records: usize,
}

impl Header {
    /// Reads a header; `None` when there is none or it leads outside.
    pub fn read(table: &[u8], big_endian: bool) -> Option<Self> {
        let magic: [u8; 4] = table.get(..4)?.try_into().ok()?;
        let magic = if big_endian {
            u32::from_be_bytes(magic)
        } else {
            u32::from_le_bytes(magic)
        };
        let [0, 0, 1 | 2 | 4, pointer_size @ (4 | 8)] = *table.get(4..8)? else {
            return None;
        };
        let layout = match magic {
            0xffff_fff1 => Layout::Go120,
            0xffff_fff0 => Layout::Go118,
            0xffff_fffa => Layout::Go116,
            0xffff_fffb => Layout::Go12,
            _ => return None,
        };
        let header = Self {
            layout,
            big_endian,
            pointer_size: pointer_size.into(),
            functions: 0,
            files: 0,
            text_start: 0,
            names: 0,
            units: 0,
            file_names: 0,
            lines: 0,
            entries: 0,
            records: 0,
        };
        header.fill(table)
    }

    fn fill(mut self, table: &[u8]) -> Option<Self> {
        let word =
            |index: usize| self.number(table, 8 + index * self.pointer_size, self.pointer_size);
        let size = |index: usize| usize::try_from(word(index)?).ok();
        let functions = size(0)?;
        if self.layout == Layout::Go12 {
            return self.fill_oldest(table, functions);
        }
        let shift = usize::from(self.layout != Layout::Go116);
        let text_start = if shift == 1 { word(2)? } else { 0 };
        let [files, names] = [size(1)?, size(2 + shift)?];
        let [units, file_names] = [size(3 + shift)?, size(4 + shift)?];
        let [lines, entries] = [size(5 + shift)?, size(6 + shift)?];
        (self.functions, self.files, self.text_start) = (functions, files, text_start);
        (self.names, self.units, self.file_names) = (names, units, file_names);
        (self.lines, self.entries, self.records) = (lines, entries, entries);
        let inside = file_names <= lines
            && [names, units, lines, entries]
                .iter()
                .all(|offset| *offset <= table.len());
        (inside && self.entries_fit(table)).then_some(self)
    }

    /// Go 1.2: entries follow the count, then the last address and the offset of
    /// the file table.
    fn fill_oldest(mut self, table: &[u8], functions: usize) -> Option<Self> {
        self.functions = functions;
        self.entries = 8 + self.pointer_size;
        if !self.entries_fit(table) {
            return None;
        }
        let end = self.entries + (2 * functions + 1) * self.pointer_size;
        let files = usize::try_from(self.number(table, end, 4)?).ok()?;
        self.file_names = files;
        self.files = usize::try_from(self.number(table, files, 4)?).ok()?;
        Some(self)
    }

    fn entries_fit(&self, table: &[u8]) -> bool {
        let len = self
            .functions
            .checked_mul(2)
            .and_then(|words| words.checked_add(1))
            .and_then(|words| words.checked_mul(self.entry_word()));
        len.and_then(|len| len.checked_add(self.entries))
            .is_some_and(|end| end <= table.len())
    }

    /// Returns the size of the words that entries are made of.
    pub fn entry_word(&self) -> usize {
        match self.layout {
            Layout::Go12 | Layout::Go116 => self.pointer_size,
            Layout::Go118 | Layout::Go120 => 4,
        }
    }

    /// Reads a number of some bytes, eight at most.
    pub fn number(&self, table: &[u8], at: usize, size: usize) -> Option<u64> {
        let field = table.get(at..at.checked_add(size)?)?;
        let fold = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        Some(if self.big_endian {
            field.iter().fold(0, fold)
        } else {
            field.iter().rev().fold(0, fold)
        })
    }
}
