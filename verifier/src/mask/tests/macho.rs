//! Mach-O files signed and not signed, of either width and either order of bytes.

use super::*;

/// How a file is made.
#[derive(Clone, Copy)]
struct Form {
    wide: bool,
    big_endian: bool,
}

const FORMS: [Form; 3] = [
    Form {
        wide: true,
        big_endian: false,
    },
    Form {
        wide: false,
        big_endian: false,
    },
    Form {
        wide: false,
        big_endian: true,
    },
];

/// Where the last segment begins, and how long it is without a signature.
const LAST_AT: u32 = 0x200;
const LAST_LEN: u32 = 0x20;

/// A signature of one part.
fn signature(content: &[u8; 4]) -> Vec<u8> {
    let words: [u32; 7] = [0xfade_0cc0, 32, 1, 0, 20, 0xfade_0c02, 12];
    let words = words.iter().flat_map(|word| word.to_be_bytes());
    words.chain(*content).collect()
}

impl Form {
    fn word(self, value: u32) -> [u8; 4] {
        match self.big_endian {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        }
    }

    fn address(self, value: u32) -> Vec<u8> {
        match self.wide {
            true => u64::from(value).to_le_bytes().to_vec(),
            false => self.word(value).to_vec(),
        }
    }

    fn segment(self, name: &[u8], at: u32, len: u32, memory: u32) -> Vec<u8> {
        let (kind, size) = if self.wide { (0x19, 72) } else { (1, 56) };
        let mut bytes = [self.word(kind), self.word(size)].concat();
        bytes.extend(name);
        bytes.resize(24, 0);
        for value in [0x1000 + at, memory, at, len] {
            bytes.extend(self.address(value));
        }
        for value in [7, 1, 0, 0] {
            bytes.extend(self.word(value));
        }
        bytes
    }

    /// A file whose last segment has so much memory, signed by these bytes; the second
    /// says whether the command that names them is the last one.
    fn file(self, memory: u32, signed: Option<(&[u8], bool)>) -> Artifact {
        let signature_len =
            signed.map_or(0, |(signature, _)| u32::try_from(signature.len()).unwrap());
        let mut commands = vec![
            self.segment(b"__TEXT", 0, LAST_AT, LAST_AT),
            self.segment(b"__LINKEDIT", LAST_AT, LAST_LEN + signature_len, memory),
        ];
        if let Some((_, is_last)) = signed {
            let place = [0x1d, 16, LAST_AT + LAST_LEN, signature_len];
            let command: Vec<u8> = place
                .into_iter()
                .flat_map(|value| self.word(value))
                .collect();
            let at = if is_last { 2 } else { 0 };
            commands.insert(at, command);
        }
        let magic = match (self.wide, self.big_endian) {
            (true, _) => 0xfeed_facf,
            (false, _) => 0xfeed_face,
        };
        let machine = match (self.wide, self.big_endian) {
            (true, _) => 0x0100_0007,
            (false, false) => 7,
            (false, true) => 18,
        };
        let count = u32::try_from(commands.len()).unwrap();
        let len: usize = commands.iter().map(Vec::len).sum();
        let head = [magic, machine, 0, 2, count, u32::try_from(len).unwrap(), 0];
        let mut bytes: Vec<u8> = head
            .into_iter()
            .flat_map(|value| self.word(value))
            .collect();
        bytes.resize(if self.wide { 32 } else { 28 }, 0);
        bytes.extend(commands.concat());
        bytes.resize(usize::try_from(LAST_AT).unwrap(), 0);
        bytes.extend([3; LAST_LEN as usize]);
        bytes.extend(signed.map_or(&[][..], |(signature, _)| signature));
        artifact(bytes)
    }
}

fn compared(a: &Artifact, b: &Artifact) -> (bool, Vec<What>) {
    let compared = Compared::of(a, b).unwrap();
    let differing = compared.differing().map(|sides| sides.what).collect();
    (compared.equal, differing)
}

#[test]
fn a_signature_is_taken_away_as_if_the_file_had_never_been_signed() {
    for form in FORMS {
        let plain = form.file(0x1000, None);
        let [one, other] = [b"one!", b"two!"].map(signature);
        let signed = form.file(0x1000, Some((one.as_slice(), true)));
        let otherwise = form.file(0x2000, Some((other.as_slice(), true)));
        let signature = (true, vec![What::CodeSignature]);
        assert_eq!(compared(&plain, &signed), signature);
        assert_eq!(compared(&signed, &otherwise), signature);
        assert_eq!(sha256(&plain), sha256(&otherwise));
    }
}

#[test]
fn a_signature_that_is_none_or_is_not_named_last_stays_in_sight() {
    for form in FORMS {
        let [one, other] = [b"one!", b"two!"].map(signature);
        let lie = [b"payload of this length".as_slice(), &[0; 10]].concat();
        let plain = form.file(0x1000, None);
        assert!(!compared(&plain, &form.file(0x1000, Some((lie.as_slice(), true)))).0);
        let first = |signature| form.file(0x1000, Some((signature, false)));
        assert!(!compared(&first(one.as_slice()), &first(other.as_slice())).0);
    }
}

#[test]
fn the_size_of_the_last_segment_is_masked_where_it_ends_the_file() {
    for form in FORMS {
        let of = |memory: u32| form.file(memory, None);
        assert!(compared(&of(0x1000), &of(0x1000 + (8 << 20))).0);
        let spare = LAST_LEN + (16 << 20);
        assert!(compared(&of(LAST_LEN), &of(spare)).0);
        assert!(
            !compared(&of(LAST_LEN), &of(spare + 1)).0,
            "more memory than any page"
        );
        assert!(
            !compared(&of(LAST_LEN), &of(LAST_LEN - 1)).0,
            "less than its bytes"
        );
        // Bytes behind it belong to no segment.
        let behind = |memory: u32| {
            let file = form.file(memory, None);
            artifact([file.bytes(), &[0; 16]].concat())
        };
        assert!(!compared(&behind(0x1000), &behind(0x2000)).0);
    }
}
