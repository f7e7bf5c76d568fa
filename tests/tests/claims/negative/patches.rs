//! Changes to a file that was built, in places that decide what it does.

use std::fs;
use std::path::{Path, PathBuf};

use testkit::fuzz::{entry_place, resealed};
use verifier::image::Image;

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

/// Moves where the program begins by sixteen bytes.
pub(super) fn move_entry(bytes: &mut [u8]) {
    let format = Image::read(bytes).format;
    let at = entry_place(format, bytes).expect("a header with an entry point");
    let place: &mut [u8; 4] = (&mut bytes[at..at + 4]).try_into().unwrap();
    *place = (u32::from_le_bytes(*place) + 16).to_le_bytes();
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
