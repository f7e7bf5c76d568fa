//! Verdicts on trees that are made up here.

use std::path::Path;

use super::*;
use crate::toolchain::made::tree;
use crate::toolchain::tree::Outsiders;

fn outside(tree: &mut Tree, outside: Outside, name: &str) {
    let outsiders = Outsiders {
        count: 1,
        names: vec![name.to_owned()],
    };
    tree.outside.insert(outside, outsiders);
}

fn unhashed(tree: &mut Tree, name: &str) {
    let release = tree.release.clone();
    tree.unhashed.add(Path::new(name), &release, "a pipe");
}

/// Judges a tree by a proved record of this hash.
fn judge(tree: &Tree, packager: Option<Packager>, h1: H1) -> Judgement {
    let recorded = Recorded {
        release: tree.release.clone(),
        h1,
        database: "sum.example.com".into(),
        id: 1,
        tree_size: 2,
        proved: true,
        source: "a test".into(),
    };
    Judgement::of(&Evidence {
        tree,
        packager,
        recorded: Some(&recorded),
        believe_unproved: false,
        no_record: None,
        references: &[],
    })
}

fn equal(tree: &Tree) -> Judgement {
    judge(tree, None, tree.manifest.h1())
}

#[test]
fn the_release_and_nothing_else_is_official() {
    let judgement = equal(&tree("go1.27.3"));
    assert_eq!(judgement.verdict, Verdict::Official);
    assert!(judgement.reason.ends_with("and no other"));
}

#[test]
fn what_was_not_hashed_is_never_official() {
    for (name, want) in [
        ("src/runtime/zz.go", Verdict::Modified),
        ("src/runtime/zz_test.go", Verdict::Modified),
        ("bin/gopls", Verdict::Modified),
        ("pkg/tool", Verdict::Modified),
        ("lib/time/x", Verdict::Modified),
        ("test", Verdict::Modified),
        ("go.env", Verdict::Modified),
        ("notes.txt", Verdict::Repackaged),
    ] {
        let mut tree = tree("go1.27.3");
        unhashed(&mut tree, name);
        let judgement = equal(&tree);
        assert_eq!(judgement.verdict, want, "{name}");
        assert!(judgement.reason.contains(name), "{}", judgement.reason);
        assert!(!judgement.reason.contains("and no other"), "{name}");
        // Who packaged it and what differs besides excuse nothing.
        for packager in [None, Some(Packager::GoBin), Some(Packager::Debian)] {
            let judgement = judge(&tree, packager, H1([7; 32]));
            if want == Verdict::Modified {
                assert_eq!(judgement.verdict, want, "{name} {packager:?}");
            }
            assert_ne!(judgement.verdict, Verdict::Repackaged, "{name}");
        }
    }
}

#[test]
fn files_that_the_record_does_not_cover_are_named_in_the_sentence() {
    let mut tree = tree("go1.27.3");
    outside(&mut tree, Outside::ArchiveOnly, "test/");
    let reason = equal(&tree).reason;
    assert!(reason.ends_with("covers is here, unchanged"), "{reason}");
    outside(&mut tree, Outside::Program, "bin/gopls");
    outside(&mut tree, Outside::Tool, "pkg/tool/linux_amd64/covdata");
    let judgement = equal(&tree);
    assert_eq!(judgement.verdict, Verdict::Official);
    let reason = judgement.reason;
    assert!(reason.ends_with("bin/gopls and 1 more"), "{reason}");
}

#[test]
fn compiled_packages_of_old_releases_can_be_linked_and_are_not_judged() {
    let mut old = tree("go1.19.8");
    assert_eq!(equal(&old).verdict, Verdict::Official);
    outside(&mut old, Outside::Package, "pkg/linux_amd64/");
    let judgement = equal(&old);
    assert_eq!(judgement.verdict, Verdict::Unknown);
    assert!(judgement.reason.contains("compiled packages"));
    let mut new = tree("go1.27.3");
    outside(&mut new, Outside::Package, "pkg/linux_amd64/");
    assert_eq!(equal(&new).verdict, Verdict::Official);
}

#[test]
fn a_shadowed_go_mod_is_tampering_whatever_else_there_is() {
    let mut tree = tree("go1.27.3");
    tree.shadowed.push("src/go.mod".into());
    assert_eq!(equal(&tree).verdict, Verdict::Modified);
    let judgement = judge(&tree, Some(Packager::GoBin), H1([7; 32]));
    assert_eq!(judgement.verdict, Verdict::Modified);
}

#[test]
fn other_files_without_a_list_are_modified_unless_a_packager_is_known_to_change_them() {
    let tree = tree("go1.27.3");
    let other = H1([7; 32]);
    assert_eq!(judge(&tree, None, other).verdict, Verdict::Modified);
    assert_eq!(
        judge(&tree, Some(Packager::Dl), other).verdict,
        Verdict::Modified
    );
    assert_eq!(
        judge(&tree, Some(Packager::Debian), other).verdict,
        Verdict::Unknown
    );
}
