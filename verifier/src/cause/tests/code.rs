//! Programs whose functions, constants or variables are not the same: whose fault that is,
//! in whole sentences.

use super::*;
use crate::artifact::made::Piece::{self, Address, Bytes, Number, Relative};
use crate::artifact::made::{Datum, Program, datum, function};

/// Code that returns a number, and other numbers.
const ONE: &[Piece<'_>] = &[Bytes(&[0xb8, 1, 0, 0, 0, 0xc3])];
const TWO: &[Piece<'_>] = &[Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])];

/// The same, longer than what functions are filled up to.
const LONG: &[Piece<'_>] = &[Bytes(&[0x90; 20]), Bytes(&[0xb8, 2, 0, 0, 0, 0xc3])];

const INFO: &str = "path\texample.com/p\nmod\texample.com/p\t(devel)\t\ndep\texample.com/d\tv1.0.0\th1:A=\n\
                    dep\texample.com/e\tv1.0.0\nbuild\t-trimpath=true\n";

/// Functions by their names and files.
const FUNCTIONS: [[&str; 2]; 6] = [
    ["runtime.main", "runtime/proc.go"],
    ["strings.Index", "strings/strings.go"],
    ["example.com/d.Do", "example.com/d@v1.0.0/d.go"],
    ["example.com/e.Do", "example.com/e@v1.0.0/e.go"],
    ["main.helper", "example.com/p/helper.go"],
    ["main.main", "example.com/p/main.go"],
];

fn base() -> Program<'static> {
    let functions = FUNCTIONS.map(|[name, file]| function(name, file, ONE));
    Program {
        info: INFO,
        ..Program::new(functions.to_vec(), Vec::new())
    }
}

/// The same, in which these functions have other code.
fn with(names: &[&str], code: &[Piece<'static>]) -> Program<'static> {
    let mut program = base().rebuilt();
    let functions = program.functions.iter_mut();
    for one in functions.filter(|one| names.contains(&one.name)) {
        *one = function(one.name, one.lines[0].0, code);
    }
    program
}

fn check<'p>(name: &str, rows: impl IntoIterator<Item = (&'p str, Program<'p>, Program<'p>)>) {
    let rows = rows.into_iter();
    let rows: Vec<(&str, [Artifact; 2])> = rows
        .map(|(what, a, b)| (what, [a.artifact(), b.artifact()]))
        .collect();
    let pairs = rows.iter();
    golden::check(
        name,
        pairs.map(|(what, [a, b])| ((*what).to_owned(), [a, b])),
    );
}

#[test]
fn functions_by_whose_they_are() {
    let lines = |name: &str| {
        let mut program = base().rebuilt();
        let functions = program.functions.iter_mut();
        for one in functions.filter(|one| one.name == name) {
            one.lines[0].1 = 9;
        }
        program
    };
    let more = |names: &[&'static str]| {
        let mut program = base().rebuilt();
        let files = names
            .iter()
            .map(|name| function(name, "example.com/p/more.go", ONE));
        program.functions.extend(files);
        program
    };
    let from_equal_inputs = |mut program: Program<'static>| {
        program.id = ['x', 'B', 'y', 'z'];
        program
    };
    let profiled = |mut program: Program<'static>| {
        program.info = "path\texample.com/p\nmod\texample.com/p\t(devel)\t\nbuild\t-pgo=default.pgo\n\
                        build\t-trimpath=true\n";
        program
    };
    let with_symbols = |program: Program<'static>| program.with_symbols();
    // Code of a dependency was put into a function of package main.
    let inlined = |mut program: Program<'static>, code: &[Piece<'static>]| {
        if let Some(one) = program.functions.last_mut() {
            one.code = code.to_vec();
            one.lines = vec![
                ("example.com/p/main.go", 7, 1),
                ("example.com/d@v1.0.0/d.go", 3, 4),
                ("example.com/p/main.go", 8, 1),
            ];
        }
        program
    };
    check(
        "functions",
        [
            ("the same", base(), base().rebuilt()),
            ("of package main", base(), with(&["main.helper"], TWO)),
            (
                "of package main, with symbols",
                with_symbols(base()),
                with_symbols(with(&["main.helper"], TWO)),
            ),
            (
                "two of package main",
                base(),
                with(&["main.helper", "main.main"], TWO),
            ),
            ("a longer one", base(), with(&["main.helper"], LONG)),
            (
                "of a module with a sum",
                base(),
                with(&["example.com/d.Do"], TWO),
            ),
            (
                "of a module without",
                base(),
                with(&["example.com/e.Do"], TWO),
            ),
            (
                "of both",
                base(),
                with(&["example.com/d.Do", "example.com/e.Do"], TWO),
            ),
            (
                "of the standard library",
                base(),
                with(&["strings.Index"], TWO),
            ),
            (
                "of the standard library, with a profile",
                profiled(base()),
                profiled(with(&["strings.Index"], TWO)),
            ),
            (
                "of everybody",
                base(),
                with(&FUNCTIONS.map(|[name, _]| name), TWO),
            ),
            ("of one file alone", base(), more(&["main.more"])),
            (
                "two of one file alone",
                more(&["main.more", "main.most"]),
                base(),
            ),
            (
                "of the library, of one file alone",
                base(),
                more(&["strings.Count", "main.most"]),
            ),
            ("of other lines", base(), lines("main.main")),
            (
                "of other lines, of the library",
                base(),
                lines("strings.Index"),
            ),
            (
                "from equal inputs",
                base(),
                from_equal_inputs(with(&["main.main"], TWO)),
            ),
            (
                "put into package main",
                inlined(base(), ONE),
                inlined(base().rebuilt(), TWO),
            ),
            (
                "of five packages more",
                base(),
                more(&[
                    "example.com/p/a.F",
                    "example.com/p/b.F",
                    "example.com/p/c.F",
                    "example.com/p/d.F",
                    "example.com/p/e.F",
                ]),
            ),
        ],
    );
}

