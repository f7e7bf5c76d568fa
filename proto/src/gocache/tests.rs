use proptest::prelude::*;

use super::kind::Kind;
use super::name::{Entry, Own, Top};
use super::*;

/// A line that Go 1.27.3 wrote.
const LINE: &str = "v1 01271847fbe253d90074d428bf040fd45836a4aa13c69ce2cb86f99d93adce02 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855                    0  1795374528293867785\n";

#[test]
fn reads_a_line_as_go_wrote_it() {
    let index = Index::parse(LINE.as_bytes()).unwrap();
    assert_eq!(index.size, 0);
    assert_eq!(index.time_ns, 1_795_374_528_293_867_785);
    assert_eq!(&index.output.to_string()[..8], "e3b0c442");
    assert_eq!(index.to_string(), LINE);
}

#[test]
fn refuses_what_go_refuses() {
    let with = |offset: usize, bytes: &[u8]| {
        let mut line = LINE.as_bytes().to_vec();
        line[offset..offset + bytes.len()].copy_from_slice(bytes);
        Index::parse(&line)
    };
    let length = |len| {
        Err(Error::Length {
            len,
            want: Index::LEN,
        })
    };
    assert_eq!(Index::parse(b""), length(0));
    assert_eq!(Index::parse(&LINE.as_bytes()[..174]), length(174));
    assert_eq!(Index::parse(format!("{LINE}\n").as_bytes()), length(176));
    for (offset, want) in FIXED {
        let found = with(offset, b"x");
        let want = want.into();
        assert_eq!(
            found,
            Err(Error::Layout {
                offset,
                found: 'x',
                want
            })
        );
    }
    assert!(matches!(with(10, b"g"), Err(Error::NotAHash { .. })));
    assert!(matches!(with(70, b" "), Err(Error::NotAHash { .. })));
    // Digits only at the end, nothing at all, negative, 2^63.
    for size in [
        "                30 2",
        "                    ",
        "                  -1",
        " 9223372036854775808",
        "\t                  1",
    ] {
        let error = with(133, size.as_bytes()).unwrap_err();
        let text = size.to_owned();
        assert_eq!(
            error,
            Error::Number {
                field: "size",
                text
            }
        );
    }
    assert!(matches!(
        with(154, b"x"),
        Err(Error::Number { field: "time", .. })
    ));
    // What the go command takes although it never writes it.
    assert_eq!(with(133, b"                  +7").unwrap().size, 7);
    assert!(with(10, b"A").is_ok());
    assert_eq!(
        with(133, b" 9223372036854775807").unwrap().size,
        i64::MAX as u64
    );
}

#[test]
fn derives_keys_as_go_does() {
    // SHA-256 of "subkey:", 32 zero bytes, "stdout".
    let key = Id([0; 32]).subkey("stdout").to_string();
    assert_eq!(
        key,
        "09faffe22b4d61ac89ebe94e1e8f3e2d2c67ae653cc00b87d9a1fee1584f20f4"
    );
}

#[test]
fn tells_names_apart() {
    assert_eq!(Top::parse(b"00"), Top::Folder(0));
    assert_eq!(Top::parse(b"fe"), Top::Folder(0xfe));
    assert_eq!(Top::parse(b"README"), Top::Own(Own::Readme));
    for foreign in ["FE", "0", "000", "g0", "trim.txt~", ""] {
        assert_eq!(Top::parse(foreign.as_bytes()), Top::Foreign, "{foreign}");
    }
    let id = Id::of(b"x");
    let folder = id.0[0];
    for entry in [Entry::Action(id), Entry::Output(id)] {
        let path = entry.path();
        let (top, name) = path.split_once('/').unwrap();
        assert_eq!(Top::parse(top.as_bytes()), Top::Folder(folder));
        assert_eq!(Entry::parse(folder, name.as_bytes()), Some(entry));
        // In another folder the go command never finds it.
        assert_eq!(Entry::parse(folder ^ 1, name.as_bytes()), None);
        let upper = name.to_uppercase();
        assert_eq!(Entry::parse(folder, upper.as_bytes()), None);
    }
    let bare = id.to_string();
    for name in [format!("{bare}-c"), bare.clone(), format!("{bare}-d.tmp")] {
        assert_eq!(Entry::parse(folder, name.as_bytes()), None, "{name}");
    }
}

#[test]
fn tells_kinds_by_how_outputs_begin() {
    let table: &[(&[u8], Kind)] = &[
        (b"", Kind::Empty),
        (b"!<arch>\n__.PKGDEF ", Kind::Archive),
        (b"go index v2\n\0", Kind::ModuleIndex),
        (b"./a.go\n./b.go\n", Kind::SourceList),
        (b"./a.go:3: this is not a list\n", Kind::Other),
        (b"# test log\ngetenv HOME\n", Kind::TestLog),
        (b"ok  \texample.com/p\t0.003s\n", Kind::TestResult),
        (b"true", Kind::CCompiler),
        (b"true story", Kind::Other),
        (b"/usr/bin/gcc\0stat 1 2", Kind::CCompiler),
        (b"//go:cgo_ldflag \"-O2\"\n", Kind::Generated),
        (b"package cgo\n//go:cgo_dynamic_linker x\n", Kind::Generated),
        (b"package cgo\nvar x int\n", Kind::Other),
        (
            b"\r\xff\x81\x02\x01\x02\xff\x82\x00\x01\xff\x80\x00\x004\x7f\x03\x01\x01\x07gobFact",
            Kind::VetFacts,
        ),
    ];
    for (head, want) in table {
        assert_eq!(Kind::sniff(head), *want, "{}", head.escape_ascii());
    }
}

#[test]
fn generated_files_are_those_without_a_dot() {
    let names: Vec<&str> = label::generated(b"_cgo_gotypes.go\na.cgo1.go\n./b.go\n\n").collect();
    assert_eq!(names, ["_cgo_gotypes.go", "a.cgo1.go"]);
}

proptest! {
    #[test]
    fn printed_lines_read_back(action: [u8; 32], output: [u8; 32], size in 0..=i64::MAX as u64, time_ns in 0..=i64::MAX as u64) {
        let index = Index { action: Id(action), output: Id(output), size, time_ns };
        let line = index.to_string();
        prop_assert_eq!(line.len(), Index::LEN);
        prop_assert_eq!(Index::parse(line.as_bytes()), Ok(index));
    }
}
