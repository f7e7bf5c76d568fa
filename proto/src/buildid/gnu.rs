//! The GNU build ID and the Mach-O UUID that Go's linker derives from the Go
//! build ID.
//!
//! Both are a hash of the ID as it stood at link time, `A/B/C/A` where the go
//! command gave it ([`link_text`]). They name the link's inputs, not its output:
//! two programs with different bytes can carry the same one. Only the UUID of a
//! program that has no build ID comes from its bytes ([`uuid_of_output`]).

use sha2::{Digest as _, Sha256};

use super::BuildId;

/// How a Go linker turned the link-time ID into the GNU build ID. The linker
/// does not want the value to be the SHA-256 that people might compare with,
/// so each generation bends it in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// Every bit of the SHA-256 inverted (Go 1.22 and 1.23).
    Inverted,
    /// The first byte XOR 0x01 (Go 1.24).
    FirstBit,
    /// The first byte XOR 0xff (Go 1.25 and later).
    FirstByte,
}

impl Derivation {
    /// Every derivation known, newest first.
    pub const ALL: [Self; 3] = [Self::FirstByte, Self::FirstBit, Self::Inverted];

    fn bend(self, mut hash: [u8; 32]) -> [u8; 32] {
        match self {
            Self::Inverted => hash.iter_mut().for_each(|byte| *byte = !*byte),
            Self::FirstBit => hash[0] ^= 0x01,
            Self::FirstByte => hash[0] ^= 0xff,
        }
        hash
    }

    fn hash(self, text: &str) -> [u8; 32] {
        self.bend(Sha256::digest(text).into())
    }
}

/// The two top bits of a UUID's byte 8, which name the kind of UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// `11`, which RFC 4122 reserves for Microsoft and later use (Go 1.26 and
    /// earlier).
    Reserved,
    /// `10`, that of RFC 4122 (Go 1.27 and later).
    Rfc4122,
}

/// The forms of UUIDs that some release of Go writes, newest first.
const UUID_FORMS: [(Derivation, Variant); 4] = [
    (Derivation::FirstByte, Variant::Rfc4122),
    (Derivation::FirstByte, Variant::Reserved),
    (Derivation::FirstBit, Variant::Reserved),
    (Derivation::Inverted, Variant::Reserved),
];

/// Returns the text that the linker was given as the build ID: the placeholder
/// of the go command's own, any other as it stands. `None` when it was given none.
pub fn link_text(id: &BuildId) -> Option<String> {
    match id {
        BuildId::Empty => None,
        BuildId::Program(program) => Some(program.placeholder().to_string()),
        BuildId::Package { .. } | BuildId::Redacted | BuildId::Custom(_) => Some(id.to_string()),
    }
}

/// Returns the GNU build ID that `-B gobuildid` makes from a link-time ID.
///
/// Source: cmd/link/internal/ld/elf.go addbuildinfo, cmd/internal/hash
pub fn note(text: &str, derivation: Derivation) -> [u8; 20] {
    let hash = derivation.hash(text);
    let mut note = [0; 20];
    note.copy_from_slice(&hash[..20]);
    note
}

/// Returns the UUID that Go's linker gives a Mach-O program: the same hash cut
/// to 16 bytes, marked as version 3.
///
/// Source: cmd/link/internal/ld/macho_update_uuid.go
pub fn uuid(text: &str, derivation: Derivation, variant: Variant) -> [u8; 16] {
    mark(derivation.hash(text), variant)
}

/// Returns the UUID of a Mach-O program that was linked without a build ID, from
/// the SHA-256 of its bytes before the header, the load commands and the code
/// signature were written (Go 1.27 and later).
///
/// Source: cmd/link/internal/ld/macho.go asmbMacho
pub fn uuid_of_output(sha256: [u8; 32]) -> [u8; 16] {
    mark(Derivation::FirstByte.bend(sha256), Variant::Rfc4122)
}

fn mark(hash: [u8; 32], variant: Variant) -> [u8; 16] {
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&hash[..16]);
    uuid[6] = (uuid[6] & 0x0f) | 0x30;
    let top = match variant {
        Variant::Reserved => 0xc0,
        Variant::Rfc4122 => 0x80,
    };
    uuid[8] = (uuid[8] & 0x3f) | top;
    uuid
}

/// Returns how a GNU build ID was derived from a link-time ID, or `None` when it
/// came from elsewhere (a host linker, `-B 0x…`).
pub fn derivation_of_note(text: &str, found: &[u8]) -> Option<Derivation> {
    Derivation::ALL
        .into_iter()
        .find(|derivation| note(text, *derivation) == found)
}