/// Code that takes a text of eight bytes.
fn uses(name: &'static str, text: &'static str) -> Vec<Piece<'static>> {
    vec![
        Bytes(&[0x48, 0x8d, 0x05]),
        Relative(text),
        Bytes(&[0xbb, 8, 0, 0, 0, 0xc3]),
        Bytes(name.as_bytes().get(..1).unwrap()),
    ]
}

/// A program in which these functions each take a text.
fn texts(texts: [&'static [u8]; 3]) -> Program<'static> {
    let mut program = base();
    let names = ["main.text", "example.com/d.text", "strings.text"];
    for (user, text) in ["main.main", "example.com/d.Do", "strings.Index"]
        .into_iter()
        .zip(names)
    {
        let functions = program.functions.iter_mut();
        for one in functions.filter(|one| one.name == user) {
            *one = function(user, one.lines[0].0, &uses(user, text));
        }
    }
    let data = names.into_iter().zip(texts);
    program.data = data
        .map(|(name, text)| datum(".rodata", name, &[Bytes(text)]))
        .collect();
    program
}

#[test]
fn constants_by_who_uses_them() {
    let plain = || texts([b"one text", b"a module", b"std text"]);
    let other = |of_main, of_module, of_library| texts([of_main, of_module, of_library]).rebuilt();
    check(
        "constants",
        [
            (
                "of package main",
                plain(),
                other(b"two text", b"a module", b"std text"),
            ),
            (
                "of package main, with symbols",
                plain().with_symbols(),
                other(b"two text", b"a module", b"std text").with_symbols(),
            ),
            (
                "of a module",
                plain(),
                other(b"one text", b"a MODULE", b"std text"),
            ),
            (
                "of the standard library",
                plain(),
                other(b"one text", b"a module", b"std TEXT"),
            ),
            (
                "of everybody",
                plain(),
                other(b"two text", b"a MODULE", b"std TEXT"),
            ),
            (
                "where all moved",
                plain(),
                moved(other(b"two text", b"a module", b"std text")),
            ),
        ],
    );
}

/// The same behind more constants.
fn moved(mut program: Program<'static>) -> Program<'static> {
    let more = datum(".rodata", "runtime.more", &[Bytes(&[7; 48])]);
    program.data.insert(0, more);
    program
}

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

/// A program whose code loads a variable that the linker set, `len` bytes into it.
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

/// A program whose code loads a number.
fn number(value: u64) -> Program<'static> {
    let mut program = base();
    let load: &[Piece<'_>] = &[
        Bytes(&[0x48, 0x8b, 0x05]),
        Relative("main.number"),
        Bytes(&[0xc3]),
    ];
    program.functions[5] = function("main.main", "example.com/p/main.go", load);
    program.data = vec![
        datum(".noptrdata", "main.number", &[Number(value)]),
        datum(".noptrdata", "main.next", &[Number(77)]),
    ];
    program
}

#[test]
fn numbers_that_code_loads() {
    let table = |mut program: Program<'static>, values: [u64; 3]| {
        program.data[1].pieces = values.map(Number).to_vec();
        program
    };
    check(
        "numbers",
        [
            ("in place", number(8080), number(9090).rebuilt()),
            (
                "behind what moved",
                number(8080),
                moved(number(9090)).rebuilt(),
            ),
            (
                "behind what moved, with symbols",
                number(8080).with_symbols(),
                moved(number(9090)).rebuilt().with_symbols(),
            ),
            (
                "a table behind what moved, with symbols",
                table(number(8080), [1, 2, 3]).with_symbols(),
                moved(table(number(8080), [1, 5, 3]))
                    .rebuilt()
                    .with_symbols(),
            ),
            (
                "the same behind what moved",
                number(8080),
                moved(number(8080)).rebuilt(),
            ),
        ],
    );
}

/// A program with functions and constants of C, linked by the host's linker.
fn with_c(
    code: &[Piece<'static>],
    constant: &'static [u8],
    name: &'static str,
) -> Program<'static> {
    let mut program = base();
    program.data = vec![datum(
        ".rodata",
        "runtime.texts",
        &[Bytes(b"texts of constants, side by side")],
    )];
    program.c_functions = vec![function(name, "", code), function("c_other", "", ONE)];
    program.c_data = vec![datum(".rodata", "c_table", &[Bytes(constant)])];
    program.comment = "GCC: (Debian 12.2.0) 12.2.0";
    program
}

#[test]
fn code_and_constants_of_c() {
    let own = |code, constant| with_c(code, constant, "c_own");
    let of_go = |code| with_c(code, b"a table", "x_cgo_init");
    let rows = [
        ("a function", own(ONE, b"a table"), own(TWO, b"a table")),
        (
            "a longer function",
            own(ONE, b"a table"),
            own(LONG, b"a table"),
        ),
        ("a constant", own(ONE, b"a table"), own(ONE, b"a TABLE")),
        ("a function of runtime/cgo", of_go(ONE), of_go(TWO)),
    ];
    let named = rows
        .clone()
        .map(|(what, a, b)| (what, a.with_symbols(), b.rebuilt().with_symbols()));
    check("c", named);
    check(
        "c-stripped",
        rows.map(|(what, a, b)| (what, a, b.rebuilt())),
    );
}
