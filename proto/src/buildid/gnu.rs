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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buildid::BuildId;

    /// From programs built by go1.27.3 for linux/amd64 and darwin/arm64.
    const ELF: (&str, &str) = (
        "vBJXKCKL-1q7pLaAtHvg/28Jy7V5A2X6ipiOh2oG4/Vcnz87f3q6fMu0AJzWPm/IHupQe3poL1WSYB1MOUM",
        "68ecef23c35bb522ddf9ac7d194d71f41da51fba",
    );
    const MACH_O: (&str, &str) = (
        "vn1XA1X_2Hmgs4dKJEyt/miJN6xhE_iEnfEV4m-nm/Oie0_q1TW-gZCoWoSOJR/s55W4_aHaFVgCtMCvNFQ",
        "48781bb897f1353da23c10fc17269d21",
    );

    fn parse((id, value): (&str, &str)) -> (Program, Vec<u8>) {
        match BuildId::parse(id) {
            Ok(BuildId::Program(program)) => (program, hex::decode(value).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn agrees_with_what_the_linker_wrote() {
        let (program, note) = parse(ELF);
        assert_eq!(
            derivation_of_note(&program, &note),
            Some(Derivation::FirstByte)
        );
        let (program, uuid) = parse(MACH_O);
        assert_eq!(
            derivation_of_uuid(&program, &uuid),
            Some(Derivation::FirstByte)
        );
    }

    #[test]
    fn knows_every_generation_and_nothing_else() {
        let (program, mut other) = parse(ELF);
        for derivation in Derivation::ALL {
            assert_eq!(
                derivation_of_note(&program, &note(&program, derivation)),
                Some(derivation)
            );
            assert_eq!(
                derivation_of_uuid(&program, &uuid(&program, derivation)),
                Some(derivation)
            );
        }
        other[19] ^= 1;
        assert_eq!(derivation_of_note(&program, &other), None);
        assert_eq!(derivation_of_note(&program, &other[..19]), None);
    }

    /// The value names the link's inputs: the content part has no say in it.
    #[test]
    fn content_does_not_matter() {
        let (program, value) = parse(ELF);
        let other = Program {
            content: program.main_content,
            ..program
        };
        assert_eq!(
            derivation_of_note(&other, &value),
            Some(Derivation::FirstByte)
        );
    }
}
