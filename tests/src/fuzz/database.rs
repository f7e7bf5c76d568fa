//! Notes, trees and answers of checksum databases.

use proto::note::{self as notes, SignerKey, VerifierKey};
use proto::sumdb::{LookupAnswer, PUBLIC_KEY, Record, Setting, own, split_records};
use proto::tlog::c2sp::Request;
use proto::tlog::entries::Entries;
use proto::tlog::plan::TilePlan;
use proto::tlog::regroup::Regroup;
use proto::tlog::{HashTree, Node, SIZE_MAX, Tile, checkpoint as checkpoints, record_hash};

use super::text;

/// The key that the notes of the corpus are signed with.
fn signer() -> SignerKey {
    SignerKey::from_seed("example.com/log", [7; 32]).expect("a key")
}

/// A note, a key, or a text to sign.
pub fn note(data: &[u8]) {
    let public = VerifierKey::parse(PUBLIC_KEY).expect("a key");
    let signer = signer();
    let keys = [signer.verifier(), public];
    if let Ok(note) = notes::open(data, &keys) {
        assert!(!note.signatures.is_empty());
        assert!(data.starts_with(note.text.as_bytes()) && note.text.ends_with('\n'));
        let known = |name: &str| keys.iter().any(|key| key.name() == name);
        assert!(note.signatures.iter().all(|one| known(&one.name)));
        // Without the key that signed, nothing is known.
        assert!(notes::open(data, &[]).is_err());
    }
    let text = text(data);
    if let Ok(key) = VerifierKey::parse(&text) {
        // The key's hash may be in capitals, as it may for Go.
        assert_eq!(VerifierKey::parse(&key.to_string()).as_ref(), Ok(&key));
    }
    if let Ok(key) = SignerKey::parse(&text) {
        assert!(!format!("{key:?}").contains(&key.to_secret_text()));
        let again = SignerKey::parse(&key.to_secret_text()).expect("what was printed");
        assert_eq!(again.to_secret_text(), key.to_secret_text());
    }
    if let Ok(signed) = notes::sign(&text, &[&signer]) {
        let opened = notes::open(&signed, &keys).expect("what was signed");
        assert_eq!(opened.text, text);
    }
}

/// An answer to a lookup, a record, or a tile of records.
pub fn lookup_answer(data: &[u8]) {
    if let Ok(answer) = LookupAnswer::parse(data) {
        let LookupAnswer { id, record, note } = &answer;
        let printed = [format!("{id}\n").as_bytes(), record, b"\n", note].concat();
        assert_eq!(printed, data);
        assert!(Record::parse(record).is_ok());
    }
    if let Ok(record) = Record::parse(data) {
        assert_eq!(record.as_str().as_bytes(), data);
    }
    if let Some(module) = own::parts(data) {
        let record = Record::parse(data).expect("a record of ours");
        assert!(record.is_about(&module));
    }
    for entries in [Entries::Lines, Entries::Sized] {
        let mut again = Vec::new();
        if let Ok(records) = entries.split(data)
            && records
                .iter()
                .all(|record| entries.push(record, &mut again).is_ok())
        {
            assert_eq!(again, data);
        }
    }
    if let Ok(records) = split_records(data) {
        let texts: Vec<&str> = records.iter().map(Record::as_str).collect();
        for text in &texts {
            assert!(Record::parse(text.as_bytes()).is_ok());
        }
        let len: usize = texts.iter().map(|text| text.len()).sum();
        assert!(len + texts.len() >= data.len().saturating_sub(1) || texts.is_empty());
    }
}

/// A path of a tile, as the go command asks for it or as monitors of other logs do.
pub fn tile_path(data: &[u8]) {
    let text = text(data);
    if let Some(Request::Tile(tile) | Request::Entries(tile)) = Request::parse(&text) {
        assert!(Tile::parse(&text).is_err(), "it is one or the other");
        assert!(tile.height == 8 && tile.path().starts_with("tile/8/"));
    }
    let Ok(tile) = Tile::parse(&text) else {
        return;
    };
    assert_eq!(tile.path(), text);
    assert!(tile.width >= 1 && tile.width <= 1 << tile.height);
    for size in [300, 1 << 40, SIZE_MAX] {
        let Some(mut pieces) = Regroup::new(&tile, size) else {
            continue;
        };
        assert!(pieces.pieces_left() > 0);
        let first = pieces.next().expect("a piece is left");
        assert!(first.tile.height == 8 && first.hashes(&[]).is_err());
    }
    let full = tile.to_full();
    assert!(full.is_full());
    assert_eq!(Tile::parse(&full.path()).as_ref(), Ok(&full));
    let _ = (tile.parent(), tile.hashes_len());
    for offset in [0, tile.width - 1] {
        if let Some(node) = tile.node(offset)
            && let Some(stored) = node.stored_index()
        {
            assert_eq!(Node::from_stored_index(stored), Some(node));
        }
    }
}

/// A tree, what is wanted of it, and changes to the tiles that prove it: with
/// none the plan finds the hashes, with any it finds nothing.
pub fn tile_plan(data: &[u8]) {
    let &[size, height, level, index, ref changes @ ..] = data else {
        return;
    };
    let mut log = HashTree::default();
    for record in 0..size {
        log.push(record_hash(&[record]));
    }
    let node = Node {
        level: level % 9,
        index: index.into(),
    };
    let height = height % 6;
    let Ok(plan) = TilePlan::new(&log.tree(), height, &[node, Node::record(0)]) else {
        assert!(height == 0 || !node.is_in(size.into()) || size == 0);
        return;
    };
    let tile = |tile| log.tile(tile).expect("a tile of the tree");
    let mut tiles: Vec<Vec<u8>> = plan.tiles().iter().map(tile).collect();
    let good = tiles.clone();
    for change in changes.chunks_exact(3).take(8) {
        let place = usize::from(change[0]) % tiles.len();
        let tile = &mut tiles[place];
        match change[1] {
            255 => drop(tile.pop()),
            254 => tile.push(change[2]),
            at => {
                let at = usize::from(at) % tile.len().max(1);
                if let Some(byte) = tile.get_mut(at) {
                    *byte ^= change[2];
                }
            }
        }
    }
    match plan.finish(&tiles) {
        Ok(hashes) => {
            assert_eq!(tiles, good);
            let want = [log.hash(node), log.hash(Node::record(0))];
            assert_eq!(hashes.into_iter().map(Some).collect::<Vec<_>>(), want);
        }
        Err(_) => assert_ne!(tiles, good),
    }
}

/// A tree head.
pub fn checkpoint(data: &[u8]) {
    let text = text(data);
    if let Ok(tree) = checkpoints::parse(&text) {
        assert!(text.starts_with(&checkpoints::format(&tree)));
    }
}

/// A value of GOSUMDB.
pub fn gosumdb(data: &[u8]) {
    let text = text(data);
    if let Ok(setting) = Setting::parse(&text) {
        assert_eq!(Setting::parse(&setting.to_string()).as_ref(), Ok(&setting));
    }
}
