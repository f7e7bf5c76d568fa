//! Names of symbols, for messages: those asked for at a version, those that an object defines.
//!
//! Source: Linux Standard Base, "Symbol Versioning"

use object::Endianness;
use object::elf::{FileHeader32, FileHeader64, SHT_DYNSYM, SHT_SYMTAB};
use object::read::elf::{FileHeader, Sym as _};

use crate::image::linkage::NAME_LEN_MAX;

/// The most symbols looked at.
const SYMBOLS_MAX: usize = 1_000_000;

/// Returns the symbols that a file asks for at a version, `GLIBC_2.34`, up to a number; none
/// where it has no section headers, by which they are found.
pub fn asked_at(bytes: &[u8], version: &str, most: usize) -> Vec<String> {
    let found = match bytes.get(4) {
        Some(1) => asked::<FileHeader32<Endianness>>(bytes, version, most),
        Some(2) => asked::<FileHeader64<Endianness>>(bytes, version, most),
        _ => None,
    };
    found.unwrap_or_default()
}

/// Returns the symbols that an object defines for others, up to a number.
pub fn defined(bytes: &[u8], most: usize) -> Vec<String> {
    let found = match bytes.get(4) {
        Some(1) => global::<FileHeader32<Endianness>>(bytes, most),
        Some(2) => global::<FileHeader64<Endianness>>(bytes, most),
        _ => None,
    };
    found.unwrap_or_default()
}

fn asked<Elf: FileHeader<Endian = Endianness>>(
    bytes: &[u8],
    version: &str,
    most: usize,
) -> Option<Vec<String>> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let versions = sections.versions(endian, bytes).ok()??;
    let symbols = sections.symbols(endian, bytes, SHT_DYNSYM).ok()?;
    let of_version = |(index, symbol): (_, &Elf::Sym)| {
        let is_asked = symbol.is_undefined(endian);
        let found = versions.version(versions.version_index(endian, index).into());
        let is_named = found.ok()??.name() == version.as_bytes();
        let name = symbol.name(endian, symbols.strings()).ok()?;
        (is_asked && is_named).then(|| shown(name))
    };
    let all = symbols.enumerate().take(SYMBOLS_MAX);
    Some(all.filter_map(of_version).take(most).collect())
}

fn global<Elf: FileHeader<Endian = Endianness>>(bytes: &[u8], most: usize) -> Option<Vec<String>> {
    let header = Elf::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, bytes).ok()?;
    let symbols = sections.symbols(endian, bytes, SHT_SYMTAB).ok()?;
    let name = |(_, symbol): (_, &Elf::Sym)| {
        let is_global = !symbol.is_undefined(endian) && !symbol.is_local();
        let name = symbol.name(endian, symbols.strings()).ok()?;
        (is_global && !name.is_empty()).then(|| shown(name))
    };
    let all = symbols.enumerate().take(SYMBOLS_MAX);
    Some(all.filter_map(name).take(most).collect())
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(&name[..name.len().min(NAME_LEN_MAX)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_object_has_no_symbols() {
        for bytes in [&b""[..], b"\x7fELF", b"\x7fELF\x02\x01\x01", &[2; 64]] {
            assert!(asked_at(bytes, "GLIBC_2.34", 5).is_empty());
            assert!(defined(bytes, 5).is_empty());
        }
    }
}
