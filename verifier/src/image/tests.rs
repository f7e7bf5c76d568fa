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
