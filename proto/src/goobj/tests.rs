use super::archive::members;
use super::block::Error;
use super::diff::{Change, Form, archives};
use super::header::Header;
use super::object::Object;
use super::symbol::{Class, Ref};
use super::*;

/// `package greet; func Hello(name string) string { return "hello, " + name }`
/// by Go 1.21.13 and 1.27.3, linux/amd64, -trimpath.
const OLD: &[u8] = include_bytes!("../../../tests/fuzz/corpus/archives/greet_go1_21");
const NEW: &[u8] = include_bytes!("../../../tests/fuzz/corpus/archives/greet_go1_27");

fn replaced(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = NEW.to_vec();
    while let Some(at) = memmem::find(&bytes, from.as_bytes()) {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn nothing_is_found_in_nothing() {
    assert_eq!(import_path(b""), None);
    assert!(members(b"!<arch>").is_none());
    assert_eq!(members(b"!<arch>\n").unwrap().count(), 0);
    assert!(Object::in_archive(b"!<arch>\n").is_none());
}

#[test]
fn reads_members_and_header() {
    for (bytes, version) in [(OLD, "go1.21.13"), (NEW, "go1.27.3")] {
        let found: Vec<_> = members(bytes).unwrap().collect();
        let names: Vec<String> = found.iter().map(|member| member.name()).collect();
        assert_eq!(names, ["__.PKGDEF", "_go_.o"]);
        assert!(found.iter().all(|member| !member.cut));
        for member in found {
            let header = Header::parse(member.data).unwrap();
            assert_eq!(header.version, version);
            assert_eq!((&*header.goos, &*header.goarch), ("linux", "amd64"));
            let (id, range) = header.build_id.unwrap();
            assert_eq!(&member.data[range], id.to_string().as_bytes());
        }
    }
    // The very last byte is padding.
    let cut: Vec<_> = members(&NEW[..NEW.len() - 2]).unwrap().collect();
    assert!(cut[1].cut && !cut[0].cut);
}

#[test]
fn minor_versions_are_read_off_releases_alone() {
    let minor = |version: &str| {
        let text = format!("go object linux amd64 {version} X:none\n\n");
        Header::parse(text.as_bytes()).unwrap().minor()
    };
    assert_eq!(minor("go1.27.3"), Some(27));
    assert_eq!(minor("go1.28rc1"), Some(28));
    assert_eq!(minor("devel"), None);
}

#[test]
fn reads_symbols_files_and_kinds_of_both_versions() {
    for bytes in [OLD, NEW] {
        let object = Object::in_archive(bytes).unwrap();
        let minor = object.header.as_ref().unwrap().minor();
        let hello = object
            .defined()
            .find(|symbol| symbol.name == b"example.com/hello/greet.Hello")
            .unwrap();
        assert_eq!(hello.class(minor), Class::Function);
        assert_eq!(hello.data.len() as u32, hello.size);
        let targets: Vec<String> = object
            .relocations(hello.number)
            .map(|place| object.target(place.target))
            .collect();
        let constant = "go:string.\"hello, \"".to_owned();
        assert!(targets.contains(&constant), "{targets:?}");
        let string = object
            .defined()
            .find(|symbol| symbol.name == constant.as_bytes())
            .unwrap();
        assert_eq!(string.class(minor), Class::Constant);
        assert_eq!(string.data, b"hello, ");
        assert!(
            string.hash.unwrap().starts_with(b"hello, "),
            "merged by its bytes"
        );
        assert!(
            object
                .files()
                .any(|file| file.ends_with(b"example.com/hello/greet/greet.go"))
        );
        assert!(object.auxiliaries(hello.number).count() > 3);
    }
}

#[test]
fn the_import_path_survives_damage() {
    let path = Some("example.com/hello/greet");
    assert_eq!(import_path(OLD).as_deref(), path);
    assert_eq!(import_path(NEW).as_deref(), path);
    // Without its tables, names run into each other; what follows begins with a
    // mark or with what no path has in it.
    let at = memmem::find(NEW, b"\0go120ld").unwrap();
    let mut bytes = NEW.to_vec();
    bytes[at..at + 100].fill(0xff);
    assert!(Object::in_archive(&bytes).is_none());
    assert_eq!(import_path(&bytes).as_deref(), path);
    assert_eq!(import_path(&NEW[..500]), None);
}

#[test]
fn other_formats_are_unknown_and_no_object_at_all_is_short() {
    let unknown = Object::parse(b"\0go116ld and more").unwrap_err();
    assert!(matches!(unknown, Error::Magic { ref magic } if magic == "\0go116ld"));
    assert!(matches!(
        Object::parse(b"\0go120ld"),
        Err(Error::Short { .. })
    ));
    let at = memmem::find(NEW, b"\0go120ld").unwrap();
    let mut object = NEW[at..].to_vec();
    object[24..28].copy_from_slice(&u32::MAX.to_le_bytes());
    let block = Object::parse(&object).unwrap_err();
    assert!(matches!(
        block,
        Error::Block {
            block: 1,
            offset: u32::MAX,
            ..
        }
    ));
}

#[test]
fn a_build_id_alone_makes_no_difference() {
    let id = Header::parse(members(NEW).unwrap().next().unwrap().data).unwrap();
    let id = id.build_id.unwrap().0.to_string();
    let other = replaced(&id, &id.chars().rev().collect::<String>());
    assert_ne!(other, NEW);
    assert_eq!(archives(NEW, &other).unwrap(), []);
}

#[test]
fn a_changed_constant_is_named_and_who_refers_to_it() {
    let other = replaced("hello, ", "jello, ");
    let changes = archives(NEW, &other).unwrap();
    let object = changes
        .iter()
        .find(|change| change.form == Form::Go)
        .unwrap();
    let of = |name: &str| {
        let found = object.symbols.iter().find(|symbol| symbol.name == name);
        found.unwrap_or_else(|| panic!("{name}: {:#?}", object.symbols))
    };
    let only = |side| Change::Only { side, size: 7 };
    assert_eq!(of("go:string.\"hello, \"").change, only(0));
    assert_eq!(of("go:string.\"jello, \"").change, only(1));
    let hello = of("example.com/hello/greet.Hello");
    assert!(
        matches!(&hello.change, Change::Reference { targets: [Some(a), Some(b)], .. }
        if a.contains("hello, ") && b.contains("jello, ")),
        "{hello:?}"
    );
    assert_eq!(object.symbols[0].class, Class::Function);
}

#[test]
fn a_changed_instruction_is_one_byte_of_one_function() {
    let object = Object::in_archive(NEW).unwrap();
    let hello = object
        .defined()
        .find(|symbol| symbol.name.ends_with(b"greet.Hello"));
    let code = hello.unwrap().data;
    let mut other = NEW.to_vec();
    let at = memmem::find(NEW, code).unwrap();
    other[at + 5] ^= 1;
    let changes = archives(NEW, &other).unwrap();
    assert_eq!(changes.len(), 1);
    let symbols = &changes[0].symbols;
    assert_eq!(symbols.len(), 1, "{symbols:#?}");
    let size = code.len() as u32;
    assert_eq!(
        symbols[0].change,
        Change::Bytes {
            sizes: [size, size],
            offset: 5,
            differing: 1
        }
    );
}

/// Found by fuzzing: a table of names for references, one of them empty.
#[test]
fn a_reference_is_always_called_something() {
    let bytes = include_bytes!("../../../tests/fuzz/corpus/archives/found_nameless_reference");
    let object = Object::in_archive(bytes).unwrap();
    let symbol = u32::MAX;
    for package in [0, 1, u32::MAX] {
        let reference = Ref { package, symbol };
        assert!(!object.target(reference).is_empty(), "{package}");
    }
}

#[test]
fn members_of_one_name_are_paired_in_order() {
    let header = |name: &str, size: usize| format!("{name:<48}{size:<10}`\n");
    let archive = |names: &[(&str, &str)]| {
        let members = names
            .iter()
            .map(|(name, data)| header(name, data.len()) + data);
        format!("!<arch>\n{}", members.collect::<String>()).into_bytes()
    };
    let a = archive(&[("x", "1111"), ("y", "2222"), ("x", "3333")]);
    let b = archive(&[("x", "1111"), ("x", "4444"), ("z", "5555")]);
    let found = archives(&a, &b).unwrap();
    let sizes: Vec<_> = found
        .iter()
        .map(|change| (&*change.name, change.sizes))
        .collect();
    let want = [
        ("y", [Some(4), None]),
        ("x", [Some(4), Some(4)]),
        ("z", [None, Some(4)]),
    ];
    assert_eq!(sizes, want);
}
