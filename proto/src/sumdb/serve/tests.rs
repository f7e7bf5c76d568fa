//! Answers of every small log, out of tiles of height 8.

use super::*;
use crate::tlog::{HashTree, published, record_hash};

/// More records than one stored tile has, and than two at the second level of
/// small heights.
const SIZE: u64 = 600;

fn record(id: u64) -> Record {
    let text = format!("example.com/m v0.0.{id} h1:x\nexample.com/m v0.0.{id}/go.mod h1:y\n");
    Record::parse(text.as_bytes()).unwrap()
}

fn log(size: u64) -> HashTree {
    let mut log = HashTree::default();
    for id in 0..size {
        log.push(record_hash(record(id).as_str().as_bytes()));
    }
    log
}

fn data_tile(tile: &Tile) -> Vec<u8> {
    let start = tile.index << tile.height;
    let records: Vec<Record> = (start..start + u64::from(tile.width)).map(record).collect();
    records_tile(&records)
}

fn stored(log: &HashTree, tile: &Tile) -> Vec<u8> {
    assert_eq!(tile.height, TILE_HEIGHT);
    match tile.level {
        Level::Data => data_tile(tile),
        Level::Hashes(_) => log.tile(tile).unwrap(),
    }
}

fn answer(log: &HashTree, wanted: &Tile) -> Vec<u8> {
    let answer = TileAnswer::new(wanted, log.size()).unwrap();
    let pieces: Vec<Piece> = answer.pieces().collect();
    assert_eq!(pieces.len() as u64, answer.count(), "{wanted}");
    let cut = |piece: &Piece| piece.cut(&stored(log, &piece.stored)).unwrap();
    let body: Vec<u8> = pieces.iter().flat_map(cut).collect();
    let len = answer.len_bytes();
    assert!(len.is_none_or(|len| len == body.len() as u64), "{wanted}");
    body
}

#[test]
fn every_tile_of_every_height_is_made_of_stored_ones() {
    for size in [1, 2, 7, 255, 256, 257, 511, 512, 513, SIZE] {
        let log = log(size);
        for height in 1..=11 {
            for level in 0..=10 {
                let level = Level::Hashes(level);
                let mut index = 0;
                while let Some(widest) = Tile::widest(height, level, index, size) {
                    for width in [1, widest.width.div_ceil(2), widest.width] {
                        let wanted = Tile { width, ..widest };
                        let want = log.tile(&wanted).unwrap();
                        assert_eq!(answer(&log, &wanted), want, "{wanted} of {size}");
                    }
                    index += 1;
                }
            }
        }
    }
}

#[test]
fn tiles_of_records_have_every_height_and_width() {
    let log = log(SIZE);
    for height in 1..=30 {
        let mut index = 0;
        while let Some(widest) = Tile::widest(height, Level::Data, index, SIZE) {
            for width in [1, widest.width.div_ceil(2), widest.width] {
                let wanted = Tile { width, ..widest };
                assert_eq!(answer(&log, &wanted), data_tile(&wanted), "{wanted}");
            }
            index += 1;
        }
    }
}

#[test]
fn tiles_beyond_the_log_are_not_found() {
    for (path, size) in [
        ("tile/8/0/000.p/1", 0),
        ("tile/8/0/000.p/8", 7),
        ("tile/8/0/000", 255),
        ("tile/8/1/000.p/1", 255),
        ("tile/8/data/003.p/1", 768),
        ("tile/30/63/000.p/1", u64::MAX),
        ("tile/30/data/x018/x446/x744/x073/x709/x551/615", 1 << 62),
    ] {
        let refused = TileAnswer::new(&Tile::parse(path).unwrap(), size);
        let not_found = Err(tlog::Error::NotInTree {
            what: path.to_owned(),
            size,
        });
        assert_eq!(refused, not_found.map_err(Error::Tree));
    }
}

