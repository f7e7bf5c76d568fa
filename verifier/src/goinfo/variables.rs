//! Variables that `-ldflags=-X` set, by name: the linker puts each value into a
//! symbol called after the variable with `.str` behind it, ended by NUL.
//!
//! Source: cmd/link/internal/ld/data.go addstrdata

use std::ops::Range;

use object::read::{File, Object as _, ObjectSymbol as _};

use crate::image::{Format, Image};

/// The most symbols looked at.
const SYMBOLS_MAX: usize = 4_000_000;

/// The most bytes of names read, in multiples of the file's size.
const NAME_BYTES_FACTOR: usize = 2;

/// The most variables kept.
const VARIABLES_MAX: usize = 1000;

/// The longest value read, in bytes.
const VALUE_LEN_MAX: usize = 4096;

/// Strings that the go command and the linker themselves set the same way. Each
/// has a field or a path elsewhere that explainers look at.
const GO_OWN: [&str; 5] = [
    "cmd/internal/objabi.buildID",
    "runtime.buildVersion",
    "runtime.defaultGOROOT",
    "runtime.godebugDefault",
    "runtime.modinfo",
];

/// One variable set on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name with the import path, as `-X` takes it.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The value's bytes in the file.
    pub range: Range<usize>,
    /// Its place in the symbol table, where Go's linker has variables in the order in which
    /// they were set.
    pub place: usize,
}

/// Returns the variables set, sorted by name, or `None` when the file has no
/// symbols that would tell.
pub fn read(bytes: &[u8], image: &Image) -> Option<Vec<Variable>> {
    match image.format {
        Format::Elf | Format::Pe | Format::MachO => {}
        Format::MachOFat | Format::Wasm | Format::Plan9 | Format::Xcoff => return None,
        Format::GoArchive | Format::Container(_) | Format::Empty | Format::Other => return None,
    }
    let file = File::parse(bytes).ok()?;
    let mut is_whole = false;
    let mut variables: Vec<Variable> = Vec::new();
    // Names may overlap in a string table made to be slow; real ones hardly do.
    let mut name_bytes = bytes.len().saturating_mul(NAME_BYTES_FACTOR);
    for (place, symbol) in file.symbols().take(SYMBOLS_MAX).enumerate() {
        let name = symbol.name().unwrap_or_default();
        let Some(left) = name_bytes.checked_sub(name.len()) else {
            break;
        };
        name_bytes = left;
        // Tables of Windows and macOS stay with -s, for what is imported.
        is_whole |= matches!(name, "runtime.main" | "_runtime.main");
        let Some(name) = name.strip_suffix(".str") else {
            continue;
        };
        // The host linker of macOS puts an underscore before every name.
        let name = if image.format == Format::MachO {
            name.strip_prefix('_').unwrap_or(name)
        } else {
            name
        };
        let is_variable =
            name.contains('.') && !name.contains([' ', ':', '"']) && !GO_OWN.contains(&name);
        if !is_variable || variables.len() >= VARIABLES_MAX {
            continue;
        }
        let found = variable(bytes, image, name, symbol.address());
        let found = found.map(|found| Variable { place, ..found });
        // The linker counts the NUL; formats whose symbols have no size say 0.
        let is_sized = |found: &Variable| {
            let size = symbol.size();
            size == 0 || size == found.range.len() as u64 + 1
        };
        variables.extend(found.filter(is_sized));
    }
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    is_whole.then_some(variables)
}

fn variable(bytes: &[u8], image: &Image, name: &str, address: u64) -> Option<Variable> {
    let segment = image.segments.iter().find(|segment| {
        address
            .checked_sub(segment.address)
            .is_some_and(|offset| offset < segment.range.len() as u64)
    })?;
    let start = segment.range.start + usize::try_from(address - segment.address).ok()?;
    let end = segment.range.end.min(start.saturating_add(VALUE_LEN_MAX));
    let len = memchr::memchr(0, bytes.get(start..end)?)?;
    let value = std::str::from_utf8(&bytes[start..start + len]).ok()?;
    Some(Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        range: start..start + len,
        place: 0,
    })
}
