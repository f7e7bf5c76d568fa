use super::*;
use proptest::prelude::*;

const MODULES: &[u8] = b"path\texample.com/m\nbuild\tGOOS=linux\n";

fn framed() -> Vec<u8> {
    [&FRAME_START[..], MODULES, &FRAME_END].concat()
}

fn inline(version: &[u8], modules: &[u8]) -> Vec<u8> {
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&[8, INLINE]);
    blob.resize(HEADER_LEN, 0);
    for field in [version, modules] {
        assert!(field.len() < 128);
        blob.push(field.len() as u8);
        blob.extend_from_slice(field);
    }
    blob
}

fn nowhere(_: u64, _: usize) -> Option<&'static [u8]> {
    None
}

#[test]
fn reads_the_inline_layout() {
    let mut bytes = vec![0; 48];
    bytes.extend(inline(b"go1.27.3", &framed()));
    let end = bytes.len();
    bytes.extend_from_slice(&[0; 16]);
    let at = find(&bytes, 0, 0).unwrap();
    let blob = parse(&bytes, at, nowhere).unwrap();
    assert_eq!(blob.version, "go1.27.3");
    assert_eq!(blob.modules.as_bytes(), MODULES);
    assert_eq!(blob.range, 48..end);
}

/// Go 1.17 and earlier: the header points at string headers in memory.
#[test]
fn reads_the_pointer_layout_in_either_byte_order_and_size() {
    for (size, big_endian) in [(4, false), (4, true), (8, false), (8, true)] {
        let word = |value: u64| -> Vec<u8> {
            let bytes = value.to_be_bytes()[8 - size..].to_vec();
            if big_endian {
                bytes
            } else {
                bytes.into_iter().rev().collect()
            }
        };
        let modules = framed();
        let mut memory = [
            word(0x1040),
            word(6),
            word(0x1050),
            word(modules.len() as u64),
        ]
        .concat();
        memory.resize(0x40, 0);
        memory.extend_from_slice(b"go1.17");
        memory.resize(0x50, 0);
        memory.extend_from_slice(&modules);
        let resolve = |address: u64, len: usize| {
            let start = usize::try_from(address.checked_sub(0x1000)?).ok()?;
            memory.get(start..start.checked_add(len)?)
        };
        let mut blob = MAGIC.to_vec();
        blob.extend_from_slice(&[size as u8, u8::from(big_endian)]);
        blob.extend([word(0x1000), word(0x1000 + 2 * size as u64)].concat());
        blob.resize(HEADER_LEN, 0);
        let parsed = parse(&blob, 0, resolve).unwrap();
        assert_eq!(parsed.version, "go1.17", "{size} {big_endian}");
        assert_eq!(parsed.modules.as_bytes(), MODULES);
    }
}

#[test]
fn only_aligned_marks_count() {
    let mut bytes = vec![0; 5];
    bytes.extend(inline(b"a", b""));
    bytes.resize(bytes.len().next_multiple_of(16), 0);
    let aligned = bytes.len();
    bytes.extend(inline(b"b", b""));
    assert_eq!(find(&bytes, 0, 0), Some(aligned));
    assert_eq!(find(&bytes, 0, aligned + 1), None);
    // What counts is the address, not the offset into the slice.
    assert_eq!(find(&bytes, 11, 0), Some(5));
    assert_eq!(find(&bytes, 0, usize::MAX), None);
}

#[test]
fn refuses_what_lies_about_itself() {
    let blob = inline(b"go1.27.3", &framed());
    for len in 0..blob.len() {
        assert_eq!(
            parse(&blob[..len], 0, nowhere),
            Err(Error::Truncated),
            "{len}"
        );
    }
    assert_eq!(parse(&[0; 64], 0, nowhere), Err(Error::NotABlob));
    assert_eq!(parse(&blob, usize::MAX, nowhere), Err(Error::Truncated));

    let mut pointers = blob.clone();
    pointers[15] = 0;
    assert!(matches!(
        parse(&pointers, 0, nowhere),
        Err(Error::BadPointer { .. })
    ));
    pointers[14] = 3;
    assert_eq!(
        parse(&pointers, 0, nowhere),
        Err(Error::PointerSize { size: 3 })
    );

    let mut long = blob[..HEADER_LEN].to_vec();
    long.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert!(matches!(
        parse(&long, 0, nowhere),
        Err(Error::TooLong { .. })
    ));
    long.splice(HEADER_LEN.., [0xff; 16]);
    assert_eq!(parse(&long, 0, nowhere), Err(Error::Truncated));
    assert_eq!(
        parse(&inline(b"\xff", b""), 0, nowhere),
        Err(Error::NotText)
    );
}

#[test]
fn text_without_its_frame_is_no_text() {
    assert_eq!(unframe(&framed()), MODULES);
    assert_eq!(unframe(b""), b"");
    assert_eq!(unframe(&[0; 32]), b"");
    assert_eq!(unframe(&[0; 64]), b"");
    assert_eq!(
        unframe(&[&FRAME_START[..], b"\n", &FRAME_END].concat()),
        b"\n"
    );
}

#[test]
fn finds_the_text_by_its_marks() {
    let mut bytes = [&FRAME_START[..], b"code that looks for the mark"].concat();
    assert_eq!(find_framed(&bytes), None);
    bytes.clear();
    bytes.extend_from_slice(b"xyz");
    bytes.extend(framed());
    bytes.push(0);
    let found = find_framed(&bytes).unwrap();
    assert_eq!(found, 3..bytes.len() - 1);
    assert_eq!(unframe(&bytes[found]), MODULES);
}

proptest! {
    #[test]
    fn mutated_blobs_never_panic(at in 0usize..120, byte: u8, cut in 0usize..120) {
        let mut blob = inline(b"go1.27.3", &framed());
        let len = blob.len();
        blob[at.min(len - 1)] = byte;
        blob.truncate(len.saturating_sub(cut));
        let memory = vec![0xff; 1 << 20];
        let _ = parse(&blob, 0, |_, len| memory.get(..len.min(memory.len())));
    }
}
