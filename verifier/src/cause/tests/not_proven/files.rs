//! Folders, patterns of build IDs, and what the linker and later tools leave.

use super::*;
use crate::image::{Content, Region};

#[test]
fn folders_by_what_lies_in_them() {
    let trim = "build\t-trimpath=true\n";
    let tree = |folder: &'static str, settings: &str| {
        in_folders(built(GO, settings), |sources| {
            sources.tree = Some(folder.into());
        })
    };
    let cache = |folder: &'static str| {
        in_folders(built(GO, ""), |sources| {
            sources.tree = Some("/w".into());
            sources.module_cache = Some(folder.into());
        })
    };
    let temporary = |folder: &'static str, settings: &str| {
        in_folders(built(GO, settings), |sources| {
            sources.temporary = Some(folder.into());
        })
    };
    let by_hand = "build\t-gcflags=-trimpath=/w\n";
    check(
        "folders-by-what-lies-in-them",
        [
            // An overlay or a line directive: nothing says which.
            row(
                "two folders in spite of -trimpath",
                tree("/w", trim),
                tree("/v", trim),
                &[],
            ),
            row(
                "two source folders",
                tree("/w", ""),
                tree("/v", ""),
                &[Name::SourcePath],
            )
            .never(&[Name::ModuleCachePath]),
            row(
                "two module caches",
                cache("/w/modcache"),
                cache("/v/go/pkg/mod"),
                &[Name::ModuleCachePath],
            )
            .never(&[Name::SourcePath]),
            row(
                "a module cache that one build needs",
                cache("/v/go/pkg/mod"),
                tree("/w", "build\t-tags=x\n"),
                &[Name::BuildTags],
            )
            .never(&[Name::ModuleCachePath]),
            row(
                "temporary folders",
                temporary("/tmp/go-build1", by_hand),
                temporary("/tmp/go-build2", by_hand),
                &[Name::CgoTempPath],
            )
            .never(&[Name::SourcePath]),
            row(
                "lines that can't be read",
                built(GO, "build\t-x=1\n"),
                built(GO, ""),
                &[],
            )
            .never(&[Name::SourcePath]),
        ],
    );
    let found = explained(
        &temporary("/tmp/go-build1", by_hand),
        &temporary("/tmp/go-build2", by_hand),
    );
    assert!(found[0].fix.contains("-gcflags"), "{found:#?}");
}

/// The pattern narrows: it names nothing for sure.
#[test]
fn the_pattern_of_the_build_id_proves_nothing() {
    let plain = || with_id(['A', 'B', 'C', 'D'], built(GO, ""));
    let other = |parts| with_id(parts, built(GO, ""));
    let every = [
        ['A', 'B', 'C', 'x'],
        ['x', 'B', 'C', 'D'],
        ['x', 'x', 'C', 'D'],
        ['x', 'x', 'x', 'D'],
        ['x', 'B', 'x', 'D'],
        ['x', 'B', 'C', 'x'],
        ['x', 'x', 'C', 'x'],
        ['x', 'x', 'x', 'x'],
    ];
    let rows = every.into_iter().flat_map(|parts| {
        let shown: String = parts.iter().collect();
        let (c, other_c) = (external(plain()), external(other(parts)));
        [
            row(format!("ABCD and {shown}"), plain(), other(parts), &[]),
            row(format!("ABCD and {shown}, with C"), c, other_c, &[]),
        ]
    });
    check("the-pattern-of-the-build-id-proves-nothing", rows);
    // The source is one of several that leave this.
    let possible = [
        (Name::SourceContent, Confidence::Possible),
        (Name::ImportUnreached, Confidence::Possible),
    ];
    let likely = [(Name::ImportUnreached, Confidence::Likely)];
    for (parts, want) in [
        (['x', 'x', 'C', 'D'], &possible[..]),
        (['x', 'x', 'x', 'D'], &likely),
    ] {
        let found = causes(&plain(), &other(parts));
        assert_eq!(found, want);
        let found = causes(&external(plain()), &external(other(parts)));
        assert!(
            found.contains(&(Name::CgoFlags, Confidence::Possible)),
            "{found:?}"
        );
    }
    // The evidence comes before the cure.
    let found = explained(&plain(), &other(['A', 'B', 'C', 'x']));
    let fix = &found[0].fix;
    assert_eq!(found[0].name, Name::CachePoisoned);
    assert!(fix.starts_with("first keep"), "{fix}");
    assert!(!fix.contains("go clean"), "{fix}");
}

#[test]
fn a_file_that_was_changed_since_is_no_witness() {
    let other = ['x', 'x', 'x', 'x'];
    let same_b = ['x', 'B', 'x', 'x'];
    let plain = |settings: &str| with_id(['A', 'B', 'C', 'D'], built(GO, settings));
    let race = "build\t-race=true\n";
    check(
        "a-file-that-was-changed-since-is-no-witness",
        [
            // Equal B belies the build information; whose, nothing says.
            row(
                "other settings under an equal part B",
                plain(""),
                with_id(same_b, built(GO, race)),
                &[],
            )
            .never(&[Name::Instrumentation]),
            // A note can be cut out.
            row("a build ID on one side", plain(""), built(GO, ""), &[]),
            // So can what tells the host's linker.
            row(
                "the host's linker on one side",
                external(plain("")),
                with_id(['x', 'B', 'C', 'x'], built(GO, "")),
                &[],
            ),
            row(
                "flags of the host's linker",
                now(external(plain(""))),
                external(with_id(other, built(GO, ""))),
                &[],
            ),
            row(
                "the same of intact files",
                now(intact(external(plain("")))),
                intact(external(with_id(other, built(GO, "")))),
                &[Name::ExternalLinkFlags],
            ),
        ],
    );
}

