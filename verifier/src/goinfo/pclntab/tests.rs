use super::*;

fn table(magic: u32, words_before: usize, names: &[u8]) -> Vec<u8> {
    let mut bytes = magic.to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0, 0, 1, 8]);
    let start = 8 + 8 * (words_before + 3);
    let end = start + names.len();
    let mut words = vec![0; words_before];
    words.extend([start, end, end]);
    words
        .iter()
        .for_each(|word| bytes.extend_from_slice(&(*word as u64).to_le_bytes()));
    bytes.extend_from_slice(names);
    // The last address of no entries.
    bytes.extend_from_slice(&[0; 8]);
    bytes
}

fn names(bytes: &[u8], big_endian: bool) -> Option<Vec<&str>> {
    Table::read(bytes, big_endian)?.file_names()
}

#[test]
fn reads_file_names_in_each_layout() {
    for (magic, words) in [(0xffff_fff1, 5), (0xffff_fff0, 5), (0xffff_fffa, 4)] {
        let bytes = table(magic, words, b"/src/a.go\0b.go\0\0");
        assert_eq!(names(&bytes, false), Some(vec!["/src/a.go", "b.go"]));
        assert_eq!(names(&bytes, true), None);
        for len in 0..bytes.len() - 8 {
            assert_eq!(names(&bytes[..len], false), None, "{len}");
        }
    }
}

#[test]
fn reads_the_oldest_layout() {
    let mut bytes = vec![0xfb, 0xff, 0xff, 0xff, 0, 0, 1, 4];
    let word = |bytes: &mut Vec<u8>, word: u32| bytes.extend_from_slice(&word.to_le_bytes());
    // One function: its entry, the end, the file table; record, name, files.
    for value in [1, 0x1000, 28, 0x1010, 72] {
        word(&mut bytes, value);
    }
    assert_eq!(bytes.len(), 28);
    // Address, name, two unused, frames, files, lines, two unused.
    for value in [0x1000, 64, 0, 0, 0, 80, 82, 0, 0] {
        word(&mut bytes, value);
    }
    bytes.extend_from_slice(b"main.f\0\0");
    // Two files with the unused one.
    for value in [2, 84] {
        word(&mut bytes, value);
    }
    // File 1, which is +2 from -1; line 4 for one byte.
    bytes.extend_from_slice(&[4, 1, 10, 1]);
    bytes.extend_from_slice(b"a.go\0");
    let table = Table::read(&bytes, false).unwrap();
    let entries: Vec<Entry> = table.entries().collect();
    let want = Entry {
        start: 0x1000,
        end: 0x1010,
        record: 28,
    };
    assert_eq!(entries, [want]);
    assert_eq!(table.name(28), Some("main.f"));
    assert_eq!(table.file(28), Some("a.go"));
    assert_eq!(table.file_names(), Some(vec!["a.go"]));
}

#[test]
fn finds_a_table_among_data_and_refuses_offsets_outside() {
    let mut data = vec![0xf1, 0xff, 0xff, 0xff, 0, 0, 9, 9];
    data.extend(table(0xffff_fff1, 5, b"main.go\0"));
    assert_eq!(search(&data, false), Some(8));
    let mut far = table(0xffff_fff1, 5, b"main.go\0");
    far[8 + 5 * 8..8 + 7 * 8].fill(0xff);
    assert_eq!(names(&far, false), None);
    assert_eq!(search(b"nothing", false), None);
}

#[test]
fn counts_that_lie_are_refused() {
    for count in [1, 1 << 20, u64::MAX, u64::MAX / 4] {
        let mut bytes = table(0xffff_fff1, 5, b"main.go\0");
        bytes[8..16].copy_from_slice(&count.to_le_bytes());
        assert_eq!(names(&bytes, false), None, "{count}");
    }
}
