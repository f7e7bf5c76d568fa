//! Places of made files.

use std::ops::Range;

use super::*;

#[test]
fn an_address_goes_where_most_references_say() {
    let sorted = [(1, 5), (1, 5), (1, 6), (2, 6), (3, 7), (3, 8)];
    assert_eq!(majority(&sorted), [(1, 5), (2, 6)]);
}

#[test]
fn two_places_do_not_become_one() {
    // A + B became B + C: B did not move to C, for C is there.
    let sorted = [(1, 2), (2, 3), (3, 3), (3, 3)];
    assert_eq!(majority(&sorted), [(1, 2), (3, 3)]);
    assert_eq!(majority(&[(1, 3), (2, 3)]), []);
}

#[test]
fn a_section_stays_where_most_of_its_variables_do() {
    use crate::diff::made::{program, words};
    let stays = |name: &str, a: &[u64], b: &[u64]| {
        let [a, b] = [a, b].map(|values| program(&[(name, Content::Data, 0x1000, &words(values))]));
        stays([&a, &b], &a.image.regions[0], &b.image.regions[0])
    };
    assert!(stays(".data", &[1, 2, 3, 4], &[1, 2, 9, 9]));
    assert!(!stays(".data", &[1, 2, 3, 4], &[1, 9, 9, 9]));
    // Zeros on both sides tell nothing.
    assert!(!stays(".data", &[1, 0, 0, 0, 5], &[2, 0, 0, 0, 6]));
    assert!(stays(".noptrdata", &[1], &[1]));
    for constant in [".rodata", "__rodata", ".rdata", ".text"] {
        assert!(!stays(constant, &[1], &[1]), "{constant}");
    }
}

#[test]
fn data_went_where_its_neighbours_did_or_where_its_bytes_are() {
    use crate::diff::made::program;
    let text = b"sixteen and more bytes of a text";
    let file = |before: &[u8], text: &[u8]| {
        let bytes = [before, text, &[7; 64]].concat();
        program(&[(".rodata", Content::Data, 0x1000, &bytes)])
    };
    let held = |pairs: &[(u64, u64)], still: &Still, b: &Artifact| {
        let mut references = References::default();
        pairs.iter().for_each(|(a, b)| references.push(*a, *b));
        references.end_of_function();
        references.settle([&file(&[0; 16], text), b], still);
        let all = references.all_hold(0);
        (references.held.clone(), all)
    };
    let still = |everything: bool, sections: &[(Range<u64>, u64)]| Still {
        sections: sections.to_vec(),
        everything,
    };
    let (none, other) = (
        still(false, &[]),
        file(&[1; 16], b"TEXT and more bytes, of another sort"),
    );
    // Two neighbours moved by one distance; one alone did not.
    let two = [(0x1000, 0x2000), (0x1008, 0x2008)];
    assert_eq!(held(&two, &none, &other), (two.to_vec(), true));
    assert_eq!(held(&two[..1], &none, &other), (vec![], false));
    let apart = [(0x1000, 0x2000), (0x1008, 0x3008)];
    assert_eq!(held(&apart, &none, &other), (vec![], false));
    let three = [(0x1000, 0x2000), (0x1008, 0x3008), (0x1010, 0x3010)];
    assert_eq!(held(&three, &none, &other), (three[1..].to_vec(), false));
    // The same bytes are the same datum.
    let moved = file(&[1; 24], text);
    assert_eq!(
        held(&[(0x1010, 0x1018)], &none, &moved),
        (vec![(0x1010, 0x1018)], true)
    );
    assert_eq!(held(&[(0x1010, 0x1019)], &none, &moved), (vec![], false));
    // Zeros are nobody's, and neither is what lies nowhere.
    assert_eq!(
        held(&[(0x1000, 0x1000)], &none, &file(&[0; 24], text)),
        (vec![], false)
    );
    assert_eq!(held(&[(0x9000, 0x9000)], &none, &moved), (vec![], false));
    // In a section that stayed neighbours prove nothing but that they stayed.
    let stays = still(false, &[(0x1000..0x1100, 0x10)]);
    assert_eq!(held(&two, &stays, &other), (vec![], false));
    let stayed = [(0x1000, 0x1010)];
    assert_eq!(held(&stayed, &stays, &other), (stayed.to_vec(), true));
    assert_eq!(held(&stayed, &still(true, &[]), &other), (vec![], false));
    assert_eq!(
        held(&[(0x1000, 0x1000)], &still(true, &[]), &other).0.len(),
        1
    );
    assert!(!stays.is_everything() && still(true, &[]).is_everything());
}

