//! What lies in a build cache.

use proto::gocache::kind::{HEAD_LEN, Kind};
use proto::gocache::name::{Entry, Top};
use proto::gocache::{Id, Index, label};
use proto::goobj::object::Object;
use proto::goobj::symbol::Ref;
use proto::goobj::{self, archive, diff};

/// An index line, a name, a source list, or the start of an output.
pub fn caches(data: &[u8]) {
    if let Ok(index) = Index::parse(data) {
        assert_eq!(data.len(), Index::LEN);
        // Upper case and a plus are read and not written; nothing else is lost.
        let printed = index.to_string();
        assert_eq!(Index::parse(printed.as_bytes()), Ok(index));
        if data.is_ascii() && !data.contains(&b'+') {
            let lower = data.to_ascii_lowercase();
            let numbers = |line: &[u8]| -> Vec<u8> {
                // Zeros before a number mean nothing.
                let text = String::from_utf8_lossy(line).into_owned();
                let words = text.split_whitespace();
                let words = words.map(|word| word.trim_start_matches('0').to_owned());
                words.collect::<Vec<_>>().join(" ").into_bytes()
            };
            assert_eq!(numbers(&lower), numbers(printed.as_bytes()));
        }
    }
    for folder in [0, 0x3e, 0xff] {
        if let Some(entry) = Entry::parse(folder, data) {
            let path = entry.path();
            let (top, name) = path.split_once('/').expect("a folder and a name");
            assert_eq!(Top::parse(top.as_bytes()), Top::Folder(folder));
            assert_eq!(name.as_bytes(), data);
        }
    }
    let kind = Kind::sniff(&data[..data.len().min(HEAD_LEN)]);
    assert_eq!(kind == Kind::Empty, data.is_empty());
    let id = Id::of(data);
    for name in label::generated(data).chain(label::sources(data)) {
        assert!(!name.contains('\n'));
        assert_ne!(id.subkey(name), id);
    }
}

/// A package archive, or an object file alone.
pub fn archives(data: &[u8]) {
    if let Some(path) = goobj::import_path(data) {
        assert!(!path.is_empty());
    }
    let members: Vec<archive::Member<'_>> = archive::members(data).into_iter().flatten().collect();
    for (at, member) in members.iter().enumerate() {
        let end = member.offset + member.data.len();
        assert_eq!(data.get(member.offset..end), Some(member.data));
        // Only the last one can be cut off.
        assert!(!member.cut || at + 1 == members.len());
        if let Some(Ok(found)) = Object::in_member(member.data) {
            object(&found);
        }
    }
    if let Ok(found) = Object::parse(data) {
        object(&found);
    }
    if let Some(changes) = diff::archives(data, data) {
        assert_eq!(changes, [], "an archive differs from itself");
    }
    let half = data.len() / 2;
    let other = [
        &data[..half],
        &[0],
        data.get(half + 1..).unwrap_or_default(),
    ]
    .concat();
    if let Some(changes) = diff::archives(data, &other) {
        for change in changes {
            assert!(change.symbols.len() <= diff::SYMBOLS_MAX);
            for symbol in change.symbols {
                assert!(!symbol.change.describe(["a", "b"]).is_empty());
            }
        }
    }
}

/// Everything an object promises can be asked for, and leads nowhere outside.
fn object(object: &Object<'_>) {
    let count = object.defined().count();
    for symbol in object.defined() {
        assert_eq!(object.symbol_at(symbol.number), Some(symbol));
        symbol.class(Some(21));
        symbol.class(Some(27));
        for place in object.relocations(symbol.number).take(100) {
            object.target(place.target);
            assert!(
                object
                    .resolve(place.target)
                    .is_none_or(|number| number < count)
            );
        }
        for aux in object.auxiliaries(symbol.number).take(100) {
            assert!(
                object
                    .resolve(aux.symbol)
                    .is_none_or(|number| number < count)
            );
        }
    }
    assert_eq!(object.symbol_at(count), None);
    let symbol = u32::MAX;
    for package in [0, 1, Ref::NONE, Ref::SELF, u32::MAX] {
        assert!(!object.target(Ref { package, symbol }).is_empty());
    }
    object.imports().for_each(drop);
    object.files().for_each(drop);
}
