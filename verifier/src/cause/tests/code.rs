//! Programs whose functions, constants or variables are not the same: whose fault that is,
//! in whole sentences.

mod variables;

use super::*;
use crate::artifact::made::Piece::{self, Bytes, Number, Relative};
use crate::artifact::made::{Program, datum, function};

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
#[expect(clippy::too_many_lines, reason = "a table")]
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
