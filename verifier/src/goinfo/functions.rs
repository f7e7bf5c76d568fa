//! The functions of a Go program: names, places and bodies, from the line table
//! that even stripped programs have.

pub mod package;
mod text_start;

use std::ops::Range;

use super::pclntab::{Found, Layout, Table};
use crate::image::wasm::code::{self, Bodies};
use crate::image::{Format, Image, Segment};

/// The most functions read of one file.
const FUNCTIONS_MAX: usize = 1_000_000;

/// The most bytes of names and of bodies taken in, in multiples of what holds
/// them: entries of a table made to be slow share them, real ones do not.
const SHARED_FACTOR: usize = 2;

/// The functions of one file, in the order of their addresses.
pub struct Functions<'a> {
    /// Every function that has a name and a place.
    pub all: Vec<Function<'a>>,
    /// The table they were read from.
    pub table: Table<'a>,
}

/// One function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function<'a> {
    /// Its symbol name. Type arguments are left out by the linker: `F[...]`.
    pub name: &'a str,
    /// Its first address.
    pub address: u64,
    /// The bytes up to the next function, padding included.
    pub size: u64,
    /// Its bytes in the file; empty where the file has none.
    pub range: Range<usize>,
    /// Where the line table describes it.
    pub record: usize,
}

impl<'a> Functions<'a> {
    /// Reads the functions from a line table that was found in the file.
    pub fn read(bytes: &[u8], image: &Image, found: &'a Found<'_>) -> Option<Self> {
        let table = found.table()?;
        let is_wasm = image.format == Format::Wasm;
        let base = match table.header.layout {
            _ if is_wasm => 0,
            Layout::Go12 | Layout::Go116 => 0,
            Layout::Go118 | Layout::Go120 => text_start::find(bytes, image, found, &table)?,
        };
        let places = Places::of(bytes, image);
        let mut name_bytes = found.len().saturating_mul(SHARED_FACTOR);
        let mut body_bytes = bytes.len().saturating_mul(SHARED_FACTOR);
        let mut all = Vec::new();
        let mut last = 0;
        for entry in table.entries().take(FUNCTIONS_MAX) {
            let place = |offset: u64| {
                if is_wasm {
                    Some(code::address(offset))
                } else {
                    base.checked_add(offset)
                }
            };
            let (Some(address), Some(end)) = (place(entry.start), place(entry.end)) else {
                break;
            };
            // Addresses that do not rise are not a linker's.
            if end <= address || address < last {
                continue;
            }
            last = end;
            let Some(name) = table.name(entry.record) else {
                continue;
            };
            // The build ID's text stands among the code.
            if matches!(name, "go:buildid" | "go.buildid") {
                continue;
            }
            let range = places.range(address, end - address);
            let left = (
                name_bytes.checked_sub(name.len()),
                body_bytes.checked_sub(range.len()),
            );
            let (Some(names), Some(bodies)) = left else {
                break;
            };
            (name_bytes, body_bytes) = (names, bodies);
            all.push(Function {
                name,
                address,
                size: end - address,
                range,
                record: entry.record,
            });
        }
        (!all.is_empty()).then_some(Self { all, table })
    }

    /// Returns the function at an address, by its index, and how far into it.
    pub fn at(&self, address: u64) -> Option<(usize, u64)> {
        let after = self
            .all
            .partition_point(|function| function.address <= address);
        let index = after.checked_sub(1)?;
        let offset = address - self.all[index].address;
        (offset < self.all[index].size).then_some((index, offset))
    }
}

/// Where addresses lie in the file.
enum Places {
    /// Segments sorted by address.
    Segments(Vec<Segment>),
    /// A WebAssembly module's functions have numbers in place of addresses.
    Bodies(Bodies),
}

impl Places {
    fn of(bytes: &[u8], image: &Image) -> Self {
        if image.format == Format::Wasm {
            return Self::Bodies(Bodies::read(bytes, image));
        }
        let mut segments = image.segments.clone();
        segments.sort_by_key(|segment| segment.address);
        Self::Segments(segments)
    }

    fn range(&self, address: u64, size: u64) -> Range<usize> {
        let found = match self {
            Self::Segments(segments) => in_segments(segments, address, size),
            Self::Bodies(bodies) => bodies.of_address(address),
        };
        found.unwrap_or(0..0)
    }
}

fn in_segments(segments: &[Segment], address: u64, size: u64) -> Option<Range<usize>> {
    let after = segments.partition_point(|segment| segment.address <= address);
    let segment = &segments[after.checked_sub(1)?];
    let offset = usize::try_from(address - segment.address).ok()?;
    let start = segment.range.start.checked_add(offset)?;
    let end = start.checked_add(usize::try_from(size).ok()?)?;
    (end <= segment.range.end).then_some(start..end)
}