#[test]
fn references_of_one_function_are_told_from_those_of_others() {
    let mut references = References::default();
    references.push(1, 2);
    references.push(3, 4);
    references.end_of_function();
    references.push(5, 6);
    references.forget_function();
    references.end_of_function();
    references.push(7, 8);
    references.end_of_function();
    assert_eq!(references.all, [(1, 2), (3, 4), (7, 8)]);
    references.held = vec![(1, 2), (3, 4)];
    let hold = |references: &References| [0, 1, 2].map(|function| references.all_hold(function));
    assert_eq!(hold(&references), [true, true, false]);
    references.held = vec![(3, 4), (7, 8)];
    assert_eq!(hold(&references), [false, true, true]);
    references.full = true;
    assert_eq!(hold(&references), [false, false, false]);
}

#[test]
fn addresses_of_data_lie_in_the_program_and_not_in_its_code() {
    use crate::artifact::made::Piece::Bytes;
    use crate::artifact::made::{Program, datum, function};
    use crate::goinfo::pclntab::Found;
    let program = Program::new(
        vec![function("main.main", "main.go", &[Bytes(&[0xc3])])],
        vec![datum(".data", "main.n", &[Bytes(b"a number")])],
    );
    let space = |goarch: &'static str| {
        let mut artifact = program.artifact();
        artifact.image.machine.goarch = Some(goarch);
        let found = Found::in_image(artifact.bytes(), &artifact.image).unwrap();
        let functions = Functions::read(artifact.bytes(), &artifact.image, &found).unwrap();
        let region = |name: &str| artifact.image.region(name).unwrap().address.unwrap();
        let last = artifact
            .image
            .segments
            .iter()
            .map(|one| one.address + one.memory);
        let places = [region(".text"), region(".data"), last.max().unwrap()];
        (Space::of(&artifact, &functions), places)
    };
    let (wide, [text, data, end]) = space("amd64");
    assert_eq!(wide.text, (text, text + 16));
    for (address, want) in [
        (text - 1, false),
        (text, false),
        (text + 15, false),
        (text + 16, true),
        (data, true),
        (end, true),
        (end + ZEROED_MAX - 1, true),
        (end + ZEROED_MAX, false),
    ] {
        assert_eq!(wide.has_data(address), want, "{address:x}");
    }
    // Where addresses stand as they are, a number beyond the program is none.
    for goarch in ["386", "arm"] {
        let (space, [_, data, end]) = space(goarch);
        assert!(space.has_data(data) && space.has_data(end - 1) && !space.has_data(end));
    }
}

#[test]
fn sections_of_equal_bytes_stay_and_tell_where_to() {
    use crate::diff::made::program;
    use crate::diff::regions;
    let file = |address: u64, data: &[u8], len: u64| {
        let mut artifact = program(&[
            (".text", Content::Code, 0x1000, b"code"),
            (".rodata", Content::Data, address, data),
            (".debug_info", Content::Symbols, 0x9000 + address, data),
        ]);
        artifact.image.segments[1].memory = len;
        artifact
    };
    let still = |a: &Artifact, b: &Artifact, functions_stay: bool| {
        Still::of([a, b], &regions::compare(a, b).0, functions_stay)
    };
    let (a, b) = (file(0x2000, b"data", 16), file(0x2800, b"data", 16));
    let moved = still(&a, &b, true);
    assert!(!moved.is_everything());
    // Bytes, and the memory behind them that begins as zero.
    assert_eq!(
        [0x2000, 0x2003, 0x2004, 0x200f, 0x2010, 0x1000].map(|address| moved.distance(address)),
        [
            Some(0x800),
            Some(0x800),
            Some(0x800),
            Some(0x800),
            None,
            None
        ]
    );
    let same = file(0x2000, b"DATA", 16);
    assert!(still(&a, &same, true).is_everything());
    assert!(!still(&a, &same, false).is_everything());
    assert_eq!(still(&a, &same, true).distance(0x1234), Some(0));
    // Other bytes prove nothing of where they went.
    assert_eq!(
        still(&a, &file(0x2800, b"DATA", 16), true).distance(0x2000),
        None
    );
    assert_eq!(
        still(&a, &file(0x2800, b"data", 32), true).distance(0x2008),
        None
    );
    assert!(!still(&a, &file(0x2000, b"data", 32), true).is_everything());
    assert!(!still(&a, &file(0x2000, b"datas", 16), true).is_everything());
}
