//! Names of places in a program, where it has a symbol table.

use object::read::{File, Object as _, ObjectSymbol as _};

use crate::image::{Format, Image};

/// The most symbols read.
const SYMBOLS_MAX: usize = 2_000_000;

/// The most bytes of names read, in multiples of the file's size.
const NAME_BYTES_FACTOR: usize = 2;

/// The symbols of a file by address.
#[derive(Debug, Default)]
pub struct Symbols<'a> {
    /// Those of some size.
    sized: Vec<Symbol<'a>>,
    /// Those that name an address alone.
    marks: Vec<Symbol<'a>>,
    /// Whether the table tells where a symbol ends.
    tells_ends: bool,
}

/// One symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its first address.
    pub address: u64,
    /// Its size in bytes; up to the next symbol where the format does not tell.
    pub size: u64,
    /// Its name.
    pub name: &'a str,
}

impl<'a> Symbols<'a> {
    /// Reads the symbol table; without one there are no symbols.
    pub fn read(bytes: &'a [u8], image: &Image) -> Self {
        match image.format {
            Format::Elf | Format::Pe | Format::MachO => {}
            _ => return Self::default(),
        }
        let Ok(file) = File::parse(bytes) else {
            return Self::default();
        };
        let mut left = bytes.len().saturating_mul(NAME_BYTES_FACTOR);
        let mut symbols = Vec::new();
        for symbol in file.symbols().take(SYMBOLS_MAX) {
            let Ok(name) = symbol.name() else {
                continue;
            };
            let Some(rest) = left.checked_sub(name.len()) else {
                break;
            };
            left = rest;
            // Go's linker on macOS keeps names as they are, the host's does not.
            let name = match name.strip_prefix('_') {
                Some(bare) if image.format == Format::MachO && bare.contains('.') => bare,
                _ => name,
            };
            if symbol.address() != 0 && !name.is_empty() {
                symbols.push(Symbol {
                    address: symbol.address(),
                    size: symbol.size(),
                    name,
                });
            }
        }
        // Of several at one address the longest is found.
        symbols.sort_by_key(|symbol| (symbol.address, symbol.size));
        let tells_ends = image.format == Format::Elf;
        if tells_ends {
            let (sized, marks) = symbols.into_iter().partition(|symbol| symbol.size > 0);
            return Self {
                sized,
                marks,
                tells_ends,
            };
        }
        let starts: Vec<u64> = symbols.iter().map(|symbol| symbol.address).collect();
        for symbol in &mut symbols {
            if symbol.size == 0 {
                let next = starts.partition_point(|start| *start <= symbol.address);
                let end = starts.get(next).copied().unwrap_or(symbol.address);
                symbol.size = end - symbol.address;
            }
        }
        Self {
            sized: symbols,
            ..Self::default()
        }
    }

    /// Says whether it names functions of Go: every program has this one.
    pub fn has_functions(&self) -> bool {
        self.sized
            .iter()
            .any(|symbol| symbol.name == "runtime.main")
    }

    /// Returns every symbol of some size, by address.
    pub fn all(&self) -> impl Iterator<Item = &Symbol<'a>> {
        self.sized.iter()
    }

    /// Says whether symbols have ends of their own (ELF); in other formats each
    /// reaches to the next one, and what lies between may be nobody's.
    pub fn tells_ends(&self) -> bool {
        self.tells_ends
    }

    /// Returns the symbol that an address lies in.
    pub fn at(&self, address: u64) -> Option<&Symbol<'a>> {
        let after = self
            .sized
            .partition_point(|symbol| symbol.address <= address);
        let symbol = &self.sized[after.checked_sub(1)?];
        (address - symbol.address < symbol.size).then_some(symbol)
    }

    /// Returns the address of a symbol by its name.
    pub fn address_of(&self, name: &str) -> Option<u64> {
        let mut all = self.marks.iter().chain(&self.sized);
        let symbol = all.find(|symbol| symbol.name == name)?;
        Some(symbol.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_ends_where_its_size_says() {
        let symbol = |address, size, name| Symbol {
            address,
            size,
            name,
        };
        let symbols = Symbols {
            sized: vec![
                symbol(0x1000, 16, "main.table"),
                symbol(0x1020, 8, "main.x"),
            ],
            marks: vec![symbol(0x1008, 0, "runtime.erodata")],
            tells_ends: true,
        };
        let name = |address| symbols.at(address).map(|symbol| symbol.name);
        assert_eq!(name(0x100f), Some("main.table"));
        // What lies behind its end is not its own.
        assert_eq!(name(0x1010), None);
        assert_eq!(name(0x1027), Some("main.x"));
        assert_eq!(name(0xfff), None);
        assert_eq!(symbols.address_of("runtime.erodata"), Some(0x1008));
        assert_eq!(symbols.address_of("main.y"), None);
    }
}
