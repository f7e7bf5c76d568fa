//! Names of places in a program, where it has a symbol table.

use object::read::{File, Object as _, ObjectSymbol as _};

use crate::image::{Format, Image};

/// The most symbols read.
const SYMBOLS_MAX: usize = 2_000_000;

/// The most bytes of names read, in multiples of the file's size.
const NAME_BYTES_FACTOR: usize = 2;

/// The symbols of a file by address.
#[derive(Debug, Default)]
pub struct Symbols<'a>(Vec<Symbol<'a>>);

/// One symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol<'a> {
    /// Its first address.
    pub address: u64,
    /// Its size in bytes; up to the next symbol where the table does not tell.
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
        symbols.sort_by_key(|symbol| symbol.address);
        let starts: Vec<u64> = symbols.iter().map(|symbol| symbol.address).collect();
        for symbol in &mut symbols {
            if symbol.size == 0 {
                let next = starts.partition_point(|start| *start <= symbol.address);
                let end = starts.get(next).copied().unwrap_or(symbol.address);
                symbol.size = end - symbol.address;
            }
        }
        Self(symbols)
    }

    /// Says whether it names functions of Go: every program has this one.
    pub fn has_functions(&self) -> bool {
        self.0.iter().any(|symbol| symbol.name == "runtime.main")
    }

    /// Returns the symbol that an address lies in.
    pub fn at(&self, address: u64) -> Option<&Symbol<'a>> {
        let after = self.0.partition_point(|symbol| symbol.address <= address);
        let symbol = &self.0[after.checked_sub(1)?];
        (address - symbol.address < symbol.size).then_some(symbol)
    }
}
