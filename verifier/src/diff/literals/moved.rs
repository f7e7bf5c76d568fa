//! Texts that the same code names in two files where all moved, and that are not the same.
//!
//! Code takes a text's length right behind its address; only a text of that length is
//! compared, and what follows it is another one.

use std::ops::Range;

use super::{Literal, Of};
use crate::artifact::Artifact;
use crate::diff::functions::operands;
use crate::diff::references::{self, Reference};
use crate::diff::strings::is_printable;

/// The most texts kept.
const KEPT_MAX: usize = 64;

/// How far behind the address the length is taken, in bytes: the next instruction or the
/// one after that.
const NEAR: usize = 16;

/// How long the instruction is that makes an address: LEAQ text(SB), AX.
const LEA_LEN: usize = 7;

/// The longest text looked at, in bytes.
const TEXT_LEN_MAX: usize = 1 << 16;

/// Shorter texts may be anything.
const TEXT_LEN_MIN: usize = 2;

/// Sections of constants.
const CONSTANT: [&str; 3] = [".rodata", "__rodata", ".rdata"];

/// Finds texts of one length that differ.
pub fn compare(a: &Artifact, b: &Artifact) -> Vec<Literal> {
    references::found([a, b], KEPT_MAX, |reference| text([a, b], reference))
}

fn text(files: [&Artifact; 2], reference: &Reference<'_>) -> Option<Literal> {
    let arch = files[0].image.machine.goarch.unwrap_or_default();
    let near = reference.code.get(..NEAR.min(reference.code.len()))?;
    // Behind the instruction that makes the address.
    let len = operands::numbers(near.get(LEA_LEN..)?, arch)
        .into_iter()
        .next()?;
    let len = usize::try_from(len)
        .ok()
        .filter(|len| (TEXT_LEN_MIN..=TEXT_LEN_MAX).contains(len))?;
    let ranges = [0, 1].map(|side| constant(files[side], reference.addresses[side], len));
    let [Some(one), Some(other)] = ranges else {
        return None;
    };
    let (text_a, text_b) = (
        files[0].bytes().get(one.clone())?,
        files[1].bytes().get(other.clone())?,
    );
    let is_text = |text: &[u8]| {
        text.iter().all(|byte| is_printable(*byte)) && std::str::from_utf8(text).is_ok()
    };
    // A file that was embedded ends with a line end; its own explainer looks after it.
    let is_file = text_a.ends_with(b"\n") || text_b.ends_with(b"\n");
    (text_a != text_b && !is_file && is_text(text_a) && is_text(text_b)).then(|| Literal {
        span: one.clone(),
        a: one,
        b: other,
        is_within: true,
        of: Of::Function {
            name: reference.function.to_owned(),
            file: reference.file().map(str::to_owned),
            used_in: reference.used_in().map(str::to_owned),
            used_at: reference.at,
        },
    })
}

