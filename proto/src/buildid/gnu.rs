//! The GNU build ID and the Mach-O UUID that Go's linker derives from the Go
//! build ID.
//!
//! Both are a hash of the ID as it stood at link time, `A/B/C/A`. They name the
//! link's inputs, not its output: two programs with different bytes can carry
//! the same one.

use sha2::{Digest as _, Sha256};

use super::Program;

/// How a Go linker turned the link-time ID into the GNU build ID. The linker
/// does not want the value to be the SHA-256 that people might compare with,
/// so each generation bends it in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// Every bit of the SHA-256 inverted (Go 1.22 and 1.23).
    Inverted,
    /// The first byte XOR 0x01 (Go 1.24 and 1.25).
    FirstBit,
    /// The first byte XOR 0xff (Go 1.26 and later).
    FirstByte,
}

impl Derivation {
    /// Every derivation known, newest first.
    pub const ALL: [Self; 3] = [Self::FirstByte, Self::FirstBit, Self::Inverted];

    fn hash(self, text: &str) -> [u8; 32] {
        let mut hash: [u8; 32] = Sha256::digest(text).into();
        match self {
            Self::Inverted => hash.iter_mut().for_each(|byte| *byte = !*byte),
            Self::FirstBit => hash[0] ^= 0x01,
            Self::FirstByte => hash[0] ^= 0xff,
        }
        hash
    }
}

/// Returns the GNU build ID that `-B gobuildid` makes for a program.
///
/// Source: cmd/link/internal/ld/main.go, cmd/internal/hash
pub fn note(program: &Program, derivation: Derivation) -> [u8; 20] {
    let hash = derivation.hash(&program.placeholder().to_string());
    let mut note = [0; 20];
    note.copy_from_slice(&hash[..20]);
    note
}

/// Returns the UUID that Go's linker gives a Mach-O program: the same hash cut
/// to 16 bytes, marked as version 3 of the RFC 4122 variant.
///
/// Source: cmd/link/internal/ld/macho_update_uuid.go
pub fn uuid(program: &Program, derivation: Derivation) -> [u8; 16] {
    let hash = derivation.hash(&program.placeholder().to_string());
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&hash[..16]);
    uuid[6] = (uuid[6] & 0x0f) | 0x30;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    uuid
}

/// Returns how a GNU build ID was derived from the program's Go build ID, or
/// `None` when it came from elsewhere (a host linker, `-B 0x…`).
pub fn derivation_of_note(program: &Program, found: &[u8]) -> Option<Derivation> {
    Derivation::ALL
        .into_iter()
        .find(|derivation| note(program, *derivation) == found)
}

/// Returns how a Mach-O UUID was derived, or `None` when it came from elsewhere.
pub fn derivation_of_uuid(program: &Program, found: &[u8]) -> Option<Derivation> {
    Derivation::ALL
        .into_iter()
        .find(|derivation| uuid(program, *derivation) == found)
}
