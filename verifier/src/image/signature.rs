//! What a code signature says of itself: who signed, and under which name. Nothing of it is
//! checked here: no certificate, no hash of the program's pages.
//!
//! ```text
//! Mach-O   a super blob: code directories (identifier, team, flags), a CMS message
//! PE       a table of certificates, each a header and a CMS message
//! ```
//!
//! Source: Apple, xnu osfmk/kern/cs_blobs.h; cmd/internal/codesign; Microsoft, "PE Format"
//! (attribute certificate table)

mod cms;
pub mod proper;

use sha2::{Digest as _, Sha256};

use super::{Format, Image, number};
use proper::{BLOBS_MAX, SUPER_BLOB, is_certificates, is_code_signature};

/// What a code signature says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// What kind of signature it is.
    pub kind: Kind,
    /// The name under which the program was signed (Mach-O).
    pub identifier: Option<String>,
    /// Apple's number of the developers' team.
    pub team: Option<String>,
    /// Whom the signer's certificate names.
    pub signer: Option<String>,
}

/// Who vouches for the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody: hashes alone, as linkers leave them, Go's among them.
    Linker,
    /// Nobody: hashes alone.
    AdHoc,
    /// Somebody with a certificate.
    Certificate,
}

impl Kind {
    /// Returns the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linker => "linker",
            Self::AdHoc => "ad-hoc",
            Self::Certificate => "certificate",
        }
    }
}

/// A certificate's header in a PE file's table, before its message.
const CERTIFICATE_HEADER_LEN: usize = 8;

/// Slots of a super blob.
const CODE_DIRECTORY: u64 = 0;
const CMS: u64 = 0x10000;

/// What the blobs in them begin with.
const CODE_DIRECTORY_MAGIC: u64 = 0xfade_0c02;

/// Flags of a code directory.
const AD_HOC: u64 = 0x2;
const LINKER_SIGNED: u64 = 0x2_0000;

/// The first version of code directories with a team.
const TEAM_SINCE: u64 = 0x2_0200;

/// Where a code directory says where its hashes begin, and what each is over.
const HASHES: usize = 16;
pub const PAGE_LEN: usize = 4096;

/// The longest name read.
const NAME_LEN_MAX: usize = 256;

impl Signature {
    /// Reads the signature of a file; `None` where there is none, it can't be read, or other
    /// bytes lie in its place.
    pub fn read(bytes: &[u8], image: &Image) -> Option<Self> {
        let range = image.signature.clone()?;
        let is_proper = match image.format {
            Format::Pe => range.end == bytes.len() && is_certificates(bytes, &range, image),
            _ => is_code_signature(bytes, &range, image),
        };
        let signature = bytes.get(range).filter(|_| is_proper)?;
        match image.format {
            Format::Pe => Some(Self {
                kind: Kind::Certificate,
                identifier: None,
                team: None,
                signer: cms::signer(signature.get(CERTIFICATE_HEADER_LEN..)?),
            }),
            _ => Self::of_super_blob(signature),
        }
    }

    /// Says whom a signature with a certificate names. Anybody can copy a name into one.
    pub fn claim(&self) -> Option<String> {
        let named = match (self.kind, &self.team, &self.signer) {
            (Kind::Certificate, Some(team), _) => format!("team {team}"),
            (Kind::Certificate, None, Some(signer)) => signer.clone(),
            _ => return None,
        };
        Some(format!(
            "its signature, which was not checked, names {named}"
        ))
    }

    /// Says whether a linker's signature has the hashes of the program before it, page by
    /// page: no other bytes lie where they do.
    pub fn has_page_hashes(bytes: &[u8], image: &Image) -> bool {
        let Some(place) = image.signature.clone() else {
            return false;
        };
        let (Some(code), Some(signature)) = (bytes.get(..place.start), bytes.get(place)) else {
            return false;
        };
        let hashes = || {
            let directory = blob(signature, CODE_DIRECTORY)?;
            let start = usize::try_from(number::read(directory, HASHES, 4, true)?).ok()?;
            directory.get(start..)
        };
        let own = code.chunks(PAGE_LEN).map(Sha256::digest);
        hashes().is_some_and(|hashes| hashes.iter().copied().eq(own.flatten()))
    }

