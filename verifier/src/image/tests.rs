use super::*;

#[test]
fn regions_cover_the_file_without_overlap() {
    let mut image = Image::default();
    let region = |name: &str, range| Region {
        name: name.into(),
        range,
        address: None,
        content: Content::Data,
    };
    let regions = vec![
        region("b", 20..40),
        region("a", 10..30),
        region("inner", 12..15),
        region("c", 50..60),
    ];
    image.regions = region::cover(regions, 70);
    let got: Vec<(&str, Range<usize>)> = image
        .regions
        .iter()
        .map(|region| (region.name.as_str(), region.range.clone()))
        .collect();
    assert_eq!(
        got,
        [
            ("(headers)", 0..10),
            ("a", 10..30),
            ("b", 30..40),
            ("(padding after b)", 40..50),
            ("c", 50..60),
            ("(after the last section)", 60..70),
        ]
    );
    assert_eq!(
        image.region_at(12).map(|region| region.name.as_str()),
        Some("a")
    );
    assert_eq!(image.region_at(70), None);
}

#[test]
fn anything_is_read_without_failing() {
    let magics: [&[u8]; 8] = [
        b"\x7fELF\x02\x01\x01",
        b"\x7fELF\x01\x02\x01",
        b"MZ",
        b"\xcf\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe\0\0\0\x01",
        b"\0asm\x01\0\0\0",
        b"\0\0\x8a\x97",
        b"\x01\xf7",
    ];
    for magic in magics {
        for fill in [0x00, 0x01, 0x7f, 0xff] {
            for len in [magic.len(), 64, 600] {
                let mut bytes = magic.to_vec();
                bytes.resize(len.max(magic.len()), fill);
                let image = Image::read(&bytes);
                let covered: usize = image.regions.iter().map(|region| region.range.len()).sum();
                assert_eq!(covered, bytes.len(), "{magic:?} {fill} {len}");
            }
        }
    }
}

/// What a file's first named region is taken for, and whether its bytes can be executed.
fn taken_for(bytes: &[u8], name: &str) -> (Content, bool) {
    let image = Image::read(bytes);
    let region = image.region(name).unwrap_or_else(|| panic!("{image:?}"));
    (region.content, image.can_execute(&region.range))
}

#[test]
fn flags_go_before_names() {
    use made::{ALLOC, BITS, EXEC, NOTE, Section};

    for name in [".debug_zz", ".comment", ".note.aa", ".symtab", ".strtab"] {
        for kind in [BITS, NOTE] {
            for flags in [EXEC, ALLOC | EXEC] {
                let body = made::note(b"GNU\0", 3, &[7; 20]);
                let section = Section {
                    name,
                    kind,
                    flags,
                    segment: 5,
                    body,
                };
                let (bytes, _) = made::elf(&[section], true);
                assert_eq!(taken_for(&bytes, name), (Content::Code, true), "{name}");
                assert!(Image::read(&bytes).host_id.is_none());
            }
        }
        let loaded = Section {
            name,
            kind: BITS,
            flags: ALLOC,
            segment: 4,
            body: vec![1; 20],
        };
        let (bytes, _) = made::elf(&[loaded], true);
        assert_eq!(taken_for(&bytes, name), (Content::Data, false), "{name}");
    }
    let pe =
        |characteristics| taken_for(&made::pe(b".debug_z", characteristics, b"body"), ".debug_z");
    assert_eq!(pe(0x4200_0040), (Content::Symbols, false));
    assert_eq!(pe(0x4000_0040), (Content::Data, false));
    assert_eq!(pe(0x6000_0040), (Content::Code, true));
    assert_eq!(pe(0x4200_0060), (Content::Code, true));
    let macho = |segment: &'static [u8], protection, flags| {
        let names = [segment, b"__debug_zz".as_slice()];
        taken_for(
            &made::macho(names, protection, flags, [0; 16], b"body"),
            "__debug_zz",
        )
    };
    assert_eq!(macho(b"__DWARF", 3, 0), (Content::Symbols, false));
    assert_eq!(macho(b"__DWARF", 3, 0x400), (Content::Code, true));
    assert_eq!(macho(b"__DWARF", 7, 0), (Content::Data, true));
}

