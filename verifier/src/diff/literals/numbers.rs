//! Numbers in variables and tables, where all moved: those of one symbol in both files, or
//! where there are no symbols, those that the same code names.
//!
//! Only what holds no pointers is looked at, and of constants what is no address: there
//! nothing differs because something moved.
//!
//! ```text
//! .noptrdata   var weights = [4]int{1, 2, 3, 4}
//! .rodata      constants of composite literals
//! ```

use std::collections::{BTreeSet, HashMap};
use std::ops::{ControlFlow, Range};

use super::{Literal, Of};
use crate::artifact::Artifact;
use crate::diff::references;
use crate::goinfo::functions::package;
use crate::goinfo::symbols::{Symbol, Symbols};
use crate::image::number;

/// The most that is kept.
const KEPT_MAX: usize = 64;

/// The largest table looked at, in bytes.
const LEN_MAX: usize = 1 << 20;
/// Bytes of all data that are compared.
const ALL_LEN_MAX: usize = 256 << 20;

/// Sections of variables without pointers.
const PLAIN: [&str; 2] = [".noptrdata", "__noptrdata"];

/// Sections of constants.
const CONSTANT: [&str; 3] = [".rodata", "__rodata", ".rdata"];

/// Finds numbers that differ.
pub fn compare(a: &Artifact, b: &Artifact, symbols: [&Symbols<'_>; 2]) -> Vec<Literal> {
    let are_named = symbols.iter().all(|one| one.has_functions());
    match are_named {
        true => by_symbols([a, b], symbols),
        false => by_code([a, b]),
    }
}

fn by_symbols(files: [&Artifact; 2], symbols: [&Symbols<'_>; 2]) -> Vec<Literal> {
    let theirs = by_name(symbols[1]);
    let ours = by_name(symbols[0]);
    let mut names: Vec<&&str> = ours.keys().filter(|name| is_own(name)).collect();
    names.sort_unstable();
    // Any number of names may lie over one place.
    let mut left = ALL_LEN_MAX;
    let literal = |name: &&&str| {
        let one = ours.get(**name).copied().flatten()?;
        let other = theirs.get(**name).copied().flatten()?;
        let len = usize::try_from(one.size)
            .ok()
            .filter(|len| *len <= LEN_MAX)?;
        if one.size != other.size {
            return None;
        }
        left = left.checked_sub(len)?;
        let places = [(files[0], one.address), (files[1], other.address)];
        let [Some(a), Some(b)] = places.map(|(file, address)| place(file, address, len, true))
        else {
            return None;
        };
        differing(files, [a, b], Of::Symbol((**name).to_owned()), true)
    };
    names.iter().filter_map(literal).take(KEPT_MAX).collect()
}

/// Symbols by name; those that share one can't be told apart.
fn by_name<'s, 'a>(symbols: &'s Symbols<'a>) -> HashMap<&'a str, Option<&'s Symbol<'a>>> {
    let mut by_name: HashMap<&str, Option<&Symbol<'_>>> = HashMap::new();
    for symbol in symbols.all() {
        by_name
            .entry(symbol.name)
            .and_modify(|known| *known = None)
            .or_insert(Some(symbol));
    }
    by_name
}

/// What the linker makes has addresses in it, and the runtime's is what the linker fills.
fn is_own(name: &str) -> bool {
    let package = package::of_symbol(name);
    let is_made = matches!(&*package, package::NONE | package::GENERATED);
    !is_made && package != "runtime" && !name.starts_with("runtime.")
}

/// Without symbols a variable reaches to the next one that code names.
fn by_code(files: [&Artifact; 2]) -> Vec<Literal> {
    let mut named: HashMap<[u64; 2], Of> = HashMap::new();
    references::visit(files[0], files[1], &mut |reference| {
        let places = [0, 1].map(|side| place(files[side], reference.addresses[side], 1, false));
        if places.iter().all(Option::is_some) {
            named
                .entry(reference.addresses)
                .or_insert_with(|| Of::Function {
                    name: reference.function.to_owned(),
                    file: reference.file().map(str::to_owned),
                    used_in: reference.used_in().map(str::to_owned),
                    used_at: reference.at,
                });
        }
        ControlFlow::Continue(())
    });
    let starts = [0, 1]
        .map(|side| -> BTreeSet<u64> { named.keys().map(|addresses| addresses[side]).collect() });
    let mut all: Vec<(&[u64; 2], &Of)> = named.iter().collect();
    all.sort_unstable_by_key(|(addresses, _)| **addresses);
    let literal = |(addresses, of): &(&[u64; 2], &Of)| {
        let lens = [0, 1].map(|side| {
            let start = addresses[side];
            let next = starts[side].range(start + 1..).next();
            let known = next.map_or(u64::MAX, |next| next - start);
            let region = region_end(files[side], start)?;
            usize::try_from(known).ok().map(|known| known.min(region))
        });
        let [Some(len), Some(other)] = lens else {
            return None;
        };
        if len != other || len > LEN_MAX {
            return None;
        }
        let places = [0, 1].map(|side| place(files[side], addresses[side], len, false));
        let [Some(a), Some(b)] = places else {
            return None;
        };
        differing(files, [a, b], (*of).clone(), false)
    };
    all.iter().filter_map(literal).take(KEPT_MAX).collect()
}

/// Returns how many bytes a section has from an address on.
fn region_end(artifact: &Artifact, address: u64) -> Option<usize> {
    let at = artifact.image.range_at(address, 1)?.start;
    let region = artifact.image.region_at(at)?;
    Some(region.range.end - at)
}

/// Returns where a datum without pointers lies; what names the build is none.
fn place(
    artifact: &Artifact,
    address: u64,
    len: usize,
    with_constants: bool,
) -> Option<Range<usize>> {
    let range = artifact.image.range_at(address, len)?;
    let region = artifact.image.region_at(range.start)?;
    let name = region.name.as_str();
    let is_plain = PLAIN.contains(&name) || with_constants && CONSTANT.contains(&name);
    let mut stamps = artifact.go.stamps.iter();
    let is_stamp =
        stamps.any(|stamp| stamp.range.start < range.end && range.start < stamp.range.end);
    (is_plain && !is_stamp && range.end <= region.range.end).then_some(range)
}

/// Returns the datum where its bytes differ, from the first to the last that does.
fn differing(
    files: [&Artifact; 2],
    [a, b]: [Range<usize>; 2],
    of: Of,
    has_end: bool,
) -> Option<Literal> {
    let sides = (
        files[0].bytes().get(a.clone())?,
        files[1].bytes().get(b.clone())?,
    );
    if sides.0 == sides.1 {
        return None;
    }
    let word = usize::from(files[0].image.machine.bits.unwrap_or(64)) / 8;
    let differs = |at: &usize| {
        let (one, other) = (sides.0[*at], sides.1[*at]);
        one != other && !is_address(files, sides, at - at % word, word)
    };
    let first = (0..a.len()).find(differs)?;
    let last = (0..a.len()).rfind(differs)?;
    Some(Literal {
        span: a.start + first..a.start + last + 1,
        a: a.start..a.start + last + 1,
        b: b.start..b.start + last + 1,
        of,
        // Behind the first word may be another variable, which no code names.
        is_within: has_end || last < word,
    })
}

/// Says whether both files have an address at a place, as constants with pointers do where
/// the program is loaded at a place of its own.
fn is_address(files: [&Artifact; 2], sides: (&[u8], &[u8]), at: usize, word: usize) -> bool {
    let is_one = |file: &Artifact, bytes: &[u8]| {
        let value = number::read(bytes, at, word, file.image.machine.big_endian);
        value.is_some_and(|value| file.image.has_memory_at(value))
    };
    is_one(files[0], sides.0) && is_one(files[1], sides.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::made::Piece::{self, Address, Bytes, Number, Relative};
    use crate::artifact::made::{Program, datum, function};

    /// Code that loads a variable.
    fn load(name: &str) -> [Piece<'_>; 3] {
        [Bytes(&[0x48, 0x8b, 0x05]), Relative(name), Bytes(&[0xc3])]
    }

    /// A program with a number, a table and a text behind so many bytes.
    fn program(
        before: &'static [u8],
        number: u64,
        table: [u64; 3],
        text: &'static [u8],
    ) -> Program<'static> {
        let functions = [
            function("runtime.main", "runtime/proc.go", &[Bytes(&[0xc3])]),
            function("main.f", "example.com/p/f.go", &load("main.number")),
            function("main.g", "example.com/p/g.go", &load("main.table")),
        ];
        let data = [
            datum(".rodata", "main.text", &[Bytes(text)]),
            datum(".noptrdata", "runtime.before", &[Bytes(before)]),
            datum(".noptrdata", "main.number", &[Number(number)]),
            datum(".noptrdata", "main.table", &table.map(Number)),
            datum(
                ".data",
                "main.pointer",
                &[Address("main.text"), Number(number)],
            ),
        ];
        Program::new(functions.to_vec(), data.to_vec())
    }

    const TEXT: &[u8] = b"a text, of 16 by";

    /// Whose each differing number is, its length as far as it matters, which of its bytes
    /// differ, and whether it is known to reach so far.
    fn found(a: &Program<'_>, b: &Program<'_>) -> Vec<(String, usize, Range<usize>, bool)> {
        let (a, b) = (a.artifact(), b.artifact());
        let symbols = [&a, &b].map(|file| Symbols::read(file.bytes(), &file.image));
        let found = compare(&a, &b, [&symbols[0], &symbols[1]]).into_iter();
        found
            .map(|one| {
                assert_eq!(one.a.len(), one.b.len());
                let span = one.span.start - one.a.start..one.span.end - one.a.start;
                let of = match one.of {
                    Of::Symbol(name) => name,
                    Of::Function {
                        name,
                        file,
                        used_at,
                        ..
                    } => {
                        assert_eq!(a.bytes()[used_at..][..2], [0x48, 0x8b]);
                        format!("{name} in {}", file.unwrap())
                    }
                };
                (of, one.a.len(), span, one.is_within)
            })
            .collect()
    }

    fn row(
        of: &str,
        len: usize,
        span: Range<usize>,
        is_within: bool,
    ) -> (String, usize, Range<usize>, bool) {
        (of.to_owned(), len, span, is_within)
    }

    #[test]
    fn numbers_that_code_names_differ_wherever_they_lie() {
        let a = || program(&[], 0x1_0001, [1, 2, 3], TEXT);
        let (of_f, of_g) = (
            "main.f in example.com/p/f.go",
            "main.g in example.com/p/g.go",
        );
        for before in [&[][..], &[9; 32]] {
            let b = |number, table| program(before, number, table, TEXT);
            assert_eq!(found(&a(), &b(0x1_0001, [1, 2, 3])), []);
            assert_eq!(
                found(&a(), &b(0x2_0002, [1, 2, 3])),
                [row(of_f, 3, 0..3, true)]
            );
            // Behind the first word may be another variable.
            assert_eq!(
                found(&a(), &b(0x1_0001, [1, 2, 4])),
                [row(of_g, 17, 16..17, false)]
            );
            assert_eq!(
                found(&a(), &b(0x1_0001, [0x0100_0000_0000_0001, 2, 3])),
                [row(of_g, 8, 7..8, true)]
            );
        }
        // A number between them is named by none, and another length is another matter.
        let longer = program(&[], 0x1_0001, [1, 2, 4], TEXT);
        let mut more = program(&[], 0x1_0001, [1, 2, 3], TEXT);
        more.data
            .insert(4, datum(".noptrdata", "main.more", &[Number(7)]));
        assert_eq!(found(&more, &longer), []);
    }

    #[test]
    fn symbols_tell_numbers_and_constants_and_where_they_end() {
        let named = |program: Program<'static>| program.with_symbols();
        let a = || named(program(&[], 1, [1, 2, 3], TEXT));
        let b = |number, table, text| named(program(&[9; 32], number, table, text));
        assert_eq!(found(&a(), &b(1, [1, 2, 3], TEXT)), []);
        // Variables with pointers are no numbers, and the runtime's are the linker's.
        assert_eq!(
            found(&a(), &b(2, [1, 2, 3], TEXT)),
            [row("main.number", 1, 0..1, true)]
        );
        assert_eq!(
            found(&a(), &b(1, [1, 5, 4], TEXT)),
            [row("main.table", 17, 8..17, true)]
        );
        assert_eq!(
            found(&a(), &b(1, [1, 2, 3], b"a text, of 61 by")),
            [row("main.text", 13, 11..13, true)]
        );
        assert_eq!(found(&a(), &b(1, [1, 2, 3], b"a text of others")).len(), 1);
        // Of another length, twice there, on one side alone.
        assert_eq!(found(&a(), &b(1, [1, 2, 3], b"a longer text, of 16")), []);
        let mut twice = b(2, [1, 2, 3], TEXT);
        twice.data[3].name = "main.number";
        assert_eq!(found(&a(), &twice), []);
        let mut renamed = b(2, [1, 2, 3], TEXT);
        renamed.data[2].name = "main.another";
        assert_eq!(found(&a(), &renamed), []);
        // Only where both files have names do names tell.
        let stripped = program(&[9; 32], 1, [1, 2, 3], b"a text, of 61 by");
        assert_eq!(found(&a(), &stripped), []);
        assert!(is_own("main.x") && is_own("strings.x") && is_own("example.com/runtime.x"));
        assert!(
            !is_own("runtime.x") && !is_own("runtime.(*T).x") && !is_own("go:x") && !is_own("c_x")
        );
    }

    #[test]
    fn addresses_and_what_names_the_build_are_no_numbers() {
        let with = |before: &'static [u8], name: &'static str| {
            let mut program = program(before, 1, [1, 2, 3], TEXT).with_symbols();
            program.data[3].pieces = vec![Number(7), Address(name), Number(9)];
            program
        };
        assert_eq!(
            found(&with(&[], "main.text"), &with(&[9; 32], "runtime.before")),
            []
        );
        // A stamp of the build may have any bytes.
        let (a, mut b) = (
            with(&[], "main.text").artifact(),
            with(&[], "main.text").artifact(),
        );
        let region = b.image.region(".noptrdata").unwrap().clone();
        let mut bytes = b.bytes().to_vec();
        bytes[region.range.start] ^= 1;
        b.input.bytes = bytes.into();
        let number = |a: &Artifact, b: &Artifact| {
            let symbols = [a, b].map(|file| Symbols::read(file.bytes(), &file.image));
            compare(a, b, [&symbols[0], &symbols[1]]).len()
        };
        assert_eq!(number(&a, &b), 1);
        let stamp = |range: Range<usize>| crate::goinfo::stamps::Stamp {
            kind: crate::goinfo::stamps::Kind::Variable,
            range,
        };
        let start = region.range.start;
        b.go.stamps = vec![stamp(start..start + 1)];
        assert_eq!(number(&a, &b), 0);
        b.go.stamps = vec![stamp(start + 8..start + 9), stamp(start - 1..start)];
        assert_eq!(number(&a, &b), 1);
        // Past the end of its section nothing is a datum.
        let address = region.address.unwrap();
        let whole = region.range.len();
        assert_eq!(place(&a, address, whole, false), Some(region.range));
        assert_eq!(place(&a, address, whole + 1, false), None);
        assert_eq!(region_end(&a, address + 8), Some(whole - 8));
        let constant = a.image.region(".rodata").unwrap().clone();
        let address = constant.address.unwrap();
        assert_eq!(place(&a, address, 16, true), Some(constant.range));
        assert_eq!(place(&a, address, 16, false), None);
    }
}