    fn of_super_blob(bytes: &[u8]) -> Option<Self> {
        if number::read(bytes, 0, 4, true)? != SUPER_BLOB {
            return None;
        }
        let directory = blob(bytes, CODE_DIRECTORY)?;
        let word = |at: usize| number::read(directory, at, 4, true);
        if word(0)? != CODE_DIRECTORY_MAGIC {
            return None;
        }
        let (version, flags) = (word(8)?, word(12)?);
        let text = |at: usize| {
            let start = usize::try_from(word(at)?).ok().filter(|start| *start > 0)?;
            text(directory.get(start..)?)
        };
        // Without a certificate there is an empty blob, or none.
        let message = blob(bytes, CMS).and_then(|blob| blob.get(8..));
        let message = message.filter(|message| !message.is_empty());
        let kind = match message {
            Some(_) => Kind::Certificate,
            None if flags & LINKER_SIGNED != 0 => Kind::Linker,
            None if flags & AD_HOC != 0 => Kind::AdHoc,
            None => return None,
        };
        Some(Self {
            kind,
            identifier: text(20),
            team: match version >= TEAM_SINCE {
                true => text(48),
                false => None,
            },
            signer: message.and_then(cms::signer),
        })
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let who = match (self.kind, &self.signer) {
            (Kind::Linker, _) => "ad hoc, as linkers leave it".to_owned(),
            (Kind::AdHoc, _) => "ad hoc".to_owned(),
            (Kind::Certificate, Some(signer)) => format!("by {signer}"),
            (Kind::Certificate, None) => "by a certificate that names nobody".to_owned(),
        };
        f.write_str(&who)?;
        if let Some(team) = &self.team {
            write!(f, ", team {team}")?;
        }
        if let Some(identifier) = &self.identifier {
            write!(f, ", identifier {identifier}")?;
        }
        Ok(())
    }
}

/// Returns the blob in a slot of a super blob.
fn blob(bytes: &[u8], slot: u64) -> Option<&[u8]> {
    let word = |at: usize| number::read(bytes, at, 4, true);
    let place = |at: usize| usize::try_from(word(at)?).ok();
    let count = usize::try_from(word(8)?.min(BLOBS_MAX)).ok()?;
    let entry = (0..count)
        .map(|index| 12 + index * 8)
        .find(|entry| word(*entry) == Some(slot))?;
    let start = place(entry + 4)?;
    let len = place(start.checked_add(4)?)?;
    bytes.get(start..start.checked_add(len)?)
}

