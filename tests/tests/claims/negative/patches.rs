//! Changes to a file that was built, in places that decide what it does.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::fuzz::resealed;

use super::programs::Target;

/// Writes a changed copy of a file beside it.
pub(super) fn patched(file: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = fs::read(file).unwrap();
    change(&mut bytes);
    let stem = file.file_name().unwrap().to_str().unwrap();
    let path = file.with_file_name(format!("{stem}-{name}"));
    fs::write(&path, bytes).unwrap();
    path
}

/// Appends bytes that no header names.
pub(super) fn append(bytes: &mut Vec<u8>, payload: &[u8]) {
    bytes.extend(payload.iter().cycle().take(4096));
}

/// Moves where the program begins by sixteen bytes; wasm has no such place.
pub(super) fn move_entry(bytes: &mut [u8], target: Target) {
    let at = match target {
        Target::Elf => 24,
        Target::Pe => number(bytes, 0x3c) + 24 + 16,
        Target::MachO => entry_command(bytes) + 8,
        Target::Wasm => panic!("wasm has no entry point in its header"),
    };
    let entry = number(bytes, at) + 16;
    bytes[at..at + 4].copy_from_slice(&u32::try_from(entry).unwrap().to_le_bytes());
}

/// LC_MAIN.
const LC_MAIN: usize = 0x8000_0028;

fn entry_command(bytes: &[u8]) -> usize {
    let mut at = 32;
    for _ in 0..number(bytes, 16) {
        if number(bytes, at) == LC_MAIN {
            return at;
        }
        at += number(bytes, at + 4);
    }
    panic!("no LC_MAIN");
}

fn number(bytes: &[u8], at: usize) -> usize {
    let word: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
    usize::try_from(u32::from_le_bytes(word)).unwrap()
}

/// Changes a text of the program to another of its length, wherever it stands.
pub(super) fn replace(bytes: &mut [u8], from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = memchr::memmem::find_iter(bytes, from).collect();
    assert!(!places.is_empty(), "{from} is not in the file");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
}

/// Puts in the content ID that the bytes give now, as whoever changed them can.
pub(super) fn reseal(bytes: &mut Vec<u8>) {
    *bytes = resealed(bytes).expect("a program with a build ID of the go command");
}