/// Returns the bytes of a constant; what names the build is none.
fn constant(artifact: &Artifact, address: u64, len: usize) -> Option<Range<usize>> {
    let range = artifact.image.range_at(address, len)?;
    let region = artifact.image.region_at(range.start)?;
    let is_constant = CONSTANT.contains(&region.name.as_str()) && range.end <= region.range.end;
    let mut stamps = artifact.go.stamps.iter();
    let is_stamp =
        stamps.any(|stamp| stamp.range.start < range.end && range.start < stamp.range.end);
    (is_constant && !is_stamp).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::made::Piece::{self, Bytes, Relative};
    use crate::artifact::made::{Program, datum, function};

    /// A program whose code takes a text of this length, after these instructions, behind so
    /// many constants.
    fn program(
        text: &'static [u8],
        behind: &'static [u8],
        len: &'static [u8],
        before: &'static [u8],
    ) -> Program<'static> {
        let code: [Piece<'_>; 6] = [
            Bytes(&[0x48, 0x8d, 0x05]),
            Relative("main.text"),
            Bytes(behind),
            Bytes(&[0xbb]),
            Bytes(len),
            Bytes(&[0xc3]),
        ];
        let data = [
            datum(".rodata", "before", &[Bytes(before)]),
            datum(".rodata", "main.text", &[Bytes(text), Bytes(b"next text")]),
        ];
        Program::new(
            vec![function("main.main", "example.com/p/main.go", &code)],
            data.to_vec(),
        )
    }

    const EIGHT: &[u8] = &[8, 0, 0, 0];

    fn texts(a: &Artifact, b: &Artifact) -> Vec<(String, String)> {
        let text = |file: &Artifact, range: &Range<usize>| {
            String::from_utf8(file.bytes()[range.clone()].to_vec()).unwrap()
        };
        let found = compare(a, b).into_iter();
        found
            .map(|one| {
                assert_eq!((&one.span, one.is_within), (&one.a, true));
                let Of::Function {
                    name,
                    file,
                    used_in,
                    used_at,
                } = &one.of
                else {
                    panic!("no symbols");
                };
                assert_eq!((name.as_str(), file), ("main.main", used_in));
                assert_eq!(a.bytes()[*used_at..][..2], [0x48, 0x8d]);
                (text(a, &one.a), text(b, &one.b))
            })
            .collect()
    }

    fn found(a: &'static [u8], b: &'static [u8], len: &'static [u8]) -> Vec<(String, String)> {
        let of = |text, before| program(text, &[], len, before).artifact();
        texts(&of(a, &[]), &of(b, b"constants, so many"))
    }

    #[test]
    fn texts_that_code_takes_with_their_length() {
        let pair = |a: &str, b: &str| vec![(a.to_owned(), b.to_owned())];
        assert_eq!(
            found(b"one text", b"two text", EIGHT),
            pair("one text", "two text")
        );
        assert_eq!(found(b"one text", b"one text", EIGHT), []);
        assert_eq!(found(b"one\ttext", b"two\ntext", EIGHT).len(), 1);
        // What is no text; a file, which ends with a line end; a letter.
        assert_eq!(found(b"one text", b"two\0text", EIGHT), []);
        assert_eq!(found(b"one\0text", b"two text", EIGHT), []);
        assert_eq!(found(b"one text", b"two\xfftext", EIGHT), []);
        assert_eq!(found(b"one text", b"one tex\n", EIGHT), []);
        assert_eq!(found(b"one tex\n", b"one text", EIGHT), []);
        assert_eq!(found(b"1", b"2", &[1, 0, 0, 0]), []);
        assert_eq!(found(b"1!", b"2!", &[2, 0, 0, 0]), pair("1!", "2!"));
        // Longer than the section.
        assert_eq!(found(b"one text", b"two text", &[200, 0, 0, 0]), []);
        assert_eq!(found(b"one text", b"two text", &[0, 0, 0, 1]), []);
    }

    #[test]
    fn a_length_is_taken_right_behind_the_address() {
        let of = |text, behind| program(text, behind, EIGHT, b"").artifact();
        let near = |behind: &'static [u8]| {
            !texts(&of(b"one text", behind), &of(b"two text", behind)).is_empty()
        };
        assert!(near(&[]));
        assert!(near(&[0x90; 4]));
        assert!(!near(&[0x90; 5]));
        // Only constants are texts, and none of them names the build.
        let (a, mut b) = (of(b"one text", &[]), of(b"two text", &[]));
        assert_eq!(texts(&a, &b).len(), 1);
        let start = b.image.region(".rodata").unwrap().range.start;
        let stamp = |range| crate::goinfo::stamps::Stamp {
            kind: crate::goinfo::stamps::Kind::Variable,
            range,
        };
        b.go.stamps = vec![stamp(start + 7..start + 9)];
        assert_eq!(texts(&a, &b), []);
        b.go.stamps = vec![stamp(start + 8..start + 9), stamp(start - 1..start)];
        assert_eq!(texts(&a, &b).len(), 1);
        let rodata = b
            .image
            .regions
            .iter_mut()
            .find(|region| region.name == ".rodata");
        rodata.unwrap().name = ".data".into();
        assert_eq!(texts(&a, &b), []);
    }
}