/// Returns how a Mach-O UUID was derived, or `None` when it came from elsewhere.
pub fn derivation_of_uuid(text: &str, found: &[u8]) -> Option<Derivation> {
    let mut forms = UUID_FORMS.into_iter();
    let (derivation, _) =
        forms.find(|(derivation, variant)| uuid(text, *derivation, *variant) == found)?;
    Some(derivation)
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
    /// From darwin/arm64 programs by go1.24.11, go1.25.5, go1.26.6 and go1.27.3, and
    /// one by go1.25.5 with -ldflags=-buildid=release-7.
    const MACH_O: [((&str, &str), Derivation); 5] = [
        (
            (
                "L4axBvS6o97ul5Br8ybP/jCVNsCH3iH42qALQZdWq/rLgsLGojX551uX2PqlbS/JCDT_dWklnEEKnfBQ12_",
                "89d6622f9aff3cdff294d2b80a823faf",
            ),
            Derivation::FirstBit,
        ),
        (
            (
                "qPCJgWICaL076KW0qfLt/fjq1hTBmyCkbZ_jbHJ6L/8eEGcsA3_wa56KJ0LXtV/0VpNQ8JatQHsTGzWb_Z9",
                "805e67196c0f3d99e78c8633a297b8bd",
            ),
            Derivation::FirstByte,
        ),
        (
            (
                "W-KzJl0F_v0gHbOBq1ru/IedLSkle-7MVDanHfMRq/8VMeMhrT3a4rroCrnsXh/FRcmJI4zD8d2yuQxK4hq",
                "32c9439663e73e9dd676cc285a176d18",
            ),
            Derivation::FirstByte,
        ),
        (
            (
                "vn1XA1X_2Hmgs4dKJEyt/miJN6xhE_iEnfEV4m-nm/Oie0_q1TW-gZCoWoSOJR/s55W4_aHaFVgCtMCvNFQ",
                "48781bb897f1353da23c10fc17269d21",
            ),
            Derivation::FirstByte,
        ),
        (
            ("release-7", "0a5ebad95d8138e5eb17f52eeaa36c11"),
            Derivation::FirstByte,
        ),
    ];

    fn parse((id, value): (&str, &str)) -> (String, Vec<u8>) {
        let id = BuildId::parse(id).unwrap();
        (link_text(&id).unwrap(), hex::decode(value).unwrap())
    }

    #[test]
    fn agrees_with_what_the_linker_wrote() {
        let (text, note) = parse(ELF);
        assert_eq!(
            derivation_of_note(&text, &note),
            Some(Derivation::FirstByte)
        );
        for (pair, derivation) in MACH_O {
            let (text, uuid) = parse(pair);
            assert_eq!(derivation_of_uuid(&text, &uuid), Some(derivation));
        }
    }

    #[test]
    fn knows_every_generation_and_nothing_else() {
        let (text, mut other) = parse(ELF);
        for derivation in Derivation::ALL {
            assert_eq!(
                derivation_of_note(&text, &note(&text, derivation)),
                Some(derivation)
            );
        }
        for (derivation, variant) in UUID_FORMS {
            let uuid = uuid(&text, derivation, variant);
            assert_eq!(uuid[6] >> 4, 3, "version");
            assert_eq!(derivation_of_uuid(&text, &uuid), Some(derivation));
        }
        // No release paired the older hash with the newer mark.
        let never = uuid(&text, Derivation::FirstBit, Variant::Rfc4122);
        assert_eq!(derivation_of_uuid(&text, &never), None);
        other[19] ^= 1;
        assert_eq!(derivation_of_note(&text, &other), None);
        assert_eq!(derivation_of_note(&text, &other[..19]), None);
    }

    /// The value names the link's inputs: the content part has no say in it.
    #[test]
    fn content_does_not_matter() {
        let (id, value) = ELF;
        let (parts, _) = id.rsplit_once('/').unwrap();
        let other = format!("{parts}/{}", "x".repeat(20));
        let (text, value) = parse((&other, value));
        assert_eq!(
            derivation_of_note(&text, &value),
            Some(Derivation::FirstByte)
        );
    }

    /// The go command replaces the last part of its own IDs alone.
    #[test]
    fn ids_given_by_hand_are_hashed_as_they_stand() {
        for text in ["redacted", "release-7", "a/b"] {
            let id = BuildId::parse(text).unwrap();
            assert_eq!(link_text(&id).as_deref(), Some(text));
        }
        assert_eq!(link_text(&BuildId::Empty), None);
    }
}