/// Reads a text that ends with a zero.
fn text(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(NAME_LEN_MAX + 1)];
    let len = memchr::memchr(0, head).filter(|len| *len > 0)?;
    Some(String::from_utf8_lossy(&head[..len]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A super blob with a code directory, and a CMS message where there is one.
    fn super_blob(flags: u32, team: &str, message: Option<&[u8]>) -> Vec<u8> {
        let mut directory = vec![0; 52];
        let identifier = directory.len();
        directory.extend_from_slice(b"com.example.tool\0");
        let named = directory.len();
        directory.extend(team.bytes().chain([0]));
        let len = directory.len();
        let mut put = |at: usize, value: u32| {
            directory[at..at + 4].copy_from_slice(&value.to_be_bytes());
        };
        put(0, 0xfade_0c02);
        put(4, u32::try_from(len).unwrap());
        put(8, 0x2_0400);
        put(12, flags);
        put(20, u32::try_from(identifier).unwrap());
        put(
            48,
            u32::try_from(if team.is_empty() { 0 } else { named }).unwrap(),
        );
        let message = message.map(|message| {
            let len = u32::try_from(message.len() + 8).unwrap();
            [
                &0xfade_0b01_u32.to_be_bytes()[..],
                &len.to_be_bytes(),
                message,
            ]
            .concat()
        });
        let blobs: Vec<(u32, Vec<u8>)> = std::iter::once((0, directory))
            .chain(message.map(|message| (0x10000, message)))
            .collect();
        let (mut index, mut data) = (Vec::new(), Vec::new());
        let start = 12 + blobs.len() * 8;
        for (slot, blob) in &blobs {
            index.extend(slot.to_be_bytes());
            index.extend(u32::try_from(start + data.len()).unwrap().to_be_bytes());
            data.extend(blob);
        }
        let len = u32::try_from(start + data.len()).unwrap();
        let count = u32::try_from(blobs.len()).unwrap();
        let head = [0xfade_0cc0, len, count].map(u32::to_be_bytes).concat();
        [head, index, data].concat()
    }

    /// A table with one certificate.
    fn certificate(message: &[u8]) -> Vec<u8> {
        let len = CERTIFICATE_HEADER_LEN + message.len();
        let head = u32::try_from(len).unwrap().to_le_bytes();
        let mut table = [&head, &[0, 2, 2, 0][..], message].concat();
        table.resize(len.next_multiple_of(8), 0);
        table
    }

    #[test]
    fn what_is_beside_a_signature_makes_it_none() {
        let made = include_bytes!("signature/testdata/made.der");
        for (format, whole) in [
            (
                Format::MachO,
                super_blob(0x1_0000, "AB12CD34EF", Some(made)),
            ),
            (Format::Pe, certificate(made)),
        ] {
            let read = |bytes: &[u8], end: usize| {
                let image = Image {
                    format,
                    signature: Some(0..end),
                    ..Image::default()
                };
                Signature::read(bytes, &image)
            };
            let signature = read(&whole, whole.len()).unwrap();
            let claim = signature.claim().unwrap();
            assert!(claim.contains("not checked"), "{claim}");
            let more = [&whole[..], b"payload"].concat();
            assert_eq!(read(&more, more.len()), None, "in its place");
            assert_eq!(read(&more, whole.len()), None, "behind it");
        }
    }

    #[test]
    fn a_linkers_hashes_are_those_of_the_pages_before_it() {
        let mut bytes = vec![7; PAGE_LEN + 100];
        let hashes = bytes.chunks(PAGE_LEN).map(Sha256::digest);
        let hashes: Vec<u8> = hashes.flatten().collect();
        let head = [0xfade_0c02_u32, 44 + 64, 0x2_0400, 0x2_0002, 44].map(u32::to_be_bytes);
        let directory = [&head.concat()[..], &[0; 24], &hashes].concat();
        let len = u32::try_from(20 + directory.len()).unwrap();
        let blob = [0xfade_0cc0, len, 1, 0, 20].map(u32::to_be_bytes).concat();
        let start = bytes.len();
        bytes.extend([blob, directory].concat());
        let image = Image {
            format: Format::MachO,
            signature: Some(start..bytes.len()),
            ..Image::default()
        };
        assert!(Signature::has_page_hashes(&bytes, &image));
        for at in [0, PAGE_LEN, bytes.len() - 1] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(!Signature::has_page_hashes(&other, &image), "{at}");
        }
    }

    #[test]
    fn a_code_directory_tells_identifier_team_and_whether_anybody_vouches() {
        let read = |flags, team, message| {
            let blob = super_blob(flags, team, message);
            Signature::of_super_blob(&blob).map(|signature| signature.to_string())
        };
        let made = include_bytes!("signature/testdata/made.der");
        assert_eq!(
            read(0x2_0002, "", None).as_deref(),
            Some("ad hoc, as linkers leave it, identifier com.example.tool")
        );
        assert_eq!(
            read(0x2, "", Some(&[])).as_deref(),
            Some("ad hoc, identifier com.example.tool")
        );
        assert_eq!(
            read(0x1_0000, "AB12CD34EF", Some(made)).as_deref(),
            Some("by Example Signer (Example Ltd), team AB12CD34EF, identifier com.example.tool")
        );
        // Neither hashes alone nor anybody's: no kind that is known.
        assert_eq!(read(0, "", None), None);
    }

    #[test]
    fn what_is_cut_off_anywhere_says_less_or_nothing() {
        let made = include_bytes!("signature/testdata/made.der");
        let whole = super_blob(0x1_0000, "AB12CD34EF", Some(made));
        let read = Signature::of_super_blob(&whole).unwrap();
        for len in 0..whole.len() {
            if let Some(less) = Signature::of_super_blob(&whole[..len]) {
                assert_ne!(less, read, "{len}");
            }
        }
    }

    proptest::proptest! {
        /// A blob and certificates in which anything may be changed are read or not.
        #[test]
        fn changed_signatures_are_read_or_not(
            changes in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), 0..=255u8), 1..8),
        ) {
            let made = include_bytes!("signature/testdata/made.der");
                for (format, mut bytes) in [
                (Format::MachO, super_blob(0x1_0000, "AB12CD34EF", Some(made))),
                (Format::Pe, certificate(made)),
            ] {
                for (place, byte) in &changes {
                    let at = place.index(bytes.len());
                    bytes[at] = *byte;
                }
                let image = Image { format, signature: Some(0..bytes.len()), ..Image::default() };
                if let Some(signature) = Signature::read(&bytes, &image) {
                    let names = [signature.identifier, signature.team, signature.signer];
                    let most = names.iter().flatten().map(|name| name.chars().count()).max();
                    proptest::prop_assert!(most.unwrap_or(0) <= 3 * NAME_LEN_MAX);
                }
            }
        }
    }
}
