//! What the HTML page shows beside the checks: cards, tables and pictures, as
//! plain data. A command says what is in them and the page how they look.

use std::ops::Range;

/// One part of the page below the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// Things side by side, each with its facts.
    Cards(Cards),
    /// Rows and columns.
    Table(Table),
    /// The sections of two files, to scale, and where they differ.
    Layout(Layout),
}

/// Things side by side, each with its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cards {
    /// The heading.
    pub title: String,
    /// The things.
    pub cards: Vec<Card>,
}

/// One thing and its facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What reports call it: a letter, or empty.
    pub letter: String,
    /// Its path or name.
    pub title: String,
    /// Names and values, in order.
    pub facts: Vec<(String, Value)>,
}

/// A value and how it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Words of ours.
    Words(String),
    /// Text from a file: shown as code.
    Code(String),
    /// A count or size, which is compared with those above and below it.
    Number(usize),
    /// A place in a file, in bytes from its beginning.
    Offset(usize),
    /// Words that should worry the reader.
    Alarm(String),
    /// Words that should calm the reader.
    Good(String),
    /// Nothing there.
    Absent,
}

/// Rows and columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The heading.
    pub title: String,
    /// What the reader should know first; may be empty.
    pub note: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// Rows that exist and are not here.
    pub left_out: usize,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One value for each column.
    pub values: Vec<Value>,
    /// Whether the sides agree, where the row compares some.
    pub agrees: Option<bool>,
}

/// The sections of two files, to scale, and where they differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The heading.
    pub title: String,
    /// The two files.
    pub files: [LayoutFile; 2],
    /// Where they differ, in the order of the first file.
    pub places: Vec<Place>,
}

/// One file of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutFile {
    /// What reports call it.
    pub letter: String,
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub size: usize,
    /// Its sections in the order of the file.
    pub sections: Vec<LayoutSection>,
}

/// One section of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutSection {
    /// Its name.
    pub name: String,
    /// Its bytes in the file.
    pub range: Range<usize>,
    /// What it holds.
    pub content: Content,
    /// Bytes of it that differ.
    pub differing: usize,
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Headers, tables and padding.
    Layout,
    /// Machine code.
    Code,
    /// Data.
    Data,
    /// Symbols and debug information.
    Symbols,
    /// Notes and signatures.
    Notes,
}

/// A place where two files differ; an empty range where one side has nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The section.
    pub name: String,
    /// The bytes in the first file.
    pub a: Option<Range<usize>>,
    /// The bytes in the second file.
    pub b: Option<Range<usize>>,
    /// Whether all of it only names the build.
    pub stamp: bool,
}

impl Value {
    /// Says whether it is compared with those above and below it.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Offset(_))
    }
}
