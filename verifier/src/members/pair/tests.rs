use super::*;
use crate::container::listing::{Metadata, Place};
use crate::image::Format;

fn listing(names: &[&str]) -> Listing {
    let mut listing = Listing::default();
    for name in names {
        let content = match name.strip_suffix('/') {
            Some(_) => Content::Folder,
            None => Content::File {
                size: name.len() as u64,
                sha256: [name.len() as u8; 32],
            },
        };
        let member = Member {
            name: (*name).into(),
            content,
            format: Format::Other,
            metadata: Metadata::default(),
            place: Place::Packed,
            origin: None,
        };
        listing.add(member).unwrap();
    }
    listing
}

fn tar(a: &[&str], b: &[&str]) -> Pairing {
    pair([Kind::Tar, Kind::Tar], &listing(a), &listing(b))
}

#[test]
fn writers_marks_at_the_ends_of_a_path_do_not_count() {
    let found = tar(&["./", "./bin/", "./bin/x"], &["bin/x", "/lib/y"]);
    assert_eq!(found.both, [(2, 0)]);
    assert_eq!(found.only, [vec![], vec![1]]);
    assert_eq!(found.implied, [vec![0, 1], vec![]]);
}

#[test]
fn one_folder_around_everything_is_left_out_of_account() {
    let table: [(&[&str], &[&str]); 4] = [
        (&["tool-1.0/", "tool-1.0/x", "tool-1.0/y"], &["x", "y"]),
        (&["x", "y"], &["tool-1.0/x", "tool-1.0/y"]),
        (&["tool-1.0/x", "tool-1.0/y"], &["tool-1.1/x", "tool-1.1/y"]),
        (&["./tool-1.0/x", "./tool-1.0/y"], &["y", "x"]),
    ];
    for (a, b) in table {
        let found = tar(a, b);
        assert_eq!(found.both.len(), 2, "{a:?} {b:?}");
        assert_eq!(found.only.concat(), [0_usize; 0], "{a:?} {b:?}");
    }
    // Not where paths agree already, and not a file that is alone.
    assert_eq!(tar(&["t/x"], &["t/x", "t/y"]).top, [None, None]);
    assert_eq!(tar(&["x"], &["yy"]).both, []);
}

#[test]
fn names_that_come_twice_are_paired_in_order_and_said() {
    let found = tar(&["x", "x", "y"], &["x", "y"]);
    assert_eq!(found.both, [(0, 0), (2, 1)]);
    assert_eq!(found.only[0], [1]);
    assert!(found.notes[0].starts_with("a holds x more than once:"));
}

#[test]
fn a_single_file_is_looked_for_by_content_then_name_then_number() {
    let one = |file: &str, names: &[&str]| {
        pair([Kind::File, Kind::Tar], &listing(&[file]), &listing(names)).both
    };
    // Contents in these listings follow from the names' length.
    assert_eq!(one("abc", &["abc-", "xyz"]), [(0, 1)]);
    assert_eq!(one("abc", &["other", "bin/abc"]), [(0, 1)]);
    assert_eq!(one("abc", &["bin/", "bin/other"]), [(0, 1)]);
    assert_eq!(one("abc", &["other", "another"]), []);
    let reversed = pair(
        [Kind::Tar, Kind::File],
        &listing(&["q/", "xyz"]),
        &listing(&["abc"]),
    );
    assert_eq!(reversed.both, [(1, 0)]);
    assert_eq!(reversed.only.concat(), [0_usize; 0]);
}

#[test]
fn what_two_streams_hold_is_one_thing_whatever_it_is_called() {
    let found = pair(
        [Kind::Stream; 2],
        &listing(&["app-1.0"]),
        &listing(&["app-1.1"]),
    );
    assert_eq!(
        (found.both.as_slice(), found.only.concat().len()),
        (&[(0, 0)][..], 0)
    );
}

#[test]
fn one_content_under_two_names_is_one_member_renamed() {
    // Contents in these listings follow from the names' length.
    let found = tar(
        &["bin/one", "same", "x/abcd"],
        &["bin/two", "same", "y/abcd", "new"],
    );
    assert_eq!(found.both, [(0, 0), (1, 1), (2, 2)]);
    assert_eq!(found.renamed, [0, 2].into());
    assert_eq!(found.only, [vec![], vec![3]]);
    let said = found.notes.join("\n");
    assert!(
        said.contains(
            "bin/one in a is bin/two in b: the same bytes under another name (and 1 more so)"
        ),
        "{said}"
    );
    // The same name in another folder is the better guess.
    let found = tar(&["p/abc", "p/xyz"], &["q/xyz", "q/abc"]);
    assert_eq!(found.both, [(0, 1), (1, 0)]);
    // The parts of an image are known by their places.
    let layers = pair([Kind::Image; 2], &listing(&["aa"]), &listing(&["bb"]));
    assert_eq!(layers.both, []);
}
