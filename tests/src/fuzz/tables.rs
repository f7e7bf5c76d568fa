//! Sorted files from keys to numbers.

use std::collections::BTreeMap;

use proto::sumdb::table::{Entry, Error, Footer, Place, Walk, Writer, find};

/// A whole file; or one block, whose parent is made to fit; or keys, a line each.
pub fn table(data: &[u8]) {
    let footer = data
        .len()
        .checked_sub(Footer::LEN)
        .map(|start| &data[start..]);
    if let Some(Ok(footer)) = footer.map(|bytes| Footer::parse(data.len() as u64, bytes)) {
        check(&footer, data, true);
    }
    if let Some(place) = Place::of(0, data).filter(|place| place.level < 8) {
        check(&Footer::new(0, place), data, false);
    }
    let mut keys = BTreeMap::new();
    for (number, key) in (0..).zip(data.split(|byte| *byte == b'\n')) {
        keys.insert(key, number);
    }
    let mut writer = Writer::default();
    let mut file = Vec::new();
    for (key, &number) in &keys {
        match writer.push(key, number) {
            Ok(blocks) => file.extend(blocks),
            Err(error) => assert!(matches!(error, Error::KeyTooLong { .. })),
        }
    }
    let entries = writer.entries();
    file.extend(writer.finish());
    let footer = &file[file.len() - Footer::LEN..];
    let footer = Footer::parse(file.len() as u64, footer).expect("what was written");
    assert_eq!(check(&footer, &file, true), Some(entries));
}

/// Walks over all entries, if that can be done, and looks each of them up.
fn check(footer: &Footer, file: &[u8], counted: bool) -> Option<u64> {
    let read = |place: &Place| -> Result<Vec<u8>, Error> {
        Ok(file.get(place.range()).unwrap_or_default().to_vec())
    };
    let walk = if counted {
        Walk::new(footer)
    } else {
        Walk::from(footer, b"")
    };
    let entries: Vec<Entry> = walk.entries(read).collect::<Result<_, _>>().ok()?;
    assert!(entries.is_sorted_by(|one, next| one.key < next.key));
    for entry in entries.iter().step_by(entries.len() / 16 + 1) {
        assert_eq!(find(footer, &entry.key, read), Ok(Some(entry.number)));
    }
    Some(entries.len() as u64)
}
