//! Data that the same code names in two files, wherever it lies.
//!
//! Two versions of a function whose code is as long name one datum at one place of it; where
//! the datum moved, that tells where to.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::functions::operands::{self, Code};
use crate::artifact::Artifact;
use crate::goinfo::functions::{Function, Functions};
use crate::goinfo::pclntab::{Found, Table};
use crate::image::Format;

/// The most references looked at.
const REFERENCES_MAX: usize = 4_000_000;

/// A place of code that names a datum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference<'r> {
    /// The function's name.
    pub(crate) function: &'r str,
    /// Where the code lies in the first file.
    pub(super) at: usize,
    /// The code of the first file from there on, to the function's end.
    pub(super) code: &'r [u8],
    /// The address that it names in each file.
    pub(crate) addresses: [u64; 2],
    table: &'r Table<'r>,
    /// Where the table describes the function.
    record: usize,
    /// How far inside the function the code is.
    offset: usize,
}

impl<'r> Reference<'r> {
    /// Returns the function's source file.
    pub(super) fn file(&self) -> Option<&'r str> {
        self.table.file(self.record)
    }

    /// Returns the source file that the code comes from.
    pub(super) fn used_in(&self) -> Option<&'r str> {
        self.table.file_at(self.record, self.offset as u64)
    }
}

