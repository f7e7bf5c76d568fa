use proptest::prelude::*;

use super::*;

/// Writes an index as the go command does.
#[derive(Default)]
struct Writer {
    data: Vec<u8>,
    strings: Vec<u8>,
}

impl Writer {
    fn number(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap();
        self.data.extend(number.to_le_bytes());
    }

    fn string(&mut self, text: &str) {
        self.number(self.strings.len());
        assert!(text.len() < 128);
        self.strings.push(u8::try_from(text.len()).unwrap());
        self.strings.extend(text.as_bytes());
    }

    fn file(&mut self, name: &str, go_build: &str, imports: &[&str]) {
        for text in ["", "", "A synopsis.", name, "p"] {
            self.string(text);
        }
        self.number(0);
        self.number(0);
        self.string("");
        self.string(go_build);
        self.number(0);
        self.number(imports.len());
        for import in imports {
            self.string(import);
            self.string(&format!("/src/p/{name}"));
            for place in [30, 3, 8] {
                self.number(place);
            }
        }
        self.number(0);
        self.number(0);
    }
}

/// An index of one package with two files.
fn index(go_build: &str, imports: &[&str]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.data.extend(MAGIC);
    writer.number(0);
    writer.number(1);
    writer.string("p");
    let package = writer.data.len() + 4;
    writer.number(package);
    writer.string("");
    writer.string("p");
    writer.number(2);
    let offsets = writer.data.len();
    writer.number(0);
    writer.number(0);
    for (number, (name, go_build, imports)) in [("a.go", go_build, imports), ("b.go", "", &[])]
        .into_iter()
        .enumerate()
    {
        let at = u32::try_from(writer.data.len()).unwrap();
        let place = offsets + 4 * number;
        writer.data[place..place + 4].copy_from_slice(&at.to_le_bytes());
        writer.file(name, go_build, imports);
    }
    let strings = u32::try_from(writer.data.len()).unwrap();
    writer.data[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&strings.to_le_bytes());
    writer.strings.push(0xff);
    [writer.data, writer.strings].concat()
}

#[test]
fn reads_an_index() {
    let bytes = index("//go:build foo", &["fmt", "os"]);
    let index = ModuleIndex::parse(&bytes).unwrap();
    let [package] = &index.packages[..] else {
        panic!("{index:?}")
    };
    assert_eq!((package.folder, package.error), ("p", ""));
    let [a, b] = &package.files[..] else {
        panic!("{package:?}")
    };
    assert_eq!((a.name, a.path), ("a.go", Some("/src/p/a.go")));
    assert_eq!(a.header.go_build, "//go:build foo");
    assert_eq!(a.header.imports, ["fmt", "os"]);
    assert_eq!(a.header.package, "p");
    assert_eq!((b.name, b.path, b.has_error), ("b.go", None, false));
}

#[test]
fn names_what_two_indexes_say_differently() {
    let one = index("//go:build foo", &["fmt"]);
    let one = ModuleIndex::parse(&one).unwrap();
    for (go_build, imports, what) in [
        ("//go:build bar", &["fmt"][..], "//go:build"),
        ("//go:build foo", &["log"], "imports"),
    ] {
        let other = index(go_build, imports);
        let other = ModuleIndex::parse(&other).unwrap();
        let change = one.change(&other).unwrap();
        assert_eq!((change.what, change.file.as_str()), (what, "a.go"));
    }
    assert_eq!(one.change(&one.clone()), None);
}

#[test]
fn refuses_what_leads_outside_or_round_in_circles() {
    let good = index("//go:build foo", &["fmt"]);
    assert_eq!(ModuleIndex::parse(b"go index v1\n"), Err(Error::Magic));
    assert_eq!(ModuleIndex::parse(MAGIC), Err(Error::Outside));
    for len in MAGIC.len()..good.len() / 2 {
        assert!(ModuleIndex::parse(&good[..len]).is_err(), "{len}");
    }
    // More packages than there are: each is read at the same place.
    let mut many = MAGIC.to_vec();
    let numbers = [20_u32, 1 << 30, 0, 0];
    many.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    assert!(ModuleIndex::parse(&many).is_err());
}

/// Actions and the texts they are of, out of GODEBUG=gocachehash=1 of Go 1.27.3.
#[test]
fn derives_actions_as_go_does() {
    let text = "go1.27.3modroot /src\npackage go1.27.3 go index v2 /src/p\nfile a.go 2026-11-26 13:31:19.5 +0000 UTC 120\n";
    let file = Listed {
        name: "a.go".into(),
        modified: "2026-11-26 13:31:19.5 +0000 UTC".into(),
        size: 120,
    };
    let action = folder_action("go1.27.3", "/src", "/src/p", std::slice::from_ref(&file));
    assert_eq!(action, Id::of(text.as_bytes()));
    // The salt leaves experiments out, the text does not.
    let version = "go1.26.6-X:nodwarf5";
    let text = format!("go1.26.6module index {version} go index v2 /m/a@v1.0.0\n");
    assert_eq!(
        module_action(version, "/m/a@v1.0.0"),
        Id::of(text.as_bytes())
    );
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..200, byte: u8) {
        let _ = ModuleIndex::parse(&bytes);
        let _ = ModuleIndex::parse(&[MAGIC, &bytes[..]].concat());
        let mut changed = index("//go:build foo", &["fmt"]);
        let place = at % changed.len();
        changed[place] = byte;
        let _ = ModuleIndex::parse(&changed);
    }
}