#[test]
fn a_wide_tile_names_its_pieces_without_end_in_memory() {
    let wanted = Tile::parse("tile/30/data/000").unwrap();
    let answer = TileAnswer::new(&wanted, 1 << 40).unwrap();
    assert_eq!(answer.count(), 1 << 22);
    let last = answer.pieces().last().unwrap();
    assert_eq!(last.stored.path(), "tile/8/data/x004/x194/303");
    let wanted = Tile::parse("tile/30/1/000").unwrap();
    let answer = TileAnswer::new(&wanted, 1 << 62).unwrap();
    assert_eq!(answer.len_bytes(), Some(32 << 30));
    // Row 30 is in stored level 3, folded 2^6 times: 4 hashes out of each tile.
    assert_eq!(answer.count(), 1 << 28);
}

#[test]
fn a_lookup_is_number_record_blank_line_and_head() {
    let head = b"go.sum database tree\n8\nx=\n\n\xe2\x80\x94 name sig\n";
    let body = lookup(7, &record(7), head);
    let want = [
        &b"7\nexample.com/m v0.0.7 h1:x\nexample.com/m v0.0.7/go.mod h1:y\n\n"[..],
        head,
    ]
    .concat();
    assert_eq!(body, want);
    assert_eq!(super::super::LookupAnswer::parse(&body).unwrap().id, 7);
}

#[test]
fn every_record_has_its_place() {
    for id in 0..SIZE {
        let (tile, at) = place(id, SIZE).unwrap();
        assert_eq!(record_in(&data_tile(&tile), at).unwrap(), record(id));
    }
    assert_eq!(place(SIZE, SIZE), None);
    assert_eq!(place(0, 0), None);
}

#[test]
fn entries_have_their_length_in_front() {
    let log = log(SIZE);
    for wanted in [
        "tile/entries/000",
        "tile/entries/002.p/88",
        "tile/entries/001.p/3",
    ] {
        let wanted = published::parse_path(wanted).unwrap();
        let answer = TileAnswer::new(&wanted, SIZE).unwrap();
        let entries: Vec<u8> = answer
            .pieces()
            .flat_map(|piece| piece.cut_entries(&stored(&log, &piece.stored)).unwrap())
            .collect();
        let first = wanted.index << TILE_HEIGHT;
        let want: Vec<Record> = (first..first + u64::from(wanted.width))
            .map(record)
            .collect();
        let want: Vec<&[u8]> = want
            .iter()
            .map(|record| record.as_str().as_bytes())
            .collect();
        assert_eq!(published::split_entries(&entries), Some(want));
    }
}

#[test]
fn entries_are_of_records_that_fit_two_bytes() {
    let wanted = Tile::parse("tile/8/data/000.p/1").unwrap();
    let piece = TileAnswer::new(&wanted, 1)
        .unwrap()
        .pieces()
        .next()
        .unwrap();
    let tile = |len: usize| [vec![b'a'; len - 1], b"\n\n".to_vec()].concat();
    let entries = piece.cut_entries(&tile(ENTRY_LEN_MAX)).unwrap();
    assert_eq!(entries.len(), ENTRY_LEN_MAX + 2);
    assert!(piece.cut_entries(&tile(ENTRY_LEN_MAX + 1)).is_err());
    let hashes = Tile::parse("tile/8/0/000.p/1").unwrap();
    let piece = TileAnswer::new(&hashes, 1)
        .unwrap()
        .pieces()
        .next()
        .unwrap();
    assert!(piece.cut_entries(&[0; 32]).is_err());
}

#[test]
fn stored_tiles_that_are_cut_short_are_refused() {
    let log = log(SIZE);
    for wanted in [
        "tile/8/data/002.p/88",
        "tile/8/0/002.p/88",
        "tile/3/1/009.p/3",
    ] {
        let wanted = Tile::parse(wanted).unwrap();
        let answer = TileAnswer::new(&wanted, SIZE).unwrap();
        let piece = answer.pieces().next().unwrap();
        let whole = stored(&log, &piece.stored);
        assert!(piece.cut(&whole).is_ok());
        assert!(piece.cut(&[]).is_err(), "{wanted}");
        assert!(piece.cut(&whole[..whole.len() - 1]).is_err(), "{wanted}");
    }
    assert!(record_in(b"a\n\nb\n", 1).is_err());
    assert!(record_in(b"a\n\n\n", 1).is_err());
}