/// Goes through what the same code names in both files; nothing where they are not alike
/// enough for code to tell.
pub(crate) fn visit(
    a: &Artifact,
    b: &Artifact,
    each: &mut dyn FnMut(&Reference<'_>) -> ControlFlow<()>,
) {
    let alike = a.image.machine.is_like(&b.image.machine) && a.image.format == b.image.format;
    if !alike || a.image.format == Format::Wasm {
        return;
    }
    let (Some(found_a), Some(found_b)) = (
        Found::in_image(a.bytes(), &a.image),
        Found::in_image(b.bytes(), &b.image),
    ) else {
        return;
    };
    let (Some(functions_a), Some(functions_b)) = (
        Functions::read(a.bytes(), &a.image, &found_a),
        Functions::read(b.bytes(), &b.image, &found_b),
    ) else {
        return;
    };
    let by_name = by_name(&functions_b);
    let mut left = REFERENCES_MAX;
    for one in &functions_a.all {
        let Some(Some(other)) = by_name.get(one.name) else {
            continue;
        };
        for (offset, addresses) in of_functions([a, b], [one, other]) {
            let at = one.range.start + offset;
            let reference = Reference {
                function: one.name,
                at,
                code: a.bytes().get(at..one.range.end).unwrap_or_default(),
                addresses,
                table: &functions_a.table,
                record: one.record,
                offset,
            };
            left -= 1;
            if left == 0 || each(&reference).is_break() {
                return;
            }
        }
    }
}

/// Takes what is found at two addresses that the same code names, up to so many; each two are
/// looked at once.
pub(super) fn found<T>(
    [a, b]: [&Artifact; 2],
    max: usize,
    mut look: impl FnMut(&Reference<'_>) -> Option<T>,
) -> Vec<T> {
    let mut seen: HashSet<[u64; 2]> = HashSet::new();
    let mut found = Vec::new();
    visit(a, b, &mut |reference| {
        if seen.insert(reference.addresses) {
            found.extend(look(reference));
        }
        match found.len() < max {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    });
    found
}

/// Functions by name; those that share one can't be told apart.
fn by_name<'f, 'a>(functions: &'f Functions<'a>) -> HashMap<&'a str, Option<&'f Function<'a>>> {
    let mut by_name: HashMap<&str, Option<&Function<'_>>> = HashMap::new();
    for function in &functions.all {
        by_name
            .entry(function.name)
            .and_modify(|known| *known = None)
            .or_insert(Some(function));
    }
    by_name
}

/// The addresses that two versions of a function name at the same places of their code.
fn of_functions(files: [&Artifact; 2], functions: [&Function<'_>; 2]) -> Vec<(usize, [u64; 2])> {
    let machine = &files[0].image.machine;
    let code = [0, 1].map(|side| {
        let range = functions[side].range.clone();
        Code {
            address: functions[side].address,
            bytes: files[side].bytes().get(range).unwrap_or_default(),
        }
    });
    named_by_both(code, machine.goarch.unwrap_or_default(), machine.big_endian)
}

fn named_by_both(code: [Code<'_>; 2], arch: &str, big_endian: bool) -> Vec<(usize, [u64; 2])> {
    if code[0].bytes.len() != code[1].bytes.len() {
        return Vec::new();
    }
    let [ours, theirs] = code.map(|code| operands::addresses(&code, arch, big_endian));
    let theirs: HashMap<usize, u64> = theirs.into_iter().collect();
    ours.into_iter()
        .filter_map(|(at, address)| Some((at, [address, *theirs.get(&at)?])))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::artifact::made::Piece::{self, Bytes, Number, Relative};
    use crate::artifact::made::{Program, datum, function};

    fn seen(goarch: &str, a: &[u8], b: &[u8]) -> Vec<(u64, u64)> {
        let code = [(a, 0x1000), (b, 0x2000)].map(|(bytes, address)| Code { address, bytes });
        let named = named_by_both(code, goarch, false).into_iter();
        named.map(|(_, [one, other])| (one, other)).collect()
    }

    #[test]
    fn addresses_are_read_off_code() {
        // MOVQ 0x100(RIP), AX; and 0x80(RIP) in the other build.
        let a = [0x48, 0x8b, 0x05, 0x00, 0x01, 0x00, 0x00];
        let b = [0x48, 0x8b, 0x05, 0x80, 0x00, 0x00, 0x00];
        assert_eq!(seen("amd64", &a, &b), [(0x1107, 0x2087)]);
        // ADRP X27, 2 pages on; LDR X0, [X27, #16].
        let code = [0x1b, 0x00, 0x00, 0xd0, 0x60, 0x0b, 0x40, 0xf9];
        assert_eq!(seen("arm64", &code, &code), [(0x3010, 0x4010)]);
        // One page back.
        let code = [0xfb, 0xff, 0xff, 0xf0, 0x60, 0x43, 0x00, 0x91];
        assert_eq!(seen("arm64", &code, &code), [(0x10, 0x1010)]);
        assert_eq!(seen("amd64", &a, &b[..6]), []);
        assert_eq!(seen("mips", &a, &b), []);
    }

    /// Code that loads a variable.
    fn load(name: &str) -> Vec<Piece<'_>> {
        vec![Bytes(&[0x48, 0x8b, 0x05]), Relative(name), Bytes(&[0xc3])]
    }

    /// A program of two functions that load a variable each, behind so many bytes.
    fn program(names: [&'static str; 2], before: &'static [u8]) -> Program<'static> {
        let functions = [
            function(names[0], "example.com/p/f.go", &load("main.x")),
            function(names[1], "example.com/p/g.go", &load("main.y")),
        ];
        let data = [
            datum(".noptrdata", "runtime.before", &[Bytes(before)]),
            datum(".noptrdata", "main.x", &[Number(1)]),
            datum(".noptrdata", "main.y", &[Number(2)]),
        ];
        Program::new(functions.to_vec(), data.to_vec())
    }

    /// What is named in both files: by which function, what of it is left, from which files
    /// that comes, and how far from one another the addresses lie.
    fn named(a: &Artifact, b: &Artifact, max: usize) -> Vec<(String, usize, [String; 2], u64)> {
        found([a, b], max, |reference| {
            let file = |file: Option<&str>| file.unwrap().to_owned();
            assert_eq!(a.bytes()[reference.at..][..2], [0x48, 0x8b]);
            let [one, other] = reference.addresses;
            Some((
                reference.function.to_owned(),
                reference.code.len(),
                [file(reference.file()), file(reference.used_in())],
                other.wrapping_sub(one),
            ))
        })
    }

    #[test]
    fn what_functions_of_one_name_load_is_one_datum() {
        let names = ["main.f", "main.g"];
        let a = program(names, &[]).artifact();
        let b = program(names, &[0; 32]).artifact();
        let files = |file: &str| [file.to_owned(), file.to_owned()];
        let want = [
            ("main.f".to_owned(), 16, files("example.com/p/f.go"), 32),
            ("main.g".to_owned(), 16, files("example.com/p/g.go"), 32),
        ];
        assert_eq!(named(&a, &b, 9), want);
        assert_eq!(named(&a, &b, 1), want[..1]);
        // Two addresses are looked at once.
        let mut twice = program(names, &[]);
        twice.functions[1].code = load("main.x");
        let mut moved = program(names, &[0; 32]);
        moved.functions[1].code = load("main.x");
        assert_eq!(named(&twice.artifact(), &moved.artifact(), 9), want[..1]);
        // Functions that share a name can't be told apart; others are of one file alone.
        let shared = program(["main.f", "main.f"], &[]).artifact();
        assert_eq!(named(&shared, &shared, 9), []);
        let other = program(["main.f", "main.h"], &[0; 32]).artifact();
        assert_eq!(named(&a, &other, 9), want[..1]);
        // Code of another length names things at other places.
        let mut longer = program(names, &[0; 32]);
        longer.functions[0].code.push(Bytes(&[0x90; 16]));
        let want = ("main.g".to_owned(), 16, files("example.com/p/g.go"), 48);
        assert_eq!(named(&a, &longer.artifact(), 9), [want]);
    }

    #[test]
    fn code_put_in_from_another_file_is_told_by_that() {
        let names = ["main.f", "main.g"];
        let with = |before| {
            let mut program = program(names, before);
            program.functions[0].lines =
                vec![("example.com/p/f.go", 7, 1), ("example.com/d/d.go", 3, 7)];
            program.functions[0].code.insert(0, Bytes(&[0x90]));
            program.artifact()
        };
        let found = named(&with(&[]), &with(&[0; 32]), 1);
        let files = ["example.com/p/f.go", "example.com/d/d.go"].map(str::to_owned);
        assert_eq!(found, [("main.f".to_owned(), 15, files, 32)]);
    }

    #[test]
    fn files_that_are_not_alike_tell_nothing() {
        let one = || program(["main.f", "main.g"], &[]).artifact();
        let is_found = |a: &Artifact, b: &Artifact| !named(a, b, 9).is_empty();
        assert!(is_found(&one(), &one()));
        let mut wide = one();
        wide.image.machine.bits = Some(32);
        assert!(!is_found(&one(), &wide));
        let mut format = one();
        format.image.format = Format::Pe;
        assert!(!is_found(&one(), &format));
        let mut wasm = [one(), one()];
        wasm.iter_mut()
            .for_each(|artifact| artifact.image.format = Format::Wasm);
        assert!(!is_found(&wasm[0], &wasm[1]));
    }

    proptest! {
        #[test]
        fn no_code_makes_it_panic(
            a in proptest::collection::vec(any::<u8>(), 0..64),
            base in any::<u64>(),
        ) {
            for goarch in ["amd64", "arm64", "386"] {
                let code = [base, !base].map(|address| Code { address, bytes: &a });
                named_by_both(code, goarch, false);
            }
        }
    }
}