fn now(mut artifact: Artifact) -> Artifact {
    artifact.image.linkage.flags = vec!["bind-now"];
    artifact
}

/// A file with one section of names.
fn named(text: &'static [u8]) -> Artifact {
    let mut artifact = with_id([text[0] as char, 'x', 'x', 'x'], built(GO, ""));
    artifact.input.bytes = text.to_vec().into();
    artifact.image.regions = vec![Region {
        name: ".strtab".into(),
        range: 0..text.len(),
        address: None,
        content: Content::Symbols,
    }];
    artifact
}

/// A folder's name counts where the files differ in it.
#[test]
fn temporary_folders_and_maps_that_both_files_have_are_no_cause() {
    check(
        "temporary-folders-and-maps-that-both-files-have-are-no-cause",
        [
            row(
                "one temporary folder, another symbol",
                named(b"a\0/tmp/go-build12/b001/x.c\0one\0"),
                named(b"b\0/tmp/go-build12/b001/x.c\0two\0"),
                &[],
            )
            .never(&[Name::CgoTempPath]),
            row(
                "two temporary folders",
                named(b"a\0/tmp/go-build12/b001/x.c\0one\0"),
                named(b"b\0/tmp/go-build34/b001/x.c\0one\0"),
                &[Name::CgoTempPath],
            ),
            row(
                "one map of folders",
                named(b"a\0-ffile-prefix-map=/w=/x\0one\0"),
                named(b"b\0-ffile-prefix-map=/w=/x\0two\0"),
                &[],
            )
            .never(&[Name::PrefixMapFlag]),
            row(
                "two maps of folders",
                named(b"a\0-ffile-prefix-map=/w=/x\0one\0"),
                named(b"b\0-ffile-prefix-map=/v=/x\0one\0"),
                &[Name::PrefixMapFlag],
            )
            .never(&[Name::CgoTempPath]),
            row(
                "one file of a module in two caches",
                named(b"a\0/a/x.com/d@v1.0.0/d.go\0one\0"),
                named(b"b\0/b/c/x.com/d@v1.0.0/d.go\0one\0"),
                &[Name::ModuleCachePath],
            )
            .never(&[Name::SourcePath]),
            row(
                "files of two versions of a module",
                named(b"a\0/a/x.com/d@v1.0.0/d.go\0one\0"),
                named(b"b\0/a/x.com/d@v1.0.1/d.go\0one\0"),
                &[],
            )
            .never(&[Name::ModuleCachePath]),
            // Its number belongs to the temporary folder.
            row(
                "the go command's own map",
                named(b"a\0-ffile-prefix-map=/tmp/go-build12/b001=/x\0"),
                named(b"b\0-ffile-prefix-map=/tmp/go-build34/b001=/x\0"),
                &[Name::CgoTempPath],
            )
            .never(&[Name::PrefixMapFlag]),
        ],
    );
}

/// Flags that a trimmed build does not record may be the same there.
#[test]
fn flags_that_one_side_hides() {
    let trim = "build\t-trimpath=true\n";
    check(
        "flags-that-one-side-hides",
        [
            row(
                "linker flags",
                built(GO, "build\t-ldflags=-s\n"),
                built(GO, trim),
                &[Name::SourcePath],
            )
            .never(&[Name::SymbolsStripped, Name::LinkerFlags]),
            row(
                "C flags",
                built(GO, "build\tCGO_CFLAGS=-O1\n"),
                built(GO, trim),
                &[Name::SourcePath],
            ),
        ],
    );
}

#[test]
fn build_information_on_one_side() {
    const MAGIC: &[u8] = b"\xff Go buildinf:\x08\x02";
    let with = || {
        let mut artifact = with_id(['A', 'B', 'C', 'D'], built(GO, ""));
        artifact.input.bytes = MAGIC.to_vec().into();
        if let Some(found) = &mut artifact.go.build_info {
            found.range = 0..MAGIC.len();
        }
        artifact
    };
    let mut without = with_id(['x', 'x', 'x', 'x'], built(GO, ""));
    without.go.build_info = None;
    // Who leaves it out compiles nothing otherwise.
    let found = causes(&with(), &without);
    assert!(
        found.iter().any(|(name, _)| *name == Name::Unexplained),
        "{found:?}"
    );
    // What the text among the constants tells is still no build information.
    let by_marks = with_id(['x', 'x', 'x', 'x'], built(GO, ""));
    check(
        "build-information-on-one-side",
        [
            row("none in b", with(), without, &[Name::BuildinfoMissing]),
            row("marks in b", with(), by_marks, &[Name::BuildinfoMissing]),
        ],
    );
    let mut wasm = [with(), with_id(['x', 'x', 'x', 'x'], built(GO, ""))];
    wasm.iter_mut()
        .for_each(|artifact| artifact.image.format = Format::Wasm);
    let found = causes(&wasm[0], &wasm[1]);
    assert!(
        !found
            .iter()
            .any(|(name, _)| *name == Name::BuildinfoMissing),
        "{found:?}"
    );
}

#[test]
fn a_file_that_is_no_go_program_tells_nothing_of_how_it_was_linked() {
    let go = || with_id(['A', 'B', 'C', 'D'], built(GO, ""));
    let mut text = built(GO, "");
    text.go.build_info = None;
    assert!(!text.go.is_go());
    let never = [
        Name::BuildIdFlag,
        Name::GnuBuildIdFlag,
        Name::LinkMode,
        Name::SymbolsStripped,
    ];
    for other in [go(), external(go())] {
        for (a, b) in [(&text, &other), (&other, &text)] {
            let found = causes(a, b);
            let said = found.iter().any(|(name, _)| never.contains(name));
            assert!(!said, "{found:?}");
        }
    }
}
