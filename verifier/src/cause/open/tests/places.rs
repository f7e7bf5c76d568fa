//! Causes that know the places they change, and what follows from those.

use super::*;

#[test]
fn places_of_a_likely_cause_are_accounted_for_and_no_others() {
    let (a, b) = (
        program(ONE, 1).artifact(),
        program(ONE, 2).rebuilt().artifact(),
    );
    let data = a.image.region(".data").unwrap().range.clone();
    let only_data = |diff: &mut Diff| diff.regions.retain(|region| region.name == ".data");
    let at = |places: Vec<Range<usize>>| {
        let causes = [cause(
            Name::LdflagsVariable,
            Confidence::Likely,
            Reach::Places(places),
        )];
        open(&a, &b, only_data, &causes)
    };
    // The number's first byte is all that differs.
    let first = data.start..data.start + 1;
    assert_eq!(at(vec![first.clone()]), "");
    assert_eq!(at(vec![0..1, data.clone()]), "");
    let rest = first.end..data.end;
    assert_eq!(at(vec![rest]), ".data");
    assert_eq!(at(vec![]), ".data");
    // Of another length, every byte of the stretch must be known.
    let longer = |diff: &mut Diff| {
        only_data(diff);
        diff.regions[0].spans[0].b = data.start..data.end - 1;
    };
    let of = |places: Vec<Range<usize>>| {
        let causes = [cause(
            Name::LdflagsVariable,
            Confidence::Likely,
            Reach::Places(places),
        )];
        open(&a, &b, longer, &causes)
    };
    assert_eq!(of(vec![first]), ".data");
    assert_eq!(of(vec![data.clone()]), "");
    let nowhere = |diff: &mut Diff| {
        only_data(diff);
        diff.regions[0].spans.clear();
    };
    let causes = [cause(
        Name::LdflagsVariable,
        Confidence::Likely,
        Reach::Places(vec![data]),
    )];
    assert_eq!(open(&a, &b, nowhere, &causes), ".data");
}

#[test]
fn headers_follow_from_what_is_known_unless_they_say_more() {
    let (a, b) = (
        program(ONE, 1).artifact(),
        program(ONE, 2).rebuilt().artifact(),
    );
    let data = a.image.region(".data").unwrap().range.clone();
    let causes = [cause(
        Name::LdflagsVariable,
        Confidence::Likely,
        Reach::Places(vec![data]),
    )];
    // Headers follow from known places where nothing else in them differs.
    let headers = |diff: &mut Diff| diff.regions.retain(|region| region.name == "(headers)");
    assert_eq!(open(&a, &b, headers, &causes), "");
    let foreign = |diff: &mut Diff| {
        headers(diff);
        if let Some(functions) = &mut diff.functions {
            functions.is_entry_same = false;
        }
    };
    assert_eq!(open(&a, &b, foreign, &causes), "(headers)");
    let changed = [cause(
        Name::CodeSignature,
        Confidence::Proven,
        Reach::Anything,
    )];
    assert_eq!(open(&a, &b, foreign, &changed), "");
    let source = [cause(
        Name::SourceContent,
        Confidence::Proven,
        Reach::Anything,
    )];
    assert_eq!(open(&a, &b, foreign, &source), "(headers)");
    let go = [cause(Name::GoVersion, Confidence::Proven, Reach::Anything)];
    assert_eq!(open(&a, &b, foreign, &go), "");
    // Files that go build wrote have what it wrote, at their end too.
    let (a, b) = (intact(a), intact(b));
    assert_eq!(open(&a, &b, foreign, &source), "");
    let end = |diff: &mut Diff| {
        diff.regions
            .retain(|region| region.name.starts_with("(after"))
    };
    assert_eq!(open(&a, &b, end, &source), "");
    assert_eq!(open(&a, &b, end, &[]), "(after the last section)");
}

#[test]
fn what_moved_with_a_text_of_another_length_is_accounted_for() {
    let with = |text: &'static [u8], value| {
        let mut program = program(ONE, value);
        program.data[0].pieces = vec![Bytes(text)];
        program.data.insert(
            1,
            datum(
                ".rodata",
                "main.next",
                &[Bytes(b"another text, all the same")],
            ),
        );
        program
    };
    let (a, b) = (
        with(b"a text of eight and more", 1).artifact(),
        with(
            b"a text of eight and many more bytes than there were before",
            1,
        )
        .rebuilt()
        .artifact(),
    );
    let start = a.image.region(".rodata").unwrap().range.start;
    let moved = |len_a: usize, len_b: usize| {
        let places = [len_a, len_b].map(|len| {
            let place = start..start + len;
            vec![place]
        });
        [cause(
            Name::LdflagsVariable,
            Confidence::Likely,
            Reach::Moved(places),
        )]
    };
    let found = |diff: &Diff, causes: &[Cause]| {
        let pair = Pair::new(&a, &b, diff, ["a".into(), "b".into()]);
        let open = crate::cause::open::regions(&pair, causes, is_proof);
        let names: Vec<&str> = open.iter().map(|region| region.name.as_str()).collect();
        names.join(" ")
    };
    let diff = Diff::of(&a, &b);
    let all = found(&diff, &[]);
    let kept = found(&diff, &moved(24, 58));
    assert_eq!(all, "(headers) .rodata .symtab (section headers)");
    assert_eq!(kept, "");
    assert_eq!(found(&diff, &moved(24, 57)), ".rodata");
}