#[test]
fn a_custom_section_of_wasm_is_none_of_the_usual_ones() {
    let bytes = b"\0asm\x01\0\0\0\0\x07\x04codexx\x0a\x02\x01\x02";
    assert_eq!(taken_for(bytes, "code"), (Content::Code, true));
    assert_eq!(Image::read(bytes).region("code").unwrap().range, 17..21);
    assert_eq!(taken_for(bytes, "custom code"), (Content::Layout, false));
}

#[test]
fn bytes_behind_a_module_of_wasm_follow_its_end() {
    // Code, data, and a custom section.
    let module = b"\0asm\x01\0\0\0\x0a\x02\x01\x02\x0b\x01\x07\0\x06\x04nameX";
    assert!(!Image::read(module).truncated);
    // Text, a line end, which is the number of the code section, and zeros.
    for behind in [
        &b"payload"[..],
        b"\n",
        b"\nhello",
        b"\x0a\x80",
        b"\0\0\0\0\0",
    ] {
        let bytes = [&module[..], behind].concat();
        let image = Image::read(&bytes);
        assert!(!image.truncated && image.problems.is_empty(), "{image:?}");
        let last = image.regions.last().unwrap();
        assert_eq!(last.name, "(after the last section)");
        assert_eq!(last.range, module.len()..bytes.len());
    }
    // A module that breaks off has lost something.
    for len in (9..module.len()).filter(|len| ![12, 15].contains(len)) {
        let image = Image::read(&module[..len]);
        assert!(image.truncated && !image.problems.is_empty(), "{len}");
    }
}

#[test]
fn bytes_that_two_sections_share_are_code_if_one_says_so() {
    let region = |name: &str, range, content| Region {
        name: name.into(),
        range,
        address: None,
        content,
    };
    let regions = vec![
        region("data", 0..20, Content::Data),
        region("code", 5..9, Content::Code),
        region("other", 30..40, Content::Data),
    ];
    let covered = region::cover(regions, 40);
    assert_eq!(covered[0].content, Content::Code);
    assert_eq!(covered[2].content, Content::Data);
}

#[test]
fn the_gnu_build_id_is_in_its_own_section_or_in_a_file_without_any() {
    use made::{ALLOC, NOTE, Section};

    let section = |name, flags| Section {
        name,
        kind: NOTE,
        flags,
        segment: 4,
        body: made::note(b"GNU\0", 3, &[7; 20]),
    };
    let found = |name, flags, has_headers| {
        let (bytes, _) = made::elf(&[section(name, flags)], has_headers);
        Image::read(&bytes).host_id.is_some()
    };
    assert!(found(".note.gnu.build-id", ALLOC, true));
    assert!(found(".note.aa", ALLOC, false));
    assert!(!found(".note.aa", ALLOC, true));
    assert!(!found(".note.gnu.build-id", ALLOC | made::EXEC, true));
}

#[test]
fn disks_begin_with_zeros_and_files_that_lost_their_head() {
    assert!(begins_with_zeros(&[0; 600]));
    assert!(begins_with_zeros(&[vec![0; 4096], vec![1; 9]].concat()));
    assert!(!begins_with_zeros(&[vec![0; 4095], vec![1; 9]].concat()));
    assert!(!begins_with_zeros(&[0; 500]) && !begins_with_zeros(b""));
    let disk = [vec![0; 0x8001], b"CD001".to_vec()].concat();
    assert!(!begins_with_zeros(&disk));
}

#[test]
fn programs_by_gccgo_are_recognised() {
    let section = |name| made::Section {
        name,
        kind: made::BITS,
        flags: 0,
        segment: 0,
        body: vec![1; 8],
    };
    let sign = |name| Image::read(&made::elf(&[section(name)], true).0).gccgo;
    assert_eq!(
        sign(".go_export").as_deref(),
        Some("it has the section .go_export")
    );
    assert!(sign(".gnu.go.zz").is_some());
    assert!(sign(".gopclntab").is_none());
}
