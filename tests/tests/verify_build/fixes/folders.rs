//! Folders of the building machine.

use testkit::go::Toolchain;

use super::desk::{Built, Desk};
use crate::workshop::compare;

/// Without -trimpath: the same three folders.
#[test]
fn folders_of_the_given_file() {
    let desk = Desk::new();
    let there = desk.source("elsewhere/checkout");
    let here = desk.path("source");
    let built = Built {
        a: desk.build(&there, "go build .", "a"),
        b: desk.build(&here, "go build -trimpath .", "b"),
        source: there.clone(),
    };
    let answer = compare(&[&built.a, &built.b]);
    let fix = answer.fix("source-path");
    let root = Toolchain::find("1.27.");
    let root = root.root().canonicalize().unwrap();
    for part in [
        "without -trimpath",
        "mount namespace",
        there.to_str().unwrap(),
        root.to_str().unwrap(),
    ] {
        assert!(fix.contains(part), "{part}: {fix}");
    }
    // The checkout is put where the fix says it has to be.
    std::fs::remove_dir_all(&there).unwrap();
    std::fs::rename(&here, &there).unwrap();
    assert_eq!(desk.follow(&built, &answer).exit, 0);
    // Trimmed is easier.
    let trimmed = Built {
        a: built.b,
        b: built.a,
        source: there,
    };
    desk.reaches(&trimmed, "source-path", "build b with -trimpath");
}
