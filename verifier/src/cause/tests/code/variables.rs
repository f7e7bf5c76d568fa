//! String variables that hold other texts.

use super::*;
use crate::artifact::made::Datum;
use crate::artifact::made::Piece::Address;

/// With a build ID that says that package main was compiled to the same.
fn with_same_main(mut program: Program<'static>) -> Program<'static> {
    program.id = ['x', 'B', 'C', 'z'];
    program
}

/// A program with a string variable of package main.
fn variable(text: &'static [u8]) -> Program<'static> {
    let mut program = base();
    program.data = vec![
        datum(
            ".rodata",
            "runtime.texts",
            &[Bytes(b"texts of constants, side by side")],
        ),
        datum(
            ".rodata",
            "main.text.str",
            &[Bytes(text), Bytes(b"behind it")],
        ),
        header("main.text", "main.text.str", text.len()),
        datum(".data", "runtime.last", &[Number(0)]),
    ];
    program
}

fn header(name: &'static str, text: &'static str, len: usize) -> Datum<'static> {
    datum(".data", name, &[Address(text), Number(len as u64)])
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn variables_by_what_they_hold() {
    let set = |text: &'static [u8]| {
        let mut program = variable(text);
        program.data[1].pieces = vec![Bytes(text), Bytes(b"\0")];
        program
    };
    let of = |name: &'static str, mut program: Program<'static>| {
        program.data[2].name = name;
        program.with_symbols()
    };
    let untrimmed = |mut program: Program<'static>| {
        program.info = "path\texample.com/p\nmod\texample.com/p\t(devel)\t\n";
        program
    };
    let rows = [
        ("a text", variable(b"one text"), variable(b"two text")),
        (
            "a longer text",
            variable(b"one text"),
            variable(b"another text"),
        ),
        (
            "of package main",
            of("main.text", variable(b"one text")),
            of("main.text", variable(b"two text")),
        ),
        (
            "of a module",
            of("example.com/d.text", variable(b"one text")),
            of("example.com/d.text", variable(b"two text")),
        ),
        (
            "of the standard library",
            of("strings.text", variable(b"one text")),
            of("strings.text", variable(b"two text")),
        ),
        ("set by the linker", set(b"one text"), set(b"two text")),
        (
            "a time, set by the linker",
            set(b"2026-01-02T03:04:05Z"),
            set(b"2026-01-03T03:04:05Z"),
        ),
        (
            "a longer one, set by the linker",
            set(b"one text"),
            set(b"another text"),
        ),
        (
            "with -X on record",
            untrimmed(set(b"one text")),
            untrimmed(set(b"two text")),
        ),
        ("a file", variable(b"one\nfile\n"), variable(b"two\nfile\n")),
        (
            "line ends",
            variable(b"one\nfile\n"),
            variable(b"one\r\nfile\r\n"),
        ),
    ];
    let rows = rows.map(|(what, a, b)| (what, a, b.rebuilt()));
    let equal_main = [
        (
            "a text beside an equal package main",
            variable(b"one text"),
            variable(b"two text"),
        ),
        (
            "a file beside an equal package main",
            variable(b"one\nfile\n"),
            variable(b"two\nfile\n"),
        ),
    ];
    let equal_main = equal_main.map(|(what, a, b)| (what, a, with_same_main(b)));
    check("variables", rows.into_iter().chain(equal_main));
}

/// A program in which two functions load string variables of one text; `end` is what follows
/// the text.
fn loaded(text: &'static [u8], end: &'static [u8], names: [&'static str; 2]) -> Program<'static> {
    let mut program = variable(text);
    program.data[1].pieces = vec![Bytes(text), Bytes(end)];
    let second = [
        datum(".rodata", "main.more.str", &[Bytes(text), Bytes(end)]),
        header("main.more", "main.more.str", text.len()),
    ];
    program.data.extend(second);
    for (index, name) in [(4, names[0]), (5, names[1])] {
        let [user, file] = FUNCTIONS[index];
        let code = [Bytes(&[0x48, 0x8b, 0x05]), Relative(name), Bytes(&[0xc3])];
        program.functions[index] = function(user, file, &code);
    }
    program
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn variables_that_code_shows_to_be_set() {
    let one = ["main.text", "main.text"];
    let two = ["main.text", "main.more"];
    let (short, long): (&[u8], &[u8]) = (b"one text", b"another text");
    let none = |names| {
        let mut program = loaded(short, b"\0", names);
        program.data[2].pieces = vec![Number(0), Number(0)];
        program
    };
    // A symbol that begins before the variable is not its name.
    let wider = |mut program: Program<'static>| {
        program.data[2] = datum(".data", "main.wide", &[Number(7), Number(7)]);
        program
            .data
            .insert(3, header("", "main.text.str", short.len()));
        program.functions[4] = function("main.helper", FUNCTIONS[4][1], ONE);
        program.functions[5] = function("main.main", FUNCTIONS[5][1], ONE);
        program
    };
    let named = |program: Program<'static>| program.with_symbols();
    let rows = [
        (
            "one",
            loaded(short, b"\0", one),
            loaded(b"two text", b"\0", one),
        ),
        (
            "a longer one",
            loaded(short, b"\0", one),
            loaded(long, b"\0", one),
        ),
        (
            "two",
            loaded(short, b"\0", two),
            loaded(b"two text", b"\0", two),
        ),
        (
            "a time",
            loaded(b"2026-01-02T03:04:05Z", b"\0", one),
            loaded(b"2026-02-02T03:04:05Z", b"\0", one),
        ),
        (
            "two times",
            loaded(b"2026-01-02T03:04:05Z", b"\0", two),
            loaded(b"2026-02-02T03:04:05Z", b"\0", two),
        ),
        (
            "a time on one side",
            loaded(b"2026-01-02T03:04:05Z", b"\0", one),
            loaded(short, b"\0", one),
        ),
        (
            "with symbols in one file",
            named(loaded(short, b"\0", one)),
            loaded(b"two text", b"\0", one),
        ),
        (
            "with symbols in the other file",
            loaded(short, b"\0", two),
            named(loaded(b"two text", b"\0", two)),
        ),
        (
            "one that the source sets",
            loaded(short, b"behind it", one),
            loaded(b"two text", b"\0", one),
        ),
        ("one without a value", none(one), loaded(short, b"\0", one)),
        (
            "none that code loads",
            wider(loaded(short, b"\0", one)),
            wider(loaded(b"two text", b"\0", one)),
        ),
    ];
    check(
        "set-variables",
        rows.map(|(what, a, b)| (what, a, with_same_main(b))),
    );
}
