//! What the host's compiler and linker leave, and what tools leave that change a program
//! after its build.

use super::*;
use crate::goinfo::HostIdOrigin;
use crate::image::linkage::{Platform, SearchPath, Versions};
use crate::image::{Content, HostId, HostIdKind, Region};

/// A program with this build ID and these settings, trimmed.
fn built(parts: [char; 4], settings: &str) -> Artifact {
    let text = format!("path\tp\nbuild\t-trimpath=true\n{settings}");
    with_id(parts, program("go1.27.3", &text))
}

fn one() -> Artifact {
    intact(built(['A', 'B', 'C', 'D'], ""))
}

fn other() -> Artifact {
    intact(built(['x', 'x', 'x', 'x'], ""))
}

/// Linked by the host's linker, with a change.
fn linked(mut artifact: Artifact, change: impl FnOnce(&mut Image)) -> Artifact {
    artifact.image.interpreter = Some("/lib64/ld-linux-x86-64.so.2".into());
    artifact = external(artifact);
    change(&mut artifact.image);
    artifact
}

fn check<const N: usize>(name: &str, rows: [(&str, Artifact, Artifact); N]) {
    let pairs = rows.iter().map(|(what, a, b)| ((*what).to_owned(), [a, b]));
    golden::check(name, pairs);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn libraries_and_flags_of_the_host_s_linker() {
    let plain = || linked(one(), |_| {});
    let with = |change: fn(&mut Image)| linked(other(), change);
    let versions = |library: &str, names: &[&str]| Versions {
        library: library.into(),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let libc = |names: &[&str]| versions("libc.so.6", names);
    let asks = |artifact: Artifact, all: Vec<Versions>| {
        linked(artifact, |image| image.linkage.versions = all)
    };
    let both = |a: fn(&mut Image), b: fn(&mut Image)| (linked(one(), a), linked(other(), b));
    let (order_a, order_b) = both(
        |image| image.linkage.libraries = vec!["libc.so.6".into(), "libm.so.6".into()],
        |image| image.linkage.libraries = vec!["libm.so.6".into(), "libc.so.6".into()],
    );
    let (static_a, static_b) = both(
        |image| {
            image.linkage.is_static = Some(true);
            image.interpreter = None;
        },
        |image| image.linkage.is_static = Some(false),
    );
    check(
        "libraries-and-flags",
        [
            (
                "one more library",
                plain(),
                with(|image| image.linkage.libraries = vec!["libm.so.6".into()]),
            ),
            ("libraries in another order", order_a, order_b),
            (
                "versions of a library",
                asks(
                    one(),
                    vec![
                        libc(&["GLIBC_2.2.5"]),
                        versions("libm.so.6", &["GLIBC_2.29"]),
                    ],
                ),
                asks(other(), vec![libc(&["GLIBC_2.2.5", "GLIBC_2.34"])]),
            ),
            (
                "the same versions",
                asks(one(), vec![libc(&["GLIBC_2.2.5"])]),
                asks(other(), vec![libc(&["GLIBC_2.2.5"])]),
            ),
            ("static", static_a, static_b),
            (
                "flags",
                plain(),
                with(|image| image.linkage.flags = vec!["relro", "bind-now", "relro"]),
            ),
            (
                "search paths",
                plain(),
                with(|image| {
                    let path = |path: &str| SearchPath {
                        kind: "RUNPATH",
                        path: path.into(),
                    };
                    image.linkage.search_paths = vec![path("/opt/lib"), path("$ORIGIN")];
                }),
            ),
            (
                "a library's own name",
                plain(),
                with(|image| image.linkage.name = Some("libx.so.1".into())),
            ),
            (
                "another dynamic linker",
                plain(),
                with(|image| image.interpreter = Some("/lib/ld-musl-x86_64.so.1".into())),
            ),
            // Settings on which it depends who links tell more.
            (
                "libraries beside CGO_ENABLED",
                linked(
                    built(['A', 'B', 'C', 'D'], "build\tCGO_ENABLED=0\n"),
                    |_| {},
                ),
                linked(
                    built(['x', 'x', 'x', 'x'], "build\tCGO_ENABLED=1\n"),
                    |image| {
                        image.linkage.libraries = vec!["libm.so.6".into()];
                        image.linkage.flags = vec!["relro"];
                        image.interpreter = Some("/lib/ld-musl-x86_64.so.1".into());
                    },
                ),
            ),
        ],
    );
}

#[test]
fn compilers_and_linkers_by_name() {
    let compiled = |artifact: Artifact, producers: &[&str]| {
        linked(artifact, |image| {
            image.producers = producers.iter().map(|text| (*text).to_owned()).collect();
        })
    };
    let (gcc, clang, lld) = (
        "GCC: (Debian) 12.2.0",
        "clang version 17",
        "Linker: LLD 17.0.6",
    );
    let same_inputs = || intact(built(['A', 'B', 'C', 'x'], ""));
    check(
        "compilers-and-linkers",
        [
            (
                "two compilers",
                compiled(one(), &[gcc]),
                compiled(other(), &[clang]),
            ),
            (
                "the same, in another order",
                compiled(one(), &[gcc, clang]),
                compiled(other(), &[clang, gcc]),
            ),
            (
                "a linker among them",
                compiled(one(), &[gcc]),
                compiled(other(), &[gcc, lld]),
            ),
            (
                "another text under equal inputs",
                compiled(one(), &[gcc]),
                compiled(same_inputs(), &[clang]),
            ),
            (
                "linkers that say who they are",
                linked(one(), |image| {
                    image.linkage.linker = Some("LLD 17.0.6".into())
                }),
                linked(other(), |image| {
                    image.linkage.linker = Some("mold 2.4".into())
                }),
            ),
            ("who linked", one(), linked(other(), |_| {})),
            (
                "who linked, and package main is equal",
                one(),
                linked(intact(built(['x', 'x', 'C', 'x'], "")), |_| {}),
            ),
            (
                "who linked, both with C",
                {
                    let mut artifact = one();
                    artifact.image.interpreter = Some("/lib64/ld-linux-x86-64.so.2".into());
                    artifact
                },
                linked(other(), |_| {}),
            ),
        ],
    );
}

/// A program for a system of Apple's, linked by its linker.
fn for_apple(mut artifact: Artifact, minimum: &str, sdk: &str, tools: &[&str]) -> Artifact {
    artifact.image.format = Format::MachO;
    artifact.image.linkage.platform = Some(Platform {
        name: "macos".into(),
        minimum: minimum.into(),
        sdk: sdk.into(),
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
    });
    artifact
}

#[test]
fn what_linkers_write_into_headers() {
    let ld = &["ld 1053.12"];
    let timed = |mut artifact: Artifact, time: u32| {
        artifact.image.format = Format::Pe;
        artifact.image.timestamp = Some(time);
        artifact
    };
    check(
        "headers",
        [
            (
                "another SDK",
                for_apple(one(), "11.0", "13.3", ld),
                for_apple(other(), "11.0", "14.4", ld),
            ),
            (
                "another oldest system, of a file that nobody can check",
                for_apple(one(), "11.0", "13.3", ld),
                for_apple(built(['x', 'x', 'x', 'x'], ""), "12.0", "13.3", ld),
            ),
            (
                "versions that Go's linker writes",
                for_apple(one(), "11.0", "11.0", &[]),
                for_apple(other(), "12.0", "12.0", &[]),
            ),
            (
                "another linker of Apple's",
                for_apple(one(), "11.0", "13.3", ld),
                for_apple(other(), "11.0", "13.3", &["ld 1115.7"]),
            ),
            ("a time", timed(one(), 1), timed(other(), 2)),
            ("the same time", timed(one(), 1), timed(other(), 1)),
        ],
    );
}

/// With a section of these bytes.
fn with_section(mut artifact: Artifact, name: &str, bytes: &[u8]) -> Artifact {
    artifact.input.bytes = bytes.to_vec().into();
    artifact.image.regions = vec![Region {
        name: name.into(),
        range: 0..bytes.len(),
        address: None,
        content: match name {
            ".gnu_debuglink" => Content::Notes,
            _ => Content::Symbols,
        },
    }];
    artifact
}

#[test]
fn build_ids_by_who_made_them() {
    let named = |mut artifact: Artifact, text: &str| {
        artifact.go.build_id = Some(BuildId::parse(text).unwrap());
        artifact
    };
    let nameless = |mut artifact: Artifact| {
        artifact.go.build_id = None;
        artifact
    };
    let with_host_id = |mut artifact: Artifact, origin: Option<HostIdOrigin>| {
        artifact.image.host_id = Some(HostId {
            kind: HostIdKind::Gnu,
            bytes: vec![1; 20],
            range: 0..0,
        });
        artifact.go.host_id_origin = origin;
        artifact
    };
    let derived = Some(HostIdOrigin::Go(proto::buildid::gnu::Derivation::FirstByte));
    let same_link = || intact(built(['A', 'B', 'C', 'x'], ""));
    check(
        "build-ids",
        [
            ("-buildid=text", one(), named(other(), "text")),
            ("-buildid=", one(), nameless(other())),
            (
                "both by hand",
                named(one(), "text"),
                named(other(), "another"),
            ),
            ("-B none", with_host_id(one(), derived), other()),
            (
                "-B by hand",
                with_host_id(one(), derived),
                with_host_id(other(), Some(HostIdOrigin::Elsewhere)),
            ),
            (
                "made from the program",
                with_host_id(one(), derived),
                with_host_id(other(), Some(HostIdOrigin::Content)),
            ),
            (
                "changed under an equal part A",
                with_host_id(one(), derived),
                with_host_id(same_link(), None),
            ),
            (
                "of a file that nobody can check",
                with_host_id(built(['A', 'B', 'C', 'D'], ""), derived),
                with_host_id(other(), None),
            ),
        ],
    );
}

#[test]
fn what_was_taken_away_or_put_in() {
    let symbols = |artifact: Artifact| with_section(artifact, ".symtab", b"symbols");
    let debug = |artifact: Artifact| with_section(artifact, ".debug_info", b"units");
    let link = |artifact: Artifact, file: &[u8]| with_section(artifact, ".gnu_debuglink", file);
    let changed = |mut artifact: Artifact| {
        let part =
            |letter: char| match BuildId::parse(&format!("{0}/{0}", letter.to_string().repeat(20)))
            {
                Ok(BuildId::Package { content, .. }) => content,
                other => panic!("{other:?}"),
            };
        artifact.go.self_check = SelfCheck::Changed {
            recorded: part('r'),
            computed: part('c'),
        };
        artifact
    };
    let unknown = |mut artifact: Artifact| {
        artifact.go.self_check = SelfCheck::Unknown("made up");
        artifact
    };
    let signed = |mut artifact: Artifact| {
        artifact.input.bytes = b"signature".to_vec().into();
        artifact.image.format = Format::Pe;
        artifact.image.signature = Some(0..9);
        artifact
    };
    check(
        "taken-away-or-put-in",
        [
            ("-s", symbols(one()), other()),
            ("-w", debug(one()), other()),
            (
                "-s, of a file that nobody can check",
                symbols(one()),
                unknown(other()),
            ),
            (
                "stripped",
                symbols(one()),
                changed(built(['A', 'B', 'C', 'D'], "")),
            ),
            (
                "stripped, of another build",
                symbols(one()),
                changed(other()),
            ),
            (
                "both stripped, of two builds",
                changed(one()),
                changed(other()),
            ),
            ("packed", one(), {
                let mut artifact = changed(built(['A', 'B', 'C', 'D'], ""));
                artifact.input.bytes = b"\x7fELF UPX! packed".to_vec().into();
                artifact
            }),
            (
                "debug information split off",
                one(),
                link(other(), b"app.debug\0\0\0\x01\x02\x03\x04"),
            ),
            (
                "split off to two files",
                link(one(), b"app.debug\0\0\0\x01\x02\x03\x04"),
                link(other(), b"app.debug\0\0\0\x05\x06\x07\x08"),
            ),
            ("signed", one_of(Format::Pe), signed(other())),
        ],
    );
}

fn one_of(format: Format) -> Artifact {
    let mut artifact = one();
    artifact.image.format = format;
    artifact
}
