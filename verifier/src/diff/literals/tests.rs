//! Data of made programs: whose it is.

use super::*;
use crate::artifact::made::Piece::{self, Address, Bytes, Number, Relative};
use crate::artifact::made::{Program, datum, function};
use crate::diff::regions;

/// Code that takes a text of so many bytes.
fn text<'p>(name: &'p str, len: &'p [u8]) -> Vec<Piece<'p>> {
    vec![
        Bytes(&[0x48, 0x8d, 0x05]),
        Relative(name),
        Bytes(&[0xbb]),
        Bytes(len),
        Bytes(&[0, 0, 0, 0xc3]),
    ]
}

/// A program in which code takes a text of eight bytes, and a table points to two more.
fn program(texts: [&'static [u8]; 4]) -> Program<'static> {
    let functions = [
        function("runtime.main", "runtime/proc.go", &text("main.text", &[8])),
        function(
            "main.main",
            "example.com/p/main.go",
            &text("main.table", &[2]),
        ),
    ];
    let names = ["main.text", "main.behind", "main.first", "main.second"];
    let mut data = Vec::new();
    for (name, text) in names.into_iter().zip(texts) {
        data.push(datum(".rodata", name, &[Bytes(text)]));
    }
    data.push(datum(
        ".data",
        "main.table",
        &[
            Address("main.first"),
            Number(texts[2].len() as u64),
            Address("main.second"),
            Number(texts[3].len() as u64),
        ],
    ));
    Program::new(functions.to_vec(), data)
}

/// Whose each differing datum is, its bytes counted from the begin of the constants, the
/// bytes that differ, and whether it is known to reach so far.
type Row = (String, Range<usize>, Range<usize>, bool);

fn found(a: &Program<'_>, b: &Program<'_>) -> Vec<Row> {
    let (a, b) = (a.artifact(), b.artifact());
    let symbols = [&a, &b].map(|artifact| Symbols::read(artifact.bytes(), &artifact.image));
    let (regions, _) = regions::compare(&a, &b);
    let start = a.image.region(".rodata").unwrap().range.start;
    let literals = compare(&a, &b, &regions, [&symbols[0], &symbols[1]]);
    let rows = literals.into_iter().map(|one| {
        assert_eq!(one.a, one.b, "nothing moved");
        let of = match one.of {
            Of::Symbol(name) => name,
            Of::Function {
                name,
                file,
                used_in,
                used_at,
            } => {
                assert_eq!(file, used_in);
                assert_eq!(a.bytes()[used_at..][..2], [0x48, 0x8d]);
                format!("{name} in {}", file.unwrap())
            }
        };
        let relative = |range: &Range<usize>| range.start - start..range.end - start;
        (of, relative(&one.a), relative(&one.span), one.is_within)
    });
    rows.collect()
}

const TEXTS: [&[u8]; 4] = [b"one text", b"16 bytes of more", b"first!!!", b"second!!"];

fn with(index: usize, text: &'static [u8]) -> Program<'static> {
    let mut texts = TEXTS;
    texts[index] = text;
    program(texts)
}

fn row(of: &str, datum: Range<usize>, span: Range<usize>, is_within: bool) -> Row {
    (of.to_owned(), datum, span, is_within)
}

#[test]
fn a_constant_is_that_of_the_function_that_names_it() {
    let of_code = "runtime.main in runtime/proc.go";
    assert_eq!(found(&program(TEXTS), &program(TEXTS)), []);
    assert_eq!(
        found(&program(TEXTS), &with(0, b"two text")),
        [row(of_code, 0..3, 0..3, true)]
    );
    assert_eq!(
        found(&program(TEXTS), &with(0, b"one tExt")),
        [row(of_code, 0..6, 5..6, true)]
    );
    // What lies behind its length is nearest to it, and no more is known.
    assert_eq!(
        found(&program(TEXTS), &with(1, b"16 bytes of MORE")),
        [row(of_code, 0..24, 20..24, false)]
    );
}

#[test]
fn a_text_that_a_table_points_to_is_that_of_the_tables_user() {
    let of_table = "main.main in example.com/p/main.go";
    assert_eq!(
        found(&program(TEXTS), &with(2, b"FIRST!!!")),
        [row(of_table, 24..29, 24..29, true)]
    );
    // The second is named by a pointer that no code names.
    assert_eq!(
        found(&program(TEXTS), &with(3, b"second??")),
        [row(of_table, 32..40, 38..40, false)]
    );
}

#[test]
fn symbols_tell_whose_a_datum_is_and_where_it_ends() {
    let named = |program: Program<'static>| program.with_symbols();
    assert_eq!(
        found(&named(program(TEXTS)), &named(with(1, b"16 bytes of MORE"))),
        [row("main.behind", 8..24, 20..24, true)]
    );
    // What reaches into the next one is cut.
    let mut other = named(with(0, b"one tEXt"));
    other.data[1].pieces = vec![Bytes(b"61 bytes of more")];
    assert_eq!(
        found(&named(program(TEXTS)), &other),
        [
            row("main.text", 0..7, 5..7, true),
            row("main.behind", 8..10, 8..10, true)
        ]
    );
    // Behind the marks of Go's own data nothing is Go's.
    let with_c = |text: &'static [u8]| {
        let mut program = named(program(TEXTS));
        program.c_data = vec![datum(".rodata", "c_text", &[Bytes(text)])];
        program
    };
    assert_eq!(found(&with_c(b"C's text"), &with_c(b"C's TEXT")), []);
    // Nor is it, stripped, where it is not surely within what code names.
    let stripped = |text: &'static [u8], comment: &'static str| {
        let mut program = with_c(text);
        program.has_symbols = false;
        program.comment = comment;
        program
    };
    let gcc = "GCC: 12";
    assert_eq!(
        found(&stripped(b"C's text", gcc), &stripped(b"C's TEXT", gcc)),
        []
    );
    assert_eq!(
        found(&stripped(b"C's text", ""), &stripped(b"C's TEXT", "")),
        []
    );
    let behind = |index: usize, text: &'static [u8], comment: &'static str| {
        let mut program = with(index, text);
        program.comment = comment;
        program
    };
    let (one, more): (&[u8], &[u8]) = (TEXTS[1], b"16 bytes of MORE");
    assert_eq!(found(&behind(1, one, gcc), &behind(1, more, gcc)), []);
    assert_eq!(found(&behind(1, one, ""), &behind(1, more, "")).len(), 1);
    let mut externally = [program(TEXTS), with(0, b"two text")];
    externally
        .iter_mut()
        .for_each(|program| program.comment = gcc);
    assert_eq!(found(&externally[0], &externally[1]).len(), 1);
}

#[test]
fn who_holds_a_place_is_known_for_sure_or_not_told() {
    let held = |program: &Program<'_>, places: &[Range<usize>]| {
        let artifact = program.artifact();
        let symbols = Symbols::read(artifact.bytes(), &artifact.image);
        let start = artifact.image.region(".rodata").unwrap().range.start;
        let places: Vec<Range<usize>> = places
            .iter()
            .map(|place| start + place.start..start + place.end)
            .collect();
        let of = |of: Option<Of>| match of {
            Some(Of::Symbol(name) | Of::Function { name, .. }) => name,
            None => "-".to_owned(),
        };
        let found = holders(&artifact, &symbols, &places).into_iter();
        found.map(of).collect::<Vec<_>>()
    };
    let places = [0..8, 7..9, 10..12, 24..32];
    assert_eq!(
        held(&program(TEXTS), &places),
        ["runtime.main", "-", "-", "main.main"]
    );
    let named = program(TEXTS).with_symbols();
    assert_eq!(
        held(&named, &places),
        ["main.text", "-", "main.behind", "main.first"]
    );
    assert!(held(&named, &[]).is_empty());
    let empty = Program::new(Vec::new(), named.data.clone());
    assert_eq!(held(&empty, &places[..2]), ["-", "-"]);
}

#[test]
fn stretches_are_cut_into_their_differing_bytes() {
    let file =
        |bytes: &[u8]| crate::diff::made::program(&[(".rodata", Content::Data, 0x1000, bytes)]);
    let cut = |a: &[u8], b: &[u8], span: Range<usize>| -> Vec<Range<usize>> {
        let span = Span {
            a: span.clone(),
            b: span,
        };
        let pieces = pieces(&file(a), &file(b), &span).into_iter();
        pieces.map(|piece| piece.a).collect()
    };
    assert_eq!(cut(b"one two", b"ONe tWO", 0..7), [0..2, 5..7]);
    assert_eq!(cut(b"one two", b"ONe tWO", 1..6), [1..2, 5..6]);
    assert!(cut(b"one two", b"one two", 0..7).is_empty());
    let every_other = |byte: u8| [0, byte].repeat(SPANS_MAX + 1);
    let pieces = cut(&every_other(1), &every_other(2), 0..2 * SPANS_MAX + 2);
    assert_eq!(pieces.len(), SPANS_MAX);
}

#[test]
fn data_lies_between_the_marks_of_the_linker() {
    let artifact = program(TEXTS).with_symbols().artifact();
    let symbols = Symbols::read(artifact.bytes(), &artifact.image);
    let address = |name: &str| artifact.image.region(name).unwrap().address.unwrap();
    let (rodata, data) = (address(".rodata"), address(".data"));
    assert_eq!(go_data(&symbols), [rodata..rodata + 40, data..data + 32]);
    assert_eq!(go_data(&Symbols::default()), []);
}

#[test]
fn pointers_of_programs_loaded_anywhere_lie_in_their_relocations() {
    let of = |text: &'static [u8], kind: &'static str, format| {
        let mut artifact = with(0, text).artifact();
        artifact.image.machine.kind = Some(kind);
        artifact.image.format = format;
        artifact
    };
    let count = |kind: &'static str, format| {
        let (a, b) = (of(b"one text", kind, format), of(b"two text", kind, format));
        let none = Symbols::default();
        compare(&a, &b, &regions::compare(&a, &b).0, [&none, &none]).len()
    };
    assert_eq!(count("executable", Format::Elf), 1);
    assert_eq!(
        count(
            "position-independent executable or shared object",
            Format::Elf
        ),
        0
    );
    assert_eq!(
        count(
            "position-independent executable or shared object",
            Format::Xcoff
        ),
        1
    );
}
